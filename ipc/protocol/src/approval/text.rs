//! A pattern as text: written as lists of rules show it, and read back as it was.
//!
//! ``exec `git (log|status) …` in /home/ana/** run in /home/ana asked by a person of the role user``.
//! A word that would not read back as it is stands in double quotes, as in JSON.

use std::fmt;
use std::str::FromStr;

use super::{OneOf, Pattern};

/// Why a text is no pattern: what stands wrong, and what is meant to stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPattern(String);

impl fmt::Display for NoPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoPattern {}

/// A word as it stands in a text.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"`()|\"…".contains(c);
        // Three dots are how `…` is typed.
        if !matches!(self.0, "" | "...") && self.0.chars().all(plain) {
            return f.write_str(self.0);
        }
        let quoted = serde_json::to_string(self.0).map_err(|_| fmt::Error)?;
        f.write_str(&quoted)
    }
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

impl Token {
    fn shown(token: Option<&Self>) -> String {
        match token {
            None => "the end".to_owned(),
            Some(Self::Word(word) | Self::Quoted(word)) => format!("`{word}`"),
            Some(Self::Sign(sign)) => format!("{sign}"),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, NoPattern> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            match values.next() {
                Some(Ok(word)) => tokens.push(Token::Quoted(word)),
                _ => return Err(NoPattern("a quote is opened and never closed".into())),
            }
            rest = rest.get(values.byte_offset()..).unwrap_or_default();
        } else if "`()|…".contains(first) {
            tokens.push(Token::Sign(first));
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        } else {
            let ends = |c: char| c.is_whitespace() || "`()|\"…".contains(c);
            let end = rest.find(ends).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(match word {
                "..." => Token::Sign('…'),
                word => Token::Word(word.to_owned()),
            });
            rest = after;
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// Reads tokens one after the other.
struct Reading {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reading {
    fn takes(&mut self, token: &Token) -> bool {
        self.tokens.next_if_eq(token).is_some()
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn value(&mut self, what: &str) -> Result<String, NoPattern> {
        match self.tokens.next() {
            Some(Token::Word(word) | Token::Quoted(word)) => Ok(word),
            other => Err(NoPattern(format!(
                "{} stands where {what} belongs",
                Token::shown(other.as_ref())
            ))),
        }
    }

    fn command(&mut self) -> Result<Vec<OneOf>, NoPattern> {
        let mut command = Vec::new();
        loop {
            if self.takes(&Token::Sign('…')) && self.takes(&Token::Sign('`')) {
                break;
            }
            if self.takes(&Token::Sign('`')) {
                break;
            }
            if self.takes(&Token::Sign('(')) {
                command.push(OneOf::Any(self.alternatives()?));
                continue;
            }
            match self.tokens.peek() {
                None => return Err(NoPattern("the command ends without its `".into())),
                Some(_) => command.push(OneOf::Word(self.value("a word of the command")?)),
            }
        }
        if command.is_empty() {
            return Err(NoPattern(
                "the command has no words: leave it out to match every command".into(),
            ));
        }
        Ok(command)
    }

    fn alternatives(&mut self) -> Result<Vec<String>, NoPattern> {
        let mut words = vec![self.value("an alternative")?];
        loop {
            match self.tokens.next() {
                Some(Token::Sign('|')) => words.push(self.value("an alternative")?),
                Some(Token::Sign(')')) => return Ok(words),
                other => {
                    return Err(NoPattern(format!(
                        "{} stands where | or ) belongs",
                        Token::shown(other.as_ref())
                    )));
                }
            }
        }
    }

    /// Takes a part that may stand once.
    fn once(&mut self, part: &mut Option<String>, name: &str) -> Result<(), NoPattern> {
        let value = self.value(name)?;
        if part.is_some() {
            return Err(NoPattern(format!("{name} stands twice")));
        }
        *part = Some(value);
        Ok(())
    }
}

impl FromStr for Pattern {
    type Err = NoPattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reading = Reading {
            tokens: tokens(text)?.into_iter().peekable(),
        };
        let mut pattern = Self::default();
        if reading.takes_word("every") {
            if !reading.takes_word("tool") {
                pattern.tool = Some("every".to_owned());
            }
        } else {
            pattern.tool = Some(reading.value("the name of a tool, or `every tool`,")?);
        }
        if reading.takes(&Token::Sign('`')) {
            pattern.command = reading.command()?;
        }
        while reading.tokens.peek().is_some() {
            if reading.takes_word("in") {
                reading.once(&mut pattern.path, "a glob of paths after `in`")?;
            } else if reading.takes_word("run") {
                if !reading.takes_word("in") {
                    return Err(NoPattern("`run` is followed by `in` and a folder".into()));
                }
                reading.once(&mut pattern.cwd, "a glob of folders after `run in`")?;
            } else if reading.takes_word("asked") {
                let words = ["by", "a", "person", "of", "the", "role"];
                if !words.into_iter().all(|word| reading.takes_word(word)) {
                    return Err(NoPattern(
                        "`asked` is followed by `by a person of the role` and the role".into(),
                    ));
                }
                reading.once(&mut pattern.role, "a role")?;
            } else {
                let next = reading.tokens.peek();
                return Err(NoPattern(format!(
                    "{} stands where `in`, `run in` or `asked by` belongs",
                    Token::shown(next)
                )));
            }
        }
        Ok(pattern)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = String> {
        prop_oneof![
            "[a-z./*-]{1,8}",
            ".{0,6}",
            Just("...".to_owned()),
            Just("in".to_owned())
        ]
    }

    fn one_of() -> impl Strategy<Value = OneOf> {
        prop_oneof![
            word().prop_map(OneOf::Word),
            prop::collection::vec(word(), 1..4).prop_map(OneOf::Any)
        ]
    }

    proptest! {
        #[test]
        fn a_pattern_reads_back_as_it_was_written(
            tool in prop::option::of(word()),
            command in prop::collection::vec(one_of(), 0..4),
            path in prop::option::of(word()),
            cwd in prop::option::of(word()),
            role in prop::option::of(word()),
        ) {
            let pattern = Pattern { tool, command, path, cwd, role };
            let text = pattern.to_string();
            prop_assert_eq!(text.parse::<Pattern>(), Ok(pattern), "{}", text);
        }

        #[test]
        fn no_text_breaks_the_reading(text in ".{0,60}") {
            let _ = text.parse::<Pattern>();
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let said = |text: &str| text.parse::<Pattern>().unwrap_err().to_string();
        assert_eq!(said("exec `git"), "the command ends without its `");
        assert_eq!(
            said("exec `git (log|` "),
            "` stands where an alternative belongs"
        );
        assert_eq!(
            said("exec git"),
            "`git` stands where `in`, `run in` or `asked by` belongs"
        );
        assert_eq!(
            said(""),
            "the end stands where the name of a tool, or `every tool`, belongs"
        );
        assert_eq!(
            said("exec `…`"),
            "the command has no words: leave it out to match every command"
        );
        assert_eq!(
            said("exec in /a in /b"),
            "a glob of paths after `in` stands twice"
        );
    }
}
