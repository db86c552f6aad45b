//! Commands that the person runs beside the turns.
//!
//! Owns: that each has its trace before it starts, runs under the same guard as a tool call, and
//! becomes a message of the transcript once it has its output and nothing stands open there.

use std::path::PathBuf;

use serde_json::json;
use smartopol_protocol::approval::Actor as Person;
use smartopol_protocol::command::{Run, Running, Stopped};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolCall, ToolOutput};
use smartopol_protocol::trace::DecidedBy;
use smartopol_protocol::{CallId, Code, Fault, MessageId, Timestamp};
use tokio_util::sync::CancellationToken;

use super::actor::Actor;
use super::live::LiveCall;
use super::load::cut_off;
use super::plan::Plan;
use super::{Broken, Finished, Reply, authorize};
use crate::record;

/// The tool that runs them.
const TOOL: &str = "exec";

/// How many a session runs at once.
const MOST: usize = 8;

/// A command that runs.
pub(super) struct Command {
    pub(super) message_id: MessageId,
    pub(super) live: LiveCall,
}

impl Drop for Command {
    /// Whatever the reason, no process goes on that nobody hears of.
    fn drop(&mut self) {
        self.live.cancel.cancel();
    }
}

impl Actor<'_> {
    pub(super) async fn run_command(
        &mut self,
        run: Run,
        person: Person,
        reply: Reply<Running>,
    ) -> Result<(), Broken> {
        if self.commands.len() >= MOST {
            let told = format!("{MOST} commands of yours run here already");
            let fault =
                Fault::new(Code::Conflict, told).hint("stop them first: Esc in the console");
            let _ = reply.send(Err(fault));
            return Ok(());
        }
        let seconds = self.house.config.tools.max_timeout_seconds;
        let input = json!({ "command": run.command, "timeout_seconds": seconds });
        let tools = self.house.tools.clone();
        let (kept, workspace) = (input.clone(), PathBuf::from(&self.session.workspace));
        let look = move || tools.inspect(TOOL, &kept, &workspace);
        let inspection = match tokio::task::spawn_blocking(look).await {
            Ok(Ok(inspection)) => inspection,
            Ok(Err(output)) => {
                let fault = Fault::new(Code::BadRequest, output.text);
                let _ = reply.send(Err(fault.hint("write the command differently")));
                return Ok(());
            }
            Err(err) => {
                tracing::error!("a command could not be inspected: {err}");
                let fault = Fault::new(Code::Internal, "the command could not be looked at");
                let _ = reply.send(Err(fault.hint("see why: smartopol daemon logs")));
                return Ok(());
            }
        };
        let at = self.house.clock.now();
        let mut live = LiveCall {
            call: ToolCall {
                id: CallId::new(),
                session_id: self.session.id,
                turn_id: None,
                name: TOOL.into(),
                input: input.clone(),
                inspection,
                state: CallState::Asked,
                asked_at: at,
                started_at: None,
                finished_at: None,
                trace_id: None,
            },
            trace: None,
            approval: None,
            question: None,
            asker: person.peer.clone(),
            by: person.by.clone(),
            user: self.house.users.acting(&person.peer, None),
            run: None,
            reopened: false,
            cancel: CancellationToken::new(),
        };
        let mut plan = Plan::default();
        let refused = self.house.floor.refuses(&live.call.inspection);
        match &refused {
            Some(why) => {
                let output = ToolOutput {
                    status: OutputStatus::Denied,
                    text: format!("not allowed: {why}"),
                    ..ToolOutput::default()
                };
                let (by, why) = (DecidedBy::Floor, why.clone());
                authorize::refuse(&self.house, &mut live, output, by, why, at, &mut plan);
            }
            None => {
                let why = "the person wrote it".to_owned();
                authorize::run(
                    &self.house,
                    &mut live,
                    DecidedBy::Person,
                    why,
                    at,
                    &mut plan,
                );
            }
        }
        for trace in live.trace.iter_mut().chain(plan.begun.iter_mut()) {
            trace.metadata.surface.clone_from(&person.client);
        }
        let (id, message) = (live.call.id, self.command_message(&live, &person, at));
        let message_id = message.id;
        plan.calls.push(record::stored(&self.house, &live.call));
        let output = output_part(&live.call);
        let free = self.live.is_none();
        let stored = self
            .house
            .store
            .write(move |w| {
                w.queue_message(message)?;
                plan.write(w)?;
                match output {
                    None => Ok(None),
                    Some(output) => {
                        w.finish_command(message_id, output, at)?;
                        free.then(|| w.place_command(message_id, at)).transpose()
                    }
                }
            })
            .await;
        match (stored, refused) {
            (Err(err), _) => drop(reply.send(Err(Fault::from(err)))),
            (Ok(placed), Some(why)) => {
                let fault = Fault::new(Code::Denied, format!("not run: {why}"));
                let hint = "the floor holds for everybody; run it in a shell of your own";
                let _ = reply.send(Err(fault.hint(hint)));
                self.has_its_output(message_id, placed);
            }
            (Ok(_), None) => {
                let _ = reply.send(Ok(Running {
                    message_id,
                    call_id: id,
                }));
                let cancel = live.cancel.clone();
                self.commands.insert(id, Command { message_id, live });
                // Whoever writes a command means what is there when it runs.
                self.start((id, TOOL.into(), input), None, cancel);
            }
        }
        Ok(())
    }

    fn command_message(&self, live: &LiveCall, person: &Person, at: Timestamp) -> Message {
        let call = Part::ToolCall {
            id: live.call.id,
            name: TOOL.into(),
            input: live.call.input.clone(),
        };
        Message {
            id: MessageId::new(),
            session_id: self.session.id,
            turn_id: None,
            position: None,
            steer: false,
            role: Role::User,
            parts: record::clean(&self.house, vec![call]),
            peer: Some(person.peer.clone()),
            by: person.by.clone(),
            interrupted: false,
            created_at: at,
        }
    }

    pub(super) async fn command_finished(&mut self, finished: Finished) -> Result<(), Broken> {
        let Some(mut command) = self.commands.remove(&finished.call_id) else {
            return Ok(());
        };
        let output = record::clean_output(&self.house, finished.output);
        self.settle_command(&mut command, &output, finished.took)
            .await
    }

    async fn settle_command(
        &mut self,
        command: &mut Command,
        output: &ToolOutput,
        took: Option<std::time::Duration>,
    ) -> Result<(), Broken> {
        let (at, mut plan) = (self.house.clock.now(), Plan::default());
        authorize::settle(&self.house, &mut command.live, output, took, at, &mut plan);
        plan.calls
            .push(record::stored(&self.house, &command.live.call));
        let (id, free) = (command.message_id, self.live.is_none());
        let part = output_part(&command.live.call);
        let placed = self
            .house
            .store
            .write(move |w| {
                plan.write(w)?;
                if let Some(part) = part {
                    w.finish_command(id, part, at)?;
                }
                free.then(|| w.place_command(id, at)).transpose()
            })
            .await?;
        self.has_its_output(id, placed);
        Ok(())
    }

    fn has_its_output(&mut self, id: MessageId, placed: Option<Message>) {
        match placed {
            Some(message) => self.transcript.push(std::sync::Arc::new(message)),
            None => self.ran.push(id),
        }
    }

    /// Gives the commands that ran meanwhile their place, where no turn is open.
    pub(super) async fn place_commands(&mut self) -> Result<(), Broken> {
        if self.live.is_some() || self.ran.is_empty() {
            return Ok(());
        }
        let placed = std::mem::take(&mut self.ran);
        self.write(Plan {
            placed,
            ..Plan::default()
        })
        .await
    }

    pub(super) fn stop_commands(&mut self, reply: Reply<Stopped>) {
        for command in self.commands.values() {
            command.live.cancel.cancel();
        }
        let count = u32::try_from(self.commands.len()).unwrap_or(u32::MAX);
        let _ = reply.send(Ok(Stopped { count }));
    }

    /// Ends the commands that run, without waiting for what they say last.
    pub(super) async fn abandon_commands(&mut self, why: &str) -> Result<(), Broken> {
        for (_, mut command) in std::mem::take(&mut self.commands) {
            command.live.cancel.cancel();
            let output = ToolOutput {
                status: OutputStatus::Interrupted,
                text: why.into(),
                ..ToolOutput::default()
            };
            let started = command.live.call.started_at;
            let now = self.house.clock.now();
            let took = started.map(|at| std::time::Duration::from_millis(now.millis_since(at)));
            self.settle_command(&mut command, &output, took).await?;
        }
        Ok(())
    }

    /// Closes what the end of the last daemon cut off.
    pub(super) async fn close_commands(&mut self) -> Result<(), Broken> {
        for mut command in std::mem::take(&mut self.cut_commands) {
            self.settle_command(&mut command, &cut_off(true), None)
                .await?;
        }
        Ok(())
    }
}

fn output_part(call: &ToolCall) -> Option<Part> {
    match &call.state {
        CallState::Finished { output } => Some(Part::ToolOutput {
            call_id: call.id,
            status: output.status,
            text: output.text.clone(),
        }),
        _ => None,
    }
}
