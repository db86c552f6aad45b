//! What begins with `$` or a backquote.

use super::super::syntax::{Piece, Script};
use super::words::Pieces;
use super::{Parser, Read, doubt};

impl Parser<'_> {
    /// Reads what follows a `$`, which is taken already.
    pub(super) fn dollar(&mut self, pieces: &mut Pieces, quoted: bool) -> Read<()> {
        let begin = self.at - 1;
        let mut runs = Vec::new();
        match self.peek() {
            Some('(') if self.looks_at("((") => self.arithmetic()?,
            Some('(') => {
                self.at += 1;
                let script = self.substituted()?;
                pieces.push(Piece::Output { script, quoted });
                return Ok(());
            }
            Some('{') => self.parameter(&mut runs)?,
            Some('\'') if !quoted => {
                self.at += 1;
                return self.ansi(pieces);
            }
            Some('"') if !quoted => return doubt("`$\"…\"` is translated by some shells"),
            Some('[') => return doubt("`$[…]` is arithmetic to some shells"),
            Some('\\') if self.looks_at("\\\n") => {
                return doubt("a variable goes on in the next line");
            }
            Some(char) if char.is_ascii_alphabetic() || char == '_' => {
                let rest = self.rest();
                self.at += rest
                    .find(|char: char| !char.is_ascii_alphanumeric() && char != '_')
                    .unwrap_or(rest.len());
                if self.looks_at("\\\n") {
                    return doubt("a variable goes on in the next line");
                }
                if self.looks_at("[") {
                    return doubt("not every shell reads `$name[` in the same way");
                }
            }
            Some(char) if char.is_ascii_digit() || "?#$!@*-".contains(char) => self.at += 1,
            _ => {
                pieces.text('$');
                return Ok(());
            }
        }
        let text = self.text.get(begin..self.at).unwrap_or_default().to_owned();
        pieces.push(Piece::Variable { text, quoted, runs });
        Ok(())
    }

    /// Reads the commands of a substitution, with the `)` after them.
    pub(super) fn substituted(&mut self) -> Read<Script> {
        self.inner += 1;
        let script = self.deeper(|parser| parser.script(&[]));
        self.inner -= 1;
        let script = script?;
        if !self.take(")") {
            return doubt("a command substitution is not closed");
        }
        Ok(script)
    }

    /// Reads a command in backquotes; the first one is taken already.
    pub(super) fn backquoted(&mut self, pieces: &mut Pieces, quoted: bool) -> Read<()> {
        self.backquotes += 1;
        if self.backquotes > super::BACKQUOTES {
            return doubt("it holds more backquotes than are surely read");
        }
        let rest = self.rest();
        let Some(length) = rest.find('`') else {
            return doubt("a backquote is not closed");
        };
        let inside = rest.get(..length).unwrap_or_default();
        if inside.contains('\\') || (quoted && inside.contains('"')) {
            return doubt("backquotes hold quotes that shells read differently");
        }
        let end = std::mem::replace(&mut self.end, self.at + length);
        self.inner += 1;
        let script = self.deeper(|parser| parser.script(&[]));
        self.inner -= 1;
        let whole = self.at == self.end;
        self.end = end;
        let script = script?;
        if !whole {
            return doubt("backquotes hold what does not read as a command");
        }
        self.at += 1;
        pieces.push(Piece::Output { script, quoted });
        Ok(())
    }

    /// Reads `((…))` where it computes with numbers only.
    fn arithmetic(&mut self) -> Read<()> {
        let Some(length) = self.rest().find("))") else {
            return doubt("arithmetic is not closed");
        };
        let inside = self.rest().get(2..length).unwrap_or_default();
        if inside.contains(|char: char| !char.is_ascii_digit() && !" +-*/%()".contains(char)) {
            return doubt("arithmetic with variables can run code");
        }
        let depth = inside.chars().try_fold(0_u32, |depth, char| match char {
            '(' => Some(depth + 1),
            ')' => depth.checked_sub(1),
            _ => Some(depth),
        });
        if depth != Some(0) {
            return doubt("arithmetic is not closed");
        }
        self.at += length + 2;
        Ok(())
    }

    /// Reads `{name…}`.
    fn parameter(&mut self, runs: &mut Vec<Script>) -> Read<()> {
        self.at += 1;
        let counts = self.looks_at("#") && !self.looks_at("#}");
        if counts {
            self.at += 1;
        }
        let rest = self.rest();
        let length = match rest.chars().next() {
            Some(char) if char.is_ascii_alphabetic() || char == '_' => rest
                .find(|char: char| !char.is_ascii_alphanumeric() && char != '_')
                .unwrap_or(rest.len()),
            Some(char) if char.is_ascii_digit() => {
                rest.bytes().take_while(u8::is_ascii_digit).count()
            }
            Some(char) if "?#$!@*-".contains(char) => 1,
            _ => 0,
        };
        if length == 0 {
            return doubt("`${…}` holds no plain name");
        }
        let name = rest.get(..length).unwrap_or_default();
        self.at += length;
        if self.take("}") {
            return Ok(());
        }
        if counts || !name.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_') {
            return doubt("`${…}` does more than shells agree on");
        }
        let signs = [":-", ":+", ":?", "-", "+", "?", "##", "#", "%%", "%"];
        if !signs.iter().any(|sign| self.take(sign)) {
            return doubt(format!("`${{{name}…}}` does more than shells agree on"));
        }
        loop {
            match self.next() {
                Some('}') => return Ok(()),
                Some('$') => {
                    let mut inner = Pieces::default();
                    self.deeper(|parser| parser.dollar(&mut inner, true))?;
                    for piece in inner.word().pieces {
                        match piece {
                            Piece::Output { script, .. } => runs.push(script),
                            Piece::Variable { runs: more, .. } => runs.extend(more),
                            _ => {}
                        }
                    }
                }
                Some(char) if char.is_alphanumeric() || " _./:=,@%+-*?".contains(char) => {}
                _ => return doubt(format!("`${{{name}…}}` holds more than plain text")),
            }
        }
    }
}
