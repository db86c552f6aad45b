//! Every event.

use serde_json::Value;
use smartopol_protocol::{Event, News, knowledge, memory};

use crate::golden::Golden;
use crate::sample;

macro_rules! names {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// The names of all events. A new one does not compile before it stands here.
        pub(crate) const NAMES: &[&str] = &[$($name),*];

        /// Returns the event's name on the wire.
        pub(crate) const fn name(news: &News) -> &'static str {
            match news { $(News::$variant { .. } => $name,)* }
        }
    };
}

names! {
    SessionChanged = "session_changed",
    SessionDeleted = "session_deleted",
    MessageChanged = "message_changed",
    MessageWithdrawn = "message_withdrawn",
    TurnChanged = "turn_changed",
    CallChanged = "call_changed",
    ApprovalChanged = "approval_changed",
    QuestionChanged = "question_changed",
    RuleAdded = "rule_added",
    RuleRevoked = "rule_revoked",
    TraceChanged = "trace_changed",
    TraceMarked = "trace_marked",
    JobChanged = "job_changed",
    JobRemoved = "job_removed",
    AttentionChanged = "attention_changed",
    TerminalChanged = "terminal_changed",
    TerminalClosed = "terminal_closed",
    UserChanged = "user_changed",
    UserRemoved = "user_removed",
    LinkRefused = "link_refused",
    MemoryChanged = "memory_changed",
    MemoryLooked = "memory_looked",
    TopicChanged = "topic_changed",
    CompactionChanged = "compaction_changed",
    PinChanged = "pin_changed",
    TextDelta = "text_delta",
    ReasoningDelta = "reasoning_delta",
    CallDelta = "call_delta",
    OutputDelta = "output_delta",
    Retrying = "retrying",
    Compacting = "compacting",
    Gap = "gap",
    Dropped = "dropped",
    TerminalSized = "terminal_sized",
    ClientChanged = "client_changed",
    ClientLeft = "client_left",
    Stopping = "stopping",
}

/// One of each.
pub(crate) fn all() -> Vec<News> {
    let turn_id = sample::TURN;
    vec![
        News::SessionChanged(Box::new(sample::session())),
        News::SessionDeleted(sample::SESSION),
        News::MessageChanged(Box::new(sample::message())),
        News::MessageWithdrawn(sample::MESSAGE),
        News::TurnChanged(Box::new(sample::turn())),
        News::CallChanged(Box::new(sample::call())),
        News::ApprovalChanged(Box::new(sample::approval())),
        News::QuestionChanged(Box::new(sample::question())),
        News::RuleAdded(Box::new(sample::rule())),
        News::RuleRevoked(sample::RULE),
        News::TraceChanged(Box::new(sample::trace())),
        News::TraceMarked(sample::mark()),
        News::JobChanged(Box::new(sample::job())),
        News::JobRemoved(sample::JOB),
        News::AttentionChanged(Box::new(sample::item())),
        News::TerminalChanged(Box::new(sample::terminal())),
        News::TerminalClosed(sample::TERMINAL),
        News::UserChanged(Box::new(sample::user_changed())),
        News::UserRemoved(sample::user_removed()),
        News::LinkRefused(sample::link_refused()),
        News::MemoryLooked(memory::Look {
            peer: "cli:1000".into(),
            user_id: Some(sample::USER),
            memory_id: Some(sample::MEMORY),
        }),
        News::MemoryChanged(memory::Change {
            id: sample::MEMORY,
            user_id: sample::USER,
            state: memory::State::Superseded {
                by: sample::MEMORY,
                at: sample::at(40),
            },
        }),
        News::TopicChanged(knowledge::Change {
            id: sample::TOPIC,
            user_id: Some(sample::USER),
            what: knowledge::What::Used,
        }),
        News::CompactionChanged(Box::new(sample::compaction())),
        News::PinChanged(Box::new(sample::pin())),
        News::TextDelta {
            turn_id,
            step: 2,
            offset: 7,
            text: "remove".into(),
        },
        News::ReasoningDelta {
            turn_id,
            step: 2,
            offset: 0,
            text: "The folder".into(),
        },
        News::CallDelta {
            turn_id,
            step: 2,
            name: "exec".into(),
            bytes: 12,
        },
        News::OutputDelta {
            call_id: sample::CALL,
            text: "removed 3 files\n".into(),
        },
        News::Retrying {
            turn_id,
            reason: "the provider is overloaded".into(),
            after_ms: 2000,
        },
        News::Compacting { turn_id },
        News::Gap { missed: 12 },
        News::Dropped { deltas: 340 },
        News::TerminalSized {
            id: sample::TERMINAL,
            size: sample::size(),
            client: Some(3),
        },
        News::ClientChanged(sample::client()),
        News::ClientLeft(3),
        News::Stopping,
    ]
}

pub(crate) fn goldens() -> Vec<Golden> {
    all().into_iter().map(golden).collect()
}

fn golden(news: News) -> Golden {
    let name = name(&news);
    let about_none = matches!(
        news,
        News::Gap { .. }
            | News::Dropped { .. }
            | News::TerminalSized { .. }
            | News::ClientChanged(_)
            | News::ClientLeft(_)
            | News::Stopping
    );
    let event = Event {
        seq: news.is_fact().then_some(42),
        at: sample::at(1500),
        session_id: (!about_none).then_some(sample::SESSION),
        news,
    };
    // As it travels, with the name that the wire really has.
    let json = serde_json::to_value(&event).unwrap();
    assert_eq!(json.get("event").and_then(Value::as_str), Some(name));
    Golden::new(format!("event.{name}"), event)
}
