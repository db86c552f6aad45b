//! Compound commands: those that hold other commands.

use super::super::print::OPERATORS;
use super::super::syntax::{Body, Command, Redirect, Script, Simple, Word};
use super::{Parser, Read, doubt};

impl Parser<'_> {
    pub(super) fn subshell(&mut self) -> Read<Command> {
        if self.looks_at("((") {
            return doubt("`((` is arithmetic to some shells and a subshell to others");
        }
        self.at += 1;
        let script = self.filled(&[])?;
        if !self.take(")") {
            return doubt("a `)` is missing");
        }
        self.with_redirects(Body::Subshell(script))
    }

    /// Reads the command that begins with a word of the shell's own.
    pub(super) fn compound(&mut self, word: &'static str) -> Read<Command> {
        match word {
            "{" => {
                self.at += 1;
                let script = self.filled(&["}"])?;
                self.must("}")?;
                self.with_redirects(Body::Group(script))
            }
            "if" => self.condition(),
            "while" | "until" => {
                self.at += word.len();
                let condition = self.filled(&["do"])?;
                let body = self.repeated()?;
                self.with_redirects(Body::While {
                    until: word == "until",
                    condition,
                    body,
                })
            }
            "for" => self.for_each(),
            "case" => self.cases(),
            "[[" => self.test(),
            "function" => {
                self.bash_only("function")?;
                self.at += word.len();
                self.blanks()?;
                let name = self.name("a function")?;
                self.blanks()?;
                if self.take("(") {
                    self.blanks()?;
                    self.must(")")?;
                }
                self.function_body(name)
            }
            _ => doubt(format!(
                "the word `{word}` stands where no shell is sure of it"
            )),
        }
    }

    /// Reads `()` after a single word, and the body of the function that it begins.
    pub(super) fn function(
        &mut self,
        simple: &Simple,
        redirects: &[Redirect],
        start: usize,
    ) -> Read<Command> {
        let name = simple.words.first().and_then(Word::literal);
        let alone = simple.words.len() == 1 && simple.assignments.is_empty();
        let bare = |name: &String| {
            let written = self.text.get(start..start + name.len());
            written == Some(name.as_str())
        };
        let Some(name) = name.filter(bare).filter(|_| alone && redirects.is_empty()) else {
            return doubt("a `(` stands where no shell is sure of it");
        };
        self.at += 1;
        self.blanks()?;
        self.must(")")?;
        self.starts.retain(|at| *at != start);
        self.function_body(name)
    }

    fn function_body(&mut self, name: String) -> Read<Command> {
        self.breaks()?;
        let body = match self.peek() {
            Some('(') => self.deeper(Self::subshell)?,
            _ => match self.reserved() {
                Some(word) if word != "function" => self.deeper(|parser| parser.compound(word))?,
                _ => return doubt(format!("the function `{name}` has no body in braces")),
            },
        };
        Ok(Command {
            body: Body::Function {
                name,
                body: Box::new(body),
            },
            redirects: Vec::new(),
        })
    }

    fn condition(&mut self) -> Read<Command> {
        let mut branches = Vec::new();
        self.must("if")?;
        loop {
            let condition = self.filled(&["then"])?;
            self.must("then")?;
            let body = self.filled(&["elif", "else", "fi"])?;
            branches.push((condition, body));
            if self.reserved() != Some("elif") {
                break;
            }
            self.must("elif")?;
        }
        let otherwise = if self.reserved() == Some("else") {
            self.must("else")?;
            Some(self.filled(&["fi"])?)
        } else {
            None
        };
        self.must("fi")?;
        self.with_redirects(Body::If {
            branches,
            otherwise,
        })
    }

    fn for_each(&mut self) -> Read<Command> {
        self.must("for")?;
        self.blanks()?;
        let name = self.name("the variable of a loop")?;
        self.breaks()?;
        if self.reserved() != Some("in") {
            return doubt("a loop goes through the arguments of the shell");
        }
        self.must("in")?;
        let mut words = Vec::new();
        loop {
            self.blanks()?;
            match self.peek() {
                Some(';') if !self.looks_at(";;") => {
                    self.at += 1;
                    break;
                }
                Some('\n') => break,
                None | Some(';' | '&' | '|' | '<' | '>' | '(' | ')') => {
                    return doubt("the list of a loop does not end");
                }
                Some(_) => words.push(self.word()?),
            }
        }
        self.breaks()?;
        let body = self.repeated()?;
        self.with_redirects(Body::For { name, words, body })
    }

    fn repeated(&mut self) -> Read<Script> {
        self.must("do")?;
        let body = self.filled(&["done"])?;
        self.must("done")?;
        Ok(body)
    }

    fn cases(&mut self) -> Read<Command> {
        if self.inner > 0 {
            return doubt("not every shell reads `case` in a command substitution");
        }
        self.must("case")?;
        self.blanks()?;
        let word = self.word()?;
        self.breaks()?;
        self.must("in")?;
        let mut arms = Vec::new();
        loop {
            self.breaks()?;
            if self.reserved() == Some("esac") {
                break;
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.blanks()?;
                if matches!(self.peek(), None | Some('\n' | ';' | '&' | '<' | '>' | '(')) {
                    return doubt("a pattern of `case` does not end");
                }
                patterns.push(self.word()?);
                self.blanks()?;
                if self.take(")") {
                    break;
                }
                if !self.take("|") {
                    return doubt("a pattern of `case` does not end");
                }
            }
            let script = self.script(&["esac"])?;
            arms.push((patterns, script));
            if self.looks_at(";;&") {
                return doubt("not every shell reads `;;&` in the same way");
            }
            if !self.take(";;") {
                self.breaks()?;
                break;
            }
        }
        self.must("esac")?;
        self.with_redirects(Body::Case { word, arms })
    }

    /// Reads `[[ … ]]` where it compares texts or files and computes nothing.
    fn test(&mut self) -> Read<Command> {
        self.bash_only("[[")?;
        self.at += 2;
        let mut words: Vec<Word> = Vec::new();
        loop {
            self.blanks()?;
            if self.reserved() == Some("]]") {
                self.at += 2;
                break;
            }
            let bare = ["&&", "||", "(", ")", "<", ">"];
            if let Some(sign) = bare.into_iter().find(|sign| self.looks_at(sign)) {
                self.at += sign.len();
                words.push(text(sign));
                continue;
            }
            if matches!(self.peek(), None | Some('\n' | ';' | '&' | '|')) {
                return doubt("a `]]` is missing");
            }
            let begin = self.at;
            let word = self.word()?;
            let written = self.text.get(begin..self.at).unwrap_or_default();
            let literal = word.literal().unwrap_or_default();
            if OPERATORS.contains(&literal.as_str()) && written != literal {
                return doubt("a quoted operator stands in `[[`");
            }
            if matches!(
                literal.as_str(),
                "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" | "-v" | "-R" | "=~"
            ) {
                return doubt(format!("`{literal}` in `[[` can run code"));
            }
            words.push(word);
        }
        self.with_redirects(Body::Test(words))
    }

    /// Reads commands, of which there must be one.
    fn filled(&mut self, ends: &[&str]) -> Read<Script> {
        let script = self.script(ends)?;
        if script.items.is_empty() {
            return doubt("a command is missing");
        }
        Ok(script)
    }

    fn with_redirects(&mut self, body: Body) -> Read<Command> {
        let mut redirects = Vec::new();
        loop {
            self.blanks()?;
            match self.redirect()? {
                Some(redirect) => redirects.push(redirect),
                None => break,
            }
        }
        let next = self.peek();
        if !matches!(next, None | Some('\n' | ';' | '&' | '|' | ')')) && self.reserved().is_none() {
            return doubt("something stands after a compound command");
        }
        Ok(Command { body, redirects })
    }

    fn must(&mut self, what: &str) -> Read<()> {
        let found = if what == ")" {
            self.looks_at(what)
        } else {
            self.reserved() == Some(what)
        };
        if !found {
            return doubt(format!("a `{what}` is missing"));
        }
        self.at += what.len();
        Ok(())
    }

    fn name(&mut self, whose: &str) -> Read<String> {
        let rest = self.rest();
        let end = rest
            .find(|char: char| !char.is_ascii_alphanumeric() && char != '_')
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.is_empty() || name.starts_with(|char: char| char.is_ascii_digit()) {
            return doubt(format!("{whose} has no plain name"));
        }
        self.at += end;
        Ok(name.to_owned())
    }
}

fn text(text: &str) -> Word {
    Word {
        pieces: vec![super::super::syntax::Piece::Text(text.into())],
    }
}
