//! What is surely one plain command, checked against real shells.

use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use smartopol_tools::shell_grammar::{is_whole, plain_command, quote, typed};

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

#[test]
fn what_a_shell_may_replace_in_a_line_that_is_typed_is_doubted() {
    let doubted = [
        "ls !!:s/#//",
        "echo a!-1",
        "ls x!!",
        "echo \"a!!\"",
        "echo \"a!\"",
        "echo a # !!",
        "ls !$",
        "ls !#",
        "ls !(a)",
        "!?x?",
        "^a^b",
        "  ^a^b",
        "echo \\!x",
        "echo \\'!!\\'",
        "echo \"it's\" '' \"'!!'\"",
        "echo \\\" '!!'",
        "echo \"$(echo '!!')\"",
        "echo $'a\\' !!'",
        "echo '!!",
        "echo 'a\n!!'",
        "ls\nls",
        "less a\r# touch x",
        "ls \u{bc}",
        "echo größe",
    ];
    for line in doubted {
        assert!(typed(line).is_some(), "{line:?}");
    }
    assert!(typed(&"a".repeat(1001)).is_some());
    let safe = [
        "ls",
        "ls\r",
        "! grep -q a b",
        "[ a != b ]",
        "echo wow!",
        "echo 'a!!b' \"it's\" 'x!y'",
        "git log --grep '!important' \"$HOME\"",
        "sed 's/^a/b/' x^y",
        "echo ! a",
    ];
    for line in safe {
        assert_eq!(typed(line), None, "{line:?}");
    }
}

#[test]
fn a_line_after_which_the_shell_reads_on_is_not_whole() {
    for line in [
        "echo \"a",
        "echo 'a",
        "ls \\",
        "ls |",
        "ls &&",
        "if true",
        "{ ls",
        "(ls",
        "cat <<E",
        "echo `ls",
        "echo $(ls",
        "for x in a; do",
        "echo $'\\''",
        "echo ${x",
    ] {
        assert!(!is_whole(line), "{line:?}");
    }
    for line in [
        "",
        "ls -l | head",
        "[[ -f a ]] && ls",
        "for x in a; do ls; done",
        "ls; # b",
    ] {
        assert!(is_whole(line), "{line:?}");
    }
}

/// An interactive bash is asked: what it does not read as it was typed must be doubted.
#[test]
fn what_is_not_doubted_is_read_by_bash_as_it_was_typed() {
    let pieces = [
        "a", "!", "!!", "!$", "'", "\"", "\\", " ", "#", "^", "$", "(", ")", "=", "`", "s/a/b/",
    ];
    let mut state = 7_u64;
    let mut next = |most: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % most
    };
    let mut lines = Vec::new();
    while lines.len() < 400 {
        let length = next(9) + 1;
        let line: String = (0..length).map(|_| pieces[next(pieces.len())]).collect();
        let line = format!("echo {line}");
        if line.contains('!') && typed(&line).is_none() {
            lines.push(line);
        }
    }
    // `history -p` says what becomes of its arguments without running them, and drops an entry.
    let script = "set -o history
        while IFS= read -r line; do history -s 'echo before'; history -p \"$line\" || echo failed; done";
    let bash = Command::new("bash")
        .args(["--norc", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut bash) = bash else { return };
    let mut input = bash.stdin.take().unwrap();
    input
        .write_all(format!("{}\n", lines.join("\n")).as_bytes())
        .unwrap();
    drop(input);
    let said = String::from_utf8(bash.wait_with_output().unwrap().stdout).unwrap();
    for (said, line) in said.lines().zip(&lines) {
        assert_eq!(said, line);
    }
    assert_eq!(said.lines().count(), lines.len());
}
