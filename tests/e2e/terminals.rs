//! Terminals through the daemon's door: shared, and outliving it.

use std::time::Duration;

use smartopol_ipc::{Client, Events, TerminalBytes, Told};
use smartopol_protocol::terminal::{
    Attach, Close, Detach, End, Give, Kill, List, Look, Open, Party, Piece, Read, Resize, Show,
    Signal, Size, Take, Terminal, TerminalState, Until, View, Wait, WaitOver, Write,
};
use smartopol_protocol::{Code, News, TerminalId, event};
use smartopol_testkit::home::LIMIT;

use super::{home, until};

pub(super) async fn open(client: &Client, line: &str) -> Terminal {
    let open = Open {
        command: vec!["/bin/sh".into(), "-c".into(), line.into()],
        ..Open::default()
    };
    client.call(open).await.unwrap()
}

pub(super) async fn write(client: &Client, id: TerminalId, text: &str) {
    let write = Write {
        id,
        text: text.into(),
        bytes: Vec::new(),
    };
    client.call(write).await.unwrap();
}

async fn wait(client: &Client, id: TerminalId, until: Until) -> WaitOver {
    let limit_ms = 60_000;
    let wait = Wait {
        id,
        until,
        limit_ms,
    };
    client.call(wait).await.unwrap().why
}

pub(super) async fn matches(client: &Client, id: TerminalId, pattern: &str) {
    let until = Until::Matches {
        pattern: pattern.into(),
        since: Some(0),
    };
    assert_eq!(wait(client, id, until).await, WaitOver::Met, "{pattern}");
}

/// Waits for the fact that the program ended; returns how.
pub(super) async fn ended(client: &Client, id: TerminalId) -> End {
    wait(client, id, Until::Ended).await;
    super::eventually("its end is stored", || async {
        match client.call(Show { id }).await.unwrap().terminal.state {
            TerminalState::Ended { end } => Some(end),
            TerminalState::Running { .. } => None,
        }
    })
    .await
}

async fn attach(client: &Client, id: TerminalId, view: View, size: Option<Size>) {
    client.call(Attach { id, view, size }).await.unwrap();
}

async fn piece(events: &mut Events) -> TerminalBytes {
    let next = async {
        loop {
            if let Told::Terminal(piece) = events.next().await.expect("the daemon went away") {
                return piece;
            }
        }
    };
    tokio::time::timeout(LIMIT, next)
        .await
        .expect("nothing came")
}

const SIZE: Size = Size {
    columns: 80,
    rows: 24,
};

#[tokio::test]
async fn a_person_types_looks_and_ends_a_terminal() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let terminal = client
        .call(Open {
            command: vec!["/bin/sh".into()],
            cwd: Some(home.workspace().display().to_string()),
            ..Open::default()
        })
        .await
        .unwrap();
    let id = terminal.id;
    assert_eq!(
        (terminal.owner, terminal.typist),
        (Party::Person, Party::Person)
    );
    // What is typed before it prompts is shown before its prompt, and the answer behind that.
    matches(&client, id, "[#$] ?$").await;
    write(&client, id, "echo $((40 + 2)) \"$TERM\"; pwd\r").await;
    matches(&client, id, "^42 xterm-256color$").await;
    // Its prompt is the last that it writes.
    matches(&client, id, "/work\n.*[#$] ?$").await;
    super::eventually("the shell waits for input", || async {
        let shown = client.call(Show { id }).await.unwrap();
        (shown.waits && shown.foreground == "sh").then_some(())
    })
    .await;
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(
        screen.lines.iter().any(|line| line == "42 xterm-256color"),
        "{screen:?}"
    );
    let read = Read {
        id,
        since: Some(0),
        limit: 0,
    };
    let read = client.call(read).await.unwrap();
    assert!(
        read.from == 0 && !read.more && read.text.contains("\n42 xterm-256color\n"),
        "{read:?}"
    );
    let shown = client.call(Show { id }).await.unwrap();
    assert_eq!(shown.offset, read.until);

    write(&client, id, "sleep 100\r").await;
    super::eventually("sleep is in front", || async {
        (client.call(Show { id }).await.unwrap().foreground == "sleep").then_some(())
    })
    .await;
    let signal = Signal {
        id,
        signal: "INT".into(),
    };
    client.call(signal).await.unwrap();
    super::eventually("the shell waits for input", || async {
        let shown = client.call(Show { id }).await.unwrap();
        (shown.waits && shown.foreground == "sh").then_some(())
    })
    .await;
    let killed = client.call(Kill { id }).await.unwrap();
    let TerminalState::Ended { .. } = killed.state else {
        panic!("{killed:?}")
    };
    let refused = client
        .call(Write {
            id,
            text: "x".into(),
            bytes: Vec::new(),
        })
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("ended"), "{refused}");
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(
        screen.lines.iter().any(|line| line == "42 xterm-256color"),
        "it stays: {screen:?}"
    );
    client.call(Close { id }).await.unwrap();
    assert!(client.call(List {}).await.unwrap().terminals.is_empty());
    assert!(!home.path().join("terminals").join(id.to_string()).exists());
}

#[tokio::test]
async fn the_smallest_window_counts_and_everybody_is_told() {
    let mut home = home();
    home.start().await.unwrap();
    let (first, mut heard) = home.client().await.unwrap();
    let (second, mut seen) = home.client().await.unwrap();
    first.call(event::Subscribe::default()).await.unwrap();
    let line = "trap 'stty size' WINCH; echo ready; while :; do read x; done";
    let id = open(&first, line).await.id;
    // A size that changes before the shell listens is told to nobody.
    matches(&first, id, "ready").await;
    let view = View::Output { since: None };
    attach(&first, id, view, Some(SIZE)).await;
    assert_eq!(piece(&mut heard).await.piece, Piece::Keyframe);
    let narrow = Size {
        columns: 40,
        rows: 50,
    };
    attach(&second, id, View::Picture, Some(narrow)).await;
    assert_eq!(piece(&mut seen).await.piece, Piece::Keyframe);
    let told = until(&mut heard, |news| match news {
        News::TerminalSized { size, client, .. } if size.columns == 40 => Some((*size, *client)),
        _ => None,
    })
    .await;
    let both = Size {
        columns: 40,
        rows: 24,
    };
    assert_eq!(told.0, both);
    matches(&first, id, "24 40").await;
    let shown = first.call(Show { id }).await.unwrap();
    assert_eq!((shown.attached.len(), shown.terminal.size), (2, both));
    let larger = Resize { id, size: SIZE };
    assert_eq!(second.call(larger).await.unwrap().size, SIZE);
    second.call(Resize { id, size: narrow }).await.unwrap();
    second.call(Detach { id }).await.unwrap();
    // Larger, narrow again, and what it is without the second one: each is told.
    for expected in [SIZE, both, SIZE] {
        let told = until(&mut heard, |news| match news {
            News::TerminalSized { size, .. } => Some(*size),
            _ => None,
        });
        assert_eq!(told.await, expected);
    }
    // One who leaves without a word counts no more either.
    attach(&second, id, View::Picture, Some(narrow)).await;
    drop((second, seen));
    super::eventually("the size is the first one's again", || async {
        let shown = first.call(Show { id }).await.unwrap();
        (shown.attached.len() == 1 && shown.terminal.size == SIZE).then_some(())
    })
    .await;
}

#[tokio::test]
async fn only_the_typist_types() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let id = open(&client, "cat").await.id;
    let given = client.call(Give { id }).await.unwrap();
    assert_eq!((given.owner, given.typist), (Party::Person, Party::Agent));
    let line = || Write {
        id,
        text: "hello\r".into(),
        bytes: Vec::new(),
    };
    let smartopol_ipc::Error::Fault(fault) = client.call(line()).await.unwrap_err() else {
        panic!("not a fault")
    };
    assert_eq!(fault.code, Code::Conflict);
    assert!(fault.hint.contains("take"), "{fault:?}");
    client.call(Take { id }).await.unwrap();
    client.call(line()).await.unwrap();
    matches(&client, id, "^hello\nhello$").await;
}

#[tokio::test]
async fn what_is_typed_faster_than_it_is_read_arrives_whole() {
    const MUCH: usize = 200_000;
    let mut home = home();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    let line = format!("stty raw -echo; echo up; sleep 0.3; head -c {MUCH} > typed; echo done");
    let open = Open {
        command: vec!["/bin/sh".into(), "-c".into(), line],
        cwd: Some(home.workspace().display().to_string()),
        ..Open::default()
    };
    let id = client.call(open).await.unwrap().id;
    matches(&client, id, "^up$").await;
    let typed: Vec<u8> = (b'a'..=b'z').cycle().take(MUCH).collect();
    for piece in typed.chunks(10_000) {
        super::eventually("there is room for it", || async {
            let write = Write {
                id,
                text: String::new(),
                bytes: piece.to_vec(),
            };
            match client.call(write).await {
                Err(smartopol_ipc::Error::Fault(fault)) if fault.code == Code::Busy => None,
                done => done.map(Some).unwrap(),
            }
        })
        .await;
    }
    matches(&client, id, "done$").await;
    let read = std::fs::read(home.workspace().join("typed")).unwrap();
    assert!(read == typed, "{} bytes", read.len());
}

#[tokio::test]
async fn a_program_gets_its_terminal_and_nothing_else_of_its_holder() {
    let mut home = home();
    home.config("[tools]\nenv = [\"PATH\", \"HOME\"]\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, _) = home.client().await.unwrap();
    // The shell has what the terminal has, and no pipe of its own; `ls` opens one more to look.
    let line = "tty; env | sort; ls -l /proc/$$/fd";
    let id = open(&client, line).await.id;
    assert_eq!(ended(&client, id).await, End::Exited { code: 0 });
    let read = Read {
        id,
        since: Some(0),
        limit: 0,
    };
    let text = client.call(read).await.unwrap().text;
    let tty = text.lines().next().unwrap();
    assert!(tty.starts_with("/dev/"), "{text}");
    let files: Vec<String> = (0..3).map(|file| format!("{file} -> {tty}")).collect();
    let told: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(about, file)| {
            let number = about.rsplit(' ').next().unwrap_or_default();
            format!("{number} -> {file}")
        })
        .collect();
    assert_eq!(told, files);
    let names: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name)) // The shell's own.
        .collect();
    assert_eq!(
        names,
        [
            "COLORTERM",
            "HOME",
            "PATH",
            "SMARTOPOL_HOME",
            "SMARTOPOL_TERMINAL",
            "TERM"
        ]
    );
}

/// The bytes of `seq 1 N` in a terminal.
fn counted(to: u32) -> Vec<u8> {
    (1..=to)
        .flat_map(|n| format!("{n}\r\n").into_bytes())
        .collect()
}

#[tokio::test]
async fn not_a_byte_is_lost_when_the_daemon_is_killed_while_50_megabytes_run() {
    const LAST: u32 = 6_000_000;
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let id = open(&client, &format!("seq 1 {LAST}")).await.id;
    let expected = counted(LAST);
    assert!(expected.len() > 50_000_000);
    let mut bytes: Vec<u8> = Vec::new();
    let mut kills = 0;
    let (mut client, mut from) = (client, 0);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(300);
    attach(&client, id, View::Output { since: Some(0) }, None).await;
    while bytes.len() < expected.len() {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{} bytes in time",
            bytes.len()
        );
        match events.next().await {
            Some(Told::Terminal(piece)) if piece.piece == Piece::Output => {
                assert_eq!(piece.offset, bytes.len() as u64, "none missing, none twice");
                bytes.extend_from_slice(&piece.bytes);
            }
            // Too slow: it asks for what was dropped, instead of going on from the present.
            Some(Told::Terminal(_)) => from = bytes.len() as u64,
            Some(Told::Event(_)) => {}
            None => {
                home.start().await.unwrap();
                (client, events) = home.client().await.unwrap();
                from = bytes.len() as u64;
            }
        }
        if from > 0 {
            let since = Some(std::mem::take(&mut from));
            attach(&client, id, View::Output { since }, None).await;
        }
        if kills < 3 && bytes.len() > (kills + 1) * 10_000_000 {
            kills += 1;
            home.kill().unwrap();
        }
    }
    assert!(kills == 3 && bytes == expected, "byte for byte");
    assert_eq!(ended(&client, id).await, End::Exited { code: 0 });
    let screen = client.call(Look { id, scrollback: 0 }).await.unwrap();
    assert!(screen.lines.contains(&LAST.to_string()));
}
