//! The console in a real terminal, as a person uses it.

use smartopol_testkit::{Terminal, signal, wait};

use super::home;

/// Longer than a card ignores keys.
const QUIET: std::time::Duration = std::time::Duration::from_millis(600);

/// What a card says once it no longer ignores keys.
const OPEN: &str = "press a key to answer";

fn open(home: &smartopol_testkit::Home, rows: u16, cols: u16) -> Terminal {
    let terminal = Terminal::start(&home.command(["tui"]), rows, cols).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal
}

#[test]
fn the_first_run_needs_nothing_and_a_call_is_allowed_with_one_key() {
    let home = home();
    std::fs::write(home.workspace().join("treasure.txt"), "gold").unwrap();
    let mut terminal = open(&home, 36, 120);
    terminal.wait_for("offline").unwrap();
    terminal.keys("run: ls -la").unwrap();
    terminal.wait_for("run: ls -la").unwrap();
    terminal.keys("\r").unwrap();
    terminal.wait_for("allow once").unwrap();
    assert!(
        terminal.screen().contains("in ~/work"),
        "the folder is shown: {}",
        terminal.screen()
    );
    terminal.keys("\t").unwrap();
    terminal.wait_for(OPEN).unwrap();
    terminal.keys("y").unwrap();
    terminal.wait_for("treasure.txt").unwrap();
    terminal.wait_for(" ms").unwrap();
    terminal.keys("\u{4}").unwrap();
    assert_eq!(terminal.wait_end().unwrap(), 0);
    let traces = home.ok(["traces", "list"]).unwrap();
    assert!(traces.contains("ls -la"), "{traces}");
}

#[test]
fn a_closed_terminal_stops_nothing_and_two_see_the_same() {
    let home = home();
    let mut first = open(&home, 30, 100);
    first
        .keys("slow: 20 once upon a time there was a terminal that closed\r")
        .unwrap();
    // What was typed says it first, and the agent after it.
    let says = |screen: &str, words: &str| screen.matches(words).count();
    first
        .wait_screen("the answer", |screen| says(screen, "once upon") >= 2)
        .unwrap();
    first.hang_up().unwrap();
    drop(first);
    for watches in [open(&home, 30, 100), open(&home, 30, 100)] {
        watches
            .wait_screen("all of the answer", |screen| {
                says(screen, "that closed") >= 2 && says(screen, "working") == 0
            })
            .unwrap();
    }
}

#[test]
fn what_was_typed_before_a_card_appeared_does_not_answer_it() {
    let home = home();
    let mut terminal = open(&home, 30, 100);
    terminal.keys("run: touch forbidden\r").unwrap();
    // A person who goes on typing, and hits the keys that would answer.
    for _ in 0..20 {
        terminal.keys("y").unwrap();
    }
    terminal.wait_for("allow once").unwrap();
    terminal.keys("yyyy").unwrap();
    terminal.wait_for(&"y".repeat(24)).unwrap();
    assert!(!home.workspace().join("forbidden").exists());
    let waiting = home.ok(["approvals", "list"]).unwrap();
    assert!(waiting.contains("touch forbidden"), "{waiting}");
}

#[test]
fn the_terminal_is_given_back_as_it_was() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    for how in ["quit", "TERM", "HUP", "INT"] {
        let mut terminal = open(&home, 24, 80);
        match how {
            "quit" => terminal.keys("\u{4}").unwrap(),
            name => signal::send(terminal.pid().unwrap(), name).unwrap(),
        }
        terminal.wait_end().unwrap();
        let raw = terminal.raw();
        let seen = String::from_utf8_lossy(&raw);
        for on in [
            "\u{1b}[?1049h",
            "\u{1b}[?2004h",
            "\u{1b}[?1004h",
            "\u{1b}[?1002h",
            "\u{1b}[>1u",
        ] {
            assert!(seen.contains(on), "{how}: {on:?} was never switched on");
        }
        // After the last frame comes this, whole, and nothing for the screen but the farewell.
        let (_, after) = seen.rsplit_once(TRAILER).expect("it is given back");
        let farewell = ["", "detached; the daemon goes on"];
        assert!(farewell.contains(&after.trim()), "{how}: {after:?}");
    }
}

/// What undoes everything that was switched on.
const TRAILER: &str = "\u{1b}[?2026l\u{1b}[?1006l\u{1b}[?1002l\u{1b}[?1000l\u{1b}[<1u\
                       \u{1b}[?1004l\u{1b}[?2004l\u{1b}[0m\u{1b}[?1049l\u{1b}[23;0t\u{1b}[?25h";

#[test]
fn the_shell_gets_the_terminal_whole_while_it_is_suspended_and_gives_it_back() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let console = home.command(["tui"]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.arg("-i").env_clear().envs(home.variables());
    shell.current_dir(home.workspace());
    let mut terminal = Terminal::start(&shell, 30, 100).unwrap();
    let program = console.get_program().to_string_lossy().into_owned();
    terminal.keys(&format!("{program} tui\r")).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal.keys("half a thought").unwrap();
    terminal.wait_for("half a thought").unwrap();
    for number in 1..=2 {
        // What the shell said the last time comes back with its screen: only what is new counts.
        let before = terminal.raw().len();
        terminal.keys("\u{1a}").unwrap();
        terminal.wait_raw("topped", before).unwrap();
        let raw = terminal.raw();
        let seen = String::from_utf8_lossy(&raw);
        let (_, after) = seen.rsplit_once(TRAILER).expect("it is given back");
        assert!(!after.contains("\u{1b}[?1049h"), "{after:?}");
        // The shell reads lines again, and shows what is typed.
        let told = format!("{} here", 40 + number);
        terminal
            .keys(&format!("echo $((40 + {number})) here\r"))
            .unwrap();
        terminal.wait_for(&told).unwrap();
        terminal.keys("fg\r").unwrap();
        terminal.wait_for("connected").unwrap();
        terminal.wait_for("half a thought").unwrap();
        terminal.wait_gone(&told).unwrap();
    }
    terminal.keys("\u{15}\u{4}").unwrap();
    terminal.wait_for("detached").unwrap();
    terminal.keys("exit\r").unwrap();
    terminal.wait_end().unwrap();
}

#[test]
fn a_console_that_was_stopped_from_outside_comes_back_whole() {
    let home = home();
    let terminal = open(&home, 24, 80);
    let pid = terminal.pid().unwrap();
    let before = terminal.raw().len();
    signal::stop(pid).unwrap();
    signal::go_on(pid).unwrap();
    terminal.wait_raw("\u{1b}[?1049h", before).unwrap();
    terminal.wait_for("connected").unwrap();
}

#[test]
fn without_colour_no_colour_is_written_and_the_cursor_is_seen() {
    let mut home = home();
    home.env("NO_COLOR", "1");
    home.env("COLORTERM", "truecolor");
    home.config("[console]\ntheme = \"dark\"\n").unwrap();
    let mut terminal = open(&home, 36, 120);
    terminal.keys("run: ls\r").unwrap();
    terminal.wait_for("allow once").unwrap();
    terminal.keys("\u{10}").unwrap();
    terminal.wait_for("Find").unwrap();
    terminal.keys("\u{1b}").unwrap();
    terminal.wait_gone("Find").unwrap();
    terminal.keys("\u{4}").unwrap();
    terminal.wait_end().unwrap();
    let raw = terminal.raw();
    let seen = String::from_utf8_lossy(&raw);
    for piece in seen.split("\u{1b}[").skip(1) {
        let Some((codes, _)) = piece.split_once('m') else {
            continue;
        };
        if codes.chars().all(|c| c.is_ascii_digit() || c == ';') {
            let colour = codes
                .split(';')
                .filter_map(|code| code.parse().ok())
                .any(|code: u8| matches!(code, 30..=38 | 40..=48 | 90..=97 | 100..=107));
            assert!(!colour, "{codes:?} is a colour");
        }
    }
    assert!(seen.contains("\u{1b}[?25h"), "the cursor is never shown");
}

#[test]
fn it_calls_only_while_the_window_has_no_focus_and_the_title_counts() {
    let mut home = home();
    home.env("TERM_PROGRAM", "iTerm.app");
    let mut terminal = open(&home, 30, 100);
    terminal.keys("\u{1b}[O").unwrap();
    terminal.keys("run: ls --secret-word\r").unwrap();
    terminal.wait_for("allow once").unwrap();
    let call = "\u{7}\u{1b}]9;smartopol: an approval waits for you\u{1b}\\";
    terminal.wait_raw(call, 0).unwrap();
    terminal
        .wait_raw("\u{1b}]2;● 1 smartopol\u{1b}\\", 0)
        .unwrap();
    let raw = terminal.raw();
    let seen = String::from_utf8_lossy(&raw);
    let told: Vec<&str> = seen.split("\u{1b}]").skip(1).collect();
    assert!(
        told.iter()
            .all(|osc| !osc.split('\u{1b}').next().unwrap().contains("secret-word"))
    );
}

#[test]
fn the_theme_follows_the_ground_that_the_terminal_tells() {
    let home = home();
    home.config("[console]\ntheme = \"auto\"\n").unwrap();
    home.ok(["daemon", "start"]).unwrap();
    let mut command = home.command(["tui"]);
    command.env("COLORTERM", "truecolor");
    // Nobody waits long for a terminal that tells nothing, and this one may be late on a busy
    // machine: it is asked anew.
    let follows = || {
        let mut terminal = Terminal::start(&command, 24, 80).unwrap();
        terminal.wait_raw("\u{1b}]11;?", 0).unwrap();
        terminal
            .keys("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?62;22c")
            .unwrap();
        terminal.wait_for("connected").unwrap();
        let raw = terminal.raw();
        let drawn = String::from_utf8_lossy(&raw).contains("48;2;251;250;246");
        drawn.then_some(())
    };
    wait::until("the theme follows", follows).unwrap();
}

#[test]
fn a_terminal_that_answers_late_types_nothing_and_has_its_theme_all_the_same() {
    let home = home();
    home.config("[console]\ntheme = \"auto\"\n").unwrap();
    home.ok(["daemon", "start"]).unwrap();
    let mut command = home.command(["tui"]);
    command.env("COLORTERM", "truecolor");
    let mut terminal = Terminal::start(&command, 24, 80).unwrap();
    terminal.wait_raw("\u{1b}]11;?", 0).unwrap();
    terminal.keys("before").unwrap();
    terminal.wait_for("> before").unwrap();
    terminal
        .keys(" and\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\\u{1b}[?62;22c after")
        .unwrap();
    terminal.wait_for("> before and after").unwrap();
    terminal.wait_raw("48;2;251;250;246", 0).unwrap();
}

#[test]
fn wrong_keys_are_told_and_the_console_does_not_begin() {
    let home = home();
    home.config("[console.keys.composer]\nsend = [\"ctl-s\"]\n")
        .unwrap();
    let mut terminal = Terminal::start(&home.command(["tui"]), 24, 100).unwrap();
    terminal.wait_for("did you mean").unwrap();
    assert_ne!(terminal.wait_end().unwrap(), 0);
    let raw = terminal.raw();
    assert!(!String::from_utf8_lossy(&raw).contains("\u{1b}[?1049h"));
}

#[test]
fn a_screen_of_any_size_and_after_resizing_shows_something() {
    let home = home();
    let terminal = open(&home, 24, 80);
    for (rows, cols) in [(6, 20), (18, 60), (50, 200), (24, 80)] {
        let before = terminal.raw().len();
        terminal.resize(rows, cols).unwrap();
        // It draws.
        terminal.wait_raw("\u{1b}[", before).unwrap();
    }
    terminal.wait_for("connected").unwrap();
}

#[test]
fn the_linear_console_needs_no_screen() {
    let home = home();
    let mut terminal = Terminal::start(&home.command(["tui", "--linear"]), 60, 80).unwrap();
    terminal.wait_for("offline").unwrap();
    terminal.keys("run: echo in a line\r").unwrap();
    terminal.wait_for("Type a number and Enter").unwrap();
    // What comes before a person can have read it is refused, and said so.
    wait::until("it is allowed", || {
        wait::rest(QUIET);
        let refused = |screen: &str| screen.matches("only just appeared").count();
        let allowed = |screen: &str| screen.contains("Approval allowed");
        let before = refused(&terminal.screen());
        terminal.keys("1\r").unwrap();
        terminal
            .wait_screen("what came of it", |screen| {
                allowed(screen) || refused(screen) > before
            })
            .unwrap();
        allowed(&terminal.screen()).then_some(())
    })
    .unwrap();
    terminal.wait_for("echo in a line — done").unwrap();
    let raw = terminal.raw();
    assert!(
        !String::from_utf8_lossy(&raw).contains("\u{1b}[?1049h"),
        "it took the whole screen"
    );
}

#[test]
fn a_person_runs_a_command_names_a_file_and_remembers_something_without_leaving_the_keyboard() {
    let home = home();
    std::fs::create_dir_all(home.workspace().join("src")).unwrap();
    std::fs::write(home.workspace().join("src/parser.rs"), "").unwrap();
    let mut terminal = open(&home, 36, 120);
    terminal.wait_for("write to the agent").unwrap();
    terminal.keys("!printf 'by %s' me").unwrap();
    terminal.wait_for("your command").unwrap();
    terminal.keys("\r").unwrap();
    terminal.wait_for("by me").unwrap();
    terminal.keys("#the parser is slow\r").unwrap();
    terminal.wait_for("remembered, in every session").unwrap();
    terminal.keys("say: @pars").unwrap();
    terminal.wait_for("1 of 1").unwrap();
    terminal.keys("\t").unwrap();
    terminal.wait_gone("1 of 1").unwrap();
    terminal.keys("is it\r").unwrap();
    terminal.wait_for("@src/parser.rs is it").unwrap();
    terminal.keys("/fork\r").unwrap();
    terminal.wait_for("work-fork").unwrap();
    terminal.keys("\u{4}").unwrap();
    assert_eq!(terminal.wait_end().unwrap(), 0);
    let memory = home.ok(["memory", "list"]).unwrap();
    assert!(memory.contains("the parser is slow"), "{memory}");
    let traces = home.ok(["traces", "list"]).unwrap();
    assert!(traces.contains("printf"), "{traces}");
}

#[test]
fn a_draft_outlives_the_consoles_worst_end() {
    let home = home();
    let mut terminal = open(&home, 30, 100);
    terminal.wait_for("write to the agent").unwrap();
    terminal.keys("half a thought").unwrap();
    terminal.wait_for("half a thought").unwrap();
    // It is kept a moment after the last letter.
    let drafts = home.path().join("drafts");
    wait::until("the draft is kept", || {
        let files = std::fs::read_dir(&drafts).ok()?.flatten();
        let mut texts = files.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts
            .any(|text| text.contains("half a thought"))
            .then_some(())
    })
    .unwrap();
    signal::send(terminal.pid().unwrap(), "KILL").unwrap();
    drop(terminal);
    let mut terminal = open(&home, 30, 100);
    terminal.wait_for("half a thought").unwrap();
    // And what ends at once keeps it too.
    terminal.keys(", and more").unwrap();
    terminal.wait_for("and more").unwrap();
    terminal.keys("\u{4}").unwrap();
    terminal.wait_end().unwrap();
    let terminal = open(&home, 30, 100);
    terminal.wait_for("half a thought, and more").unwrap();
}

#[test]
fn what_waits_is_changed_and_goes_on_after_an_interrupt_when_it_is_said() {
    let home = home();
    let mut terminal = open(&home, 30, 100);
    terminal.wait_for("write to the agent").unwrap();
    let story = "goes on and on ".repeat(60);
    terminal
        .keys(&format!("slow: 900 a long story {story}\r"))
        .unwrap();
    terminal.wait_for("  a long").unwrap();
    terminal.keys("say: frist\r").unwrap();
    terminal.wait_for("changes it").unwrap();
    terminal.keys("\u{1b}[A").unwrap();
    terminal.wait_for("changing what waits").unwrap();
    terminal.keys("\u{15}say: first\r").unwrap();
    terminal.wait_for("> say: first").unwrap();
    terminal.keys("\u{1b}").unwrap();
    terminal.wait_for("waits since the interrupt").unwrap();
    terminal.keys("\r").unwrap();
    terminal.wait_gone("waits since").unwrap();
    terminal.wait_for("  first").unwrap();
}
