//! What a person at a prompt is told of one turn, as a pure state machine: events in, words out.
//!
//! Owns: which text of the reply is new, what is said of calls and approvals on the side, how the
//! turn ended. Prints nothing.

use std::collections::HashSet;

use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolCall};
use smartopol_protocol::turn::{Outcome, TurnState};
use smartopol_protocol::{ApprovalId, Event, MessageId, News, QuestionId, TurnId};

use super::out::glance;
use super::time;
use crate::model::terms;
use crate::sanitize::Stream;

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A piece of the reply, fit for a terminal.
    Say(String),
    /// Something that the person must hear of, one line.
    Note(String),
    /// What the agent does meanwhile, one line.
    Aside(String),
    /// The turn is over.
    End {
        /// How it ended.
        outcome: Outcome,
        /// True where a call of it was denied, or nobody answered in time.
        denied: bool,
    },
}

/// One turn being followed.
#[derive(Debug, Default)]
pub(super) struct Follow {
    turn: Option<TurnId>,
    /// The message whose turn it will be, while it waits.
    message: Option<MessageId>,
    /// The step being said, and its text so far.
    step: u32,
    said: String,
    stream: Stream,
    /// Steps up to this one were said whole.
    closed: u32,
    told: HashSet<MessageId>,
    asked: HashSet<ApprovalId>,
    questions: HashSet<QuestionId>,
    denied: bool,
}

impl Follow {
    /// Follows a turn; where it has not begun, the one that `message` begins.
    pub(super) fn new(turn: Option<TurnId>, message: Option<MessageId>) -> Self {
        Self {
            turn,
            message,
            ..Self::default()
        }
    }

    /// Returns the turn, once it is known.
    pub(super) const fn turn(&self) -> Option<TurnId> {
        self.turn
    }

    /// Takes an event and returns what to tell.
    pub(super) fn on(&mut self, event: &Event) -> Vec<Word> {
        match &event.news {
            News::MessageChanged(message) => {
                if self.message == Some(message.id) && message.turn_id.is_some() {
                    self.turn = message.turn_id;
                }
                if self.is_ours(message.turn_id) {
                    return self.message(message);
                }
            }
            News::TextDelta {
                turn_id,
                step,
                offset,
                text,
            } if self.is_ours(Some(*turn_id)) => return self.delta(*step, *offset, text),
            News::CallChanged(call) if self.is_ours(call.turn_id) => return self.call(call),
            News::ApprovalChanged(approval) if self.is_ours(Some(approval.turn_id)) => {
                return self.approval(approval);
            }
            News::QuestionChanged(question) if self.is_ours(Some(question.turn_id)) => {
                return self.question(question);
            }
            News::Retrying {
                turn_id,
                reason,
                after_ms,
            } if self.is_ours(Some(*turn_id)) => {
                let seconds = after_ms.div_ceil(1000);
                let reason = glance(reason, 300);
                return vec![Word::Note(format!("{reason}: trying again in {seconds} s"))];
            }
            News::Compacting { turn_id } if self.is_ours(Some(*turn_id)) => {
                return vec![Word::Note("folding older messages into a summary".into())];
            }
            News::TurnChanged(turn) if self.is_ours(Some(turn.id)) => {
                if let TurnState::Finished { outcome } = &turn.state {
                    let mut words = self.close_line();
                    words.push(Word::End {
                        outcome: outcome.clone(),
                        denied: self.denied,
                    });
                    return words;
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn is_ours(&self, turn: Option<TurnId>) -> bool {
        turn.is_some() && turn == self.turn
    }

    fn delta(&mut self, step: u32, offset: u64, text: &str) -> Vec<Word> {
        if step <= self.closed {
            return Vec::new(); // Late: the whole message was said.
        }
        if step > self.step {
            self.step = step;
            self.said.clear();
        }
        let have = self.said.len() as u64;
        let Some(known) = have.checked_sub(offset) else {
            return Vec::new(); // Something is missing; the whole message will bring it.
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        match text.get(known..) {
            Some(new) if !new.is_empty() => {
                let new = new.to_owned();
                self.say(&new)
            }
            _ => Vec::new(),
        }
    }

    fn say(&mut self, new: &str) -> Vec<Word> {
        self.said.push_str(new);
        let fit = self.stream.push(new);
        if fit.is_empty() {
            return Vec::new();
        }
        vec![Word::Say(fit)]
    }

    fn message(&mut self, message: &Message) -> Vec<Word> {
        match message.role {
            Role::Agent if self.told.insert(message.id) => {
                let whole = message.text();
                let mut words = match whole.strip_prefix(&self.said) {
                    Some(rest) => {
                        let rest = rest.to_owned();
                        self.say(&rest)
                    }
                    // What was streamed is not how it ended: say it anew, whole.
                    None => {
                        let mut words = self.close_line();
                        words.extend(self.say(&whole));
                        words
                    }
                };
                words.extend(self.close_line());
                self.closed = self.closed.max(self.step);
                words
            }
            Role::System if self.told.insert(message.id) => notices(message),
            _ => Vec::new(),
        }
    }

    /// Ends the line of what was said, and begins anew.
    fn close_line(&mut self) -> Vec<Word> {
        self.stream = Stream::default();
        let said = std::mem::take(&mut self.said);
        if said.is_empty() || said.ends_with('\n') {
            return Vec::new();
        }
        vec![Word::Say("\n".into())]
    }

    fn call(&mut self, call: &ToolCall) -> Vec<Word> {
        let what = format!(
            "{}: {}",
            glance(&call.name, 64),
            glance(&call.inspection.title, 200)
        );
        match &call.state {
            CallState::Running => vec![Word::Aside(what)],
            CallState::Finished { output } => match output.status {
                OutputStatus::Ok | OutputStatus::Interrupted => Vec::new(),
                OutputStatus::Error => {
                    let first = output.text.lines().next().unwrap_or_default();
                    vec![Word::Aside(format!(
                        "failed: {what}: {}",
                        glance(first, 200)
                    ))]
                }
                // Nobody refused anything: the agent goes on without an answer.
                OutputStatus::Denied | OutputStatus::Expired if call.name == "ask" => {
                    vec![Word::Note(format!("not answered: {what}"))]
                }
                OutputStatus::Denied => {
                    self.denied = true;
                    vec![Word::Note(format!("denied: {what}"))]
                }
                OutputStatus::Expired => {
                    self.denied = true;
                    vec![Word::Note(format!("nobody answered in time: {what}"))]
                }
            },
            CallState::Asked | CallState::Waiting { .. } | CallState::Unanswered { .. } => {
                Vec::new()
            }
        }
    }

    fn approval(&mut self, approval: &Approval) -> Vec<Word> {
        if approval.state != ApprovalState::Pending || !self.asked.insert(approval.id) {
            return Vec::new();
        }
        let (id, tool) = (approval.id, glance(&approval.tool, 64));
        let title = glance(&approval.inspection.title, 2_000);
        let cwd = glance(&approval.inspection.cwd, 500);
        // Who asked may not be among those who answer.
        let whom = match terms::needs(approval) {
            None => "your approval".to_owned(),
            Some(needs) => glance(&needs, 300),
        };
        vec![
            Word::Note(format!("{tool} waits for {whom}: {title}")),
            Word::Note(format!(
                "  in {cwd}, for {}; {}",
                time::until(approval.expires_at),
                glance(&approval.reason, 300)
            )),
            Word::Note(format!("  see it exactly: smartopol approvals show {id}")),
            Word::Note(format!("  allow it:       smartopol approvals allow {id}")),
            Word::Note(format!("  deny it:        smartopol approvals deny {id}")),
        ]
    }
}

impl Follow {
    fn question(&mut self, question: &Question) -> Vec<Word> {
        if question.state != QuestionState::Pending || !self.questions.insert(question.id) {
            return Vec::new();
        }
        let id = question.id;
        let mut words = Vec::new();
        for (place, line) in question.text.lines().enumerate() {
            let who = if place == 0 {
                "the agent asks you:"
            } else {
                " "
            };
            let line = glance(line, 4_000);
            words.push(Word::Note(format!("{who} {line}").trim_end().to_owned()));
        }
        for (choice, number) in question.choices.iter().zip(1..) {
            let label = glance(&choice.label, 80);
            let why = match choice.explanation.as_str() {
                "" => String::new(),
                why => format!(": {}", glance(why, 300)),
            };
            words.push(Word::Note(format!("  {number} {label}{why}")));
        }
        let mut how = |what: &str, command: String| {
            words.push(Word::Note(format!(
                "  {what:<15} smartopol inbox {command}"
            )));
        };
        if !question.choices.is_empty() {
            how("take a choice:", format!("answer {id} --choice 1"));
        }
        if question.free_text {
            how("your own words:", format!("answer {id} TEXT"));
        }
        how("no answer:", format!("dismiss {id}"));
        words
    }
}

fn notices(message: &Message) -> Vec<Word> {
    let notice = |part: &Part| match part {
        Part::Notice { level, text } => {
            let text = glance(text, 1_000);
            Some(match level {
                Level::Info => Word::Aside(text),
                Level::Warning | Level::Error => Word::Note(text),
            })
        }
        _ => None,
    };
    message.parts.iter().filter_map(notice).collect()
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::model::Usage;
    use smartopol_protocol::tool::{Inspection, ToolOutput};
    use smartopol_protocol::turn::Turn;
    use smartopol_protocol::{CallId, SessionId, Timestamp};

    use super::*;

    const SESSION: SessionId = SessionId::from_bytes([1; 16]);
    const TURN: TurnId = TurnId::from_bytes([2; 16]);

    fn event(news: News) -> Event {
        Event {
            seq: None,
            at: Timestamp::default(),
            session_id: Some(SESSION),
            news,
        }
    }

    fn delta(step: u32, offset: u64, text: &str) -> Event {
        event(News::TextDelta {
            turn_id: TURN,
            step,
            offset,
            text: text.into(),
        })
    }

    fn message(id: u8, role: Role, turn_id: Option<TurnId>, text: &str) -> Event {
        event(News::MessageChanged(Box::new(Message {
            id: MessageId::from_bytes([id; 16]),
            session_id: SESSION,
            turn_id,
            position: None,
            steer: false,
            role,
            parts: vec![Part::Text { text: text.into() }],
            peer: None,
            by: None,
            interrupted: false,
            created_at: Timestamp::default(),
        })))
    }

    fn finished(outcome: Outcome) -> Event {
        event(News::TurnChanged(Box::new(Turn {
            id: TURN,
            session_id: SESSION,
            message_id: None,
            state: TurnState::Finished { outcome },
            steps: 1,
            usage: Usage::default(),
            carried: smartopol_protocol::turn::Carried::default(),
            provider: String::new(),
            model: String::new(),
            started_at: Timestamp::default(),
            finished_at: None,
        })))
    }

    fn call(status: OutputStatus) -> Event {
        event(News::CallChanged(Box::new(ToolCall {
            id: CallId::from_bytes([9; 16]),
            session_id: SESSION,
            turn_id: Some(TURN),
            name: "exec".into(),
            input: serde_json::Value::Null,
            inspection: Inspection {
                title: "ls".into(),
                ..Inspection::default()
            },
            state: CallState::Finished {
                output: ToolOutput {
                    status,
                    ..ToolOutput::default()
                },
            },
            asked_at: Timestamp::default(),
            started_at: None,
            finished_at: None,
            trace_id: None,
        })))
    }

    fn said(follow: &mut Follow, events: &[Event]) -> String {
        let words = events.iter().flat_map(|event| follow.on(event));
        words
            .filter_map(|word| match word {
                Word::Say(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_text_is_said_once_however_it_comes() {
        let mut follow = Follow::new(Some(TURN), None);
        let events = [
            delta(1, 0, "Hel"),
            delta(1, 0, "Hel"),
            delta(1, 2, "llo"),
            delta(1, 9, "lost before this"),
            message(3, Role::Agent, Some(TURN), "Hello there"),
            message(3, Role::Agent, Some(TURN), "Hello there"),
            delta(1, 5, " there"),
            delta(2, 0, "Bye\n"),
            message(4, Role::Agent, Some(TURN), "Bye\n"),
            message(5, Role::Agent, Some(TURN), "never streamed"),
            message(6, Role::Agent, None, "another turn's"),
        ];
        assert_eq!(
            said(&mut follow, &events),
            "Hello there\nBye\nnever streamed\n"
        );
    }

    #[test]
    fn what_ended_otherwise_than_it_was_streamed_is_said_anew() {
        let mut follow = Follow::new(Some(TURN), None);
        let events = [
            delta(1, 0, "Helo"),
            message(3, Role::Agent, Some(TURN), "Hello"),
        ];
        assert_eq!(said(&mut follow, &events), "Helo\nHello\n");
    }

    #[test]
    fn a_message_that_waits_is_followed_into_its_turn() {
        let own = MessageId::from_bytes([7; 16]);
        let mut follow = Follow::new(None, Some(own));
        let early = [
            delta(1, 0, "of another turn"),
            message(7, Role::User, None, "mine"),
        ];
        assert_eq!(said(&mut follow, &early), "");
        assert_eq!(follow.turn(), None);
        let events = [
            message(7, Role::User, Some(TURN), "mine"),
            delta(1, 0, "yes"),
        ];
        assert_eq!(said(&mut follow, &events), "yes");
    }

    #[test]
    fn the_end_tells_of_denied_calls_and_closes_the_line() {
        let mut follow = Follow::new(Some(TURN), None);
        follow.on(&delta(1, 0, "half"));
        let words = follow.on(&call(OutputStatus::Denied));
        assert_eq!(words, [Word::Note("denied: exec: ls".into())]);
        assert_eq!(
            follow.on(&finished(Outcome::Done)),
            [
                Word::Say("\n".into()),
                Word::End {
                    outcome: Outcome::Done,
                    denied: true
                }
            ]
        );
    }

    #[test]
    fn what_the_model_says_is_not_obeyed() {
        let mut follow = Follow::new(Some(TURN), None);
        let events = [
            delta(1, 0, "\x1b]0;x\x07"),
            delta(1, 6, "a\r"),
            delta(1, 8, "\nb"),
        ];
        assert_eq!(said(&mut follow, &events), "␛]0;x␇a\nb");
    }
}
