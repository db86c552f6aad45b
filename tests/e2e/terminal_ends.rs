//! How terminals end, and what is told of one that cannot go on: each as what it is.

use rustix::process::{Pid, Signal, kill_process};
use smartopol_ipc::Client;
use smartopol_protocol::terminal::{self, Close, End, Kill, Look, Open, Read, Show, TerminalState};
use smartopol_protocol::{News, TerminalId, event};
use smartopol_testkit::{Home, Terminal};

use super::terminals::{ended, matches, open, write};
use super::{home, until};

#[tokio::test]
async fn each_end_is_told_as_what_it_is() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let id = open(&client, "exit 7").await.id;
    assert_eq!(ended(&client, id).await, End::Exited { code: 7 });
    let waiting = client
        .call(smartopol_protocol::attention::List::default())
        .await
        .unwrap();
    assert_eq!(
        waiting.items.len(),
        1,
        "a failure waits for a person: {waiting:?}"
    );
    assert_eq!(waiting.items[0].detail, "exit code 7");
    let id = open(&client, "kill -TERM $$").await.id;
    let signal = "SIGTERM".into();
    assert_eq!(ended(&client, id).await, End::Signaled { signal });

    let script = home.workspace().join("broken");
    std::fs::write(&script, "#!/nowhere/at/all\n").unwrap();
    std::process::Command::new("chmod")
        .arg("+x")
        .arg(&script)
        .status()
        .unwrap();
    for (word, why) in [
        ("no-such-program", "is no program that can be found"),
        ("/etc/passwd", "could not be started: Permission denied"),
        (script.to_str().unwrap(), "is no program that can be found"),
    ] {
        let command = vec![word.to_owned()];
        let open = Open {
            command,
            ..Open::default()
        };
        let terminal = client.call(open).await.unwrap();
        let TerminalState::Ended {
            end: End::NotStarted { reason },
        } = terminal.state
        else {
            panic!("{terminal:?}")
        };
        assert!(reason.contains(why), "{reason}");
    }
    let listed = home.ok(["terminals", "list"]).unwrap();
    for words in ["exited 7", "ended by SIGTERM", "not started: `no-such"] {
        assert!(listed.contains(words), "{words}: {listed}");
    }

    // It lets go of the terminal and lives on.
    let id = open(&client, "exec sh -c 'sleep 100' <&- >&- 2>&-")
        .await
        .id;
    super::eventually("it is said to have let go", || async {
        let state = client.call(Show { id }).await.unwrap().terminal.state;
        matches!(state, TerminalState::Running { closed: true, .. }).then_some(())
    })
    .await;
    let listed = home.ok(["terminals", "list"]).unwrap();
    assert!(listed.contains("runs, let go of its"), "{listed}");
    client.call(Kill { id }).await.unwrap();

    // What it leaves running does not keep the terminal open, nor live on.
    let id = open(&client, "sleep 1000 & echo \"left $!\"; exit 0")
        .await
        .id;
    assert_eq!(ended(&client, id).await, End::Exited { code: 0 });
    let text = client
        .call(Read {
            id,
            since: Some(0),
            limit: 0,
        })
        .await
        .unwrap()
        .text;
    let pid = text.split_whitespace().last().unwrap().to_owned();
    let there = std::path::Path::new("/proc").join(pid);
    super::eventually("what it left is gone", || async {
        (!there.exists()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    client.call(event::Subscribe::default()).await.unwrap();
    let id = open(&client, "read x; seq 1 1000; echo done").await.id;
    let folder = home.path().join("terminals").join(id.to_string());
    let spool = folder.join("00000000000000000000.out");
    std::os::unix::fs::symlink("/dev/full", &spool).unwrap();
    let attach = ["terminals", "attach", &id.to_string()];
    let person = Terminal::start(&home.command(attach), 20, 120).unwrap();
    person.wait_for("ctrl-] d detaches").unwrap();
    write(&client, id, "go\r").await;
    let trouble = until(&mut events, |news| match news {
        News::TerminalChanged(terminal) => match &terminal.state {
            TerminalState::Running { trouble, .. } => trouble.clone(),
            TerminalState::Ended { .. } => None,
        },
        _ => None,
    })
    .await;
    assert!(trouble.contains("disk is full"), "{trouble}");
    let listed = home.ok(["terminals", "list"]).unwrap();
    assert!(listed.contains("disk is full"), "{listed}");
    person.wait_for("the program waits for the disk").unwrap();
    std::fs::remove_file(&spool).unwrap();
    person.wait_gone("the program waits for the disk").unwrap();
    matches(&client, id, "^999\n1000\ndone$").await;
    assert_eq!(ended(&client, id).await, End::Exited { code: 0 });
}

/// Returns the processes of a terminal: its program and its holder.
fn processes(terminal: &terminal::Terminal) -> [String; 2] {
    let TerminalState::Running { pid, .. } = terminal.state else {
        panic!("{terminal:?}")
    };
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let parent = status.lines().find_map(|row| row.strip_prefix("PPid:"));
    [pid.to_string(), parent.unwrap().trim().to_owned()]
}

fn lives(pid: &String) -> bool {
    std::path::Path::new("/proc").join(pid).exists()
}

/// Opens a terminal whose holder waits for a disk that is full, with what `line` writes; returns its
/// processes too.
async fn waits_for_the_disk(home: &Home, client: &Client, line: &str) -> (TerminalId, [String; 2]) {
    let terminal = open(client, line).await;
    let id = terminal.id;
    let folder = home.path().join("terminals").join(id.to_string());
    let spool = folder.join("00000000000000000000.out");
    std::os::unix::fs::symlink("/dev/full", &spool).unwrap();
    let processes = processes(&terminal);
    write(client, id, "go\r").await;
    super::eventually("it waits for the disk", || async {
        let state = client.call(Show { id }).await.unwrap().terminal.state;
        let waits = matches!(
            state,
            TerminalState::Running {
                trouble: Some(_),
                ..
            }
        );
        waits.then_some(())
    })
    .await;
    (id, processes)
}

#[tokio::test]
async fn a_terminal_that_waits_for_the_disk_can_be_ended_and_removed() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    // One whose program ends by itself, and one whose program waits too.
    for line in ["read x; seq 1 1000", "read x; exec seq 1 1000000"] {
        for removed in [false, true] {
            let (id, processes) = waits_for_the_disk(&home, &client, line).await;
            if removed {
                client.call(Close { id }).await.unwrap();
            } else {
                let ended = client.call(Kill { id }).await.unwrap();
                assert!(!ended.runs(), "{line}: {ended:?}");
            }
            super::eventually("program and holder are gone", || async {
                (!processes.iter().any(lives)).then_some(())
            })
            .await;
            let folder = home.path().join("terminals").join(id.to_string());
            assert_eq!(folder.exists(), !removed);
        }
    }
}

fn signal(pid: &str, signal: Signal) {
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

#[tokio::test]
async fn a_terminal_whose_program_does_not_end_is_not_removed() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let terminal = open(&client, "echo up; read x").await;
    let (id, [_, holder]) = (terminal.id, processes(&terminal));
    matches(&client, id, "^up$").await;
    signal(&holder, Signal::STOP);
    let refused = client.call(Close { id }).await.unwrap_err();
    assert!(
        refused.to_string().contains("has not ended yet"),
        "{refused}"
    );
    signal(&holder, Signal::CONT);
    client.call(Close { id }).await.unwrap();
    super::eventually("its holder is gone", || async {
        (!lives(&holder)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_small_spool_keeps_no_program_waiting() {
    let mut home = home();
    home.config("[terminals]\nspool_bytes = 65536\n").unwrap();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let id = open(&client, "read x; seq 1 200000").await.id;
    // The present cannot be kept at first.
    let folder = home.path().join("terminals").join(id.to_string());
    let place = folder.join("keyframe.part");
    std::fs::create_dir(&place).unwrap();
    write(&client, id, "go\r").await;
    super::eventually("the spool is full", || async {
        let files = std::fs::read_dir(&folder).unwrap().flatten();
        let segments = files.filter(|file| file.path().extension().is_some_and(|end| end == "out"));
        let bytes: u64 = segments.map(|file| file.metadata().unwrap().len()).sum();
        (bytes > 48 * 1024).then_some(())
    })
    .await;
    std::fs::remove_dir(&place).unwrap();
    assert_eq!(ended(&client, id).await, End::Exited { code: 0 });
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(
        screen.lines.iter().any(|line| line == "200000"),
        "{screen:?}"
    );
}

#[tokio::test]
async fn a_program_outlives_the_daemon_and_ends_with_it_only_where_that_is_said() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let terminal = open(&client, "while read x; do echo \"<$x>\"; done").await;
    let (id, TerminalState::Running { pid, .. }) = (terminal.id, &terminal.state) else {
        panic!("{terminal:?}")
    };
    let there = std::path::Path::new("/proc").join(pid.to_string());
    write(&client, id, "one\r").await;
    matches(&client, id, "^<one>$").await;
    home.stop().unwrap();
    assert!(there.exists());
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(
        screen.lines.iter().any(|line| line == "<one>"),
        "{screen:?}"
    );
    write(&client, id, "two\r").await;
    matches(&client, id, "^<two>$").await;
    home.ok(["daemon", "stop", "--terminals"]).unwrap();
    assert!(!there.exists());
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let shown = client.call(Show { id }).await.unwrap();
    assert!(!shown.terminal.runs());
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(
        screen.lines.iter().any(|line| line == "<two>"),
        "what it wrote stays: {screen:?}"
    );
}

#[tokio::test]
async fn a_terminal_to_which_no_daemon_comes_back_ends_and_the_next_daemon_says_why() {
    let mut home = home();
    home.config("[terminals]\norphan_after_seconds = 5\nspool_bytes = 65536\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    // One that waits for the disk, one that does not listen, and one that waits for room in its
    // spool.
    let full = waits_for_the_disk(&home, &client, "read x; exec yes").await;
    let deaf = "trap '' HUP TERM; echo up; while :; do sleep 1; done";
    let mut terminals = vec![full];
    for line in [deaf, "yes"] {
        let terminal = open(&client, line).await;
        matches(&client, terminal.id, "^(up|y)$").await;
        terminals.push((terminal.id, processes(&terminal)));
    }
    home.kill().unwrap();
    assert!(terminals.iter().all(|(_, pids)| pids.iter().all(lives)));
    super::eventually("programs and holders are gone", || async {
        let left = terminals.iter().any(|(_, pids)| pids.iter().any(lives));
        (!left).then_some(())
    })
    .await;
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    for (id, _) in &terminals {
        assert_eq!(ended(&client, *id).await, End::Abandoned);
    }
    let listed = home.ok(["terminals", "list"]).unwrap();
    let told = listed.matches("ended: no daemon came").count();
    assert_eq!(told, 3, "{listed}");
    let screen = Look {
        id: terminals[1].0,
        scrollback: 0,
    };
    let screen = client.call(screen).await.unwrap();
    assert_eq!(screen.lines[0], "up", "what it wrote stays");
}
