//! Command lines as trees: what is read, what is refused, and that a tree can be written and read
//! again.

use smartopol_tools::shell_grammar::{Dialect, parse, print};

#[test]
fn lines_are_read_and_written_back() {
    let lines = include_str!("corpus/trees.txt");
    let mut bad = Vec::new();
    for line in lines.split("\n%%\n") {
        let line = line.trim_end_matches('\n');
        match parse(line, Dialect::Bash) {
            Err(why) => bad.push(format!("{line:?}: {}", why.0)),
            Ok(script) => {
                let printed = print(&script);
                match parse(&printed, Dialect::Bash) {
                    Ok(again) if again == script => {}
                    other => bad.push(format!("{line:?} → {printed:?}: {other:?}\n{script:?}")),
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

#[test]
fn a_line_on_which_the_second_reader_would_not_end_is_not_given_to_it() {
    let line = format!("x`y|b|z`I`>6{}||n`x|c|b`I`", "|a|b".repeat(40));
    for dialect in [Dialect::Posix, Dialect::Bash] {
        let why = parse(&line, dialect).unwrap_err();
        assert_eq!(why.0, "it holds more backquotes than are surely read");
    }
    let line = format!("echo `a{}`", "|a".repeat(40));
    assert!(parse(&line, Dialect::Posix).is_ok());
}
