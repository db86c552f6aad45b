//! The texts of here-documents, which stand after the line that asks for them.

use super::super::syntax::{Piece, Word};
use super::{Parser, Read, doubt};

impl Parser<'_> {
    /// Reads ahead the text that the next line begins, or that follows the one read before.
    pub(super) fn here_text(&mut self, end: &str, strip: bool, quoted: bool) -> Read<Word> {
        let (line, begin) = match self.here {
            Some(read) => read,
            None => match self.rest().find('\n') {
                Some(at) => (self.at + at, self.at + at + 1),
                None => return doubt("the text of a here-document is missing"),
            },
        };
        let mut text = String::new();
        let mut at = begin;
        loop {
            let rest = self.text.get(at..self.end).unwrap_or_default();
            if rest.is_empty() {
                return doubt(format!(
                    "the line `{end}` that ends a here-document is missing"
                ));
            }
            let length = rest.find('\n').unwrap_or(rest.len());
            let written = rest.get(..length).unwrap_or_default();
            at = (at + length + 1).min(self.end);
            let content = if strip {
                written.trim_start_matches('\t')
            } else {
                written
            };
            if content == end {
                break;
            }
            if content.trim() == end {
                return doubt("a line almost ends a here-document, but for its blanks");
            }
            if !quoted && content.ends_with('\\') {
                return doubt("a line of a here-document goes on in the next");
            }
            text.push_str(content);
            text.push('\n');
        }
        self.here = None; // Inside the text nothing waits.
        let word = self.here_word(begin, text, quoted, strip)?;
        self.here = Some((line, at));
        Ok(word)
    }

    fn here_word(&mut self, begin: usize, text: String, quoted: bool, strip: bool) -> Read<Word> {
        if quoted || !text.contains(['$', '`', '\\']) {
            let pieces = if text.is_empty() {
                Vec::new()
            } else {
                vec![Piece::Text(text)]
            };
            return Ok(Word { pieces });
        }
        if strip {
            return doubt("a here-document loses its tabs and replaces variables");
        }
        let (back, back_end) = (self.at, self.end);
        self.at = begin;
        self.end = begin + text.len();
        let word = self.deeper(Self::replaced);
        (self.at, self.end) = (back, back_end);
        word
    }

    /// Reads the text of a here-document in which variables and commands are replaced.
    fn replaced(&mut self) -> Read<Word> {
        let mut pieces = super::words::Pieces::default();
        while let Some(char) = self.next() {
            match char {
                '$' => self.dollar(&mut pieces, true)?,
                '`' => self.backquoted(&mut pieces, true)?,
                '\\' => match self.peek() {
                    Some(next @ ('$' | '`' | '\\')) => {
                        self.at += 1;
                        pieces.text(next);
                    }
                    _ => pieces.text('\\'),
                },
                other => pieces.text(other),
            }
        }
        Ok(pieces.word())
    }

    /// Refuses a line that went on where the text of a here-document stands.
    pub(super) fn in_step(&self) -> Read<()> {
        match self.here {
            Some((line, _)) if self.at > line => {
                doubt("a here-document begins in the middle of something else")
            }
            _ => Ok(()),
        }
    }
}
