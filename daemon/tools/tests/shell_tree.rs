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
