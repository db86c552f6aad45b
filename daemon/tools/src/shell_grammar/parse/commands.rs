//! Lists, pipelines and simple commands.

use super::super::plain::RESERVED;
use super::super::syntax::{
    Assignment, Body, Command, Item, Join, Pipeline, Redirect, Script, Simple, To, Word,
};
use super::{Parser, Read, doubt};

impl Parser<'_> {
    /// Reads commands up to one of the words `ends`, or up to `)`, `;;` or the end.
    pub(super) fn script(&mut self, ends: &[&str]) -> Read<Script> {
        let mut items = Vec::new();
        loop {
            self.breaks()?;
            if self.at_end(ends) {
                return Ok(Script { items });
            }
            items.push(self.item()?);
            self.blanks()?;
            let separated = match self.peek() {
                Some(';') if !self.looks_at(";;") && !self.looks_at(";&") => self.take(";"),
                Some('&') => {
                    if let Some(item) = items.last_mut() {
                        item.background = true;
                    }
                    self.take("&")
                }
                Some('\n') => true,
                _ => false,
            };
            if !separated {
                self.blanks()?;
                if !self.at_end(ends) {
                    return doubt("it does not read as a command line");
                }
                return Ok(Script { items });
            }
        }
    }

    fn at_end(&self, ends: &[&str]) -> bool {
        match self.peek() {
            None | Some(')') => true,
            Some(';') => self.looks_at(";;"),
            _ => self.reserved().is_some_and(|word| ends.contains(&word)),
        }
    }

    fn item(&mut self) -> Read<Item> {
        let first = self.pipeline()?;
        let mut rest = Vec::new();
        loop {
            self.blanks()?;
            let join = if self.take("&&") {
                Join::And
            } else if self.take("||") {
                Join::Or
            } else {
                return Ok(Item {
                    first,
                    rest,
                    background: false,
                });
            };
            self.breaks()?;
            rest.push((join, self.pipeline()?));
        }
    }

    fn pipeline(&mut self) -> Read<Pipeline> {
        let negated = self.reserved() == Some("!");
        if negated {
            self.at += 1;
            if self.peek() == Some('(') {
                return doubt("`!(` is a pattern to some shells");
            }
            self.blanks()?;
            if self.reserved() == Some("!") {
                return doubt("not every shell reads `! !` in the same way");
            }
        }
        let mut commands = vec![self.command()?];
        loop {
            self.blanks()?;
            if self.looks_at("||") || !self.take("|") {
                return Ok(Pipeline { negated, commands });
            }
            if self.take("&") {
                self.bash_only("|&")?;
                let both = Redirect {
                    number: Some(2),
                    to: To::CopyOut("1".into()),
                };
                if let Some(command) = commands.last_mut() {
                    command.redirects.push(both);
                }
            }
            self.breaks()?;
            commands.push(self.command()?);
        }
    }

    fn command(&mut self) -> Read<Command> {
        self.blanks()?;
        match self.peek() {
            Some('(') => return self.deeper(Self::subshell),
            Some(_) => {}
            None => return doubt("a command is missing at its end"),
        }
        if let Some(word) = self.reserved() {
            return self.deeper(|parser| parser.compound(word));
        }
        let start = self.at;
        let mut simple = Simple::default();
        let mut redirects = Vec::new();
        loop {
            self.blanks()?;
            if let Some(redirect) = self.redirect()? {
                redirects.push(redirect);
                continue;
            }
            let Some(char) = self.peek() else { break };
            if matches!(char, '\n' | ';' | '&' | '|' | ')') {
                break;
            }
            if char == '(' {
                return self.function(&simple, &redirects, start);
            }
            if simple.words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                simple.assignments.push(assignment);
                continue;
            }
            if simple.words.is_empty()
                && let Some(word) = self.reserved()
            {
                return doubt(format!(
                    "the word `{word}` stands where no shell is sure of it"
                ));
            }
            let begin = self.at;
            let word = self.word()?;
            if simple.words.is_empty() {
                self.starts.push(begin);
                check_first(&word)?;
            }
            let written = self.text.get(begin..self.at).unwrap_or_default();
            if written.starts_with('{') && written.ends_with('}') && self.looks_at_redirect() {
                return doubt("not every shell reads `{name}>` in the same way");
            }
            simple.words.push(word);
        }
        if simple == Simple::default() && redirects.is_empty() {
            return doubt("a command is missing between two separators");
        }
        Ok(Command {
            body: Body::Simple(simple),
            redirects,
        })
    }

    fn looks_at_redirect(&self) -> bool {
        matches!(self.peek(), Some('<' | '>'))
    }

    /// Returns the word that a shell takes as its own here, where one stands bare.
    pub(super) fn reserved(&self) -> Option<&'static str> {
        let rest = self.rest();
        let end = rest
            .find([' ', '\t', '\n', ';', '&', '|', '<', '>', '(', ')'])
            .unwrap_or(rest.len());
        let word = rest.get(..end)?;
        RESERVED
            .iter()
            .find(|own| **own == word && **own != "time")
            .copied()
    }

    fn assignment(&mut self) -> Read<Option<Assignment>> {
        let rest = self.rest();
        let name_end = rest
            .find(|char: char| !char.is_ascii_alphanumeric() && char != '_')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        if name.is_empty() || name.starts_with(|char: char| char.is_ascii_digit()) {
            return Ok(None);
        }
        let append = after.starts_with("+=");
        if after.starts_with('[') {
            return doubt(format!("`{name}[…` is an array or a pattern as a command"));
        }
        if !append && !after.starts_with('=') {
            return Ok(None);
        }
        if append {
            self.bash_only("+=")?;
        }
        let name = name.to_owned();
        self.at += name_end + if append { 2 } else { 1 };
        let value = match self.peek() {
            Some('(') => return doubt(format!("`{name}` becomes an array")),
            None | Some(' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>') => Word::default(),
            Some(_) => self.word()?,
        };
        Ok(Some(Assignment {
            name,
            append,
            value,
        }))
    }
}

fn check_first(word: &Word) -> Read<()> {
    match word.literal() {
        Some(text) if text.starts_with('!') && text.len() > 1 => {
            doubt("to some shells `!` means a command of before")
        }
        _ => Ok(()),
    }
}
