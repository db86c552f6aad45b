//! Where commands print: standard output, as wide and as colourful as it is.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

use crate::sanitize;

/// How a text is meant. Every meaning can be read without colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// Less important.
    Quiet,
    /// Well.
    Good,
    /// Not well.
    Bad,
    /// Waits for a person.
    Waits,
}

/// Standard output.
pub(super) struct Out<W: Write = io::Stdout> {
    stdout: BufWriter<W>,
    colour: bool,
    width: Option<usize>,
}

impl Out {
    pub(super) fn new() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self {
            colour: terminal && may_colour(),
            width: terminal
                .then(|| crossterm::terminal::size().ok())
                .flatten()
                .map(|(width, _)| usize::from(width))
                .filter(|width| *width >= 20),
            stdout: BufWriter::new(stdout),
        }
    }
}

impl<W: Write> Out<W> {
    /// Returns how many columns there are; `None` where lines may be of any length.
    pub(super) const fn width(&self) -> Option<usize> {
        self.width
    }

    /// Prints a line, fit for a terminal.
    pub(super) fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.stdout, "{}", sanitize::line(&text.to_string()))
    }

    /// Prints a text of one or more lines, fit for a terminal.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(
            self.stdout,
            "{}",
            sanitize::text(text).trim_end_matches('\n')
        )
    }

    /// Prints something as one line of JSON. What acts on a terminal or on the eye is written by
    /// its number, which means the same.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string(value)?;
        let mut line = String::with_capacity(json.len() + 1);
        for c in json.chars() {
            // Outside of texts JSON has none of them, and those below a space it escapes itself.
            if sanitize::is_told_by_number(c) {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    line.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                line.push(c);
            }
        }
        line.push('\n');
        self.stdout.write_all(line.as_bytes())
    }

    /// Prints text that is fit for a terminal already, as it is.
    pub(super) fn raw(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())
    }

    /// Returns `text`, which is fit already, in its tone.
    pub(super) fn tone(&self, tone: Tone, text: &str) -> String {
        toned(self.colour, tone, text)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stdout.flush()
    }
}

#[cfg(test)]
impl Out<Vec<u8>> {
    /// Prints to memory, without colour and width.
    pub(super) fn to_memory() -> Self {
        Self {
            stdout: BufWriter::new(Vec::new()),
            colour: false,
            width: None,
        }
    }

    /// Returns what was printed.
    pub(super) fn printed(&self) -> String {
        let flushed = String::from_utf8_lossy(self.stdout.get_ref());
        flushed.into_owned() + &String::from_utf8_lossy(self.stdout.buffer())
    }
}

/// Returns true where nobody asked for no colour.
pub(super) fn may_colour() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

pub(super) fn toned(colour: bool, tone: Tone, text: &str) -> String {
    let code = match tone {
        _ if !colour => return text.to_owned(),
        Tone::Plain => return text.to_owned(),
        Tone::Quiet => "2",
        Tone::Good => "32",
        Tone::Bad => "31",
        Tone::Waits => "33",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// Returns `text` as one line of at most `most` characters, for places that want a glance.
pub(super) fn glance(text: &str, most: usize) -> String {
    let line = sanitize::line(text.trim());
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_acts_on_no_terminal() {
        let told = "a\u{9b}31m \u{7f}\u{85}\u{1b}[2J \u{202e}b \u{2028}\u{2029}\u{2066}\u{200f}\u{feff}\u{e0041} ä日\"\\";
        let mut out = Out::to_memory();
        out.json(&[told]).unwrap();
        let printed = out.printed();
        let line = printed.strip_suffix('\n').unwrap();
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(
            line.contains("\\u009b31m") && line.contains("\\u202e"),
            "{line}"
        );
        assert!(line.contains("ä日"), "{line}");
        let back: Vec<String> = serde_json::from_str(line).unwrap();
        assert_eq!(back, [told]);
    }
}
