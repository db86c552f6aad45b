//! Reads command lines: what they run, and what that does.
//!
//! Pure: nothing is run, no file is looked at. What is not surely understood is said to be unclear,
//! never guessed: whoever decides on it then asks a person.

mod meaning;
mod parse;
mod plain;
mod print;
mod second;
mod syntax;
mod typed;

pub use meaning::{
    Ground, Last, Meaning, Standing, meaning, meaning_of_variables, meaning_of_words, standing,
};
pub use parse::{Dialect, Doubt};
pub use plain::{plain_command, quote};
pub use print::{print, print_word};
pub use syntax::{
    Assignment, Body, Command, Item, Join, Piece, Pipeline, Redirect, Script, Simple, To, Word,
};
pub use typed::{is_whole, typed};

/// Reads a command line.
///
/// # Errors
/// Whatever is not surely read as the shell reads it: errors, what shells read differently, what
/// cannot be seen, what a second reader reads differently, what reads differently when written anew.
pub fn parse(text: &str, dialect: Dialect) -> Result<Script, Doubt> {
    let script = agreed(text, dialect)?;
    // Whoever writes it another way must not get another line.
    if agreed(&print(&script), dialect).as_ref() == Ok(&script) {
        Ok(script)
    } else {
        Err(Doubt("it can be read in more than one way".into()))
    }
}

/// Returns the tree that both readers find.
fn agreed(text: &str, dialect: Dialect) -> Result<Script, Doubt> {
    let parsed = parse::parse(text, dialect)?;
    match second::starts(text) {
        Some(starts) if starts == parsed.starts => Ok(parsed.script),
        _ => Err(Doubt("it can be read in more than one way".into())),
    }
}
