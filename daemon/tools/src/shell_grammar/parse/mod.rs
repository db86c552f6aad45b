//! Reads a command line strictly: what is not surely understood is no tree but a [`Doubt`].
//!
//! It reads what POSIX shells agree on, and for bash a little more. Where shells differ, or where a
//! line is built so that readers may differ, it says so instead of choosing.

mod commands;
mod compounds;
mod expansions;
mod here;
mod redirects;
mod words;

use super::plain::is_tricky;
use super::syntax::Script;

/// How deeply commands may stand in commands.
const DEPTH: usize = 24;

/// How many commands may stand in backquotes. What opens one and what closes one looks the same, and
/// with more of them the second reader tries so many readings that it does not end.
const BACKQUOTES: usize = 2;

/// Which shell reads the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Any POSIX shell: `sh`, `dash`, `ash`, or bash under one of these names.
    Posix,
    /// bash under its own name.
    Bash,
}

/// Why a line is not understood, as the end of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt(pub String);

pub(super) type Read<T> = Result<T, Doubt>;

/// A line that was understood.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) script: Script,
    /// Where each simple command's first word begins, in order.
    pub(super) starts: Vec<usize>,
}

pub(super) fn parse(text: &str, dialect: Dialect) -> Read<Parsed> {
    if let Some(char) = text.chars().find(|char| *char != '\n' && is_tricky(*char)) {
        return doubt(format!(
            "it holds the character U+{:04X}, which cannot be seen",
            u32::from(char)
        ));
    }
    let mut parser = Parser {
        text,
        at: 0,
        end: text.len(),
        dialect,
        depth: 0,
        inner: 0,
        backquotes: 0,
        here: None,
        starts: Vec::new(),
    };
    let script = parser.script(&[])?;
    if parser.at < parser.end {
        return doubt("it does not read as a command line");
    }
    parser.in_step()?;
    let mut starts = parser.starts;
    starts.sort_unstable();
    Ok(Parsed { script, starts })
}

pub(super) fn doubt<T>(why: impl Into<String>) -> Read<T> {
    Err(Doubt(why.into()))
}

/// A cursor in the text, and what it owes.
pub(super) struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// Where reading ends: a command in backquotes ends before the text does.
    end: usize,
    dialect: Dialect,
    depth: usize,
    /// How many substitutions stand around.
    inner: usize,
    /// How many commands stood in backquotes.
    backquotes: usize,
    /// The line break before the texts of here-documents that were read ahead, and their end.
    here: Option<(usize, usize)>,
    starts: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..self.end).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.at += char.len_utf8();
        Some(char)
    }

    fn before(&self) -> Option<char> {
        self.text
            .get(..self.at)
            .and_then(|text| text.chars().next_back())
    }

    fn looks_at(&self, what: &str) -> bool {
        self.rest().starts_with(what)
    }

    fn take(&mut self, what: &str) -> bool {
        let found = self.looks_at(what);
        if found {
            self.at += what.len();
        }
        found
    }

    /// Goes one level deeper for as long as `read` reads.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEPTH {
            return doubt("its parts stand too deep in each other");
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Refuses what only bash reads so.
    fn bash_only(&self, what: &str) -> Read<()> {
        match self.dialect {
            Dialect::Bash => Ok(()),
            Dialect::Posix => doubt(format!("not every shell reads `{what}` in the same way")),
        }
    }

    /// Skips blanks, line continuations and a comment; line breaks stay.
    fn blanks(&mut self) -> Read<()> {
        loop {
            match self.peek() {
                Some(' ' | '\t') => self.at += 1,
                Some('\\') if self.looks_at("\\\n") => self.at += 2,
                Some('#') if self.inner > 0 => {
                    return doubt("there is a comment in a command substitution");
                }
                Some('#') => {
                    let rest = self.rest();
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips blanks and line breaks, with the texts of here-documents after those.
    fn breaks(&mut self) -> Read<()> {
        loop {
            self.blanks()?;
            self.in_step()?;
            if !self.looks_at("\n") {
                return Ok(());
            }
            match self.here {
                Some((line, end)) if line == self.at => {
                    self.at = end;
                    self.here = None;
                }
                _ => self.at += 1,
            }
        }
    }
}
