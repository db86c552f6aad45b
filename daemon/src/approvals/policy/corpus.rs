//! The corpus of command lines, judged: the same lines whose effects the tools' tests know.
//!
//! Two verdicts stand with each line, both for a person in the workspace `/home/ana/code`:
//! - `auto`: in the mode `auto`, without any rule;
//! - `ask`: in the mode `ask`, where [`ALLOWED`] may run and [`DENIED`] may not.
//!
//! `UPDATE_CORPUS=1` writes what is judged now; look at the difference. What holds for all lines
//! stands in `laws`.

use crate::users::rights::Rights;
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use smartopol_protocol::tool::{Body, Inspection};
use smartopol_tools::shell_grammar::{Dialect, Ground, Last, meaning};

use super::super::trial;
use super::*;

/// What a person allowed.
const ALLOWED: &[&str] = &[
    "git status",
    "git log",
    "git diff",
    "git show",
    "ls",
    "cat",
    "head",
    "wc",
    "grep",
    "echo",
    "cargo build",
    "cargo test",
];

/// What a person forbade.
const DENIED: &[&str] = &["git push"];

const HOME: &str = "/home/ana";
const FOLDER: &str = "/home/ana/code";

/// The files of the corpus that any shell may read.
pub(super) const POSIX: &[&str] = &["ordinary.txt", "effects.txt", "bypasses.txt", "powers.txt"];

/// The rules that the verdicts in the mode `ask` are given under.
pub(super) fn rules() -> Vec<Rule> {
    let allow = ALLOWED
        .iter()
        .map(|words| trial::rule(Verdict::Allow, words));
    let deny = DENIED.iter().map(|words| trial::rule(Verdict::Deny, words));
    allow.chain(deny).collect()
}

fn path(name: &str) -> PathBuf {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/tests/corpus");
    corpus.join(name)
}

/// A line of the corpus, with the verdicts that stand with it.
pub(super) struct Case {
    pub(super) line: String,
    verdicts: Vec<String>,
}

/// Returns the lines of one file.
pub(super) fn cases(file: &str) -> Vec<Case> {
    parsed(&std::fs::read_to_string(path(file)).unwrap())
}

fn parsed(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for text in text.lines() {
        let line = match text.strip_prefix("$$ ") {
            Some(json) => Some(serde_json::from_str(json).unwrap()),
            None => text.strip_prefix("$ ").map(String::from),
        };
        if let Some(line) = line {
            cases.push(Case {
                line,
                verdicts: Vec::new(),
            });
        } else if let Some(case) = cases.last_mut() {
            if let Some(more) = text.strip_prefix("> ") {
                case.line.push('\n');
                case.line.push_str(more);
            } else if is_verdict(text) {
                case.verdicts.push(text.trim().to_owned());
            }
        }
    }
    cases
}

fn is_verdict(text: &str) -> bool {
    text.starts_with("  auto ") || text.starts_with("  ask ")
}

/// Returns what a line would do in [`FOLDER`], where that lies in the workspace or not.
fn inspected(line: &str, dialect: Dialect, workspace: &str) -> Inspection {
    let located = |path: &Path, _: Last| {
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
        let inside = all.starts_with(workspace);
        let place = if inside {
            Place::Workspace
        } else {
            Place::Outside
        };
        (all, place)
    };
    let ground = Ground {
        home: Some(HOME.into()),
        place: &located,
    };
    Inspection {
        title: line.into(),
        cwd: FOLDER.into(),
        effects: meaning(line, dialect, Path::new(FOLDER), &ground).effects,
        pins: Vec::new(),
        removal: None,
        body: Body::Command {
            text: line.into(),
            timeout_seconds: 120,
        },
    }
}

fn verdict(mode: Mode, rules: &[Rule], inspection: &Inspection) -> Verdict {
    let floor = floor::Floor::new(HOME, vec!["/home/ana/.local/share/smartopol".into()]);
    Policy {
        mode,
        workspace: Some(FOLDER),
        session_id: None,
        rules,
        floor: &floor,
        rights: Rights::default(),
    }
    .judge(Call {
        tool: "exec",
        inspection,
        role: "admin",
    })
    .verdict
}

/// Returns the verdicts in the modes `auto` and `ask`.
pub(super) fn both(line: &str, dialect: Dialect, rules: &[Rule]) -> [Verdict; 2] {
    let inspection = inspected(line, dialect, FOLDER);
    [
        verdict(Mode::Auto, &[], &inspection),
        verdict(Mode::Ask, rules, &inspection),
    ]
}

#[test]
fn every_line_of_the_corpus_gets_its_verdict() {
    let posix = POSIX.iter().map(|file| (*file, Dialect::Posix));
    let rules = rules();
    let mut count = 0;
    let mut wrong = Vec::new();
    for (file, dialect) in posix.chain([("bash.txt", Dialect::Bash)]) {
        let text = std::fs::read_to_string(path(file)).unwrap();
        let cases = parsed(&text);
        count += cases.len();
        let verdicts: Vec<Vec<String>> = cases
            .iter()
            .map(|case| {
                let [auto, ask] = both(&case.line, dialect, &rules).map(name);
                vec![format!("auto {auto}"), format!("ask {ask}")]
            })
            .collect();
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            std::fs::write(path(file), updated(&text, &verdicts)).unwrap();
            continue;
        }
        for (case, verdicts) in cases.iter().zip(verdicts) {
            if case.verdicts != verdicts {
                wrong.push(format!(
                    "{file}: {:?} is {verdicts:?}, not {:?}",
                    case.line, case.verdicts
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 1400, "{count}");
}

/// Returns the text with these verdicts at the end of each case.
fn updated(text: &str, verdicts: &[Vec<String>]) -> String {
    let mut all = String::new();
    let mut verdicts = verdicts.iter();
    let mut owed: Option<&Vec<String>> = None;
    for line in text.lines().filter(|line| !is_verdict(line)) {
        let belongs = line.starts_with("  ") || line.starts_with("> ");
        if !belongs && let Some(verdicts) = owed.take() {
            for verdict in verdicts {
                writeln!(all, "  {verdict}").unwrap();
            }
        }
        writeln!(all, "{line}").unwrap();
        if line.starts_with("$ ") || line.starts_with("$$ ") {
            owed = verdicts.next();
        }
    }
    for verdict in owed.into_iter().flatten() {
        writeln!(all, "  {verdict}").unwrap();
    }
    all
}

#[test]
fn no_known_way_around_is_allowed() {
    let rules = rules();
    let mut cases = cases("bypasses.txt");
    cases.extend(self::cases("powers.txt"));
    let allowed: Vec<&str> = cases
        .iter()
        .filter(|case| {
            let here = inspected(&case.line, Dialect::Posix, FOLDER);
            // In the mode `auto` what stays in the workspace is free, so it must not stay there.
            let away = inspected(&case.line, Dialect::Posix, "/home/ana/another");
            verdict(Mode::Ask, &rules, &here) == Verdict::Allow
                || verdict(Mode::Auto, &[], &away) == Verdict::Allow
        })
        .map(|case| case.line.as_str())
        .collect();
    assert_eq!(allowed, Vec::<&str>::new());
    assert!(cases.len() >= 900, "{}", cases.len());
}
