//! The corpus: command lines with everything that is told of them.
//!
//! Each case is `$ line` (`> ` goes on; `$$ ` is a JSON string for what cannot be seen), then one
//! effect a line. Lines that begin with `auto` or `ask` are verdicts, and belong to the daemon's
//! tests. `UPDATE_CORPUS=1` writes what is told now; look at the difference.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use smartopol_protocol::tool::{Effect, Place};
use smartopol_tools::shell_grammar::{Dialect, Ground, Last, meaning, quote};

const HOME: &str = "/home/ana";
const WORKSPACE: &str = "/home/ana/code";

/// One command line with what is expected.
struct Case {
    written: String,
    line: String,
    expected: Vec<String>,
    verdicts: Vec<String>,
}

fn cases(text: &str) -> (Vec<Case>, Vec<String>) {
    let mut cases: Vec<Case> = Vec::new();
    let mut heads = vec![String::new()];
    for text in text.lines() {
        if let Some(line) = text.strip_prefix("$ ").or_else(|| text.strip_prefix("$$ ")) {
            let line = if text.starts_with("$$") {
                serde_json::from_str(line).unwrap()
            } else {
                line.to_owned()
            };
            cases.push(Case {
                written: text.to_owned(),
                line,
                expected: Vec::new(),
                verdicts: Vec::new(),
            });
            heads.push(String::new());
        } else if let (Some(case), Some(more)) = (cases.last_mut(), text.strip_prefix("> ")) {
            case.line.push('\n');
            case.line.push_str(more);
            case.written.push('\n');
            case.written.push_str(text);
        } else if let Some(effect) = text.strip_prefix("  ") {
            let case = cases.last_mut().unwrap();
            if effect.starts_with("auto ") || effect.starts_with("ask ") {
                case.verdicts.push(effect.to_owned());
            } else {
                case.expected.push(effect.to_owned());
            }
        } else {
            let head = heads.last_mut().unwrap();
            head.push_str(text);
            head.push('\n');
        }
    }
    (cases, heads)
}

fn located(path: &Path, _: Last) -> (PathBuf, Place) {
    let mut all = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => {
                all.pop();
            }
            Component::CurDir => {}
            other => all.push(other),
        }
    }
    let place = if all.starts_with(WORKSPACE) {
        Place::Workspace
    } else {
        Place::Outside
    };
    (all, place)
}

/// Returns what is told of a line, one effect a line.
fn told(line: &str, dialect: Dialect) -> Vec<String> {
    let ground = Ground {
        home: Some(HOME.into()),
        place: &located,
    };
    let meaning = meaning(line, dialect, Path::new(WORKSPACE), &ground);
    let mut told: Vec<String> = meaning.effects.iter().map(shown).collect();
    for path in meaning.runs {
        told.push(format!("pin {}", short(&path.to_string_lossy())));
    }
    told
}

fn short(path: &str) -> String {
    match path.strip_prefix(WORKSPACE) {
        Some("") => ".".into(),
        Some(rest) if rest.starts_with('/') => rest.trim_start_matches('/').into(),
        _ => path.into(),
    }
}

fn shown(effect: &Effect) -> String {
    match effect {
        Effect::Run { words, via } => {
            let mut text = format!("run {}", quote(words).replace('\n', "⏎"));
            for words in via {
                write!(text, "  via {}", quote(words).replace('\n', "⏎")).unwrap();
            }
            text
        }
        Effect::Unclear { why } => format!("unclear {}", why.replace('\n', "⏎")),
        Effect::Read { path, .. } => format!("read {}", short(path)),
        Effect::Write { path, .. } => format!("write {}", short(path)),
        Effect::Delete {
            path, recursive, ..
        } => {
            let all = if *recursive { " and all below" } else { "" };
            format!("delete {}{all}", short(path))
        }
        Effect::Network { host } => format!("network {}", host.as_deref().unwrap_or("?")),
        Effect::Process { what } => format!("process {what}"),
        Effect::Privilege { how } => format!("privilege {how}"),
    }
}

fn check(name: &str, dialect: Dialect) -> usize {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    let (cases, heads) = cases(&text);
    let mut wrong = Vec::new();
    let mut updated = heads[0].clone();
    for (case, head) in cases.iter().zip(&heads[1..]) {
        let told = told(&case.line, dialect);
        if told != case.expected {
            wrong.push(format!(
                "{}\n  told: {told:#?}\n  expected: {:#?}",
                case.line, case.expected
            ));
        }
        writeln!(updated, "{}", case.written).unwrap();
        for line in told.iter().chain(&case.verdicts) {
            writeln!(updated, "  {line}").unwrap();
        }
        updated.push_str(head);
    }
    if std::env::var_os("UPDATE_CORPUS").is_some() {
        std::fs::write(&path, updated).unwrap();
    } else {
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    cases.len()
}

#[test]
fn ordinary_lines_are_told_as_the_corpus_says() {
    assert!(check("ordinary.txt", Dialect::Posix) >= 150);
}

#[test]
fn effects_are_told_as_the_corpus_says() {
    assert!(check("effects.txt", Dialect::Posix) >= 140);
}

#[test]
fn no_known_way_around_is_told_as_harmless() {
    assert!(check("bypasses.txt", Dialect::Posix) >= 120);
}

#[test]
fn no_program_is_told_to_do_less_than_it_can() {
    assert!(check("powers.txt", Dialect::Posix) >= 500);
}

#[test]
fn what_only_bash_reads_is_told_as_the_corpus_says() {
    assert!(check("bash.txt", Dialect::Bash) >= 30);
}
