//! What single programs do: one table, one file for each kind of program.
//!
//! A program that is not listed may do anything that the workspace allows; only paths out of it
//! and addresses are told.

mod archives;
mod builders;
mod code;
mod files;
mod find;
mod git;
mod lookers;
mod network;
mod packages;
mod processes;
mod text;
mod transfers;

use super::argument::Arg;
use super::flow::State;
use super::{Teller, builtins, wrappers};

/// A program with its arguments.
pub(super) struct Call<'a> {
    /// Its name, without the folder of the system's programs.
    pub(super) name: &'a str,
    /// Its arguments.
    pub(super) args: &'a [Arg],
    /// Itself and its arguments.
    pub(super) all: &'a [Arg],
    /// What runs it.
    pub(super) via: &'a [Vec<String>],
    /// Where it runs.
    pub(super) state: &'a State,
    /// The text that it is given, where the line holds it.
    pub(super) input: &'a [Arg],
}

type Does = fn(&mut Teller<'_>, &Call<'_>);

/// All tables, the first that has a name wins.
const TABLES: &[&[(&str, Does)]] = &[
    files::TABLE,
    find::TABLE,
    text::TABLE,
    git::TABLE,
    archives::TABLE,
    network::TABLE,
    transfers::TABLE,
    processes::TABLE,
    packages::TABLE,
    code::TABLE,
    builders::TABLE,
];

/// Tells what a program does.
pub(super) fn tell(teller: &mut Teller<'_>, call: &Call<'_>) {
    if call.args.iter().all(|arg| arg.unknown.is_none())
        && call.args.len() == 1
        && call
            .args
            .iter()
            .any(|arg| matches!(arg.text.as_str(), "--version" | "--help"))
    {
        return;
    }
    if lookers::tell(teller, call) {
        return;
    }
    let before = teller.doubts();
    match does(call.name) {
        Some(does) => does(teller, call),
        None => match code::interpreter(call.name) {
            Some(reads) => code::interpret(teller, call, reads),
            None => teller.stranger(call),
        },
    }
    // Whatever the program makes of it: an argument that may be anything is never left untold.
    if teller.doubts() == before {
        teller.doubtful(call.args);
    }
}

/// Returns true where a name means something here, so that nothing else may take it.
pub(super) fn is_known(name: &str) -> bool {
    builtins::is_builtin(name)
        || wrappers::is_wrapper(name)
        || lookers::is_looker(name)
        || does(name).is_some()
        || code::interpreter(name).is_some()
}

fn does(name: &str) -> Option<Does> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|(own, _)| *own == name)
        .map(|(_, does)| *does)
}
