//! What holds for the verdicts on all command lines of the corpus, however they are put together.

use proptest::prelude::*;
use smartopol_tools::shell_grammar::{Dialect, quote};

use super::corpus::{POSIX, both, cases, rules};
use super::*;

/// What can stand around a line so that the line is still run. (Not `bash -c`: to that shell alone
/// some lines are clear; not `ssh`: what is destroyed elsewhere is not ours.)
const WRAPPERS: &[fn(&str) -> String] = &[
    |line| format!("sh -c {}", word(line)),
    |line| format!("sudo sh -c {}", word(line)),
    |line| format!("timeout 5 nice sh -c {}", word(line)),
    |line| format!("env LANG=C sh -c {}", word(line)),
    |line| format!("nohup setsid -w sh -c {} &", word(line)),
    |line| format!("eval {}", word(line)),
    |line| format!("find . -exec sh -c {} \\;", word(line)),
    |line| format!("xargs -0 sh -c {}", word(line)),
    |line| format!("( {line}\n)"),
    |line| format!("{{ {line}\n}}"),
    |line| format!("if true; then {line}\nfi"),
    |line| format!("while true; do {line}\ndone"),
    |line| format!("for i in a b; do {line}\ndone"),
    |line| format!("case x in *) {line}\n;; esac"),
    |line| format!("echo $({line}\n)"),
    |line| format!("X=$({line}\n)"),
    |line| format!("true && {line}"),
    |line| format!("! {{ {line}\n}}"),
    |line| format!("ls; {line}"),
    |line| format!("{line}\nls"),
];

/// Quotes a line to be one word.
fn word(line: &str) -> String {
    quote(&["x", line]).trim_start_matches("x ").to_owned()
}

/// The lines of the corpus that stand on one line.
fn lines() -> Vec<String> {
    POSIX
        .iter()
        .flat_map(|file| cases(file))
        .map(|case| case.line)
        .filter(|line| !line.contains('\n'))
        .collect()
}

fn judged(line: &str) -> [Verdict; 2] {
    both(line, Dialect::Posix, &rules())
}

fn is_weaker(one: [Verdict; 2], other: [Verdict; 2]) -> bool {
    one.iter().zip(other).any(|(one, other)| *one < other)
}

/// Lines that no pipe takes apart and no comment swallows.
fn single() -> Vec<String> {
    let joined = ["#", "&", ";", "||", "!"];
    let mut lines = lines();
    lines.retain(|line| !joined.iter().any(|sign| line.contains(sign)));
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(600)))]

    #[test]
    fn a_wrapper_never_weakens_a_verdict(
        line in proptest::sample::select(lines()),
        wrappers in proptest::collection::vec(proptest::sample::select(WRAPPERS), 1..4),
    ) {
        let wrapped = wrappers.iter().fold(line.clone(), |line, wrap| wrap(&line));
        let (plain, whole) = (judged(&line), judged(&wrapped));
        prop_assert!(!is_weaker(whole, plain), "{wrapped:?}: {whole:?}, but {line:?}: {plain:?}");
    }

    #[test]
    fn a_pipeline_is_as_strict_as_its_strictest_part(
        parts in proptest::collection::vec(proptest::sample::select(single()), 2..5),
    ) {
        let whole = judged(&parts.join(" | "));
        for part in &parts {
            let alone = judged(part);
            prop_assert!(!is_weaker(whole, alone), "{parts:?}: {whole:?}, but {part:?}: {alone:?}");
        }
    }
}
#[test]
fn what_only_looks_at_a_file_covers_no_redirection_into_it() {
    let [_, alone] = judged("echo x > a.txt");
    assert_eq!(alone, Verdict::Ask);
    for line in [
        "echo x > a.txt | wc -l *",
        "echo x > a.txt | echo $HOME",
        "cat a.txt > a.txt",
        "git show a.txt > a.txt",
    ] {
        assert_eq!(judged(line)[1], Verdict::Ask, "{line}");
    }
}
