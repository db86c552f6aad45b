//! The choices inside methods and events: every variant of each.

use serde_json::json;
use smartopol_protocol::approval::{ApprovalState, Mode, Scope, Verdict};
use smartopol_protocol::attention::{ItemState, Kind, Priority, Resolution, Seen};
use smartopol_protocol::compaction::{MadeBy, PinKind};
use smartopol_protocol::event::{Snapshot, Subscribed, UserName};
use smartopol_protocol::job::{Action, Day, JobState, Missed, Overlap, RunState, Schedule};
use smartopol_protocol::message::{Level, Part, Role};
use smartopol_protocol::question::{How, QuestionState};
use smartopol_protocol::session::{SessionState, Stays, Which};
use smartopol_protocol::terminal::{End, Party, TerminalState, Until, View, WaitOver};
use smartopol_protocol::tool::{Body, CallState, Effect, OutputStatus, Place, ToolOutput};
use smartopol_protocol::trace::{ActionType, DecidedBy};
use smartopol_protocol::turn::{Outcome, TurnState};

use crate::golden::Golden;
use crate::sample;

pub(crate) fn goldens() -> Vec<Golden> {
    vec![
        Golden::new("piece.approval_state", approval_states()),
        Golden::new("piece.body", bodies()),
        Golden::new("piece.call_state", call_states()),
        Golden::new("piece.effect", effects()),
        Golden::new("piece.outcome", outcomes()),
        Golden::new("piece.part", parts()),
        Golden::new("piece.schedule", schedules()),
        Golden::new("piece.action", actions()),
        Golden::new("piece.job_state", job_states()),
        Golden::new("piece.run_state", run_states()),
        Golden::new(
            "piece.missed",
            vec![Missed::Once, Missed::All, Missed::Skip],
        ),
        Golden::new(
            "piece.overlap",
            vec![Overlap::Skip, Overlap::Queue, Overlap::Allow],
        ),
        Golden::new("piece.priority", Priority::ALL.to_vec()),
        Golden::new("piece.attention_kind", kinds()),
        Golden::new("piece.attention_state", item_states()),
        Golden::new(
            "piece.seen",
            vec![
                Seen::Acknowledge,
                Seen::Dismiss,
                Seen::Snooze { seconds: 600 },
            ],
        ),
        Golden::new("piece.session_state", session_states()),
        Golden::new("piece.session_stays", Stays::ALL.to_vec()),
        Golden::new(
            "piece.session_which",
            vec![Which::Current, Which::Archived, Which::All],
        ),
        Golden::new("piece.subscribed", subscribed()),
        Golden::new("piece.party", vec![Party::Agent, Party::Person]),
        Golden::new("piece.terminal_state", terminal_states()),
        Golden::new(
            "piece.until",
            vec![
                Until::Matches {
                    pattern: "ready".into(),
                    since: None,
                },
                Until::Quiet { for_ms: 500 },
                Until::Ended,
            ],
        ),
        Golden::new("piece.pin_kind", pin_kinds()),
        Golden::new(
            "piece.made_by",
            vec![
                sample::compaction().made_by,
                MadeBy::Cut {
                    reason: "the provider cannot be reached".into(),
                },
            ],
        ),
        Golden::new(
            "piece.view",
            vec![View::Output { since: None }, View::Picture, View::Direct],
        ),
        Golden::new(
            "piece.wait_over",
            vec![WaitOver::Met, WaitOver::Ended, WaitOver::Late],
        ),
        Golden::new(
            "piece.turn_state",
            vec![
                TurnState::Running,
                TurnState::Waiting,
                TurnState::Finished {
                    outcome: Outcome::Done,
                },
            ],
        ),
        Golden::new("piece.question_state", question_states()),
        Golden::new(
            "piece.question_how",
            vec![
                How::Choose { number: 2 },
                How::Write {
                    text: "neither".into(),
                },
                How::Dismiss,
            ],
        ),
        Golden::new("piece.mode", Mode::ALL.to_vec()),
        Golden::new(
            "piece.scope",
            vec![Scope::Once, Scope::Session, Scope::Workspace, Scope::Always],
        ),
        Golden::new(
            "piece.verdict",
            vec![Verdict::Allow, Verdict::Ask, Verdict::Deny],
        ),
        Golden::new(
            "piece.role",
            vec![Role::User, Role::Agent, Role::Tool, Role::System],
        ),
        Golden::new(
            "piece.level",
            vec![Level::Info, Level::Warning, Level::Error],
        ),
        Golden::new(
            "piece.action_type",
            vec![ActionType::Allow, ActionType::Deny, ActionType::Error],
        ),
        Golden::new(
            "piece.decided_by",
            vec![
                DecidedBy::Floor,
                DecidedBy::Role,
                DecidedBy::Rule,
                DecidedBy::Mode,
                DecidedBy::Person,
                DecidedBy::Expiry,
                DecidedBy::Interrupt,
                DecidedBy::Check,
                DecidedBy::LoopGuard,
                DecidedBy::Pin,
            ],
        ),
        Golden::new(
            "piece.output_status",
            vec![
                OutputStatus::Ok,
                OutputStatus::Error,
                OutputStatus::Denied,
                OutputStatus::Expired,
                OutputStatus::Interrupted,
            ],
        ),
    ]
}

fn approval_states() -> Vec<ApprovalState> {
    vec![
        ApprovalState::Pending,
        ApprovalState::Allowed {
            decision: sample::decision(),
        },
        ApprovalState::Denied {
            decision: sample::decision(),
        },
        ApprovalState::Expired {
            at: sample::at(600_004),
        },
        ApprovalState::Cancelled {
            at: sample::at(1000),
            reason: "the turn was interrupted".into(),
        },
    ]
}

fn question_states() -> Vec<QuestionState> {
    vec![
        QuestionState::Pending,
        QuestionState::Answered {
            given: sample::given(),
        },
        QuestionState::Dismissed {
            actor: sample::actor(),
            at: sample::at(900),
        },
        QuestionState::Expired {
            at: sample::at(600_004),
        },
        QuestionState::Cancelled {
            at: sample::at(1000),
            reason: "the turn was interrupted".into(),
        },
    ]
}

fn bodies() -> Vec<Body> {
    vec![
        Body::None,
        Body::Command {
            text: "rm -r build".into(),
            timeout_seconds: 120,
        },
        Body::Diff {
            path: "/home/ada/project/a.txt".into(),
            diff: "@@ -1 +1 @@\n-a\n+b\n".into(),
            added: 1,
            removed: 1,
        },
    ]
}

fn call_states() -> Vec<CallState> {
    let output = ToolOutput {
        status: OutputStatus::Ok,
        text: "removed".into(),
        details: json!({"exit_code": 0}),
    };
    vec![
        CallState::Asked,
        CallState::Waiting {
            approval_id: sample::APPROVAL,
        },
        CallState::Unanswered {
            question_id: sample::QUESTION,
        },
        CallState::Running,
        CallState::Finished { output },
    ]
}

fn effects() -> Vec<Effect> {
    vec![
        Effect::Run {
            words: vec!["ls".into(), "-l".into()],
            via: Vec::new(),
        },
        Effect::Unclear {
            why: "the command is the variable `$X`".into(),
        },
        Effect::Read {
            path: "/etc/hosts".into(),
            place: Place::Outside,
        },
        Effect::Write {
            path: "/home/ada/project/a.txt".into(),
            place: Place::Workspace,
        },
        Effect::Delete {
            path: "/home/ada/project/build".into(),
            place: Place::Workspace,
            recursive: true,
        },
        Effect::Network {
            host: Some("example.com".into()),
        },
        Effect::Network { host: None },
        Effect::Process {
            what: "1234".into(),
        },
        Effect::Privilege { how: "sudo".into() },
    ]
}

fn outcomes() -> Vec<Outcome> {
    vec![
        Outcome::Done,
        Outcome::Interrupted,
        Outcome::CutOff,
        Outcome::Failed {
            message: "the provider does not know the key".into(),
            hint: "set ANTHROPIC_API_KEY".into(),
        },
        Outcome::StepLimit { limit: 25 },
        Outcome::Loop {
            tool: "exec".into(),
            times: 3,
        },
    ]
}

fn parts() -> Vec<Part> {
    vec![
        sample::text("I will remove it."),
        Part::Reasoning {
            text: "It is large.".into(),
            signature: Some("c2ln".into()),
        },
        Part::ToolCall {
            id: sample::CALL,
            name: "exec".into(),
            input: json!({"argv": ["rm", "-r", "build"]}),
        },
        Part::ToolOutput {
            call_id: sample::CALL,
            status: OutputStatus::Denied,
            text: "denied by cli:1000".into(),
        },
        Part::Notice {
            level: Level::Warning,
            text: "the output was cut".into(),
        },
    ]
}

fn schedules() -> Vec<Schedule> {
    let time = "09:00".to_owned();
    vec![
        Schedule::At { at: sample::at(0) },
        Schedule::Every {
            seconds: 600,
            from: Some(sample::at(0)),
        },
        Schedule::Every {
            seconds: 600,
            from: None,
        },
        Schedule::Cron {
            expression: "0 9 * * MON-FRI".into(),
        },
        Schedule::Daily { time: time.clone() },
        Schedule::Weekly {
            days: Day::ALL.to_vec(),
            time,
        },
    ]
}

fn actions() -> Vec<Action> {
    vec![
        sample::job().action,
        Action::Call {
            tool: "exec".into(),
            input: json!({"argv": ["ls"]}),
        },
        Action::Message {
            text: "the week begins".into(),
        },
        Action::Remind {
            text: "call the dentist".into(),
            priority: Priority::High,
        },
    ]
}

fn job_states() -> Vec<JobState> {
    vec![
        JobState::Active,
        JobState::Paused {
            at: sample::at(0),
            reason: "3 runs in a row failed".into(),
            by: String::new(),
        },
        JobState::Paused {
            at: sample::at(0),
            reason: "on holiday".into(),
            by: "cli:1000".into(),
        },
        JobState::Done,
    ]
}

fn run_states() -> Vec<RunState> {
    vec![
        RunState::Waiting,
        RunState::Running,
        RunState::Ran,
        RunState::Late,
        RunState::Missed,
        RunState::Skipped,
        RunState::Blocked,
        RunState::Failed,
    ]
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind::Approval,
        Kind::ApprovalExpired,
        Kind::Question,
        Kind::QuestionExpired,
        Kind::TurnFailed,
        Kind::JobFailed,
        Kind::JobMissed,
        Kind::JobPaused,
        Kind::TerminalEnded,
        Kind::Stranger,
        Kind::BudgetUsed,
        Kind::Memory,
        Kind::Reminder,
    ]
}

fn item_states() -> Vec<ItemState> {
    let resolved = |how| ItemState::Resolved {
        how,
        by: "cli:1000".into(),
        at: sample::at(0),
    };
    vec![
        ItemState::Open,
        ItemState::Snoozed {
            until: sample::at(0),
        },
        resolved(Resolution::Acknowledged),
        resolved(Resolution::Dismissed),
        resolved(Resolution::Answered),
        resolved(Resolution::Gone),
    ]
}

fn session_states() -> Vec<SessionState> {
    vec![
        SessionState::Idle { last: None },
        SessionState::Idle {
            last: Some(Outcome::StepLimit { limit: 25 }),
        },
        SessionState::Running,
        SessionState::Waiting,
    ]
}

fn subscribed() -> Vec<Subscribed> {
    vec![
        Subscribed::Replay { seq: 43, missed: 2 },
        Subscribed::Snapshot(Box::new(Snapshot {
            seq: 43,
            sessions: vec![sample::session()],
            approvals: vec![sample::approval()],
            questions: vec![sample::question()],
            traces: vec![sample::trace()],
            attention: vec![sample::item()],
            marked: vec![sample::TRACE],
            terminals: vec![sample::terminal()],
            user_id: Some(sample::USER),
            names: vec![UserName {
                id: sample::USER,
                name: "mia".into(),
            }],
        })),
    ]
}

fn terminal_states() -> Vec<TerminalState> {
    let ended = |end| TerminalState::Ended { end };
    vec![
        TerminalState::Running {
            pid: 4711,
            closed: true,
            trouble: None,
        },
        ended(End::Exited { code: 1 }),
        ended(End::Signaled {
            signal: "SIGKILL".into(),
        }),
        ended(End::NotStarted {
            reason: "`mke` is no program that can be found".into(),
        }),
        ended(End::Abandoned),
        ended(End::Lost {
            reason: "the process that held it is gone".into(),
        }),
    ]
}

fn pin_kinds() -> Vec<PinKind> {
    let mut kinds = PinKind::PINNABLE.to_vec();
    kinds.extend([PinKind::Approval, PinKind::Denial]);
    kinds
}
