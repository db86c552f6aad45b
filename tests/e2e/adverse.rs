//! A world that does not cooperate: disks that are full or cannot be written, model servers that
//! hang, clients that never read, very many at once.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::json;
use smartopol_ipc::{Client, Error};
use smartopol_protocol::message::Role;
use smartopol_protocol::session::{Interrupt, Show};
use smartopol_protocol::terminal::{self, End, TerminalState, Until, Wait};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Code, News, daemon, event, message};
use smartopol_testkit::crash::{crowd, processes};
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::bad_input::Raw;
use super::terminals::{matches, open, write};
use super::{eventually, home, listen, outcome, say, until};

/// A disk of its own, or a view of one, as long as it is held.
struct Disk(PathBuf);

impl Disk {
    /// Mounts it; `None`, and a loud word, where this account may not.
    fn under(folder: &Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "none"])
            .arg(folder)
            .output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self(folder.into()));
        }
        skipped("mounting a file system needs root");
        None
    }

    /// Lets nobody write a file; `None` where this account may not.
    fn bound(file: &Path) -> Option<Self> {
        let bound = Command::new("mount")
            .arg("--bind")
            .args([file, file])
            .output();
        if !bound.is_ok_and(|done| done.status.success()) {
            return None;
        }
        let disk = Self(file.into());
        disk.remount("bind,ro");
        Some(disk)
    }

    fn remount(&self, options: &str) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0)
            .status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
        if self.0.is_dir() {
            // The home could not remove it, as something was mounted there.
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Says that a test did not test anything, past the harness that hides what passing tests print.
fn skipped(why: &str) {
    let name = std::thread::current();
    let name = name.name().unwrap_or("a test");
    let _ = writeln!(std::io::stderr(), "\nSKIPPED {name}: {why}");
}

async fn said(client: &Client, session: &smartopol_protocol::session::Session) -> Vec<String> {
    let mut all = Vec::new();
    let mut show = Show::newest(session.id, 0);
    loop {
        let shown = client.call(show).await.unwrap();
        let users = shown.messages.iter().filter(|m| m.role == Role::User);
        all.splice(0..0, users.map(message::Message::text));
        match shown.messages.first().and_then(|first| first.position) {
            Some(first) if first > 1 => {
                show = Show {
                    before: Some(first),
                    ..show
                }
            }
            _ => return all,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_nothing_acknowledged_is_lost_and_it_goes_on_with_room() {
    let mut home = home();
    let Some(disk) = Disk::under(home.path(), "size=6m") else {
        return;
    };
    std::fs::create_dir(home.workspace()).unwrap();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let mut acknowledged = Vec::new();
    let refused = loop {
        let text = format!("say: {} {}", acknowledged.len(), "x".repeat(20_000));
        let send = message::Send {
            session_id: session.id,
            text: text.clone(),
            id: None,
            steer: false,
        };
        match client.call(send).await {
            Ok(_) => acknowledged.push(text),
            Err(Error::Fault(fault)) if fault.code == Code::Busy => tokio::task::yield_now().await,
            Err(err) => break err,
        }
        assert!(acknowledged.len() < 2_000, "the disk never filled up");
    };
    let Error::Fault(fault) = refused else {
        panic!("{refused}");
    };
    assert_eq!(fault.code, Code::Unavailable, "{fault}");
    assert!(fault.message.contains("the disk is full"), "{fault}");
    assert!(acknowledged.len() > 5, "{}", acknowledged.len());

    disk.remount("size=64m");
    eventually("what waited is carried out", || async {
        let shown = client.call(Show::newest(session.id, 0)).await.ok()?;
        let rests = matches!(
            shown.session.state,
            smartopol_protocol::session::SessionState::Idle { .. }
        );
        let waits = shown.messages.iter().any(|one| one.position.is_none());
        (rests && !waits).then_some(())
    })
    .await;
    acknowledged.push("say: there is room".into());
    let (again, mut events) = home.client().await.unwrap();
    listen(&again, &session).await;
    say(&again, &session, "say: there is room").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert!(
        said(&client, &session).await == acknowledged,
        "each once, in its order"
    );
    let problems = client.call(daemon::Check {}).await.unwrap().problems;
    assert_eq!(problems, Vec::<String>::new());
    home.kill().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ends_while_the_disk_is_full_is_known_to_have_ended_once_there_is_room() {
    let mut home = home();
    let Some(disk) = Disk::under(home.path(), "size=6m") else {
        return;
    };
    std::fs::create_dir(home.workspace()).unwrap();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..8 {
        let id = open(&client, "stty -echo; echo up; read x; exit 3")
            .await
            .id;
        matches(&client, id, "up").await;
        ids.push(id);
    }
    let is_refused = async |bytes: usize| {
        let send = message::Send {
            session_id: session.id,
            text: format!("say: {}", "x".repeat(bytes)),
            id: None,
            steer: false,
        };
        match client.call(send).await {
            Err(Error::Fault(fault)) if fault.code == Code::Unavailable => Some(()),
            _ => None,
        }
    };
    eventually("the disk is full", || is_refused(20_000)).await;
    let mut filler = std::fs::File::create(home.path().join("filler")).unwrap();
    while filler.write(&[0; 4096]).is_ok() {}
    eventually("not a word fits", || is_refused(1)).await;
    // What was refused leaves a little room, in which an end or two may fit.
    let mut unknown = None;
    for id in ids {
        write(&client, id, "go\r").await;
        let (until, limit_ms) = (Until::Ended, 10_000);
        let wait = Wait {
            id,
            until,
            limit_ms,
        };
        match client.call(wait).await {
            Ok(waited) => assert!(matches!(waited.state, TerminalState::Ended { .. })),
            Err(Error::Fault(fault)) if fault.code == Code::Unavailable => {
                unknown = Some(id);
                break;
            }
            Err(err) => panic!("{err}"),
        }
    }
    let id = unknown.expect("there was room for every end");
    // What is stored after it is refused too.
    for _ in 0..3 {
        assert_eq!(is_refused(1).await, Some(()));
    }
    let state = async || {
        let show = terminal::Show { id };
        client.call(show).await.unwrap().terminal.state
    };
    assert!(matches!(state().await, TerminalState::Running { .. }));
    disk.remount("size=64m");
    // Nobody asks for it: what could not be stored is tried again.
    let end = eventually("its end is stored", || async {
        match state().await {
            TerminalState::Ended { end } => Some(end),
            TerminalState::Running { .. } => None,
        }
    });
    assert_eq!(end.await, End::Exited { code: 3 });
    home.kill().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_written_starts_nothing_and_says_why() {
    let home = home();
    home.ok(["send", "say: keep me"]).unwrap();
    home.ok(["daemon", "stop"]).unwrap();
    let database = home.path().join("smartopol.db");
    let before = std::fs::read(&database).unwrap();
    // Root writes whatever the permissions say, so for it the file itself lies on a disk that is
    // mounted for reading.
    let bound = Disk::bound(&database);
    if bound.is_none() {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o400)).unwrap();
    }
    let output = home.run(["daemon", "start"]).unwrap();
    let told = home.run(["doctor"]).unwrap();
    drop(bound);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be written"), "{said}");
    assert!(said.contains("permissions"), "{said}");
    assert!(before == std::fs::read(&database).unwrap());
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(told.contains("smartopol.db cannot be written"), "{told}");
    assert!(
        told.contains("is sound"),
        "looking is still possible: {told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_server_that_hangs_is_left_at_once_or_after_its_time() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::on("hang").hang().times(2));
    let mut home = home();
    home.config(&format!(
        "[agent]\nmodel = \"work/m\"\n[providers.work]\nkind = \"openai\"\nbase_url = \"{}\"\n\
         api_key = \"k\"\nmodel = \"m\"\nidle_timeout_seconds = 5\nretries = 0\n",
        provider.openai_url()
    ))
    .unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;

    say(&client, &session, "hang once").await;
    provider.wait_for_requests(1).await;
    let session_id = session.id;
    client.call(Interrupt { session_id }).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
    provider.wait_for_client_gone(0).await;

    say(&client, &session, "hang twice").await;
    match outcome(&mut events).await {
        Outcome::Failed { message, .. } => {
            assert!(message.contains("sent nothing for 5 s"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    say(&client, &session, "and now").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_never_read_cost_a_bounded_memory_and_nobody_else_anything() {
    const DEAF: usize = 20;
    let mut home = home();
    home.start().await.unwrap();
    let pid = home.pid().unwrap();
    let mut deaf = Vec::new();
    for _ in 0..DEAF {
        let mut raw = Raw::hello(&home);
        raw.say(&json!({"type": "request", "id": 1, "method": "event/subscribe"}));
        deaf.push(raw);
    }
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let text = "x".repeat(150_000);
    let before = processes::resident(pid);
    // Far more than an outbox and the system's buffers hold.
    for _ in 0..60 {
        say(&client, &session, &format!("say: {text}")).await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    let after = processes::resident(pid);
    eprintln!(
        "{DEAF} deaf clients: {} → {} MiB",
        before >> 20,
        after >> 20
    );
    // The session itself holds its transcript of 18 MB; the frames are shared between clients.
    assert!(after < before + (160 << 20), "{before} → {after}");
    drop(deaf);
    let left = eventually("they are gone", || async {
        let listed = client.call(daemon::Status {}).await.unwrap().clients;
        (listed == 1).then_some(listed)
    });
    left.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_clients_at_once_are_all_told_everything() {
    const CLIENTS: usize = 200;
    let mut home = home();
    home.start().await.unwrap();
    let pid = home.pid().unwrap();
    let before = processes::resident(pid);
    let (first, _events) = home.client().await.unwrap();
    let session = home.session(&first).await.unwrap();
    let mut all = Vec::new();
    for _ in 0..CLIENTS {
        let (client, events) = home.client().await.unwrap();
        let subscribed = listen(&client, &session).await;
        assert!(matches!(subscribed, event::Subscribed::Snapshot(_)));
        all.push((client, events));
    }
    let begun = Instant::now();
    for (number, (client, _)) in all.iter().enumerate().step_by(20) {
        say(client, &session, &format!("say: word of {number}")).await;
    }
    for (_, events) in &mut all {
        let mut heard = 0;
        let done = until(events, |news| {
            assert!(!matches!(news, News::Gap { .. }));
            if let News::MessageChanged(message) = news
                && message.role == Role::Agent
            {
                heard += 1;
            }
            (heard == 10).then_some(())
        });
        done.await;
    }
    let during = processes::resident(pid);
    eprintln!(
        "{CLIENTS} clients: {} → {} MiB, ten turns heard by all in {} ms, {} files open",
        before >> 20,
        during >> 20,
        begun.elapsed().as_millis(),
        processes::open_files(pid)
    );
    assert!(during < before + (64 << 20), "{before} → {during}");
    drop(all);
    eventually("their places are free", || async {
        let status = first.call(daemon::Status {}).await.unwrap();
        (status.clients == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sessions_with_long_tools_and_a_daemon_that_dies_under_them() {
    let report = crowd(env!("CARGO_BIN_EXE_smartopol").into(), 48).await;
    match report {
        Ok(report) => eprintln!("{report}"),
        Err(err) => panic!("{err:#}"),
    }
}

#[test]
fn a_command_may_open_as_many_files_as_the_daemon_was_started_with() {
    let home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    let few = home.command(["send", "run: ulimit -S -n"]);
    // The shell lowers the soft limit alone, as most systems begin.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "ulimit -S -n 200 && exec \"$0\" \"$@\""])
        .arg(few.get_program())
        .args(few.get_args())
        .current_dir(home.workspace())
        .env_clear()
        .envs(home.variables());
    let output = shell.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("200"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let limits = || {
        let status = home.ok(["daemon", "status", "--json"]).unwrap();
        let pid = serde_json::from_str::<serde_json::Value>(&status).unwrap()["pid"].clone();
        std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()
    };
    if let Some(limits) = limits() {
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max open files"))
            .unwrap();
        let soft: u64 = line.split_whitespace().nth(3).unwrap().parse().unwrap();
        assert!(soft > 200, "{line}");
    }
}
