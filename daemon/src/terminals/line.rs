//! What stands in the line that is being typed into a terminal, as far as it is known.
//!
//! Owns that alone; a line is judged as a whole, however it was typed. Pure.

use smartopol_tools::shell_grammar::is_whole;

/// The key that ends whatever is being typed.
pub(crate) const INTERRUPT: &str = "\x03";

/// The longest line that is followed, in bytes.
const LONGEST: usize = 16 * 1024;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Line {
    /// This is in it.
    Known(String),
    /// Somebody typed something whose effect only the program knows.
    Unknown,
}

impl Default for Line {
    fn default() -> Self {
        Self::Known(String::new())
    }
}

impl Line {
    /// Returns true where nothing stands in it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Known(line) if line.is_empty())
    }

    /// Returns the line as it would be with this; `None` where that cannot be told.
    pub(crate) fn with(&self, text: &str) -> Option<String> {
        let Self::Known(before) = self else {
            return None;
        };
        // What stands in place of bytes that are no text says nothing about them.
        let plain = |c: char| {
            (!c.is_control() && c != char::REPLACEMENT_CHARACTER) || matches!(c, '\r' | '\n')
        };
        (text.chars().all(plain)).then(|| format!("{before}{text}").replace('\r', "\n"))
    }

    /// Takes note of what was typed.
    pub(crate) fn typed(&mut self, text: &str) {
        match text {
            // It throws everything away, with the lines before that the shell still reads on from.
            INTERRUPT => *self = Self::default(),
            // It throws away what stands before the cursor, which is known to be at the end only
            // where all else is known.
            "\x15" if matches!(self, Self::Known(_)) => *self = Self::default(),
            _ => *self = self.after(text),
        }
    }

    /// Returns what stands in the line after this. Where a line that ended may not have been whole,
    /// or was not known, the shell may read on: what it would then read is not known either.
    fn after(&self, text: &str) -> Self {
        // Letters that are not ASCII may be keys to the shell.
        let whole = self.with(text).filter(|whole| whole.is_ascii());
        let Some(whole) = whole else {
            return Self::Unknown;
        };
        let (ended, rest) = match whole.rsplit_once('\n') {
            Some((ended, rest)) => (ended, rest),
            None => ("", whole.as_str()),
        };
        if whole.len() > LONGEST || !is_whole(ended) {
            return Self::Unknown;
        }
        Self::Known(rest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(keys: &[&str]) -> Line {
        let mut line = Line::default();
        for keys in keys {
            line.typed(keys);
        }
        line
    }

    #[test]
    fn a_line_is_known_as_long_as_it_is_plain_and_begins_anew_after_enter() {
        let line = after(&["rm -rf "]);
        assert_eq!(line.with("/\r").as_deref(), Some("rm -rf /\n"));
        assert_eq!(after(&["rm -rf ", "x\rls"]), Line::Known("ls".into()));
        assert_eq!(after(&["ls", "\x15"]), Line::default());
        assert_eq!(after(&["ls", "\x03"]), Line::default());
        let unknown = after(&["ls", "\t"]);
        assert_eq!((unknown.clone(), unknown.with("\r")), (Line::Unknown, None));
    }

    #[test]
    fn a_line_that_is_not_known_stays_so_until_all_is_thrown_away() {
        let edits = [
            "\x1b[A",
            "\x1b[H",
            "\x1b.",
            "\x1bd",
            "\x01",
            "\x02",
            "\x04",
            "\x0b",
            "\x0c",
            "\x0f",
            "\x12",
            "\x14",
            "\x16",
            "\x17",
            "\x18\x05",
            "\x19",
            "\x1f",
            "\t",
            "\x7f",
            "\x1b[200~ls\x1b[201~",
            "\0",
            "\u{9b}A",
            "\u{bc}",
            "\u{fffd}",
        ];
        for edit in edits {
            assert_eq!(after(&[edit]), Line::Unknown, "{edit:?}");
            assert_eq!(after(&[edit, "\x15"]), Line::Unknown, "{edit:?}");
            assert_eq!(after(&[edit, "\x15", "ls"]), Line::Unknown, "{edit:?}");
            assert_eq!(after(&[edit, "\r"]), Line::Unknown, "{edit:?}");
            assert_eq!(after(&[edit, "\x15", "\x03"]), Line::default(), "{edit:?}");
        }
    }

    #[test]
    fn what_the_shell_reads_on_from_makes_the_next_line_unknown() {
        for line in ["echo \"\r", "cat <<E\r", "ls \\\r", "if true\r", "ls &&\r"] {
            assert_eq!(after(&[line]), Line::Unknown, "{line:?}");
            assert_eq!(after(&[line, "ls\r"]), Line::Unknown, "{line:?}");
            assert_eq!(after(&[line, "\x03"]), Line::default(), "{line:?}");
        }
    }
}
