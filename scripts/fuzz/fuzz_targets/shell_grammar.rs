//! No line makes the shell grammar panic, hang or overflow, and what it reads it can write and
//! read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use smartopol_tools::shell_grammar::{Dialect, parse, print};

fuzz_target!(|line: &str| {
    for dialect in [Dialect::Posix, Dialect::Bash] {
        if let Ok(script) = parse(line, dialect) {
            let printed = print(&script);
            assert_eq!(parse(&printed, dialect).as_ref(), Ok(&script), "{printed}");
        }
    }
});
