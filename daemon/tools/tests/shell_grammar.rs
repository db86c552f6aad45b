//! What is surely one plain command, checked against real shells.

use std::process::Command;

use proptest::prelude::*;
use smartopol_tools::shell_grammar::{plain_command, quote};

#[test]
fn plain_commands_are_read_as_a_shell_reads_them() {
    let cases: &[(&str, &[&str])] = &[
        ("ls", &["ls"]),
        ("  ls   -la\t/tmp ", &["ls", "-la", "/tmp"]),
        (
            "git commit -m 'a  b' --author=\"x y\"",
            &["git", "commit", "-m", "a  b", "--author=x y"],
        ),
        (
            r#"echo a\ b "\"q\" \\ \n" '\n' ''"#,
            &["echo", "a b", r#""q" \ \n"#, r"\n", ""],
        ),
        ("echo 'it'\\''s' \"don't!\"", &["echo", "it's", "don't!"]),
        (
            "git show HEAD~1 origin/main:src/a.rs",
            &["git", "show", "HEAD~1", "origin/main:src/a.rs"],
        ),
        (
            "cargo test -p x --features a,b +nightly 100%",
            &[
                "cargo",
                "test",
                "-p",
                "x",
                "--features",
                "a,b",
                "+nightly",
                "100%",
            ],
        ),
        (
            "echo größe '$HOME' '*' ';'",
            &["echo", "größe", "$HOME", "*", ";"],
        ),
        ("./run.sh @x a=b", &["./run.sh", "@x", "a=b"]),
    ];
    for (text, words) in cases {
        let words: Vec<String> = words.iter().map(|word| (*word).to_string()).collect();
        assert_eq!(plain_command(text), Some(words), "{text}");
    }
}

#[test]
fn whatever_is_more_or_in_doubt_is_none() {
    let texts = [
        "",
        "   ",
        "a; b",
        "a & b",
        "a && b",
        "a || b",
        "a | b",
        "a |& b",
        "a\nb",
        "a\rb",
        "! a",
        "a !b",
        "a > f",
        "a < f",
        "a 2>&1",
        "a >> f",
        "a <<< x",
        "a <<EOF",
        "a <(b)",
        "$(a)",
        "`a`",
        "a $(b)",
        "a \"$(b)\"",
        "a \"`b`\"",
        "a $HOME",
        "a \"$HOME\"",
        "a ${x}",
        "a $'x'",
        "a $\"x\"",
        "X=1 a",
        "X=1",
        "X+=1 a",
        "'X=1' a",
        "a *",
        "a ?.rs",
        "a [ab]",
        "[ a = b ]",
        "[[ a ]]",
        "a {b,c}",
        "{ a; }",
        "(a)",
        "a ~",
        "~/a",
        "a ~/b",
        "a --x=~/y",
        "a :~/b",
        "a # comment",
        "a#b",
        "a 'b",
        "a \"b",
        "a \\",
        "a \\\nb",
        "if a",
        "time a",
        "while a",
        "for x in y",
        "function f",
        "'' a",
        "\"\"",
        "a ^b",
        "=ls",
        "a =ls",
        "a\u{a0}b",
        "a \u{200b}b",
        "a 'b\u{202e}c'",
        "a \0b",
        "a \u{1b}[0m",
        "a 'x\ny'",
        "a \u{2028}b",
        "a \u{e0041}b",
        "a 'é\\' b'\\",
        "a é\\ b",
        "a \"é\\\"\"",
        "coproc a",
        "select x",
        "then",
        "a \u{85}b",
        "a \u{7f}",
        "a \u{3164}b",
    ];
    for text in texts {
        assert_eq!(plain_command(text), None, "{text:?}");
    }
}

/// Returns the words that a shell makes of `text`; `None` where it fails.
fn said_by(shell: &str, text: &str) -> Option<Vec<String>> {
    let output = Command::new(shell)
        .args(["-c", &format!("printf '%s\\0' {text}")])
        .current_dir("/")
        .env_remove("BASH_ENV")
        .output()
        .ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && output.stderr.is_empty()).then(|| {
        said.strip_suffix('\0')
            .map(|said| said.split('\0').map(String::from).collect())
    })?
}

fn shells() -> Vec<&'static str> {
    let known = ["sh", "bash", "dash", "zsh", "ksh"];
    known
        .into_iter()
        .filter(|shell| Command::new(shell).args(["-c", ":"]).status().is_ok())
        .collect()
}

fn line() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a", "b", "usr", "/", " ", "  ", "\t", "'", "\"", "\\", "$", "`", "*", "?", "[", "]", "~",
        "{", "}", ",", "=", ":", "@", "%", "+", "-", ".", "..", "#", "!", "^", "é", "密", ";", "&",
        "|", "<", ">", "(", ")", "\n", "HOME", "$HOME", "1", "\\\\", "\\'", "''", "\"\"", "a=",
        "~root", "\u{a0}",
    ];
    proptest::collection::vec(proptest::sample::select(pieces), 0..12)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_shell_agrees_on_the_words_of_a_plain_command(line in line()) {
        if let Some(words) = plain_command(&line) {
            for shell in shells() {
                let said = said_by(shell, &line);
                prop_assert_eq!(Some(&words), said.as_ref(), "{} {:?}", shell, line);
            }
        }
    }

    #[test]
    fn quoted_words_come_back_from_every_shell(words in proptest::collection::vec("[ -~éß\n\t]{0,8}", 1..5)) {
        for shell in shells() {
            let said = said_by(shell, &quote(&words));
            prop_assert_eq!(Some(&words), said.as_ref());
        }
    }
}

proptest! {
    #[test]
    fn a_plain_command_survives_quoting(line in line()) {
        if let Some(words) = plain_command(&line) {
            prop_assert_eq!(plain_command(&quote(&words)), Some(words));
        }
    }

    #[test]
    fn quoted_words_are_a_plain_command(first in "[a-z./_-]{1,8}x1", words in proptest::collection::vec("[ -~é]{0,8}", 0..5)) {
        let mut all = vec![first];
        all.extend(words);
        prop_assert_eq!(plain_command(&quote(&all)), Some(all));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = plain_command(&text);
    }
}
