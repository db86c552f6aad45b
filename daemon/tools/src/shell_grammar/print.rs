//! Writes a tree back as a command line that reads as the same tree.

use super::plain::{self, RESERVED};
use super::syntax::{
    Assignment, Body, Command, Item, Join, Piece, Pipeline, Redirect, Script, To, Word,
};

/// Returns a script as a command line.
pub fn print(script: &Script) -> String {
    let mut printer = Printer::default();
    printer.script(script);
    printer.text
}

/// Returns a word as it would be written as an argument.
pub fn print_word(word: &Word) -> String {
    let mut printer = Printer::default();
    printer.word(word);
    printer.text
}

#[derive(Default)]
struct Printer {
    text: String,
    /// Here-documents whose text follows at the next line break.
    waiting: Vec<String>,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn line(&mut self) {
        self.put("\n");
        for document in std::mem::take(&mut self.waiting) {
            self.put(&document);
        }
    }

    fn script(&mut self, script: &Script) {
        for (place, item) in script.items.iter().enumerate() {
            if place > 0 {
                self.line();
            }
            self.item(item);
        }
        if !self.waiting.is_empty() {
            self.line();
        }
    }

    fn item(&mut self, item: &Item) {
        self.pipeline(&item.first);
        for (join, pipeline) in &item.rest {
            self.put(match join {
                Join::And => " && ",
                Join::Or => " || ",
            });
            self.pipeline(pipeline);
        }
        if item.background {
            self.put(" &");
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        if pipeline.negated {
            self.put("! ");
        }
        for (place, command) in pipeline.commands.iter().enumerate() {
            if place > 0 {
                self.put(" | ");
            }
            self.command(command);
        }
    }

    fn command(&mut self, command: &Command) {
        let mut redirects = command.redirects.iter();
        if let Body::Simple(simple) = &command.body {
            let mut first = true;
            for assignment in &simple.assignments {
                self.gap(&mut first);
                self.assignment(assignment);
            }
            for (place, word) in simple.words.iter().enumerate() {
                self.gap(&mut first);
                if place == 0 {
                    self.leading(word);
                } else {
                    self.word(word);
                }
            }
            if first && let Some(redirect) = redirects.next() {
                self.redirect(redirect);
            }
        } else {
            self.compound(&command.body);
        }
        for redirect in redirects {
            self.put(" ");
            self.redirect(redirect);
        }
    }

    fn gap(&mut self, first: &mut bool) {
        if !std::mem::replace(first, false) {
            self.put(" ");
        }
    }

    fn compound(&mut self, body: &Body) {
        match body {
            Body::Simple(_) => {}
            Body::Subshell(script) => self.block("( ", script, ")"),
            Body::Group(script) => self.block("{ ", script, "}"),
            Body::If {
                branches,
                otherwise,
            } => {
                for (place, (condition, body)) in branches.iter().enumerate() {
                    self.block(if place > 0 { "elif " } else { "if " }, condition, "then ");
                    self.block("", body, "");
                }
                if let Some(script) = otherwise {
                    self.block("else ", script, "");
                }
                self.put("fi");
            }
            Body::While {
                until,
                condition,
                body,
            } => {
                self.block(if *until { "until " } else { "while " }, condition, "do ");
                self.block("", body, "done");
            }
            Body::For { name, words, body } => {
                self.put(&format!("for {name} in"));
                for word in words {
                    self.put(" ");
                    self.word(word);
                }
                self.line();
                self.block("do ", body, "done");
            }
            Body::Case { word, arms } => {
                self.put("case ");
                self.word(word);
                self.put(" in");
                self.line();
                for (patterns, script) in arms {
                    for (place, pattern) in patterns.iter().enumerate() {
                        self.put(if place > 0 { " | " } else { "(" });
                        self.word(pattern);
                    }
                    self.put(") ");
                    self.block("", script, ";;");
                    self.line();
                }
                self.put("esac");
            }
            Body::Function { name, body } => {
                self.put(&format!("{name}() "));
                self.command(body);
            }
            Body::Test(words) => {
                self.put("[[");
                for word in words {
                    self.put(" ");
                    match word.literal().as_deref() {
                        Some(text) if OPERATORS.contains(&text) => self.put(text),
                        _ => self.word(word),
                    }
                }
                self.put(" ]]");
            }
        }
    }

    fn block(&mut self, begin: &str, script: &Script, end: &str) {
        self.put(begin);
        self.script(script);
        let empty = begin.is_empty() && script.items.is_empty();
        if !empty && !self.text.ends_with('\n') {
            self.line();
        }
        self.put(end);
    }

    fn assignment(&mut self, assignment: &Assignment) {
        self.put(&assignment.name);
        self.put(if assignment.append { "+=" } else { "=" });
        if !assignment.value.pieces.is_empty() {
            self.word(&assignment.value);
        }
    }

    fn redirect(&mut self, redirect: &Redirect) {
        if let Some(number) = redirect.number {
            self.put(&number.to_string());
        }
        let (sign, word) = match &redirect.to {
            To::Read(word) => ("< ", word),
            To::Write(word) => ("> ", word),
            To::Overwrite(word) => (">| ", word),
            To::Append(word) => (">> ", word),
            To::Both(word) => ("<> ", word),
            To::All(word) => ("&> ", word),
            To::AppendAll(word) => ("&>> ", word),
            To::Text(word) => ("<<< ", word),
            To::CopyIn(what) => return self.put(&format!("<&{what}")),
            To::CopyOut(what) => return self.put(&format!(">&{what}")),
            To::Here {
                end,
                strip,
                quoted,
                text,
            } => {
                self.put(if *strip { "<<-" } else { "<<" });
                if *quoted {
                    self.put(&quoted_text(end));
                } else {
                    self.put(end);
                }
                let mut document = Self::default();
                for piece in &text.pieces {
                    match piece {
                        Piece::Text(text) if !quoted => {
                            document.put(&escaped(text, &['\\', '$', '`']));
                        }
                        Piece::Text(text) => document.put(text),
                        other => document.expansion(other),
                    }
                }
                document.put(end);
                document.put("\n");
                self.waiting.push(document.text);
                return;
            }
        };
        self.put(sign);
        self.word(word);
    }

    /// Writes the word that names a program: what a shell would take as its own is quoted.
    fn leading(&mut self, word: &Word) {
        match word.literal() {
            Some(text) if RESERVED.contains(&text.as_str()) || text.contains('=') => {
                self.put(&quoted_text(&text));
            }
            Some(_) => self.word(word),
            None => {
                // A name and `=` in the first piece would be an assignment.
                let mut pieces = word.pieces.iter();
                match pieces.next() {
                    Some(Piece::Text(text)) => self.put(&quoted_text(text)),
                    Some(piece) => self.piece(piece),
                    None => {}
                }
                for piece in pieces {
                    self.piece(piece);
                }
            }
        }
    }

    fn word(&mut self, word: &Word) {
        if word.pieces.is_empty() {
            self.put("''");
        }
        let pieces = &word.pieces;
        if pieces.iter().any(is_quoted)
            && pieces.iter().all(fits_double_quotes)
            && !pieces.windows(2).any(grow_together)
        {
            self.put("\"");
            for piece in &word.pieces {
                self.expansion(piece);
            }
            self.put("\"");
            return;
        }
        for piece in &word.pieces {
            self.piece(piece);
        }
    }

    fn piece(&mut self, piece: &Piece) {
        match piece {
            // Bare text must not grow together with what stands beside it.
            Piece::Text(text) if self.at_word_start() && plain::is_bare(text) => self.put(text),
            Piece::Text(text) => self.put(&quoted_text(text)),
            Piece::Home(text) | Piece::Pattern(text) => self.put(text),
            Piece::Variable { quoted: true, .. } | Piece::Output { quoted: true, .. } => {
                self.put("\"");
                self.expansion(piece);
                self.put("\"");
            }
            other => self.expansion(other),
        }
    }

    fn at_word_start(&self) -> bool {
        self.text.ends_with([' ', '\n']) || self.text.is_empty() || self.text.ends_with('=')
    }

    fn expansion(&mut self, piece: &Piece) {
        match piece {
            Piece::Variable { text, .. } => self.put(text),
            Piece::Output { script, .. } => self.inner("$(", script),
            Piece::Process { script, takes } => {
                self.inner(if *takes { ">(" } else { "<(" }, script);
            }
            Piece::Text(text) | Piece::Home(text) | Piece::Pattern(text) => self.put(text),
        }
    }

    fn inner(&mut self, begin: &str, script: &Script) {
        self.put(begin);
        // Its here-documents are its own.
        let waiting = std::mem::take(&mut self.waiting);
        if !script.items.is_empty() {
            self.put(" ");
        }
        self.script(script);
        self.waiting = waiting;
        self.put(")");
    }
}

/// What stands bare between `[[` and `]]`.
pub(super) const OPERATORS: &[&str] = &["&&", "||", "!", "(", ")", "<", ">", "==", "=", "!="];

fn is_quoted(piece: &Piece) -> bool {
    matches!(
        piece,
        Piece::Variable { quoted: true, .. } | Piece::Output { quoted: true, .. }
    )
}

/// Returns true where the name of a variable would go on in the text after it.
fn grow_together(pair: &[Piece]) -> bool {
    let [Piece::Variable { text: name, .. }, Piece::Text(text)] = pair else {
        return false;
    };
    !name.ends_with('}')
        && text.starts_with(|char: char| char.is_ascii_alphanumeric() || "_[".contains(char))
}

/// Returns true where a piece stands in double quotes as it stands anywhere else.
fn fits_double_quotes(piece: &Piece) -> bool {
    match piece {
        Piece::Text(text) => !text.contains(['"', '\\', '$', '`']),
        _ => is_quoted(piece),
    }
}

fn quoted_text(text: &str) -> String {
    if text == "'" {
        return r"\'".into();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn escaped(text: &str, chars: &[char]) -> String {
    let mut all = String::with_capacity(text.len());
    for char in text.chars() {
        if chars.contains(&char) {
            all.push('\\');
        }
        all.push(char);
    }
    all
}
