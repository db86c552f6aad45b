//! Every method: parameters and a reply.

use std::collections::BTreeMap;
use std::fmt::Debug;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use smartopol_protocol::approval::{self, Mode, Scope};
use smartopol_protocol::attention::Seen;
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::trace::{ActionType, DecidedBy, Filter};
use smartopol_protocol::{
    Method, Request, attention, client, command, compaction, daemon, event, job, knowledge, memory,
    message, model, prompt, question, session, terminal, trace, turn, user,
};

use crate::golden::{Golden, pretty, same};
use crate::sample;

pub(crate) fn goldens() -> Vec<Golden> {
    all().into_iter().map(|(_, golden)| golden).collect()
}

/// The name of each method with its golden value, in the order of the table.
pub(crate) fn all() -> Vec<(&'static str, Golden)> {
    let id = sample::TERMINAL;
    let filter = Filter {
        user_id: Some(sample::USER),
        tool: Some("exec".into()),
        outcome: Some(ActionType::Deny),
        session_id: Some(sample::SESSION),
        since: Some(sample::at(0)),
        text: "build".into(),
        marked: true,
    };
    vec![
        golden(daemon::Status {}, status()),
        golden(daemon::Stop { terminals: true }, ()),
        golden(
            daemon::Backup {
                path: "/home/ada/backup.db".into(),
            },
            daemon::BackedUp { bytes: 40_960 },
        ),
        golden(
            daemon::Check {},
            daemon::Checked {
                problems: vec!["row 7 of `messages` has no session".into()],
            },
        ),
        golden(
            daemon::Figures {},
            daemon::FiguresShown {
                size: size(),
                rows: daemon::Rows {
                    sessions: 3,
                    turns: 12,
                    messages: 40,
                    calls: 9,
                    approvals: 4,
                    traces: 9,
                    facts: 120,
                    oldest_fact_at: Some(sample::at(1)),
                    oldest_trace_at: Some(sample::at(2)),
                },
                reads: 4_000,
                writes: 300,
                backups: vec![backup()],
                disk_free_bytes: Some(1_000_000_000),
            },
        ),
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
        golden(
            memory::Add {
                text: "lives in Bonn".into(),
                category: Some(memory::Category::Fact),
                confidence: Some(80),
                from: Some("tomorrow 9:00".into()),
                until: Some("in 30 days".into()),
                supersedes: Some("mem_0f0f".into()),
            },
            memory::Added {
                memory: sample::memory(),
                known: true,
            },
        ),
        golden(
            memory::List {
                which: memory::Which::All,
                category: Some(memory::Category::Preference),
                limit: 10,
                skip: 20,
                of: memory::Whose::User("mia".into()),
            },
            memory::Listed {
                memories: vec![sample::memory()],
                more: true,
                current: 31,
                pending: 1,
                told: 30,
                file: memory::File {
                    path: "/home/ada/.local/share/smartopol/workspace/MEMORY.md".into(),
                    lines: 2,
                    cut: 120,
                },
            },
        ),
        golden(
            memory::Search {
                text: "bonn".into(),
                typing: true,
                which: memory::Which::Current,
                category: Some(memory::Category::Fact),
                limit: 5,
                of: memory::Whose::Everybody,
            },
            memory::Found {
                hits: vec![memory::Hit {
                    memory: sample::memory(),
                    score: 4.5,
                }],
            },
        ),
        golden(
            memory::Show {
                key: "mem_0d0d".into(),
                of: memory::Whose::User("mia".into()),
            },
            memory::Shown {
                memory: sample::memory(),
                history: vec![sample::memory()],
            },
        ),
        golden(
            memory::Edit {
                key: "mem_0d0d".into(),
                text: Some("lives in Ulm".into()),
                category: Some(memory::Category::Context),
                confidence: Some(50),
                from: Some("2026-12-01 00:00".into()),
                until: Some("".into()),
            },
            sample::memory(),
        ),
        golden(
            memory::Forget {
                key: "mem_0d0d".into(),
            },
            memory::Forgotten {
                ids: vec![sample::MEMORY],
            },
        ),
        golden(
            memory::Decide {
                key: "mem_0d0d".into(),
                verdict: memory::Verdict::Approve,
                text: Some("lives in Bonn".into()),
            },
            sample::memory(),
        ),
        golden(
            knowledge::List {
                tag: Some("server".into()),
                limit: 10,
                skip: 20,
            },
            knowledge::Listed {
                topics: vec![sample::topic()],
                more: true,
            },
        ),
        golden(
            knowledge::Search {
                text: "deploy".into(),
                typing: true,
                tag: Some("server".into()),
                limit: 5,
            },
            knowledge::Found {
                hits: vec![knowledge::Hit {
                    topic: sample::topic(),
                    excerpt: "make deploy, from main only".into(),
                    score: 3.25,
                }],
            },
        ),
        golden(
            knowledge::Show {
                key: "deploy".into(),
            },
            knowledge::Shown {
                topic: sample::topic(),
                text: "make deploy, from main only".into(),
                linked_from: vec!["Server".into()],
            },
        ),
        golden(
            knowledge::Write {
                name: "Deploy".into(),
                text: "make deploy, from main only".into(),
                tags: Some(vec!["server".into()]),
                links: Some(vec!["Server".into()]),
                how: knowledge::How::Append,
                owner: knowledge::Owner::House,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Link {
                from: "deploy".into(),
                to: "server".into(),
                linked: true,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Pin {
                key: "deploy".into(),
                pinned: true,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Forget {
                key: "deploy".into(),
            },
            (),
        ),
        golden(
            knowledge::Hot {},
            knowledge::HotShown {
                topics: vec![knowledge::HotTopic {
                    topic: sample::topic(),
                    told: "Deploy [server]: make deploy, from main only".into(),
                    warmth: 2.5,
                }],
            },
        ),
        golden(
            client::List {},
            client::Listed {
                clients: vec![sample::client()],
                own: 4,
            },
        ),
        golden(
            approval::List {
                all: true,
                session_id: Some(sample::SESSION),
                limit: 10,
            },
            approval::Listed {
                approvals: vec![sample::approval()],
            },
        ),
        golden(
            approval::Show {
                id: sample::APPROVAL,
            },
            sample::approval(),
        ),
        golden(
            approval::Decide {
                id: sample::APPROVAL,
                allow: true,
                scope: Scope::Session,
                note: "only this once".into(),
                word: "delete".into(),
                rule: Some(sample::pattern()),
                expire_after_seconds: Some(3_600),
            },
            approval::Approval {
                state: approval::ApprovalState::Allowed {
                    decision: sample::decision(),
                },
                ..sample::approval()
            },
        ),
        golden(
            approval::Lab {
                id: sample::APPROVAL,
            },
            lab(),
        ),
        golden(
            approval::Check {
                command: "sudo rm -r build".into(),
                cwd: "/home/ada/project".into(),
                mode: Some(Mode::Auto),
                session_id: Some(sample::SESSION),
                role: Some("admin".into()),
            },
            checked(),
        ),
        golden(
            question::List {
                all: true,
                session_id: Some(sample::SESSION),
                limit: 10,
            },
            question::Listed {
                questions: vec![sample::question()],
            },
        ),
        golden(
            question::Show {
                id: sample::QUESTION,
            },
            sample::question(),
        ),
        golden(
            question::Answer {
                id: sample::QUESTION,
                how: question::How::Choose { number: 2 },
            },
            question::Question {
                state: question::QuestionState::Answered {
                    given: sample::given(),
                },
                ..sample::question()
            },
        ),
        golden(
            approval::ListRules {},
            approval::ListedRules {
                rules: vec![sample::rule()],
            },
        ),
        golden(approval::RevokeRule { id: sample::RULE }, ()),
        golden(
            approval::TestRule {
                pattern: sample::pattern(),
                examples: vec!["rm -r build".into()],
                cwd: "/home/ada/project".into(),
            },
            approval::TestedRule {
                back_test: sample::back_test(),
                examples: vec![approval::Example {
                    command: "rm -r build".into(),
                    covered: true,
                    caught: true,
                }],
            },
        ),
        golden(
            trace::List {
                filter: filter.clone(),
                before: Some(sample::TRACE),
                limit: 20,
            },
            trace::Listed {
                traces: vec![sample::trace()],
                more: true,
                next: Some(sample::TRACE),
                marked: vec![sample::TRACE],
            },
        ),
        golden(
            trace::Show {
                id: sample::TRACE.to_string(),
            },
            sample::trace(),
        ),
        golden(trace::Stats { filter }, stats()),
        golden(sample::mark(), ()),
        golden(
            job::Add {
                spec: sample::spec(),
                check: true,
            },
            job::Added {
                job: sample::job(),
                next: vec![sample::due()],
            },
        ),
        golden(
            job::List {
                after: Some(sample::JOB),
                limit: 20,
            },
            job::Listed {
                jobs: vec![sample::job()],
                more: true,
            },
        ),
        golden(
            job::Show { key: "tidy".into() },
            job::Shown {
                job: sample::job(),
                next: vec![sample::due()],
                runs: vec![sample::run()],
            },
        ),
        golden(
            job::Edit {
                key: "tidy".into(),
                spec: sample::spec(),
            },
            sample::job(),
        ),
        golden(job::Remove { key: "tidy".into() }, ()),
        golden(
            job::Pause {
                key: "tidy".into(),
                reason: "on holiday".into(),
            },
            sample::job(),
        ),
        golden(job::Resume { key: "tidy".into() }, sample::job()),
        golden(job::RunNow { key: "tidy".into() }, sample::run()),
        golden(
            job::History {
                key: "tidy".into(),
                before: Some(sample::at(1)),
                limit: 20,
            },
            job::HistoryShown {
                runs: vec![sample::run()],
                more: true,
            },
        ),
        golden(
            job::Why {
                key: "tidy".into(),
                at: Some("yesterday 9:00".into()),
            },
            job::Answer {
                sentence: "it ran, 2 h late, because the daemon was not running".into(),
                run: Some(sample::run()),
            },
        ),
        golden(
            job::Next {
                key: Some("tidy".into()),
                count: 20,
            },
            job::NextShown {
                times: vec![sample::due()],
            },
        ),
        golden(
            attention::List {
                all: true,
                limit: 20,
            },
            attention::Listed {
                items: vec![sample::item()],
                open: 1,
            },
        ),
        golden(
            attention::Resolve {
                id: sample::ATTENTION,
                how: Seen::Snooze { seconds: 600 },
            },
            sample::item(),
        ),
        golden(
            terminal::Open {
                command: vec!["make".into(), "serve".into()],
                cwd: Some("/home/ada/project".into()),
                env: BTreeMap::from([("PORT".into(), "8080".into())]),
                size: Some(sample::size()),
                title: Some("the server".into()),
                session_id: Some(sample::SESSION),
            },
            sample::terminal(),
        ),
        golden(
            terminal::List {},
            terminal::Listed {
                terminals: vec![sample::terminal_shown()],
            },
        ),
        golden(terminal::Show { id }, sample::terminal_shown()),
        golden(
            terminal::Attach {
                id,
                view: terminal::View::Output { since: Some(4096) },
                size: Some(sample::size()),
            },
            terminal::Attached {
                terminal: sample::terminal(),
                offset: 65_536,
                door: Some(terminal::Door {
                    socket: "/run/user/1000/smartopol/t/1.sock".into(),
                    ticket: "00ff".into(),
                }),
            },
        ),
        golden(terminal::Detach { id }, ()),
        golden(
            terminal::Resize {
                id,
                size: sample::size(),
            },
            terminal::Resized {
                size: sample::size(),
            },
        ),
        golden(
            terminal::Write {
                id,
                text: "make test\r".into(),
                bytes: vec![27, 91, 77, 32, 255, 33],
            },
            (),
        ),
        golden(
            terminal::Read {
                id,
                since: Some(4096),
                limit: 1000,
            },
            terminal::ReadOut {
                from: 4096,
                until: 4110,
                text: "ready on 8080\n".into(),
                more: true,
            },
        ),
        golden(
            terminal::Look { id, scrollback: 1 },
            terminal::Screen {
                scrolled: vec!["$ make serve".into()],
                lines: vec!["ready on 8080".into(), String::new()],
                cursor: Some((0, 1)),
                title: "make".into(),
                alternate: false,
                offset: 65_536,
            },
        ),
        golden(
            terminal::Wait {
                id,
                until: terminal::Until::Matches {
                    pattern: "ready on \\d+".into(),
                    since: Some(4096),
                },
                limit_ms: 30_000,
            },
            terminal::Waited {
                why: terminal::WaitOver::Met,
                line: "ready on 8080".into(),
                offset: 65_536,
                state: sample::terminal().state,
            },
        ),
        golden(terminal::Take { id }, sample::terminal()),
        golden(terminal::Give { id }, sample::terminal()),
        golden(
            terminal::Signal {
                id,
                signal: "INT".into(),
            },
            (),
        ),
        golden(terminal::Kill { id }, sample::terminal()),
        golden(terminal::Close { id }, ()),
        golden(
            prompt::Show {
                session_id: sample::SESSION,
                text: true,
            },
            prompt::Shown {
                parts: vec![prompt::PromptPart {
                    name: "SOUL.md".into(),
                    tier: prompt::Tier::Fixed,
                    source: "/home/ada/.local/share/smartopol/workspace/SOUL.md".into(),
                    bytes: 16_384,
                    tokens: 4_096,
                    cut: 120,
                    text: "You are useful before you are pleasant.".into(),
                }],
                context_tokens: 120_000,
            },
        ),
        golden(prompt::Skip {}, prompt::Skipped { skipped: true }),
        golden(
            user::List {},
            user::Listed {
                users: vec![sample::user()],
                budgets: vec![sample::budget()],
            },
        ),
        golden(
            user::Show {
                key: Some("ada".into()),
                session_id: Some(sample::SESSION),
            },
            user::Shown {
                user: sample::user(),
                grants: [(user::Capability::Network, user::Grant::Allow)].into(),
                filter: user::Filter::Off,
                time_zone: "Europe/Berlin".into(),
                budgets: vec![sample::budget()],
                days: vec![user::Day {
                    at: sample::at(0),
                    spent: sample::budget().today,
                }],
                without_costs: true,
            },
        ),
        golden(
            user::Add {
                name: "mia".into(),
                role: user::Role::Child,
                peers: vec![sample::peer("telegram:5")],
            },
            sample::user(),
        ),
        golden(
            user::Set {
                key: "mia".into(),
                name: Some("Mia".into()),
                role: Some(user::Role::User),
                disabled: Some(false),
                grants: [
                    (user::Capability::Network, Some(user::Grant::Ask)),
                    (user::Capability::SeeCosts, None),
                ]
                .into(),
                limits: sample::user().limits,
                profile: sample::user().profile,
            },
            sample::user(),
        ),
        golden(user::Remove { key: "mia".into() }, ()),
        golden(
            user::Link {},
            user::Code {
                code: "ABCD-2345".into(),
                expires_at: sample::at(600_000),
            },
        ),
        golden(
            user::Redeem {
                code: "ABCD-2345".into(),
            },
            sample::user(),
        ),
        golden(
            user::Unlink {
                peer: sample::peer("telegram:4711"),
            },
            sample::user(),
        ),
        golden(
            user::Admit {
                peer: sample::peer("telegram:5"),
                allow: true,
                role: Some(user::Role::Child),
                name: Some("mia".into()),
            },
            user::Admitted {
                user: Some(sample::user()),
            },
        ),
        golden(
            model::ListProviders {},
            model::ListedProviders {
                providers: vec![provider()],
            },
        ),
        golden(
            model::TestProvider {
                name: "anthropic".into(),
                model: Some("claude".into()),
            },
            model::TestedProvider {
                model: "claude".into(),
                said: "Hello".into(),
                first_ms: 310,
                total_ms: 420,
            },
        ),
    ]
}

fn lab() -> approval::LabShown {
    approval::LabShown {
        why: vec![approval::Reason {
            text: "a rule about exec `rm -r src …` comes near: its word 3 is `src`".into(),
            rule: Some(sample::pattern()),
            missed_at: Some(2),
        }],
        candidates: vec![approval::Candidate {
            pattern: sample::pattern(),
            text: sample::pattern().to_string(),
            back_test: sample::back_test(),
        }],
    }
}

fn checked() -> approval::Checked {
    let inspection = sample::inspection();
    approval::Checked {
        verdict: approval::Verdict::Ask,
        by: DecidedBy::Mode,
        reasons: vec!["it runs with other rights: sudo".into()],
        commands: vec![vec!["rm".into(), "-r".into(), "build".into()]],
        effects: inspection.effects,
        danger: Some(sample::danger()),
        removal: inspection.removal,
        rule: Some(sample::pattern()),
    }
}

#[derive(Serialize)]
struct Described<'a, P, R> {
    method: &'static str,
    params: &'a P,
    reply: &'a R,
}

fn golden<M>(params: M, reply: M::Reply) -> (&'static str, Golden)
where
    M: Method + PartialEq + Debug,
    M::Reply: PartialEq + Debug,
{
    let json = pretty(&Described {
        method: M::NAME,
        params: &params,
        reply: &reply,
    });
    let name = format!("method.{}", M::NAME.replace('/', "."));
    let golden = Golden::with(name, json, move |found| {
        same(&params, &found["params"])?;
        same(&reply, &found["reply"])?;
        understood(M::NAME, &found["params"])
    });
    (M::NAME, golden)
}

fn understood(name: &str, params: &Value) -> Result<(), String> {
    let raw = RawValue::from_string(params.to_string()).unwrap();
    match Request::parse(name, Some(&raw)) {
        Ok(request) if request.method() == name => Ok(()),
        other => Err(format!("understood as {other:?}")),
    }
}

fn size() -> daemon::Size {
    daemon::Size {
        bytes: 36_864,
        free_bytes: 4_096,
        wal_bytes: 4_096,
    }
}

fn backup() -> daemon::BackupShown {
    daemon::BackupShown {
        at: sample::at(3),
        bytes: 36_864,
        path: "/home/ada/.local/share/smartopol/backup/smartopol-2026-11-21T09-00-03Z-117.db"
            .into(),
    }
}

fn status() -> daemon::StatusShown {
    daemon::StatusShown {
        pid: 4711,
        version: "0.1.0".into(),
        started_at: sample::at(0),
        uptime_ms: 60_000,
        socket: "/run/user/1000/smartopol/daemon.sock".into(),
        database: "/home/ada/.local/share/smartopol/smartopol.db".into(),
        log: "/home/ada/.local/share/smartopol/log/daemon.log".into(),
        config: "/home/ada/.config/smartopol/smartopol.toml".into(),
        agent_id: sample::AGENT,
        phases: vec![daemon::Phase {
            name: "store".into(),
            ms: 1.5,
        }],
        sessions: 3,
        active_sessions: 1,
        pending_approvals: 1,
        pending_questions: 1,
        jobs: daemon::JobsShown {
            active: 2,
            paused: 1,
            running: 1,
            next: Some(sample::due()),
        },
        terminals: daemon::TerminalsShown {
            running: 2,
            ended: 1,
        },
        clients: 2,
        database_bytes: 40_960,
        size: size(),
        last_backup: Some(backup()),
        troubles: vec!["no backup could be made: the disk is full".into()],
        rss_bytes: 9_000_000,
        provider: "anthropic".into(),
        model: "claude".into(),
        mode: Mode::Ask,
    }
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

fn stats() -> trace::StatsShown {
    trace::StatsShown {
        outcomes: BTreeMap::from([("allow".into(), 2), ("deny".into(), 1)]),
        tools: vec![trace::ToolStats {
            tool: "exec".into(),
            calls: 3,
            denied: 1,
            errors: 0,
            p50_ms: Some(7),
            p95_ms: Some(12),
        }],
    }
}

fn provider() -> model::ProviderInfo {
    model::ProviderInfo {
        name: "anthropic".into(),
        found_by: "ANTHROPIC_API_KEY is set".into(),
        base_url: "https://api.anthropic.com".into(),
        default_model: "claude".into(),
        models: vec!["claude".into()],
        chosen: true,
    }
}
