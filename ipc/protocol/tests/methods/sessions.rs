//! The methods about events and sessions, and what is said in them.

use smartopol_protocol::approval::Mode;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::{command, compaction, event, message, session, turn};

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    vec![
        golden(
            event::Subscribe {
                since: Some(41),
                watch: Some(sample::SESSION),
                only: Some(sample::SESSION),
            },
            event::Subscribed::Replay { seq: 43, missed: 2 },
        ),
        golden(
            event::Watch {
                session_id: Some(sample::SESSION),
            },
            event::Watched {
                partial: Some(sample::partial()),
            },
        ),
        golden(
            session::Create {
                workspace: "/home/ada/project".into(),
                name: Some("project".into()),
                mode: Some(Mode::AutoEdit),
                model: Some("anthropic/claude".into()),
            },
            sample::session(),
        ),
        golden(
            session::List {
                which: session::Which::All,
            },
            session::Listed {
                sessions: vec![sample::session()],
            },
        ),
        golden(
            session::Find {
                key: Some("proj".into()),
                workspace: Some("/home/ada/project".into()),
            },
            sample::session(),
        ),
        golden(
            session::Show {
                id: sample::SESSION,
                before: Some(9),
                after: Some(3),
                around: Some(5),
                limit: 50,
            },
            shown(),
        ),
        golden(
            session::Configure {
                id: sample::SESSION,
                name: Some("garden".into()),
                mode: Some(Mode::ReadOnly),
                model: Some(String::new()),
            },
            sample::session(),
        ),
        golden(
            session::Fork {
                id: sample::SESSION,
                at: Some(2),
                name: Some("garden".into()),
            },
            session::Forked {
                session: sample::session(),
                at: 3,
                note: "taken with the outputs of its tool calls, which belong to it".into(),
            },
        ),
        golden(
            compaction::Compact {
                id: sample::SESSION,
            },
            compaction::Planned { running: true },
        ),
        golden(
            compaction::Expand {
                id: sample::SESSION,
            },
            sample::compaction(),
        ),
        golden(
            compaction::List {
                id: sample::SESSION,
            },
            compaction::Listed {
                compactions: vec![sample::compaction()],
            },
        ),
        golden(
            compaction::Add {
                id: sample::SESSION,
                kind: compaction::PinKind::Rule,
                text: "never touch the archive".into(),
            },
            sample::pin(),
        ),
        golden(
            compaction::Remove {
                id: sample::SESSION,
                pin_id: sample::PIN,
            },
            (),
        ),
        golden(
            compaction::ListPins {
                id: sample::SESSION,
            },
            compaction::ListedPins {
                pins: vec![sample::pin()],
            },
        ),
        golden(
            session::Export {
                id: sample::SESSION,
                after: 40,
                limit: 50,
            },
            exported(),
        ),
        golden(
            session::Archive {
                id: sample::SESSION,
                archived: true,
            },
            sample::session(),
        ),
        golden(
            session::Retention {},
            session::Retained {
                sessions_days: 365,
                archived_days: 30,
                old: vec![session::Old {
                    session_id: sample::SESSION,
                    session: "project".into(),
                    archived: true,
                    messages: 12,
                    bytes: 4711,
                    updated_at: sample::at(1500),
                    stays: Some(session::Stays::Pinned),
                }],
            },
        ),
        golden(
            session::Search {
                text: "the archi".into(),
                typing: true,
                before: Some(4711),
                limit: 50,
            },
            session::Found {
                hits: vec![session::Hit {
                    session_id: sample::SESSION,
                    session: "project".into(),
                    archived: true,
                    position: 12,
                    message_id: sample::MESSAGE,
                    role: message::Role::Agent,
                    line: "never touch the archive".into(),
                    created_at: sample::at(7_000),
                }],
                next: Some(4242),
                behind: 9,
            },
        ),
        golden(
            session::Files {
                id: sample::SESSION,
            },
            session::FilesListed {
                files: vec!["src/".into(), "src/main.rs".into()],
                more: true,
            },
        ),
        golden(
            session::Delete {
                id: sample::SESSION,
            },
            (),
        ),
        golden(
            message::Send {
                session_id: sample::SESSION,
                text: "clean up the build directory".into(),
                id: Some(sample::MESSAGE),
                steer: true,
            },
            message::Sent {
                message_id: sample::MESSAGE,
                turn_id: Some(sample::TURN),
            },
        ),
        golden(
            message::Search {
                session_id: sample::SESSION,
                text: "build".into(),
                before: Some(90),
                after: Some(3),
                limit: 50,
            },
            message::Found {
                hits: vec![message::Hit {
                    position: 41,
                    message_id: sample::MESSAGE,
                    role: message::Role::User,
                    line: "clean up the build directory".into(),
                    created_at: sample::message().created_at,
                }],
                next: Some(17),
            },
        ),
        golden(
            message::Edit {
                id: sample::MESSAGE,
                text: Some("clean up".into()),
                steer: Some(true),
            },
            message::Message {
                turn_id: None,
                position: None,
                steer: true,
                ..sample::message()
            },
        ),
        golden(
            message::Withdraw {
                id: sample::MESSAGE,
            },
            (),
        ),
        golden(
            command::Run {
                session_id: sample::SESSION,
                command: "git status -s".into(),
            },
            command::Running {
                message_id: sample::MESSAGE,
                call_id: sample::CALL,
            },
        ),
        golden(
            command::Stop {
                session_id: sample::SESSION,
            },
            command::Stopped { count: 1 },
        ),
        golden(
            session::Interrupt {
                session_id: sample::SESSION,
            },
            session::Interrupted {
                turn_id: Some(sample::TURN),
            },
        ),
        golden(
            session::Continue {
                session_id: sample::SESSION,
            },
            session::Continued {
                turn_id: sample::TURN,
            },
        ),
        golden(turn::Show { id: sample::TURN }, turn_shown()),
    ]
}

fn shown() -> session::Shown {
    session::Shown {
        as_of: 43,
        session: sample::session(),
        messages: vec![sample::message()],
        turns: vec![sample::turn()],
        calls: vec![sample::call()],
        more: true,
        last: 90,
        partial: Some(sample::partial()),
    }
}

fn exported() -> session::Exported {
    session::Exported {
        version: session::EXPORT_VERSION,
        exported_at: sample::at(9_000),
        key: sample::session().key(),
        session: sample::session(),
        messages: vec![sample::message()],
        turns: vec![sample::turn()],
        calls: vec![sample::call()],
        approvals: vec![sample::approval()],
        compactions: vec![sample::compaction()],
        pins: vec![sample::pin()],
        redacted: 2,
        next: Some(90),
    }
}

fn turn_shown() -> turn::Shown {
    let step = turn::Step {
        of: turn::StepOf::Tool,
        title: "ls -la".into(),
        tool: "exec".into(),
        at: sample::at(1_500),
        ended_at: Some(sample::at(1_512)),
        call_id: Some(sample::CALL),
        trace_id: Some(sample::TRACE),
        status: Some(OutputStatus::Ok),
    };
    turn::Shown {
        as_of: 43,
        turn: sample::turn(),
        steps: vec![step],
    }
}
