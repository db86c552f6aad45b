//! What holds for every command line, and what real shells say to it.

use std::collections::BTreeSet;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use smartopol_protocol::tool::{Effect, Place};
use smartopol_tools::shell_grammar::{Dialect, Ground, Last, meaning, parse, print, quote};

fn effects(line: &str, dialect: Dialect) -> Vec<Effect> {
    let located = |path: &Path, _: Last| (path.to_path_buf(), Place::Workspace);
    let ground = Ground {
        home: Some("/home/ana".into()),
        place: &located,
    };
    meaning(line, dialect, Path::new("/code"), &ground).effects
}

fn is_unclear(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|effect| matches!(effect, Effect::Unclear { .. }))
}

/// What stays the same however a command is wrapped.
fn bare(effect: &Effect) -> Effect {
    match effect {
        Effect::Run { words, .. } => Effect::Run {
            words: words.clone(),
            via: Vec::new(),
        },
        other => other.clone(),
    }
}

/// Returns what `less` tells that `more` does not.
fn lost(less: &[Effect], more: &[Effect]) -> Vec<Effect> {
    let more: Vec<Effect> = more.iter().map(bare).collect();
    let unclear = is_unclear(&more);
    less.iter()
        .map(bare)
        .filter(|effect| !more.contains(effect))
        .filter(|effect| !(unclear && matches!(effect, Effect::Unclear { .. })))
        .collect()
}

/// The lines of the corpus that stand on one line.
fn corpus() -> Vec<&'static str> {
    [
        include_str!("corpus/ordinary.txt"),
        include_str!("corpus/effects.txt"),
        include_str!("corpus/bypasses.txt"),
        include_str!("corpus/powers.txt"),
    ]
    .into_iter()
    .flat_map(|text| {
        let lines: Vec<&str> = text.lines().collect();
        lines
            .windows(2)
            .filter(|pair| !pair[1].starts_with("> "))
            .filter_map(|pair| pair[0].strip_prefix("$ "))
            .collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn a_wrapper_hides_nothing() {
    let wrappers: &[fn(&str) -> String] = &[
        |line| format!("sh -c {}", quote(&["x", line]).trim_start_matches("x ")),
        |line| {
            format!(
                "sudo sh -c {}",
                quote(&["x", line]).trim_start_matches("x ")
            )
        },
        |line| {
            format!(
                "timeout 5 nice sh -c {}",
                quote(&["x", line]).trim_start_matches("x ")
            )
        },
        |line| {
            format!(
                "env LANG=C sh -c {}",
                quote(&["x", line]).trim_start_matches("x ")
            )
        },
        |line| format!("( {line}\n)"),
        |line| format!("{{ {line}\n}}"),
        |line| format!("if true; then {line}\nfi"),
        |line| format!("true && {line}"),
        |line| format!("{line}\nls"),
        |line| format!("ls; {line}"),
        |line| format!("for i in a b; do {line}\ndone"),
        |line| format!("echo $({line}\n)"),
    ];
    for line in corpus() {
        let plain = effects(line, Dialect::Posix);
        for wrap in wrappers {
            let wrapped = wrap(line);
            let told = effects(&wrapped, Dialect::Posix);
            // Where the whole does not read, that is all that is told, and it asks.
            if told
                .iter()
                .all(|effect| matches!(effect, Effect::Unclear { .. } | Effect::Privilege { .. }))
            {
                assert!(
                    is_unclear(&told) || lost(&plain, &told).is_empty(),
                    "{wrapped}"
                );
                continue;
            }
            let lost = lost(&plain, &told);
            assert!(
                lost.is_empty() || is_unclear(&told),
                "{wrapped}\n{lost:?}\n{told:?}"
            );
        }
    }
}

#[test]
fn a_pipeline_is_as_strict_as_its_strictest_part() {
    // What is no single pipeline joins otherwise, and a comment would swallow what follows.
    let single = |line: &&str| !["#", "&", ";", "||"].iter().any(|sign| line.contains(sign));
    let lines: Vec<&str> = corpus().into_iter().filter(single).collect();
    for (place, line) in lines.iter().enumerate() {
        let other = lines[(place * 7 + 3) % lines.len()];
        let told = effects(&format!("{line} | {other}"), Dialect::Posix);
        for part in [*line, other] {
            let lost = lost(&effects(part, Dialect::Posix), &told);
            assert!(
                lost.is_empty() || is_unclear(&told),
                "{line} | {other}\n{lost:?}"
            );
        }
    }
}

#[test]
fn what_is_read_is_written_back_and_read_the_same() {
    for line in corpus() {
        for dialect in [Dialect::Posix, Dialect::Bash] {
            if let Ok(script) = parse(line, dialect) {
                let printed = print(&script);
                assert_eq!(
                    parse(&printed, dialect).as_ref(),
                    Ok(&script),
                    "{line} → {printed}"
                );
            }
        }
    }
}

#[test]
fn an_ordinary_line_is_told_in_well_under_a_millisecond() {
    let lines = corpus();
    let count = u32::try_from(lines.len()).unwrap();
    // The best of some rounds: in the others the machine did something else.
    let rounds = (0..5).map(|_| {
        let begin = std::time::Instant::now();
        for line in &lines {
            effects(line, Dialect::Posix);
        }
        begin.elapsed() / count
    });
    let each = rounds.min().unwrap();
    // Unoptimised; a line that takes long would show all the same.
    assert!(each < std::time::Duration::from_millis(5), "{each:?}");
}

/// Programs that say what they were called with, and real wrappers around them.
struct Stubs {
    folder: tempfile::TempDir,
}

impl Stubs {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let stub = bin.join("stub");
        // In one write, because two of them may run at once.
        let script = "#!/bin/sh\nprintf '%s\\0' \"${0##*/}\" \"$@\" '\u{1}' >> \"$STUB_LOG\"\n";
        std::fs::write(&stub, script).unwrap();
        std::fs::set_permissions(&stub, std::fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["p", "q", "r"] {
            symlink(&stub, bin.join(name)).unwrap();
        }
        for real in [
            "env", "nice", "timeout", "nohup", "sh", "bash", "dash", "setsid", "stdbuf",
        ] {
            for place in ["/usr/bin", "/bin"] {
                let path = Path::new(place).join(real);
                if path.exists() {
                    let _ = symlink(path, bin.join(real));
                }
            }
        }
        Self { folder }
    }

    /// Returns what a shell really runs for a line, and the files that are there afterwards.
    fn ran(&self, shell: &str, line: &str) -> (BTreeSet<Vec<String>>, BTreeSet<String>) {
        let root = self.folder.path();
        // A folder and a log of its own: what an earlier line left in the background goes on in its.
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        let cwd = root.join(format!("cwd{run}"));
        std::fs::create_dir(&cwd).unwrap();
        std::fs::create_dir(cwd.join("d")).unwrap();
        let log = root.join(format!("log{run}"));
        Command::new(shell)
            .args(["-c", line])
            .current_dir(&cwd)
            .env_clear()
            .env("PATH", root.join("bin"))
            .env("HOME", "/home/ana")
            .env("STUB_LOG", &log)
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()
            .unwrap();
        let said = String::from_utf8(std::fs::read(&log).unwrap_or_default()).unwrap();
        let calls = said
            .split("\u{1}\0")
            .filter(|call| !call.is_empty())
            .map(|call| {
                call.strip_suffix('\0')
                    .unwrap_or(call)
                    .split('\0')
                    .map(String::from)
                    .collect()
            })
            .collect();
        (calls, files(&cwd, &cwd))
    }
}

fn files(folder: &Path, root: &Path) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, root));
        } else {
            all.insert(
                path.strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    all
}

fn line() -> impl Strategy<Value = String> {
    let pieces = vec![
        "p",
        "q",
        "r",
        " ",
        " ",
        " ",
        " a",
        " b",
        " -x",
        " 'c d'",
        " \"e f\"",
        " g\\ h",
        " ''",
        "; ",
        " && ",
        " || ",
        " | ",
        " & ",
        "\n",
        " > f",
        " >> f",
        " 2>&1",
        " > 'g h'",
        "( ",
        " )",
        "{ ",
        "; }",
        "if ",
        "; then ",
        "; fi",
        "else ",
        "for i in a b; do ",
        "; done",
        "$(",
        ")",
        "`",
        "\"",
        "'",
        "\\",
        "\\\n",
        " #",
        "!",
        " ! ",
        "sh -c 'p a'",
        "bash -c \"q b\"",
        "env ",
        "nice ",
        "timeout 5 ",
        "nohup ",
        "command ",
        "exec ",
        "cd d",
        "cd d && ",
        " <<E\n",
        "\nE\n",
        " <<'E'\n",
        "E",
        "x=1",
        "f() ",
        "f",
        "=",
        "~",
        " ~",
        "$HOME",
        " \"$HOME\"",
        "{a,b}",
        " $'a'",
        " \"$(p)\"",
        "case a in a) ",
        ";; esac",
        "time ",
        "[ a ]",
        "#",
        "\t",
        "é",
        " é",
        "\"é\\\"\"",
        "2",
        "2>",
        "&>",
        ">|",
        "while ",
        "until ",
        " do",
        " done",
        "true",
        "exit",
        "eval ",
        "setsid ",
        "stdbuf -o0 ",
        "[[ a ]]",
        "<<<",
        "<(p)",
        " a=b",
        "-n 5 ",
        "-c ",
        "function ",
        "} ",
        "fi",
        "esac",
        "}",
        "then",
        " in ",
    ];
    // No loop may go on for ever: what repeats is left out by the test itself.
    proptest::collection::vec(proptest::sample::select(pieces), 1..14)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("ends", |line| {
            !line.contains("while")
                && !line.contains("until")
                && !line.contains("f()")
                && !line.contains("function")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn a_shell_runs_nothing_that_is_not_told(line in line()) {
        thread_local!(static STUBS: Stubs = Stubs::new());
        for (shell, dialect) in [("/bin/sh", Dialect::Posix), ("dash", Dialect::Posix), ("bash", Dialect::Posix), ("bash", Dialect::Bash)] {
            let told = effects(&line, dialect);
            if is_unclear(&told) {
                continue;
            }
            let mut calls: BTreeSet<Vec<String>> = BTreeSet::new();
            let mut written: BTreeSet<String> = BTreeSet::new();
            for effect in &told {
                match effect {
                    Effect::Run { words, .. } => {
                        calls.insert(words.clone());
                    }
                    Effect::Write { path, .. } => {
                        written.insert(path.trim_start_matches("/code/").to_owned());
                    }
                    _ => {}
                }
            }
            let (ran, files) = STUBS.with(|stubs| stubs.ran(shell, &line));
            prop_assert!(ran.is_subset(&calls), "{shell} {line:?}\nran {ran:?}\ntold {calls:?}");
            prop_assert!(files.is_subset(&written), "{shell} {line:?}\nmade {files:?}\ntold {written:?}");
        }
    }
}

proptest! {
    #[test]
    fn a_tree_survives_being_written(line in line()) {
        for dialect in [Dialect::Posix, Dialect::Bash] {
            if let Ok(script) = parse(&line, dialect) {
                let printed = print(&script);
                prop_assert_eq!(parse(&printed, dialect), Ok(script), "{:?} → {:?}", line, printed);
            }
        }
    }

    #[test]
    fn no_line_makes_it_panic(line in any::<String>()) {
        effects(&line, Dialect::Bash);
    }
}
