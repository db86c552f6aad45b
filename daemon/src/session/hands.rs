//! Tools at work: started, heard of, stopped.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use smartopol_agent::Event;
use smartopol_protocol::approval::ApprovalState;
use smartopol_protocol::question::QuestionState;
use smartopol_protocol::tool::{CallState, Inspection, OutputStatus, ToolOutput};
use smartopol_protocol::trace::DecidedBy;
use smartopol_protocol::user::Filter;
use smartopol_protocol::{CallId, News, Timestamp};
use smartopol_tools::Tools;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::actor::{Actor, OUTPUTS};
use super::live::{Live, LiveCall};
use super::plan::Plan;
use super::{Broken, Finished, authorize};
use crate::toolbox::{self, Caller, Within};
use crate::{House, record};

impl Actor<'_> {
    pub(super) fn execute(&mut self, id: CallId) {
        let Some(call) = self.live.as_ref().and_then(|live| live.calls.get(&id)) else {
            return;
        };
        let (name, input) = (call.call.name.clone(), call.call.input.clone());
        let pinned = pinned(call).then(|| call.call.inspection.clone());
        let cancel = call.cancel.clone();
        self.start((id, name, input), pinned, cancel);
    }

    /// Lets a tool run whose trace is written, where what it depends on is as it was looked at.
    pub(super) fn start(
        &self,
        (id, name, input): (CallId, String, Value),
        pinned: Option<Inspection>,
        cancel: CancellationToken,
    ) {
        let (progress, mut pieces) = mpsc::channel::<String>(OUTPUTS);
        let run = smartopol_tools::Run {
            workspace: PathBuf::from(&self.session.workspace),
            call_id: id,
            cancel,
            progress: Some(progress),
        };
        let (house, session_id) = (self.house.clone(), self.session.id);
        // What a child is told is looked at whole, once the call is done.
        let filter = self.filter();
        self.house.supervisor.spawn("tool output", async move {
            while let Some(text) = pieces.recv().await {
                if filter == Filter::Child {
                    continue;
                }
                house
                    .bus
                    .tell(Some(session_id), News::OutputDelta { call_id: id, text });
            }
        });
        let (tools, finish) = (self.house.tools.clone(), self.finish.clone());
        let asker = self
            .live
            .as_ref()
            .map_or_else(String::new, |live| live.asker.clone());
        let caller = toolbox::owns(&name).then(|| Caller {
            house: self.house.clone(),
            session: self.session.clone(),
            user: self.house.users.acting(&asker, self.session.user_id),
            asker,
            charge: self.live.as_ref().and_then(|live| live.charge.clone()),
            within: self.live.as_ref().map(|live| Within {
                turn_id: live.turn.id,
                message_id: live.turn.message_id,
                call_id: id,
                beside: live.calls.keys().copied().collect(),
            }),
            cancel: run.cancel.clone(),
        });
        self.house.supervisor.spawn("tool", async move {
            let started = Instant::now();
            let mut guard = Unfinished {
                call_id: id,
                finish: Some(finish),
            };
            let (output, took) = match changed(&tools, pinned).await {
                Some(output) => (output, None),
                None => {
                    let output = match caller {
                        Some(caller) => toolbox::run(caller, &name, input).await,
                        None => tools.run(&name, &input, run).await,
                    };
                    (output, Some(started.elapsed()))
                }
            };
            if let Some(finish) = guard.finish.take() {
                // A session that ended no longer waits for it.
                let _ = finish
                    .send(Finished {
                        call_id: id,
                        output,
                        took,
                    })
                    .await;
            }
        });
    }

    pub(super) async fn tool_finished(&mut self, finished: Finished) -> Result<(), Broken> {
        if self.commands.contains_key(&finished.call_id) {
            return self.command_finished(finished).await;
        }
        let Finished {
            call_id,
            output,
            took,
        } = finished;
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let Some(call) = live.calls.get_mut(&call_id) else {
            return Ok(());
        };
        if matches!(call.call.state, CallState::Finished { .. }) {
            return Ok(());
        }
        let output = record::clean_output(&self.house, output);
        let output = record::filtered_output(&self.house, live.filter, output);
        if took.is_none() {
            call.call.started_at = None;
            if let Some(trace) = &mut call.trace {
                trace.metadata.decided_by = DecidedBy::Pin;
                trace.metadata.reason = output.text.clone();
            }
        }
        let mut plan = Plan::default();
        let at = self.house.clock.now();
        authorize::settle(&self.house, call, &output, took, at, &mut plan);
        plan.calls.push(record::stored(&self.house, &call.call));
        self.advance_with(Event::ToolFinished(call_id, output), plan)
            .await
    }
}

/// Returns true where a call may only run on the content that was looked at: where a person
/// answered for what the card showed, and where a command runs what a file holds. A change of a
/// file that the mode or a rule allows is held against the file by its tool.
fn pinned(call: &LiveCall) -> bool {
    let runs_files = matches!(
        call.call.name.as_str(),
        "exec" | "exec_background" | "terminal_open" | "terminal_write"
    );
    call.approval.is_some() || runs_files
}

/// Returns the answer for a call that depends on a file which has changed since.
async fn changed(tools: &Tools, pinned: Option<Inspection>) -> Option<ToolOutput> {
    let inspection = pinned.filter(|inspection| !inspection.pins.is_empty())?;
    let tools = tools.clone();
    let text = match tokio::task::spawn_blocking(move || tools.changed(&inspection)).await {
        Ok(None) => return None,
        Ok(Some(path)) => format!(
            "not run: {path} changed after the call was looked at, so it is not what was allowed; \
             read the file again, then ask again"
        ),
        Err(_) => "not run: the files that it depends on could not be looked at again".to_owned(),
    };
    Some(ToolOutput {
        status: OutputStatus::Denied,
        text,
        ..ToolOutput::default()
    })
}

/// Says that a tool panicked, where nothing else came of it.
struct Unfinished {
    call_id: CallId,
    finish: Option<mpsc::Sender<Finished>>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(finish) = self.finish.take() else {
            return;
        };
        let output = ToolOutput {
            status: OutputStatus::Error,
            text: "the tool itself failed; the daemon's log says more".into(),
            details: serde_json::Value::Null,
        };
        let _ = finish.try_send(Finished {
            call_id: self.call_id,
            output,
            took: Some(Duration::ZERO),
        });
    }
}

/// Settles a call that did not run to its end, and takes back its question.
pub(super) fn abandon(
    house: &House,
    live: &mut Live,
    id: CallId,
    output: &ToolOutput,
    at: Timestamp,
    plan: &mut Plan,
) {
    let Some(call) = live.calls.get_mut(&id) else {
        return;
    };
    call.cancel.cancel();
    if let Some(approval) = &call.approval
        && approval.state == ApprovalState::Pending
    {
        house.desk.forget(approval);
        let state = ApprovalState::Cancelled {
            at,
            reason: output.text.clone(),
        };
        plan.ended.push((approval.id, state));
    }
    if let Some(question) = &call.question
        && question.state == QuestionState::Pending
    {
        house.desk.forget_question(question);
        let state = QuestionState::Cancelled {
            at,
            reason: output.text.clone(),
        };
        plan.unasked.push((question.id, state));
    }
    if call.trace.is_none() {
        let (by, reason) = (DecidedBy::Interrupt, output.text.clone());
        authorize::refuse(house, call, output.clone(), by, reason, at, plan);
    } else {
        let took = call.call.started_at.map(|started| at.millis_since(started));
        authorize::settle(
            house,
            call,
            output,
            took.map(Duration::from_millis),
            at,
            plan,
        );
    }
    plan.calls.push(record::stored(house, &call.call));
}
