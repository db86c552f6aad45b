//! Tools that need the house: what hands alone cannot do.
//!
//! Owns: their list, beside that of the hands. A call of one goes the same way as any other: looked
//! at, judged, traced, run.

pub(crate) mod ask;
mod knowledge;
mod memory;
mod pin;
mod remind;
mod schedule_add;
mod schedule_list;
mod schedule_remove;
mod terminals;

use std::path::Path;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use smartopol_protocol::memory::By;
use smartopol_protocol::session::Session;
use smartopol_protocol::tool::{Body, Effect, Inspection, OutputStatus, ToolOutput, ToolSpec};
use smartopol_protocol::user::User;
use smartopol_protocol::{CallId, Code, Fault, MessageId, SessionId, TurnId, suggest};
use tokio_util::sync::CancellationToken;

use crate::House;
use crate::memory::{Writing, source, taint};
use crate::scheduler::charge::Charge;
use crate::scheduler::make::Author;

/// The names of the tools for jobs and reminders, sorted.
const NAMES: [&str; 4] = ["remind", "schedule_add", "schedule_list", "schedule_remove"];

/// Whose call it is.
pub(crate) struct Caller {
    pub(crate) house: House,
    pub(crate) session: Session,
    /// The peer whose message began the turn; empty where nobody's did.
    pub(crate) asker: String,
    /// Who that is; a stranger where they are no user any more.
    pub(crate) user: Arc<User>,
    /// What the turn may do, where a job began it.
    pub(crate) charge: Option<Charge>,
    /// The call itself; `None` where a person makes it.
    pub(crate) within: Option<Within>,
    /// Ends what the call waits for.
    pub(crate) cancel: CancellationToken,
}

/// Where in a turn a call stands.
#[derive(Clone, Debug)]
pub(crate) struct Within {
    pub(crate) turn_id: TurnId,
    /// The message that began the turn.
    pub(crate) message_id: Option<MessageId>,
    pub(crate) call_id: CallId,
    /// All calls of the same answer.
    pub(crate) beside: Vec<CallId>,
}

/// The name in an output's details that says that it holds untrusted text.
pub(crate) const UNTRUSTED: &str = "untrusted";

/// Returns true for a tool of this list.
pub(crate) fn owns(name: &str) -> bool {
    says_nothing_foreign(name) || shows_programs(name)
}

/// Returns true for a tool whose outputs hold nothing but what the house itself says, or
/// the person at its doors.
pub(crate) fn says_nothing_foreign(name: &str) -> bool {
    name == ask::NAME
        || name == pin::NAME
        || NAMES.contains(&name)
        || memory::NAMES.contains(&name)
        || knowledge::NAMES.contains(&name)
}

/// Returns true for a tool that deals with programs in terminals, which show whatever they like.
pub(crate) fn shows_programs(name: &str) -> bool {
    terminals::NAMES.contains(&name)
}

/// Returns true for a tool that makes, changes or removes jobs.
pub(crate) fn schedules(name: &str) -> bool {
    NAMES.contains(&name) && name != "schedule_list"
}

/// Returns what models are told of all tools, sorted by name.
pub(crate) fn specs(hands: Vec<ToolSpec>) -> Vec<ToolSpec> {
    let mut specs = hands;
    specs.extend([
        ask::spec(),
        pin::spec(),
        remind::spec(),
        schedule_add::spec(),
        schedule_list::spec(),
        schedule_remove::spec(),
    ]);
    specs.extend(memory::specs());
    specs.extend(knowledge::specs());
    specs.extend(terminals::specs());
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

/// Returns what a call of any tool would do in a session, or in one that is not there yet, without
/// doing it; the error is the answer for the model.
///
/// May read files, so it belongs on a thread that may block.
pub(crate) fn inspect(
    (house, user): (&House, &User),
    session_id: Option<SessionId>,
    (name, input): (&str, &Value),
    workspace: &Path,
) -> Result<Inspection, ToolOutput> {
    if terminals::NAMES.contains(&name) {
        return terminals::inspect(house, session_id, name, input, workspace);
    }
    if memory::NAMES.contains(&name) {
        return memory::inspect(name, input, workspace);
    }
    if knowledge::NAMES.contains(&name) {
        return knowledge::inspect(name, input, workspace);
    }
    let (title, effects) = match name {
        pin::NAME => (pin::title(input)?, Vec::new()),
        ask::NAME => (ask::title(input)?, Vec::new()),
        "remind" => (remind::title((house, user), input)?, Vec::new()),
        "schedule_add" => (
            schedule_add::title((house, user), input)?,
            vec![Effect::Unclear {
                why: "it runs later, when nobody may be there".into(),
            }],
        ),
        "schedule_list" => ("list jobs".into(), Vec::new()),
        "schedule_remove" => (
            schedule_remove::title(input)?,
            vec![Effect::Unclear {
                why: "somebody may count on the job".into(),
            }],
        ),
        _ => return house.tools.inspect(name, input, workspace),
    };
    Ok(Inspection {
        title,
        cwd: workspace.to_string_lossy().into_owned(),
        effects,
        body: Body::None,
        ..Inspection::default()
    })
}

/// Runs a call of a tool of this list. Every failure is an output.
pub(crate) async fn run(caller: Caller, name: &str, input: Value) -> ToolOutput {
    if schedules(name)
        && let Some(charge) = &caller.charge
        && !charge.may_schedule()
    {
        return failed(
            "A job may not make, change or remove jobs, unless a person allowed it when they made \
             it (`may_schedule`).",
        );
    }
    let done = match name {
        pin::NAME => pin::run(&caller, &input).await,
        "remind" => remind::run(&caller, &input).await,
        "schedule_add" => schedule_add::run(&caller, &input).await,
        "schedule_list" => schedule_list::run(&caller).await,
        "schedule_remove" => schedule_remove::run(&caller, &input).await,
        _ if memory::NAMES.contains(&name) => memory::run(&caller, name, &input).await,
        _ if knowledge::NAMES.contains(&name) => knowledge::run(&caller, name, &input).await,
        _ => terminals::run(&caller, name, &input).await,
    };
    match done {
        Ok((text, details)) => ToolOutput {
            status: OutputStatus::Ok,
            text,
            details,
        },
        Err(fault) => failed(&told(&fault)),
    }
}

impl Caller {
    /// Returns who writes something down, and out of what.
    async fn writing(&self) -> Result<Writing, Fault> {
        let user = crate::memory::known(&self.user)?;
        let mut source = source(By::Agent, &self.asker);
        source.session_id = Some(self.session.id);
        let mut taint = Vec::new();
        if let Some(within) = &self.within {
            source.turn_id = Some(within.turn_id);
            source.message_id = within.message_id;
            source.call_id = Some(within.call_id);
            let beside = within.beside.clone();
            taint = taint::of_turn(&self.house, within.turn_id, beside, user).await?;
        }
        Ok(Writing {
            user,
            source,
            taint,
        })
    }

    /// Returns true for what is a peer's of the acting user, and for all where they are an admin.
    fn may_see(&self, peer: &str) -> bool {
        self.house.users.may_see_peer(&self.user, peer)
    }

    /// Returns what a job may have that this caller makes: never more than the caller has.
    fn author(&self) -> Author {
        let own = self.session.mode;
        Author {
            peer: match &self.charge {
                Some(charge) => charge.owner().to_owned(),
                // Where nobody's message began the turn, it is of whose session it is.
                None if self.asker.is_empty() => {
                    let own = self.user.peers.first();
                    own.map(ToString::to_string).unwrap_or_default()
                }
                None => self.asker.clone(),
            },
            most: match &self.charge {
                Some(charge) => charge.mode(),
                None => own.unwrap_or(self.house.config.approvals.mode),
            },
            tools: self.charge.as_ref().map(|own| own.tool_names().to_vec()),
            may_schedule: false,
        }
    }
}

fn told(fault: &Fault) -> String {
    match fault.hint.as_str() {
        "" => fault.message.clone(),
        hint => format!("{}. {hint}", fault.message),
    }
}

fn failed(text: &str) -> ToolOutput {
    ToolOutput {
        status: OutputStatus::Error,
        text: text.into(),
        details: Value::Null,
    }
}

/// Reads the arguments of a call.
fn arguments<T: DeserializeOwned>(tool: &str, input: &Value) -> Result<T, ToolOutput> {
    serde_json::from_value(input.clone()).map_err(|err| {
        let said = err.to_string();
        let near =
            suggest::meant(&said).map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
        failed(&format!(
            "The arguments of `{tool}` are wrong: {said}.{near}"
        ))
    })
}

fn fault<T: DeserializeOwned>(tool: &str, input: &Value) -> Result<T, Fault> {
    arguments(tool, input).map_err(|output| Fault::new(Code::BadRequest, output.text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use smartopol_config::Config;
    use smartopol_config::section::approvals::TOOLS;
    use smartopol_tools::{Guard, Tools};

    use super::*;

    #[test]
    fn a_rule_can_be_about_every_tool_that_there_is_and_no_other() {
        let guard = Guard {
            program: "/nowhere".into(),
            args: Vec::new(),
        };
        let hands = Tools::new(&Config::default().tools, guard, "/nowhere".into());
        let specs = specs(hands.specs());
        let there: BTreeSet<&str> = specs.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(there, BTreeSet::from(TOOLS));
    }
}
