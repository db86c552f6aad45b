//! One turn of a conversation, as a pure state machine.
//!
//! Owns: what is asked, streamed, waiting for a person or running. Never does I/O: the session
//! actor carries out the returned [`Effect`]s and reports back with [`Event`]s.

mod draft;

#[cfg(test)]
mod tests;

use serde_json::Value;
use smartopol_protocol::CallId;
use smartopol_protocol::message::Part;
use smartopol_protocol::model::StopReason;
use smartopol_protocol::tool::{OutputStatus, ToolOutput};
use smartopol_protocol::turn::Outcome;

use crate::loop_guard::LoopGuard;
use draft::Draft;

/// The most calls of one answer that are looked at; the others are refused.
pub const MAX_CALLS: usize = 64;

/// What a turn may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many times it may ask the model.
    pub steps: u32,
    /// How often the same call may give the same result.
    pub repeats: u32,
}

/// Something that happened to a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The model said more.
    Text(String),
    /// The model thought more.
    Reasoning(String),
    /// A block of reasoning ended, with what the provider wants back.
    ReasoningEnd(Option<String>),
    /// The model asks for a tool.
    Call {
        /// The name it was given.
        id: CallId,
        /// The tool.
        name: String,
        /// The arguments.
        input: Value,
    },
    /// The model's answer is complete.
    Answered(StopReason),
    /// The provider gave up.
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
    /// It was decided what becomes of a call.
    Ruled(CallId, Ruling),
    /// A tool gave its output.
    ToolFinished(CallId, ToolOutput),
    /// The turn has to end now.
    Stopped(Stop),
}

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Ruling {
    /// It runs.
    Run,
    /// A person is asked.
    Ask,
    /// It does not run; this is what the model is told.
    Refuse(ToolOutput),
}

/// Why a turn has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A person interrupted it.
    Person,
    /// The daemon shuts down.
    Shutdown,
}

/// Something that must be done for a turn.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the model with the transcript as it is now.
    Ask,
    /// Store what the agent said.
    Record {
        /// Its pieces, never empty.
        parts: Vec<Part>,
        /// True where it was cut short.
        interrupted: bool,
    },
    /// Decide whether this call may run.
    Authorize {
        /// The call.
        id: CallId,
        /// The tool.
        name: String,
        /// The arguments.
        input: Value,
    },
    /// Write down that this call does not run, and rule so.
    Refuse {
        /// The call.
        id: CallId,
        /// The tool.
        name: String,
        /// The arguments.
        input: Value,
        /// What the model is told.
        text: String,
    },
    /// Run this call.
    Execute(CallId),
    /// This call has its output without having run to its end: stop it, take back its question,
    /// complete its trace.
    Abandon(CallId, ToolOutput),
    /// Store the outputs of all calls.
    Answer(Vec<Part>),
    /// What people said to steer this turn gets its place now, before the model is asked again.
    Join,
    /// The turn is over.
    Finish(Outcome),
}

/// A call of the newest answer, for [`Turn::resume`].
#[derive(Clone, Debug, PartialEq)]
pub struct Resumed {
    /// The call.
    pub id: CallId,
    /// The tool.
    pub name: String,
    /// The arguments.
    pub input: Value,
    /// Its output; `None` where a person is still asked.
    pub output: Option<ToolOutput>,
}

/// One turn.
#[derive(Debug)]
pub struct Turn {
    limits: Limits,
    steps: u32,
    phase: Phase,
    draft: Draft,
    calls: Vec<Call>,
    guard: LoopGuard,
    looping: Option<(String, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Asking,
    Acting,
    Finished,
}

#[derive(Debug)]
struct Call {
    id: CallId,
    name: String,
    input: Value,
    state: State,
}

#[derive(Debug)]
enum State {
    Asked,
    Waiting,
    Running,
    Settled(ToolOutput),
}

impl Turn {
    /// Begins a turn.
    pub fn start(limits: Limits) -> (Self, Vec<Effect>) {
        let turn = Self {
            limits,
            steps: 1,
            phase: Phase::Asking,
            draft: Draft::default(),
            calls: Vec::new(),
            guard: LoopGuard::default(),
            looping: None,
        };
        (turn, vec![Effect::Ask])
    }

    /// Goes on with a turn that waited for a person when the daemon ended.
    pub fn resume(limits: Limits, steps: u32, calls: Vec<Resumed>) -> (Self, Vec<Effect>) {
        let calls = calls
            .into_iter()
            .map(
                |Resumed {
                     id,
                     name,
                     input,
                     output,
                 }| Call {
                    id,
                    name,
                    input,
                    state: output.map_or(State::Waiting, State::Settled),
                },
            )
            .collect();
        let (mut turn, _) = Self::start(limits);
        turn.steps = steps;
        turn.phase = Phase::Acting;
        turn.calls = calls;
        let effects = turn.answer_when_settled();
        (turn, effects)
    }

    /// Returns how many times the model was asked.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Returns true where nothing goes on until a person answers.
    pub fn is_waiting(&self) -> bool {
        self.phase == Phase::Acting
            && self
                .calls
                .iter()
                .any(|call| matches!(call.state, State::Waiting))
            && !self
                .calls
                .iter()
                .any(|call| matches!(call.state, State::Asked | State::Running))
    }

    /// Returns true once it is over.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Finished
    }

    /// Takes one event and says what must happen next.
    pub fn on(&mut self, event: Event) -> Vec<Effect> {
        match (self.phase, event) {
            (Phase::Finished, _) => Vec::new(), // A late answer to an ended turn changes nothing.
            (_, Event::Stopped(stop)) => self.stop(stop),
            (Phase::Asking, event) => self.on_model(event),
            (Phase::Acting, event) => self.on_call(event),
        }
    }

    fn on_model(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Text(text) => self.draft.text(&text),
            Event::Reasoning(text) => self.draft.reasoning(&text),
            Event::ReasoningEnd(signature) => self.draft.end_reasoning(signature),
            Event::Call { id, name, input } => {
                self.draft.call(id, &name, &input);
                self.calls.push(Call {
                    id,
                    name,
                    input,
                    state: State::Asked,
                });
            }
            Event::Answered(stop) => return self.answered(stop),
            Event::Failed { message, hint } => {
                return self.cut_short(Outcome::Failed { message, hint });
            }
            // What belongs to calls cannot come before there are any.
            Event::Ruled(..) | Event::ToolFinished(..) | Event::Stopped(_) => {}
        }
        Vec::new()
    }

    fn answered(&mut self, stop: StopReason) -> Vec<Effect> {
        let parts = self.draft.take();
        let mut effects = Vec::new();
        if !parts.is_empty() {
            effects.push(Effect::Record {
                parts,
                interrupted: false,
            });
        }
        if self.calls.is_empty() {
            self.phase = Phase::Finished;
            effects.push(Effect::Finish(match stop {
                StopReason::End | StopReason::ToolUse => Outcome::Done,
                StopReason::MaxTokens => Outcome::Failed {
                    message: "the answer reached the model's limit of output tokens".into(),
                    hint: "continue the turn to let it go on".into(),
                },
                StopReason::Refusal => Outcome::Failed {
                    message: "the provider refused to go on with this conversation".into(),
                    hint: "say it differently, or choose another model".into(),
                },
            }));
            return effects;
        }
        self.phase = Phase::Acting;
        effects.extend(self.calls.iter().enumerate().map(|(place, call)| {
            let (id, name, input) = (call.id, call.name.clone(), call.input.clone());
            if place < MAX_CALLS {
                Effect::Authorize { id, name, input }
            } else {
                let text = format!("not run: an answer may make at most {MAX_CALLS} calls");
                Effect::Refuse {
                    id,
                    name,
                    input,
                    text,
                }
            }
        }));
        effects
    }

    fn on_call(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Ruled(id, ruling) => {
                let Some(call) = self.open(id) else {
                    return Vec::new();
                };
                match ruling {
                    Ruling::Run => {
                        call.state = State::Running;
                        return vec![Effect::Execute(id)];
                    }
                    Ruling::Ask => {
                        call.state = State::Waiting;
                        return Vec::new();
                    }
                    Ruling::Refuse(output) => self.settle(id, output),
                }
            }
            Event::ToolFinished(id, output) => self.settle(id, output),
            // A late piece of an answer that already ended.
            _ => return Vec::new(),
        }
        self.answer_when_settled()
    }

    /// Returns a call that has no output yet.
    fn open(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls
            .iter_mut()
            .find(|call| call.id == id && !matches!(call.state, State::Settled(_)))
    }

    fn settle(&mut self, id: CallId, output: ToolOutput) {
        let Some(call) = self.open(id) else { return };
        let (name, input) = (call.name.clone(), call.input.clone());
        let text = output.text.clone();
        call.state = State::Settled(output);
        let times = self.guard.count(&name, &input, &text);
        if times >= self.limits.repeats {
            self.looping = Some((name, times));
        }
    }

    fn answer_when_settled(&mut self) -> Vec<Effect> {
        let Some(parts) = self.outputs() else {
            return Vec::new();
        };
        self.calls.clear();
        let mut effects = vec![Effect::Answer(parts)];
        if let Some((tool, times)) = self.looping.take() {
            self.phase = Phase::Finished;
            effects.push(Effect::Finish(Outcome::Loop { tool, times }));
        } else if self.steps >= self.limits.steps {
            self.phase = Phase::Finished;
            effects.push(Effect::Finish(Outcome::StepLimit {
                limit: self.limits.steps,
            }));
        } else {
            self.steps += 1;
            self.phase = Phase::Asking;
            effects.extend([Effect::Join, Effect::Ask]);
        }
        effects
    }

    /// Returns the outputs of all calls in the order asked; `None` while one is missing.
    fn outputs(&self) -> Option<Vec<Part>> {
        self.calls
            .iter()
            .map(|call| match &call.state {
                State::Settled(output) => Some(Part::ToolOutput {
                    call_id: call.id,
                    status: output.status,
                    text: output.text.clone(),
                }),
                _ => None,
            })
            .collect()
    }

    fn stop(&mut self, stop: Stop) -> Vec<Effect> {
        let outcome = match stop {
            Stop::Person => Outcome::Interrupted,
            Stop::Shutdown => Outcome::CutOff,
        };
        if self.phase == Phase::Asking {
            return self.cut_short(outcome);
        }
        let text = match stop {
            Stop::Person => "interrupted by the user",
            Stop::Shutdown => "interrupted: the daemon was shut down",
        };
        let mut effects = Vec::new();
        for call in &mut self.calls {
            if !matches!(call.state, State::Settled(_)) {
                let output = ToolOutput {
                    status: OutputStatus::Interrupted,
                    text: text.into(),
                    details: Value::Null,
                };
                effects.push(Effect::Abandon(call.id, output.clone()));
                call.state = State::Settled(output);
            }
        }
        effects.extend(self.outputs().map(Effect::Answer));
        self.phase = Phase::Finished;
        effects.push(Effect::Finish(outcome));
        effects
    }

    /// Ends in the middle of an answer: what was said stays, calls that never ran are dropped.
    fn cut_short(&mut self, outcome: Outcome) -> Vec<Effect> {
        self.phase = Phase::Finished;
        self.calls.clear();
        let parts = self.draft.take_said();
        let mut effects = Vec::new();
        if !parts.is_empty() {
            effects.push(Effect::Record {
                parts,
                interrupted: true,
            });
        }
        effects.push(Effect::Finish(outcome));
        effects
    }
}
