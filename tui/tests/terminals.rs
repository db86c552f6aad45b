//! The terminals: what is live, what is typed, who has them, what scrolled away.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use smartopol_protocol::News;
use smartopol_protocol::TerminalId;
use smartopol_protocol::terminal::{End, Party, Piece, Size, TerminalState, Viewer};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

/// A prompt and a listing, in colours.
const LISTING: &[u8] =
    b"\x1b]2;ann@box: ~/app\x1b\\\x1b[1;32mann@box\x1b[0m:\x1b[1;34m~/app\x1b[0m$ ls\r\n\
    \x1b[1;34mconfig\x1b[0m  \x1b[1;34mdaemon\x1b[0m  README.md  \xe6\xbc\xa2\xe5\xad\x97.txt\r\n\
    \x1b[1;32mann@box\x1b[0m:\x1b[1;34m~/app\x1b[0m$ ";

/// A console that shows three terminals, the shell live.
fn terminals(width: u16, height: u16) -> (House, Headless, [TerminalId; 3]) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::terminals::three(&mut house, id);
    let mut console = attached(&mut house, id, width, height);
    console.keys("<a-t>");
    console.terminals(house.terminals.clone());
    console.screen();
    keyframe(&mut console, ids[1], LISTING);
    console.screen();
    console.asked();
    (house, console, ids)
}

fn keyframe(console: &mut Headless, id: TerminalId, bytes: &[u8]) {
    let mut frame = b"\x1b[8;24;80t\x1bc".to_vec();
    frame.extend_from_slice(bytes);
    console.bytes(id, Piece::Keyframe, 1_000, &frame);
}

fn asked(console: &mut Headless, name: &str) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with(name)).collect()
}

#[test]
fn the_list_says_how_each_stands_and_the_selected_one_is_live() {
    for (width, height) in SIZES {
        let (_, mut console, _) = terminals(width, height);
        insta::assert_snapshot!(format!("terminals_{width}x{height}"), console.screen());
        console.keys("<enter>");
        console.screen();
        insta::assert_snapshot!(format!("typing_{width}x{height}"), console.screen());
    }
}

#[test]
fn looking_attaches_and_does_not_resize_typing_does() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::terminals::three(&mut house, id);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<a-t>");
    console.screen();
    let all = console.asked();
    let attach = all.iter().filter(|call| call.starts_with("AttachTerminal"));
    let attach: Vec<_> = attach.collect();
    assert!(
        attach.len() == 1
            && attach[0].contains(&format!("{:?}", ids[1]))
            && attach[0].contains("size: None"),
        "{all:?}"
    );
    console.keys("<up>");
    console.screen();
    let all = console.asked();
    assert!(
        all.iter().any(|call| call.starts_with("DetachTerminal")),
        "{all:?}"
    );
    assert!(
        !all.iter().any(|call| call.starts_with("ResizeTerminal")),
        "{all:?}"
    );
    console.keys("<down><enter>");
    console.screen();
    let sizes = asked(&mut console, "ResizeTerminal");
    assert!(
        sizes.len() == 1 && sizes[0].contains("columns: 120"),
        "{sizes:?}"
    );
    console.resize(100, 30);
    console.screen();
    console.screen();
    let sizes = asked(&mut console, "ResizeTerminal");
    assert!(
        sizes.len() == 1 && sizes[0].contains("columns: 100"),
        "once: {sizes:?}"
    );
    console.keys("<c-]>q<esc>");
    console.screen();
    assert_eq!(asked(&mut console, "DetachTerminal").len(), 1);
}

#[test]
fn what_is_typed_goes_to_the_program_in_its_order_and_the_prefix_leads_out() {
    let (_, mut console, _) = terminals(120, 36);
    console.keys("<enter>ls -la<enter><c-c><tab><up>:q?<esc>");
    assert_eq!(console.typed(), b"ls -la\r\x03\t\x1b[A:q?\x1b");
    console.keys("<c-]>");
    let screen = console.screen();
    assert!(
        screen.contains("ctrl-] …") && screen.contains("q out"),
        "{screen}"
    );
    console.keys("<c-]>");
    assert_eq!(console.typed(), b"\x1d");
    // A terminal of the old kind tells the same byte as another key.
    console.key(KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL));
    console.keys("q");
    console.keys("q");
    assert!(
        console.typed().is_empty() && console.left(),
        "letters are keys again"
    );
}

#[test]
fn keys_and_pastes_are_as_the_program_asked_for_them() {
    let (_, mut console, ids) = terminals(120, 36);
    console.keys("<enter>");
    console.paste("one\ntwo\u{1b}[201~");
    assert_eq!(console.typed(), b"one\rtwo[201~");
    keyframe(
        &mut console,
        ids[1],
        b"\x1b[?1h\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1004h",
    );
    console.keys("<up>");
    assert_eq!(console.typed(), b"\x1bOA");
    console.paste("one\ntwo\u{1b}[201~");
    assert_eq!(console.typed(), b"\x1b[200~one\ntwo[201~\x1b[201~");
    console.screen();
    console.click(5, 10);
    console.mouse(MouseEventKind::ScrollUp, 5, 10);
    let typed = String::from_utf8(console.typed()).unwrap();
    assert!(typed.starts_with("\x1b[<0;6;"), "{typed:?}");
    assert!(typed.contains("\x1b[<64;6;"), "{typed:?}");
    console.window_focus(false);
    assert_eq!(console.typed(), b"\x1b[O");
    assert_eq!(console.draft(), "", "nothing of it is a message");
}

#[test]
fn what_the_mouse_is_dragged_over_is_copied_whether_one_types_or_not() {
    let (_, mut console, ids) = terminals(120, 36);
    keyframe(&mut console, ids[1], b"\x1b[2Jone two three");
    for typing in [false, true] {
        if typing {
            console.keys("<enter>");
        }
        let screen = console.screen();
        let found = screen.lines().enumerate().find_map(|(y, line)| {
            let at = line.find("one two three")?;
            Some((line[..at].chars().count(), y))
        });
        let (x, y) = found.unwrap();
        let (x, y) = (u16::try_from(x).unwrap(), u16::try_from(y).unwrap());
        console.mouse(MouseEventKind::Down(MouseButton::Left), x + 4, y);
        console.mouse(MouseEventKind::Drag(MouseButton::Left), x + 5, y);
        console.mouse(MouseEventKind::Up(MouseButton::Left), x + 6, y);
        assert_eq!(console.copied(), ["two"]);
    }
    assert!(console.typed().is_empty());
    console.keys("<c-]>y");
    assert_eq!(console.copied(), ["one two three"]);
}

#[test]
fn a_large_paste_goes_in_pieces_one_after_the_other() {
    let (_, mut console, _) = terminals(120, 36);
    console.keys("<enter>");
    let text = "界".repeat(40_000);
    console.paste(&text);
    let first = console.asked();
    assert_eq!(first.len(), 1, "one call at a time");
    console.keys("x");
    assert_eq!(console.asked(), Vec::<String>::new());
    let fault = smartopol_protocol::Fault::new(smartopol_protocol::Code::Conflict, "taken over");
    console.refuse("Type", Some(fault));
}

#[test]
fn what_is_typed_into_one_terminal_never_goes_to_another() {
    let (mut house, mut console, ids) = terminals(120, 36);
    house.change_terminal(ids[0], |own| own.typist = Party::Person);
    tell(&mut console, &mut house);
    // The first key is on its way, and the second waits for it.
    console.keys("<enter>ab<c-]>q<up>");
    console.screen();
    console.keys("<enter>c");
    let typed = console.typed_into();
    let pieces: Vec<(_, &[u8])> = typed.iter().map(|(id, bytes)| (*id, &**bytes)).collect();
    assert_eq!(
        pieces,
        [(ids[1], &b"a"[..]), (ids[1], b"b"), (ids[0], b"c")]
    );
}

#[test]
fn the_agent_s_terminal_is_taken_over_first_and_handed_back() {
    let (mut house, mut console, ids) = terminals(120, 36);
    console.keys("<up><enter>rm");
    assert!(console.typed().is_empty());
    let screen = console.screen();
    assert!(screen.contains("the agent types"), "{screen}");
    console.keys("<c-]>t");
    assert_eq!(asked(&mut console, "TakeTerminal").len(), 1);
    let taken = house.change_terminal(ids[0], |own| own.typist = Party::Person);
    tell(&mut console, &mut house);
    console.terminal(taken);
    console.keys("ls");
    assert_eq!(console.typed(), b"ls");
    assert!(
        console.screen().contains("you type"),
        "{}",
        console.screen()
    );
    console.keys("<c-]>b");
    assert_eq!(asked(&mut console, "GiveTerminal").len(), 1);
    house.change_terminal(ids[0], |own| own.typist = Party::Agent);
    tell(&mut console, &mut house);
    console.keys("x");
    assert!(console.typed().is_empty());
    insta::assert_snapshot!("handed_back_120x36", console.screen());
}

#[test]
fn what_scrolled_away_is_seen_and_searched() {
    let (_, mut console, ids) = terminals(120, 36);
    let lines: String = (1..=200)
        .map(|number| format!("line {number}\r\n"))
        .collect();
    console.bytes(ids[1], Piece::Output, 1_000, lines.as_bytes());
    assert!(console.screen().contains("line 200"));
    console.keys("<pgup>");
    let screen = console.screen();
    assert!(
        screen.contains("lines back") && !screen.contains("line 200"),
        "{screen}"
    );
    // What is read stands still while more comes.
    console.bytes(
        ids[1],
        Piece::Output,
        1_000 + lines.len() as u64,
        b"more\r\n",
    );
    let lines_seen = |screen: &str| screen.matches("line 1").count();
    assert_eq!(lines_seen(&console.screen()), lines_seen(&screen));
    console.keys("/LINE 42<enter>");
    let screen = console.screen();
    assert!(
        screen.contains("line 42") && screen.contains("1 of 1 places"),
        "{screen}"
    );
    console.keys("/nowhere<enter>");
    assert!(console.screen().contains("`nowhere` is nowhere in it"));
    console.keys("g");
    assert!(console.screen().contains("line 1\n") || console.screen().contains("line 2"));
    console.keys("G");
    assert!(
        console.screen().contains("line 200"),
        "{}",
        console.screen()
    );
}

#[test]
fn the_smallest_window_is_named() {
    let (mut house, mut console, ids) = terminals(120, 36);
    console.keys("<enter>");
    console.screen();
    house.terminals[1].attached = [(1, "smartopol-tui", 120), (7, "smartopol-cli", 60)]
        .map(|(client, name, columns)| Viewer {
            client,
            name: name.into(),
            size: Some(Size { columns, rows: 20 }),
        })
        .to_vec();
    let size = Size {
        columns: 60,
        rows: 20,
    };
    console.event(smartopol_protocol::Event {
        seq: None,
        at: house.at(),
        session_id: None,
        news: News::TerminalSized {
            id: ids[1],
            size,
            client: Some(7),
        },
    });
    house.terminals[1].terminal.size = size;
    console.terminals(house.terminals.clone());
    let screen = console.screen();
    assert!(
        screen.contains("60×20, as small as the window of smartopol-cli"),
        "{screen}"
    );
    house.take();
}

#[test]
fn a_gap_is_mended_by_a_keyframe_and_a_new_connection_goes_on_where_it_was() {
    let (house, mut console, ids) = terminals(120, 36);
    console.bytes(ids[1], Piece::Output, 5_000, b"after a hole");
    assert!(!console.screen().contains("after a hole"));
    let again = asked(&mut console, "AttachTerminal");
    assert!(
        again.len() == 1 && again[0].contains("since: None"),
        "{again:?}"
    );
    keyframe(&mut console, ids[1], LISTING);
    console.lose("gone", 100);
    assert!(
        console.screen().contains("README.md"),
        "what was known stays"
    );
    console.connect(house.snapshot());
    let again = asked(&mut console, "AttachTerminal");
    assert!(
        again.len() == 1 && again[0].contains("since: Some(1000)"),
        "{again:?}"
    );
    assert!(console.screen().contains("README.md"));
}

#[test]
fn a_terminal_that_rests_wakes_nobody() {
    let mut house = House::new();
    let id = house.session("app", "/home/ann/app");
    let shell = house.terminal("bash", Party::Person, None);
    let mut console = attached(&mut house, id, 120, 36);
    console.keys("<a-t>");
    console.terminals(house.terminals.clone());
    keyframe(&mut console, shell, LISTING);
    console.screen();
    console.asked();
    assert!(
        console.wakes_after().is_some_and(|ms| ms <= 400),
        "does it wait for input?"
    );
    console.wait(400);
    assert_eq!(asked(&mut console, "Terminals").len(), 1);
    console.terminals(house.terminals.clone());
    console.screen();
    assert_eq!(console.wakes_after(), None);
}

#[test]
fn only_what_changed_is_painted() {
    let (_, mut console, ids) = terminals(200, 60);
    console.frame().unwrap();
    console.bytes(ids[1], Piece::Output, 1_000, b"x");
    let bytes = console.frame().unwrap();
    assert!(bytes < 120, "{bytes} bytes for one letter");
}

#[test]
fn one_that_let_go_of_its_terminal_or_waits_for_the_disk_is_told_as_what_it_is() {
    let (mut house, mut console, ids) = terminals(120, 36);
    for (closed, trouble, words) in [
        (true, None, "runs, terminal closed"),
        (false, Some("the disk is full"), "the disk is full"),
    ] {
        house.change_terminal(ids[1], |own| {
            own.state = TerminalState::Running {
                pid: 4711,
                closed,
                trouble: trouble.map(Into::into),
            };
        });
        tell(&mut console, &mut house);
        let screen = console.screen();
        assert!(screen.contains(words), "{words}: {screen}");
    }
}

#[test]
fn one_that_ended_is_told_and_removed_after_a_while() {
    let (mut house, mut console, ids) = terminals(120, 36);
    for (end, words) in [
        (End::Exited { code: 3 }, "exited 3"),
        (
            End::Signaled {
                signal: "SIGKILL".into(),
            },
            "ended by SIGKILL",
        ),
        (
            End::NotStarted {
                reason: "no such program".into(),
            },
            "did not start",
        ),
        (End::Abandoned, "ended: nobody came"),
        (
            End::Lost {
                reason: "its holder is gone".into(),
            },
            "lost: its holder is gone",
        ),
    ] {
        house.change_terminal(ids[1], |own| own.state = TerminalState::Ended { end });
        tell(&mut console, &mut house);
        assert!(
            console.screen().contains(words),
            "{words}: {}",
            console.screen()
        );
    }
    console.keys("<enter>x");
    assert!(console.typed().is_empty());
    console.asked();
    console.keys("dy");
    console.wait(10_000);
    assert_eq!(asked(&mut console, "CloseTerminal").len(), 1);
}

#[test]
fn one_who_only_looks_sees_it_and_types_nothing() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::terminals::three(&mut house, id);
    house.take();
    let mut console = Headless::observing(120, 36, house.at());
    crate::settle(&mut console, &house, id, false);
    console.keys("<a-t>");
    console.terminals(house.terminals.clone());
    keyframe(&mut console, ids[1], LISTING);
    assert!(console.screen().contains("README.md"));
    console.asked();
    console.keys("<enter>ls");
    assert!(console.typed().is_empty());
    console.keys("atbx");
    let all = console.asked();
    let changes = [
        "OpenTerminal",
        "TakeTerminal",
        "GiveTerminal",
        "KillTerminal",
        "ResizeTerminal",
    ];
    assert!(
        !all.iter()
            .any(|call| changes.iter().any(|own| call.starts_with(own))),
        "{all:?}"
    );
}
