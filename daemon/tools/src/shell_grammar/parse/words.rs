//! Words: quotes resolved, everything that the shell replaces kept as a piece of its own.

use super::super::syntax::{Piece, Word};
use super::{Parser, Read, doubt};

/// The pieces of a word in the making.
#[derive(Default)]
pub(super) struct Pieces {
    pieces: Vec<Piece>,
}

impl Pieces {
    pub(super) fn text(&mut self, char: char) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            text.push(char);
        } else {
            self.pieces.push(Piece::Text(char.into()));
        }
    }

    fn pattern(&mut self, char: char) {
        if let Some(Piece::Pattern(text)) = self.pieces.last_mut() {
            text.push(char);
        } else {
            self.pieces.push(Piece::Pattern(char.into()));
        }
    }

    pub(super) fn push(&mut self, piece: Piece) {
        self.pieces.push(piece);
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn ends_with_variable(&self) -> bool {
        matches!(self.pieces.last(), Some(Piece::Variable { .. }))
    }

    pub(super) fn word(mut self) -> Word {
        // Alone it is a name: the one of `test`. Anywhere else quotes may hide what closes it.
        if self.pieces == [Piece::Pattern("[".into())] {
            self.pieces = vec![Piece::Text("[".into())];
        }
        Word {
            pieces: self.pieces,
        }
    }
}

impl Parser<'_> {
    /// Reads one word; the cursor stands on its first character.
    pub(super) fn word(&mut self) -> Read<Word> {
        let begin = self.at;
        let mut pieces = Pieces::default();
        loop {
            let before = self.before().filter(|_| self.at > begin);
            let Some(char) = self.peek() else { break };
            if matches!(char, ' ' | '\t' | '\n' | ';' | '&' | '|' | ')') {
                break;
            }
            if matches!(char, '<' | '>') {
                if self.looks_at("<(") || self.looks_at(">(") {
                    self.process(&mut pieces)?;
                    continue;
                }
                break;
            }
            if char == '(' {
                if self.plain_so_far(begin) {
                    break; // A function, or an error: whoever reads commands decides.
                }
                return doubt("a `(` stands in a word");
            }
            self.at += char.len_utf8();
            match char {
                '\'' => self.single(&mut pieces)?,
                '"' => self.double(&mut pieces)?,
                '\\' => match self.next() {
                    // In some locales the last byte of the character before would swallow it.
                    _ if before.is_some_and(|char| !char.is_ascii()) => {
                        return doubt("a backslash follows a letter that is not ASCII");
                    }
                    Some('\n') => return doubt("a word goes on in the next line"),
                    Some(next) => pieces.text(next),
                    None => return doubt("a backslash stands at its end"),
                },
                '$' => self.dollar(&mut pieces, false)?,
                '`' => self.backquoted(&mut pieces, false)?,
                '~' if pieces.is_empty() && before.is_none() => self.home(&mut pieces)?,
                '~' if before.is_some_and(|char| matches!(char, ':' | '=')) => {
                    pieces.push(Piece::Home("~".into()));
                }
                '*' | '?' | '[' => pieces.pattern(char),
                '{' if self.is_brace() => {
                    pieces.pattern('{');
                    self.brace(&mut pieces)?;
                }
                other => pieces.text(other),
            }
        }
        if self.at == begin {
            return doubt("it does not read as a command line");
        }
        Ok(pieces.word())
    }

    /// Returns true where all since `begin` is a bare name.
    fn plain_so_far(&self, begin: usize) -> bool {
        let written = self.text.get(begin..self.at).unwrap_or_default();
        !written.is_empty() && !written.contains(['\'', '"', '\\', '$', '`', '*', '?', '['])
    }

    /// Returns true where what follows a `{` makes several words.
    fn is_brace(&self) -> bool {
        let rest = self.rest();
        let end = rest
            .find([' ', '\t', '\n', ';', '&', '|', '<', '>'])
            .unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        word.contains('}') && (word.contains(',') || word.contains(".."))
            || word.contains([',', '\'', '"', '\\', '$', '`']) && rest.contains('}')
    }

    fn brace(&mut self, pieces: &mut Pieces) -> Read<()> {
        loop {
            match self.next() {
                Some('}') => {
                    pieces.pattern('}');
                    return Ok(());
                }
                Some(char) if char.is_alphanumeric() || "_./:=,@%+-*?~".contains(char) => {
                    pieces.pattern(char);
                }
                _ => return doubt("braces hold more than plain text"),
            }
        }
    }

    fn home(&mut self, pieces: &mut Pieces) -> Read<()> {
        let rest = self.rest();
        let end = rest
            .find(|char: char| !char.is_ascii_alphanumeric() && !"_-+.".contains(char))
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let after = rest.get(end..).and_then(|after| after.chars().next());
        let slash = match after {
            Some('/') => "/",
            None | Some(' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>') => "",
            Some(_) => return doubt("not every shell reads what follows a `~` in the same way"),
        };
        pieces.push(Piece::Home(format!("~{name}{slash}")));
        self.at += end + slash.len();
        Ok(())
    }

    fn single(&mut self, pieces: &mut Pieces) -> Read<()> {
        loop {
            match self.next() {
                Some('\'') => return Ok(()),
                Some(char) => pieces.text(char),
                None => return doubt("a quote is not closed"),
            }
        }
    }

    fn double(&mut self, pieces: &mut Pieces) -> Read<()> {
        let begin = self.at;
        loop {
            let before = self.before().filter(|_| self.at > begin);
            match self.next() {
                Some('"') => return Ok(()),
                Some('$') => self.dollar(pieces, true)?,
                Some('`') => self.backquoted(pieces, true)?,
                Some('\\') => {
                    if before.is_some_and(|char| !char.is_ascii()) {
                        return doubt("a backslash follows a letter that is not ASCII");
                    }
                    match self.next() {
                        Some('\n') if pieces.ends_with_variable() => {
                            return doubt("a variable goes on in the next line");
                        }
                        Some('\n') => {}
                        Some(next @ ('"' | '\\' | '$' | '`')) => pieces.text(next),
                        Some(next) => {
                            pieces.text('\\');
                            pieces.text(next);
                        }
                        None => return doubt("a quote is not closed"),
                    }
                }
                Some(char) => pieces.text(char),
                None => return doubt("a quote is not closed"),
            }
        }
    }

    /// Reads `$'…'` of bash.
    pub(super) fn ansi(&mut self, pieces: &mut Pieces) -> Read<()> {
        self.bash_only("$'…'")?;
        loop {
            let char = match self.next() {
                Some('\'') => return Ok(()),
                Some('\\') => self.escape()?,
                Some(char) => char,
                None => return doubt("a quote is not closed"),
            };
            if char != '\n' && super::is_tricky(char) {
                return doubt("`$'…'` makes a character that cannot be seen");
            }
            pieces.text(char);
        }
    }

    fn escape(&mut self) -> Read<char> {
        let number = |parser: &mut Self, radix: u32, most: usize| {
            let rest = parser.rest();
            let length = rest
                .chars()
                .take(most)
                .take_while(|char| char.is_digit(radix))
                .count();
            let digits = rest.get(..length).unwrap_or_default();
            parser.at += length;
            u32::from_str_radix(digits, radix)
                .ok()
                .filter(|code| *code < 128)
        };
        let code = match self.peek() {
            Some('n') => Some(10),
            Some('t') => Some(9),
            Some(char @ ('\\' | '\'' | '"' | '?')) => Some(u32::from(char)),
            Some('x') => {
                self.at += 1;
                return Self::ascii(number(self, 16, 2));
            }
            Some('u') => {
                self.at += 1;
                return Self::ascii(number(self, 16, 4));
            }
            Some('0'..='7') => return Self::ascii(number(self, 8, 3)),
            _ => None,
        };
        self.at += 1;
        Self::ascii(code)
    }

    fn ascii(code: Option<u32>) -> Read<char> {
        match code.and_then(char::from_u32) {
            Some(char) if char != '\0' => Ok(char),
            _ => doubt("`$'…'` makes a character that not every bash makes"),
        }
    }

    fn process(&mut self, pieces: &mut Pieces) -> Read<()> {
        self.bash_only("<(…)")?;
        let takes = self.looks_at(">(");
        self.at += 2;
        let script = self.substituted()?;
        pieces.push(Piece::Process { script, takes });
        Ok(())
    }
}
