//! What is said of verdicts without giving one: why a call is asked about, which rules would
//! cover it, what a rule would have done.
//!
//! Owns the reading of the past and of command lines for it; the judging is the policy's.

use std::path::PathBuf;

use serde_json::json;
use smartopol_protocol::approval::{
    Approval, BackTest, Candidate, Check, Checked, Example, LabShown, Mode, Pattern, Reason,
    TestRule, TestedRule, Verdict,
};
use smartopol_protocol::tool::{Effect, Inspection, ToolOutput};
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{ApprovalId, Code, Fault, TurnId};
use smartopol_store::Reader;

use super::coverage::{self, Call};
use super::pattern;
use super::policy::Policy;
use crate::House;
use crate::scheduler::charge;
use crate::users::rights::Rights;

/// How far a back-test looks: days, and calls at most.
const DAYS: u32 = 30;
const CALLS: u32 = 10_000;

/// How many reasons are told at most.
const REASONS: usize = 16;

/// The most examples that one question may hold, and the longest command line, in bytes.
const EXAMPLES: usize = 200;
const COMMAND_BYTES: usize = 128 * 1024;

/// Says why a call is asked about, and which rules would cover it.
pub(crate) async fn lab(house: &House, id: ApprovalId) -> Result<LabShown, Fault> {
    let (approval, session, asker) = house
        .store
        .read(move |r| {
            let approval = r.approval(id)?;
            let session = r.session(approval.session_id)?;
            let asker = asker(r, approval.turn_id)?;
            Ok((approval, session, asker))
        })
        .await?;
    let rules = house.rules().await?;
    let user = house.users.acting(&asker, session.user_id);
    let policy = Policy {
        mode: session.mode.unwrap_or(house.config.approvals.mode),
        workspace: Some(&session.workspace),
        session_id: Some(session.id),
        rules: &rules,
        floor: &house.floor,
        rights: house.rights(&user),
    };
    let call = Call {
        tool: &approval.tool,
        inspection: &approval.inspection,
        role: user.role.name(),
    };
    let patterns = match &approval.rule {
        None => Vec::new(),
        Some(offered) => {
            let mut patterns = policy.candidates(call);
            if !patterns.contains(offered) {
                patterns.push(offered.clone());
            }
            patterns
        }
    };
    let why = why(&policy, call, &approval);
    let tests = back_test(house, patterns.clone()).await?;
    let candidates = patterns.into_iter().zip(tests);
    Ok(LabShown {
        why,
        candidates: candidates
            .map(|(pattern, back_test)| Candidate {
                text: pattern.to_string(),
                pattern,
                back_test,
            })
            .collect(),
    })
}

/// Returns the reasons for a question, then the rules that came near to answering it.
fn why(policy: &Policy<'_>, call: Call<'_>, approval: &Approval) -> Vec<Reason> {
    let mut texts = vec![approval.reason.clone()];
    for reason in policy.judge(call).reasons {
        if !texts.contains(&reason) {
            texts.push(reason);
        }
    }
    let said = texts.into_iter().map(|text| Reason {
        text,
        ..Reason::default()
    });
    let near = policy
        .in_force()
        .filter(|rule| rule.decision == Verdict::Allow)
        .filter_map(|rule| missed(&rule.pattern, call));
    said.chain(near).take(REASONS).collect()
}

/// Says where an allowing rule missed a call that it is near to.
fn missed(pattern: &Pattern, call: Call<'_>) -> Option<Reason> {
    if pattern
        .tool
        .as_deref()
        .is_some_and(|tool| tool != call.tool)
    {
        return None;
    }
    let reason = |told: String, at: Option<usize>| {
        Some(Reason {
            text: format!("the rule about {pattern} {told}"),
            rule: Some(pattern.clone()),
            missed_at: at.and_then(|at| u32::try_from(at).ok()),
        })
    };
    let mut words_of = call
        .inspection
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Run { words, .. } => Some(words),
            _ => None,
        });
    let near = words_of.find_map(|words| {
        let at = coverage::missed_at(pattern, words)?;
        Some((at, words.get(at).cloned()))
    });
    if let Some((at, found)) = near {
        let found = match found {
            Some(word) => format!("here it is `{word}`"),
            None => "here there is none".into(),
        };
        return reason(format!("misses at its word {}: {found}", at + 1), Some(at));
    }
    let program = pattern.command.first()?;
    let same = call.inspection.effects.iter().any(
        |effect| matches!(effect, Effect::Run { words, .. } if words.first().is_some_and(|word| program.matches(word))),
    );
    if same && !coverage::fits(pattern, call) {
        return reason("is for another folder or another role".into(), None);
    }
    None
}

/// Returns the peer whose message began a turn, or whose job did; empty where nobody's did.
pub(super) fn asker(r: &Reader<'_>, turn_id: TurnId) -> Result<String, smartopol_store::Error> {
    match r.turn(turn_id)?.message_id {
        Some(id) => charge::owner_of(r, r.message(id)?.peer.unwrap_or_default()),
        None => Ok(String::new()),
    }
}

/// Explains the verdict on a command line without running anything.
pub(crate) async fn check(house: &House, user: &User, check: Check) -> Result<Checked, Fault> {
    let session = match check.session_id {
        Some(id) => Some(house.store.read(move |r| r.session(id)).await?),
        None => None,
    };
    let workspace = match &session {
        Some(session) => session.workspace.clone(),
        None => check.cwd.clone(),
    };
    let (role, rights) = match &check.role {
        None => (user.role, house.rights(user)),
        Some(name) => {
            let role = Role::named(name).ok_or_else(|| {
                let told = format!("`role` is `{name}`");
                let hint = format!("the roles are {}", Role::names());
                Fault::new(Code::BadRequest, told).hint(hint)
            })?;
            // As the role has it; of single users nothing is said.
            let user = User {
                role,
                owner: role == Role::Admin,
                disabled: false,
                ..crate::users::nobody()
            };
            (role, house.rights(&user))
        }
    };
    let inspection = inspect(house, &workspace, &check.cwd, &check.command).await?;
    let own = session.as_ref().and_then(|session| session.mode);
    let rules = house.rules().await?;
    let policy = Policy {
        mode: check.mode.or(own).unwrap_or(house.config.approvals.mode),
        workspace: Some(&workspace),
        session_id: session.as_ref().map(|session| session.id),
        rules: &rules,
        floor: &house.floor,
        rights,
    };
    let call = Call {
        tool: "exec",
        inspection: &inspection,
        role: role.name(),
    };
    let judgement = policy.judge(call);
    let rule = policy.offer(call);
    let commands = inspection.effects.iter().filter_map(|effect| match effect {
        Effect::Run { words, .. } => Some(words.clone()),
        _ => None,
    });
    Ok(Checked {
        verdict: judgement.verdict,
        by: judgement.by,
        reasons: judgement.reasons,
        commands: commands.collect(),
        danger: judgement.danger,
        removal: inspection.removal.clone(),
        rule,
        effects: inspection.effects,
    })
}

/// Says what a rule would have done, and which examples it is about.
pub(crate) async fn test(house: &House, test: TestRule) -> Result<TestedRule, Fault> {
    if test.examples.len() > EXAMPLES {
        let told = format!("`examples` has more than {EXAMPLES} command lines");
        return Err(Fault::new(Code::TooLarge, told).hint("ask in several goes"));
    }
    let folder = match test.cwd.as_str() {
        "" => house.floor.home().to_string_lossy().into_owned(),
        folder => folder.to_owned(),
    };
    pattern::sound(&test.pattern)
        .map_err(|told| Fault::new(Code::BadRequest, told).hint("correct the rule"))?;
    let mut examples = Vec::with_capacity(test.examples.len());
    for command in test.examples {
        let inspection = inspect(house, &folder, "", &command).await?;
        let call = Call {
            tool: "exec",
            inspection: &inspection,
            role: test.pattern.role.as_deref().unwrap_or(Role::Admin.name()),
        };
        examples.push(Example {
            covered: coverage::covers_commands(&test.pattern, call),
            caught: coverage::catches(&test.pattern, call),
            command,
        });
    }
    let tests = back_test(house, vec![test.pattern]).await?;
    Ok(TestedRule {
        back_test: tests.into_iter().next().unwrap_or_default(),
        examples,
    })
}

/// Says what each rule would have done in the last days.
async fn back_test(house: &House, patterns: Vec<Pattern>) -> Result<Vec<BackTest>, Fault> {
    let since = house
        .clock
        .now()
        .plus_millis(-i64::from(DAYS) * 24 * 60 * 60 * 1000);
    let empty = BackTest {
        days: DAYS,
        ..BackTest::default()
    };
    let mut tests = vec![empty; patterns.len()];
    let judge = house.clone();
    let tests = house
        .store
        .read(move |r| {
            r.past_calls(since, CALLS, |call| {
                for (pattern, test) in patterns.iter().zip(&mut tests) {
                    test.calls += 1;
                    if covers(pattern, &call.tool, &call.inspection, &judge) {
                        test.allowed += 1;
                        test.denied_by_person += u64::from(call.denied_by_person);
                    }
                }
            })?;
            Ok(tests)
        })
        .await?;
    Ok(tests)
}

/// Returns true where a rule, and nothing else, would let a call run.
fn covers(pattern: &Pattern, tool: &str, inspection: &Inspection, house: &House) -> bool {
    let policy = Policy {
        mode: Mode::Ask,
        workspace: None,
        session_id: None,
        rules: &[],
        floor: &house.floor,
        rights: Rights::default(),
    };
    let call = Call {
        tool,
        inspection,
        role: pattern.role.as_deref().unwrap_or(Role::Admin.name()),
    };
    policy.judge(call).verdict == Verdict::Ask && policy.with(pattern, call) == Verdict::Allow
}

/// Looks at what a command line would do, where blocking hurts nobody.
async fn inspect(
    house: &House,
    workspace: &str,
    cwd: &str,
    command: &str,
) -> Result<Inspection, Fault> {
    let bad = |told: String, hint: &str| Fault::new(Code::BadRequest, told).hint(hint.to_owned());
    if !workspace.starts_with('/') {
        return Err(bad(
            format!("`cwd` is no absolute path: {workspace}"),
            "name a folder that exists",
        ));
    }
    if command.len() > COMMAND_BYTES {
        return Err(
            Fault::new(Code::TooLarge, "`command` is longer than 128 KiB").hint("shorten it"),
        );
    }
    let mut input = json!({ "command": command });
    if let (Some(fields), false) = (input.as_object_mut(), cwd.is_empty()) {
        fields.insert("cwd".into(), json!(cwd));
    }
    let (tools, folder) = (house.tools.clone(), PathBuf::from(workspace));
    let inspected =
        tokio::task::spawn_blocking(move || tools.inspect("exec", &input, &folder)).await;
    match inspected {
        Ok(Ok(inspection)) => Ok(inspection),
        Ok(Err(ToolOutput { text, .. })) => Err(bad(text, "correct it and ask again")),
        Err(err) => Err(Fault::new(
            Code::Internal,
            format!("the command could not be looked at: {err}"),
        )),
    }
}
