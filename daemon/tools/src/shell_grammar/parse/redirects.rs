//! Redirects.

use super::super::syntax::{Redirect, To, Word};
use super::{Dialect, Parser, Read, doubt};

impl Parser<'_> {
    /// Reads a redirect where one stands.
    pub(super) fn redirect(&mut self) -> Read<Option<Redirect>> {
        let rest = self.rest();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let sign = rest.get(digits..).unwrap_or_default();
        if sign.starts_with("<(") || sign.starts_with(">(") {
            if digits > 0 {
                return doubt("a number stands before a process substitution");
            }
            return Ok(None); // A word.
        }
        if digits == 0 && sign.starts_with("&>") {
            self.bash_only("&>")?;
            let append = self.take("&>>");
            if !append {
                self.take("&>");
            }
            let word = self.target()?;
            let to = if append {
                To::AppendAll(word)
            } else {
                To::All(word)
            };
            return Ok(Some(Redirect { number: None, to }));
        }
        if !sign.starts_with(['<', '>']) {
            return Ok(None);
        }
        let number = match rest.get(..digits) {
            None | Some("") => None,
            Some(text) => {
                if digits > 1 || text.len() > 1 {
                    self.bash_only("a number of more than one digit before a redirect")?;
                }
                match text.parse() {
                    Ok(number) if digits <= 3 && (digits == 1 || !text.starts_with('0')) => {
                        Some(number)
                    }
                    _ => return doubt("the number before a redirect is no number of a file"),
                }
            }
        };
        self.at += digits;
        let to = self.to(number)?;
        Ok(Some(Redirect { number, to }))
    }

    fn to(&mut self, number: Option<u32>) -> Read<To> {
        if self.take("<<<") {
            self.bash_only("<<<")?;
            return Ok(To::Text(self.target()?));
        }
        if self.take("<<") {
            return self.here();
        }
        if self.take("<&") {
            return self.copied("<&").map(To::CopyIn);
        }
        if self.take(">&") {
            self.blanks()?;
            let starts = self.peek();
            if starts.is_some_and(|char| char.is_ascii_digit() || char == '-') {
                return self.copied(">&").map(To::CopyOut);
            }
            if number.is_some() || self.dialect == Dialect::Posix {
                return doubt("not every shell reads `>&` before a name in the same way");
            }
            return match self.target()? {
                word if word.literal().is_some() => Ok(To::All(word)),
                _ => doubt("what follows `>&` is no plain name"),
            };
        }
        let of = [
            ("<>", To::Both as fn(Word) -> To),
            (">>", To::Append),
            (">|", To::Overwrite),
            ("<", To::Read),
            (">", To::Write),
        ];
        for (sign, to) in of {
            if self.take(sign) {
                return Ok(to(self.target()?));
            }
        }
        doubt("it does not read as a command line")
    }

    fn target(&mut self) -> Read<Word> {
        self.blanks()?;
        match self.peek() {
            None | Some('\n' | ';' | '&' | '|' | ')' | '(') => doubt("a redirect leads nowhere"),
            Some('<' | '>') if !self.looks_at("<(") && !self.looks_at(">(") => {
                doubt("a redirect leads nowhere")
            }
            Some(_) => self.word(),
        }
    }

    fn copied(&mut self, sign: &str) -> Read<String> {
        self.blanks()?;
        let begin = self.at;
        let word = self.word()?;
        let text = word.literal().unwrap_or_default();
        let bare = self.text.get(begin..self.at) == Some(text.as_str());
        let number = text.len() == 1 && text.starts_with(|char: char| char.is_ascii_digit());
        if bare && (number || text == "-") {
            return Ok(text);
        }
        doubt(format!("what follows `{sign}` is no single digit"))
    }

    fn here(&mut self) -> Read<To> {
        let strip = self.take("-");
        self.blanks()?;
        if self.inner > 0 {
            return doubt("a here-document stands in a command substitution");
        }
        let begin = self.at;
        let word = match self.peek() {
            None | Some('\n' | ';' | '&' | '|' | ')' | '(' | '<' | '>') => {
                return doubt("a here-document has no word that ends it");
            }
            Some(_) => self.word()?,
        };
        let written = self.text.get(begin..self.at).unwrap_or_default();
        let Some(end) = word.literal() else {
            return doubt("the word that ends a here-document is not plain");
        };
        let quoted = written.contains(['\'', '"', '\\']);
        let plain = |char: char| char.is_alphanumeric() || "_-.+ !:".contains(char);
        if end.is_empty() || !end.chars().all(plain) {
            return doubt("the word that ends a here-document is not plain");
        }
        let text = self.here_text(&end, strip, quoted)?;
        Ok(To::Here {
            end,
            strip,
            quoted,
            text,
        })
    }
}
