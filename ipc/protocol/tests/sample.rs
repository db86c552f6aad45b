//! One of each thing, with everything in it that can be.

use serde_json::json;
use smartopol_protocol::approval::{
    Actor, Approval, ApprovalState, Approvers, BackTest, Danger, Decision, Mode, OneOf, Pattern,
    Rule, Scope, Terms, Verdict, Vote,
};
use smartopol_protocol::attention::{self, Item, ItemState, Kind, Priority};
use smartopol_protocol::client::Client;
use smartopol_protocol::compaction::{self, Compaction, MadeBy, PinKind, Pinned};
use smartopol_protocol::job::{
    Action, Day, Due, Frozen, Job, JobState, Policy, Run, RunKey, RunState, Schedule, Spec,
};
use smartopol_protocol::knowledge::Topic;
use smartopol_protocol::memory::{
    By, Category, Memory, Source, Span, State as MemoryState, Taint, Untrusted,
};
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::question::{Choice, Given, Question, QuestionState};
use smartopol_protocol::session::{Partial, Session, SessionState};
use smartopol_protocol::terminal::{Party, Shown, Size, Terminal, TerminalState, Viewer};
use smartopol_protocol::tool::{
    Body, CallState, Effect, Inspection, Pin, Place, Removal, ToolCall,
};
use smartopol_protocol::trace::{ActionType, DecidedBy, Mark, Metadata, Trace};
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::user::{
    self, Budget, Capability, Changed, Deed, Filter, Grant, Limits, PeerId, Profile, Refused,
    Removed, Spent, User, Why,
};
use smartopol_protocol::{
    AgentId, ApprovalId, AttentionId, CallId, CompactionId, JobId, MemoryId, MessageId, PinId,
    QuestionId, RuleId, SessionId, TerminalId, Timestamp, TopicId, TraceId, TurnId, UserId,
};

pub(crate) const SESSION: SessionId = SessionId::from_bytes([0x01; 16]);
pub(crate) const TURN: TurnId = TurnId::from_bytes([0x02; 16]);
pub(crate) const MESSAGE: MessageId = MessageId::from_bytes([0x03; 16]);
pub(crate) const CALL: CallId = CallId::from_bytes([0x04; 16]);
pub(crate) const APPROVAL: ApprovalId = ApprovalId::from_bytes([0x05; 16]);
pub(crate) const QUESTION: QuestionId = QuestionId::from_bytes([0x0c; 16]);
pub(crate) const RULE: RuleId = RuleId::from_bytes([0x06; 16]);
pub(crate) const TRACE: TraceId = TraceId::from_bytes([0x07; 16]);
pub(crate) const TERMINAL: TerminalId = TerminalId::from_bytes([0x0b; 16]);
pub(crate) const USER: UserId = UserId::from_bytes([0x0c; 16]);
pub(crate) const MEMORY: MemoryId = MemoryId::from_bytes([0x0d; 16]);
pub(crate) const TOPIC: TopicId = TopicId::from_bytes([0x0e; 16]);
pub(crate) const COMPACTION: CompactionId = CompactionId::from_bytes([0x0d; 16]);
pub(crate) const PIN: PinId = PinId::from_bytes([0x0e; 16]);
pub(crate) const AGENT: AgentId = AgentId::from_bytes([0x08; 16]);

/// So many milliseconds after a certain moment.
pub(crate) const fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + millis)
}

pub(crate) fn text(text: &str) -> Part {
    Part::Text { text: text.into() }
}

pub(crate) fn usage() -> Usage {
    Usage {
        input: 1200,
        cache_read: 1000,
        cache_write: 100,
        output: 50,
        cost_micros: Some(4200),
    }
}

pub(crate) fn size() -> Size {
    Size {
        columns: 120,
        rows: 40,
    }
}

pub(crate) fn terminal() -> Terminal {
    Terminal {
        id: TERMINAL,
        session_id: Some(SESSION),
        owner: Party::Agent,
        typist: Party::Person,
        title: "the server".into(),
        command: vec!["make".into(), "serve".into()],
        cwd: "/home/ada/project".into(),
        size: size(),
        state: TerminalState::Running {
            pid: 4711,
            closed: false,
            trouble: Some("the disk is full: its output waits".into()),
        },
        opened_at: at(0),
        since: at(1_500),
    }
}

pub(crate) fn terminal_shown() -> Shown {
    Shown {
        terminal: terminal(),
        offset: 65_536,
        waits: true,
        foreground: "make".into(),
        attached: vec![Viewer {
            client: 3,
            name: "smartopol-tui".into(),
            size: Some(size()),
        }],
    }
}

pub(crate) fn compaction() -> Compaction {
    Compaction {
        id: COMPACTION,
        session_id: SESSION,
        until: 40,
        messages: 38,
        summary: "The build was cleaned; what is open: the tests.".into(),
        pinned: vec![Pinned {
            kind: PinKind::Goal,
            text: "clean up the build directory".into(),
        }],
        made_by: MadeBy::Model {
            provider: "anthropic".into(),
            model: "claude".into(),
            usage: usage(),
        },
        tokens_before: 96_000,
        tokens_after: 31_000,
        created_at: at(900),
        expanded_at: Some(at(950)),
    }
}

pub(crate) fn pin() -> compaction::Pin {
    compaction::Pin {
        id: PIN,
        session_id: SESSION,
        kind: PinKind::Rule,
        text: "never touch the archive".into(),
        by: Party::Person,
        created_at: at(800),
        removed_at: Some(at(850)),
    }
}

pub(crate) fn peer(text: &str) -> PeerId {
    text.parse().unwrap()
}

pub(crate) fn user() -> User {
    User {
        id: USER,
        name: "ada".into(),
        role: user::Role::Admin,
        peers: vec![peer("cli:1000"), peer("telegram:4711")],
        owner: true,
        disabled: false,
        grants: [(Capability::InstallPlugins, Grant::AskAdmin)].into(),
        limits: Limits {
            daily_tokens: Some(1_000_000),
            monthly_tokens: Some(20_000_000),
            daily_cost_micros: Some(2_000_000),
            monthly_cost_micros: Some(30_000_000),
        },
        profile: Profile {
            language: Some("German".into()),
            tone: Some("short and dry".into()),
            time_zone: Some("Europe/Berlin".into()),
            filter: Some(Filter::Off),
        },
        created_at: at(0),
    }
}

pub(crate) fn budget() -> Budget {
    let spent = |calls, tokens, cost_micros| Spent {
        calls,
        tokens,
        cost_micros,
    };
    Budget {
        of: "user".into(),
        limits: user().limits,
        today: spent(3, 12_000, 45_000),
        month: spent(40, 160_000, 600_000),
        day_resets_at: at(86_400_000),
        month_resets_at: at(2_592_000_000),
    }
}

pub(crate) fn behind() -> Actor {
    Actor {
        peer: "telegram:4711".into(),
        client: "smartopol".into(),
        by: Some("cli:1000".into()),
    }
}

pub(crate) fn user_changed() -> Changed {
    Changed {
        user: user(),
        deed: Deed::Linked {
            peer: peer("telegram:4711"),
            merged: Some(UserId::from_bytes([0x0d; 16])),
        },
        by: behind(),
    }
}

pub(crate) fn link_refused() -> Refused {
    Refused {
        by: behind(),
        why: Why::Expired,
    }
}

pub(crate) fn user_removed() -> Removed {
    Removed {
        id: UserId::from_bytes([0x0d; 16]),
        into: Some(USER),
        by: behind(),
    }
}

pub(crate) fn session() -> Session {
    Session {
        user_id: Some(USER),
        id: SESSION,
        name: "project".into(),
        workspace: "/home/ada/project".into(),
        mode: Some(Mode::AutoEdit),
        model: Some("anthropic/claude".into()),
        state: SessionState::Waiting,
        waiting: 1,
        messages: 3,
        last_line: "clean up the build directory".into(),
        usage: usage(),
        created_at: at(0),
        archived_at: Some(at(8_000)),
        updated_at: at(1500),
    }
}

pub(crate) fn message() -> Message {
    Message {
        id: MESSAGE,
        session_id: SESSION,
        turn_id: Some(TURN),
        position: Some(1),
        steer: false,
        role: Role::User,
        parts: vec![text("clean up the build directory")],
        peer: Some("cli:1000".into()),
        by: Some("cli:1000".into()),
        interrupted: false,
        created_at: at(1),
    }
}

pub(crate) fn client() -> Client {
    Client {
        id: 3,
        name: "smartopol-tui".into(),
        peer: "cli:1000".into(),
        observes: true,
        watches: Some(SESSION),
        since: at(0),
    }
}

pub(crate) fn turn() -> Turn {
    Turn {
        id: TURN,
        session_id: SESSION,
        message_id: Some(MESSAGE),
        state: TurnState::Waiting,
        steps: 1,
        usage: usage(),
        carried: smartopol_protocol::turn::Carried {
            fixed: 4_100,
            person: 310,
            volatile: 12,
            transcript: 1_800,
        },
        provider: "anthropic".into(),
        model: "claude".into(),
        started_at: at(2),
        finished_at: None,
    }
}

pub(crate) fn partial() -> Partial {
    Partial {
        turn_id: TURN,
        step: 2,
        reasoning: "The folder is large.".into(),
        text: "I will rem".into(),
        call: Some(("exec".into(), 12)),
    }
}

pub(crate) fn inspection() -> Inspection {
    Inspection {
        title: "rm -r build".into(),
        cwd: "/home/ada/project".into(),
        effects: vec![
            Effect::Run {
                words: vec!["rm".into(), "-r".into(), "build".into()],
                via: vec![vec!["nice".into(), "-n5".into()]],
            },
            Effect::Delete {
                path: "/home/ada/project/build".into(),
                place: Place::Workspace,
                recursive: true,
            },
        ],
        pins: vec![Pin {
            path: "/home/ada/project/build.sh".into(),
            sha256: Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855".into()),
        }],
        removal: Some(Removal {
            entries: 41,
            bytes: 1_234_567,
            first: vec!["/home/ada/project/build/a.o".into()],
            more: true,
        }),
        body: Body::Command {
            text: "rm -r build".into(),
            timeout_seconds: 120,
        },
    }
}

pub(crate) fn call() -> ToolCall {
    ToolCall {
        id: CALL,
        session_id: SESSION,
        turn_id: Some(TURN),
        name: "exec".into(),
        input: json!({"argv": ["rm", "-r", "build"]}),
        inspection: inspection(),
        state: CallState::Waiting {
            approval_id: APPROVAL,
        },
        asked_at: at(3),
        started_at: None,
        finished_at: None,
        trace_id: Some(TRACE),
    }
}

pub(crate) fn pattern() -> Pattern {
    Pattern {
        tool: Some("exec".into()),
        command: vec![
            OneOf::Word("rm".into()),
            OneOf::Any(vec!["-r".into(), "-rf".into()]),
        ],
        path: Some("/home/ada/project/**".into()),
        cwd: Some("/home/ada/project".into()),
        role: Some("admin".into()),
    }
}

pub(crate) fn danger() -> Danger {
    Danger {
        word: "delete".into(),
        why: "it deletes /var/log and all below it".into(),
    }
}

pub(crate) fn back_test() -> BackTest {
    BackTest {
        days: 30,
        calls: 120,
        allowed: 41,
        denied_by_person: 3,
    }
}

pub(crate) fn actor() -> Actor {
    Actor {
        peer: "cli:1000".into(),
        client: "smartopol-tui".into(),
        by: None,
    }
}

pub(crate) fn decision() -> Decision {
    Decision {
        actor: actor(),
        scope: Scope::Session,
        at: at(900),
        note: "only this once".into(),
    }
}

pub(crate) fn approval() -> Approval {
    Approval {
        id: APPROVAL,
        session_id: SESSION,
        turn_id: TURN,
        call_id: CALL,
        tool: "exec".into(),
        inspection: inspection(),
        reason: "the mode `ask` asks for every command".into(),
        rule: Some(pattern()),
        danger: Some(danger()),
        terms: Terms {
            approvers: Approvers::Admins,
            quorum: 2,
            not_asker: true,
            asker: Some(USER),
        },
        votes: vec![Vote {
            user_id: USER,
            decision: decision(),
        }],
        asked_at: at(4),
        expires_at: at(600_004),
        state: ApprovalState::Pending,
    }
}

pub(crate) fn question() -> Question {
    Question {
        id: QUESTION,
        session_id: SESSION,
        turn_id: TURN,
        call_id: CALL,
        text: "Which build do you want?".into(),
        choices: vec![
            Choice {
                label: "small".into(),
                explanation: "without the pictures".into(),
            },
            Choice {
                label: "large".into(),
                explanation: String::new(),
            },
        ],
        free_text: true,
        asked_at: at(4),
        expires_at: Some(at(600_004)),
        state: QuestionState::Pending,
    }
}

pub(crate) fn given() -> Given {
    Given {
        actor: actor(),
        at: at(900),
        number: Some(2),
        text: "large".into(),
    }
}

pub(crate) fn rule() -> Rule {
    Rule {
        id: Some(RULE),
        decision: Verdict::Allow,
        pattern: pattern(),
        session_id: Some(SESSION),
        workspace: Some("/home/ada/project".into()),
        expires_at: Some(at(3_600_900)),
        match_: vec!["rm -r build".into()],
        not_match: vec!["rm -r src".into()],
        actor: Some(actor()),
        created_at: Some(at(900)),
    }
}

pub(crate) fn trace() -> Trace {
    Trace {
        id: TRACE,
        agent_id: AGENT,
        timestamp: at(901),
        tool_name: "exec".into(),
        action_type: ActionType::Allow,
        params: json!({"argv": ["rm", "-r", "build"]}),
        result: json!("exit code 0"),
        duration_ms: Some(7),
        metadata: Metadata {
            session_id: SESSION,
            turn_id: Some(TURN),
            run: Some(RunKey {
                job_id: JOB,
                due_at: at(800),
            }),
            call_id: CALL,
            title: "rm -r build".into(),
            complete: true,
            decided_by: DecidedBy::Person,
            reason: "allowed by cli:1000".into(),
            approval_id: Some(APPROVAL),
            actor: "cli:1000".into(),
            by: Some("cli:1000".into()),
            surface: "smartopol-tui".into(),
            cwd: "/home/ada/project".into(),
            redacted: 1,
            details: json!({"exit_code": 0}),
        },
    }
}

pub(crate) const fn mark() -> Mark {
    Mark {
        id: TRACE,
        marked: true,
    }
}

pub(crate) const JOB: JobId = JobId::from_bytes([0x09; 16]);
pub(crate) const ATTENTION: AttentionId = AttentionId::from_bytes([0x0a; 16]);

pub(crate) fn run() -> Run {
    Run {
        job_id: JOB,
        due_at: at(0),
        state: RunState::Late,
        reason: "it began 2 h late: the daemon was not running".into(),
        by_hand: false,
        attempts: 1,
        written_at: at(7_200_000),
        claim_at: None,
        started_at: Some(at(7_200_010)),
        finished_at: Some(at(7_260_000)),
        session_id: Some(SESSION),
        message_id: Some(MESSAGE),
        turn_id: Some(TURN),
    }
}

pub(crate) fn job() -> Job {
    Job {
        id: JOB,
        name: "tidy".into(),
        schedule: Schedule::Weekly {
            days: vec![Day::Mon, Day::Fri],
            time: "09:00".into(),
        },
        when: "every Monday and Friday at 09:00 (Europe/Berlin)".into(),
        zone: "Europe/Berlin".into(),
        action: Action::Prompt {
            text: "tidy up the build directory".into(),
        },
        session_id: Some(SESSION),
        workspace: "/home/ada/project".into(),
        frozen: Frozen {
            user: "cli:1000".into(),
            model: "anthropic/claude".into(),
            mode: Mode::Ask,
            tools: vec!["exec".into(), "list_files".into()],
            budget_tokens: 200_000,
            may_schedule: false,
        },
        policy: Policy::default(),
        state: JobState::Active,
        next_at: Some(at(86_400_000)),
        last: Some(run()),
        failures: 0,
        created_at: at(-1),
        updated_at: at(7_260_000),
    }
}

pub(crate) fn due() -> Due {
    Due {
        job_id: JOB,
        name: "tidy".into(),
        at: at(86_400_000),
        local: "Mon 2026-11-30 09:00:00 CET".into(),
        paused: None,
    }
}

pub(crate) fn spec() -> Spec {
    Spec {
        name: Some("tidy".into()),
        zone: Some("Europe/Berlin".into()),
        session: Some("project".into()),
        workspace: Some("/home/ada/project".into()),
        model: Some("anthropic/claude".into()),
        mode: Some(Mode::Ask),
        tools: Some(vec!["exec".into()]),
        budget_tokens: Some(200_000),
        ..Spec::new("every monday 9:00", job().action)
    }
}

pub(crate) fn item() -> Item {
    Item {
        id: ATTENTION,
        kind: Kind::Reminder,
        priority: Priority::High,
        title: "call the dentist".into(),
        detail: "2 h late: the daemon was not running".into(),
        session_id: Some(SESSION),
        turn_id: None,
        approval_id: None,
        question_id: Some(QUESTION),
        terminal_id: Some(TERMINAL),
        job_id: Some(JOB),
        memory_ids: vec![MEMORY],
        user_id: Some(USER),
        peer: Some("telegram:5".into()),
        at: at(7_200_000),
        due_at: Some(at(0)),
        deadline: None,
        told: 2,
        places: vec![
            attention::Place::Inbox,
            attention::Place::Session {
                session_id: SESSION,
                message_id: MESSAGE,
            },
        ],
        state: ItemState::Open,
    }
}

pub(crate) fn source() -> Source {
    Source {
        by: By::Agent,
        peer: "local:ada".into(),
        session_id: Some(SESSION),
        message_id: Some(MESSAGE),
        turn_id: Some(TURN),
        call_id: Some(CALL),
        messages: Some(Span { from: 1, until: 40 }),
    }
}

pub(crate) fn taint() -> Taint {
    Taint {
        kind: Untrusted::Network,
        what: "curl https://example.org".into(),
        call_id: Some(CALL),
    }
}

pub(crate) fn memory() -> Memory {
    Memory {
        id: MEMORY,
        user_id: USER,
        text: "lives in Bonn".into(),
        category: Category::Fact,
        confidence: 80,
        state: MemoryState::Active,
        source: source(),
        taint: vec![taint()],
        supersedes: Some(MemoryId::from_bytes([0x0f; 16])),
        valid_from: Some(at(0)),
        valid_until: Some(at(90_000)),
        created_at: at(10),
        believed_at: Some(at(20)),
        approved_by: "local:ada".into(),
    }
}

pub(crate) fn topic() -> Topic {
    Topic {
        id: TOPIC,
        user_id: Some(USER),
        name: "Deploy".into(),
        tags: vec!["server".into()],
        links: vec!["Server".into()],
        line: "make deploy, from main only".into(),
        bytes: 120,
        source: source(),
        taint: vec![taint()],
        pinned: true,
        uses: 7,
        used_at: Some(at(30)),
        revision: 2,
        created_at: at(10),
        updated_at: at(20),
    }
}
