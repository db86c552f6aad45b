//! What is said of verdicts without giving one: why a call is asked about, which rules would
//! cover it, what a rule would have done.
//!
//! Owns the reading of the past and of command lines for it; the judging is the policy's.

use std::path::PathBuf;

use serde_json::json;
use smartopol_protocol::approval::{
    BackTest, Candidate, Check, Checked, Example, LabShown, Pattern, Reason, Rule, TestRule,
    TestedRule, Verdict,
};
use smartopol_protocol::tool::{Effect, Inspection, ToolOutput};
use smartopol_protocol::{ApprovalId, Code, Fault, Timestamp};

use super::policy::{self, Policy};
use crate::House;

/// How far a back-test looks: days, and calls at most.
const DAYS: u32 = 30;
const CALLS: u32 = 10_000;

/// The most examples that one question may hold, and the longest command line, in bytes.
const EXAMPLES: usize = 200;
const COMMAND_BYTES: usize = 128 * 1024;

/// Says why a call is asked about, and which rules would cover it.
pub(crate) async fn lab(house: &House, id: ApprovalId) -> Result<LabShown, Fault> {
    let approval = house.store.read(move |r| r.approval(id)).await?;
    let patterns: Vec<Pattern> = approval.rule.into_iter().collect();
    let tests = back_test(house, patterns.clone()).await?;
    Ok(LabShown {
        why: vec![Reason {
            text: approval.reason,
            ..Reason::default()
        }],
        candidates: patterns
            .into_iter()
            .zip(tests)
            .map(|(pattern, back_test)| Candidate {
                text: pattern.to_string(),
                pattern,
                back_test,
            })
            .collect(),
    })
}

/// Explains the verdict on a command line without running anything.
pub(crate) async fn check(house: &House, check: Check) -> Result<Checked, Fault> {
    let session = match check.session_id {
        Some(id) => Some(house.store.read(move |r| r.session(id)).await?),
        None => None,
    };
    let workspace = match &session {
        Some(session) => session.workspace.clone(),
        None => check.cwd.clone(),
    };
    let inspection = inspect(house, &workspace, &check.cwd, &check.command).await?;
    let own = session.as_ref().and_then(|session| session.mode);
    let rules = house.rules().await?;
    let judgement = Policy {
        mode: check.mode.or(own).unwrap_or(house.config.approvals.mode),
        workspace: Some(&workspace),
        session_id: session.as_ref().map(|session| session.id),
        rules: &rules,
        floor: &house.floor,
    }
    .judge("exec", &inspection);
    let commands = inspection.effects.iter().filter_map(|effect| match effect {
        Effect::Run { words, .. } => Some(words.clone()),
        _ => None,
    });
    Ok(Checked {
        verdict: judgement.verdict,
        by: judgement.by,
        reasons: vec![judgement.reason],
        commands: commands.collect(),
        effects: inspection.effects,
        danger: None,
        removal: inspection.removal,
        rule: judgement.pattern,
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
    let mut examples = Vec::with_capacity(test.examples.len());
    for command in test.examples {
        let inspection = inspect(house, &folder, "", &command).await?;
        examples.push(Example {
            command,
            covered: covers(&test.pattern, "exec", &inspection, house),
            caught: policy::matches(&test.pattern, "exec", &inspection),
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
    let since = Timestamp::now().plus_millis(-i64::from(DAYS) * 24 * 60 * 60 * 1000);
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

/// Returns true where a rule alone would let a call run.
fn covers(pattern: &Pattern, tool: &str, inspection: &Inspection, house: &House) -> bool {
    let rules = [Rule::new(Verdict::Allow, pattern.clone())];
    let judgement = Policy {
        mode: smartopol_protocol::approval::Mode::Ask,
        workspace: None,
        session_id: None,
        rules: &rules,
        floor: &house.floor,
    }
    .judge(tool, inspection);
    judgement.verdict == Verdict::Allow && policy::matches(pattern, tool, inspection)
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
