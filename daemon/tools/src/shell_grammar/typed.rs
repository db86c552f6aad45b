//! What a shell may make of a line that is typed into it, before it reads it as a command line.
//!
//! Owns that alone: a shell with a person before it puts in commands of before, takes bytes for
//! keys, and lets what it starts read the rest. Strict: a line that is surely safe is told, what
//! might not be is doubted. Pure.

use super::parse::{Dialect, Doubt};

/// The longest line that every terminal hands over whole, in bytes.
const LONGEST: usize = 1000;

/// Returns why a line may become another one where it is typed into a shell; `None` where the shell
/// surely reads just this.
pub fn typed(text: &str) -> Option<Doubt> {
    let line = text.trim_end_matches(['\r', '\n']);
    let doubt = |why: &str| Some(Doubt(why.into()));
    if line.len() > LONGEST {
        return doubt("it is longer than what every terminal hands over as one line");
    }
    if !line.is_ascii() {
        return doubt("it holds letters that are not ASCII, which a shell may take for keys");
    }
    if line.contains(['\r', '\n']) {
        return doubt("it is several lines, and what one of them starts may read those after it");
    }
    if recalls(line) {
        return doubt("where one types, shells put commands of before in the place of `!` and `^`");
    }
    None
}

/// Returns true where the shell surely has read all of a line, and waits for another one after it.
pub fn is_whole(line: &str) -> bool {
    let reads = |dialect| super::parse(line, dialect).is_ok();
    // Shells do not agree on where `$'…'` ends.
    !line.ends_with('\\') && (reads(Dialect::Posix) || !line.contains("$'") && reads(Dialect::Bash))
}

/// Returns true where a line may hold what stands for a command of before.
///
/// This is looked for before anything else is read, and quotes are followed in a simpler way than
/// in commands: what stands in single quotes is safe only where both ways surely agree.
fn recalls(line: &str) -> bool {
    if line.trim_start().starts_with('^') {
        return true;
    }
    let mut quote = None;
    let mut agreed = true;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, quote) {
            ('!', Some('\'')) if agreed => {}
            ('!', _) if !matches!(chars.peek(), None | Some(' ' | '\t' | '=')) => return true,
            ('\'' | '"', None) => quote = Some(char),
            ('\'' | '"', Some(open)) if open == char => quote = None,
            ('\\' | '`' | '$', Some('\'')) => {}
            ('\\' | '`', _) => agreed = false,
            ('$', _) if matches!(chars.peek(), Some('\'' | '"' | '(')) => agreed = false,
            _ => {}
        }
    }
    // A quote that is still open says nothing about what stands in it.
    quote == Some('\'') && line.contains('!')
}
