//! No line makes the shell grammar panic, hang or overflow, what it reads it can write and read
//! again, and what it tells of a line it tells of what it has written too.
#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::fuzz_target;
use smartopol_protocol::tool::Place;
use smartopol_tools::shell_grammar::{Dialect, Ground, Last, meaning, parse, print};

fuzz_target!(|line: &str| {
    let place = |path: &Path, _: Last| -> (PathBuf, Place) {
        let inside = path.starts_with("/code");
        let place = if inside { Place::Workspace } else { Place::Outside };
        (path.to_path_buf(), place)
    };
    let ground = Ground {
        home: Some("/home/ana".into()),
        place: &place,
    };
    for dialect in [Dialect::Posix, Dialect::Bash] {
        let told = meaning(line, dialect, Path::new("/code"), &ground);
        if let Ok(script) = parse(line, dialect) {
            let printed = print(&script);
            assert_eq!(parse(&printed, dialect).as_ref(), Ok(&script), "{printed}");
            let again = meaning(&printed, dialect, Path::new("/code"), &ground);
            assert_eq!(told, again, "{printed}");
        }
    }
});
