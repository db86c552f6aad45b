//! The methods about jobs, attention and terminals.

use std::collections::BTreeMap;

use smartopol_protocol::attention::Seen;
use smartopol_protocol::{attention, job, terminal};

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    let id = sample::TERMINAL;
    vec![
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
                check: true,
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
                zone: "Europe/Berlin".into(),
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
                everyone: true,
                limit: 20,
            },
            attention::Listed {
                items: vec![sample::item()],
                open: 1,
                others: 2,
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
    ]
}
