//! What stands in the line that is being typed into a terminal, as far as it is known.
//!
//! Owns that alone; a line is judged as a whole, however it was typed. Pure.

/// The longest line that is followed, in bytes.
const LONGEST: usize = 64 * 1024;

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
        if let Some(key @ ("\x03" | "\x15")) = text.get(..) {
            // It throws the line away.
            let _ = key;
            *self = Self::default();
            return;
        }
        *self = match text.rfind(['\r', '\n']) {
            // What is typed ahead into a program is read by whoever reads next.
            Some(end) => Self::default().rest(text.get(end + 1..).unwrap_or_default()),
            None => std::mem::take(self).rest(text),
        };
    }

    fn rest(self, text: &str) -> Self {
        match self.with(text) {
            Some(line) if line.len() <= LONGEST => Self::Known(line),
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_as_long_as_it_is_plain_and_begins_anew_after_enter() {
        let mut line = Line::default();
        line.typed("rm -rf ");
        assert_eq!(line.with("/\r").as_deref(), Some("rm -rf /\n"));
        line.typed("x\rls");
        assert_eq!(line, Line::Known("ls".into()));
        line.typed("\t");
        assert_eq!((line.clone(), line.with("\r")), (Line::Unknown, None));
        line.typed("\r");
        assert_eq!(line, Line::default());
        line.typed("half\x1b[A");
        assert_eq!(line, Line::Unknown);
        line.typed("\x03");
        assert_eq!(line, Line::default());
    }
}
