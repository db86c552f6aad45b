//! One argument: the text that a program is given, or why that is not known.

use super::super::print::print;
use super::super::syntax::{Piece, Word};
use super::Teller;
use super::flow::State;

/// A word as a program gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arg {
    /// What the program gets where that is known, else as it is written.
    pub(super) text: String,
    /// Why it is not known.
    pub(super) unknown: Option<Unknown>,
}

/// Why an argument is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// A small number, such as an exit code.
    Number,
    /// A variable or something like it, as written.
    Variable(String),
    /// The output of a command.
    Output,
    /// The output or input of a command, as a file.
    Process,
    /// The names that a pattern matches, below this folder; all of them where `all` is true.
    Pattern {
        text: String,
        folder: String,
        all: bool,
    },
    /// Something that it is given when it runs.
    Input,
}

impl Unknown {
    /// Returns what it is, for a sentence.
    pub(super) fn tell(&self) -> String {
        match self {
            Self::Number => "a number".into(),
            Self::Variable(text) if text.starts_with('$') => format!("the variable `{text}`"),
            Self::Variable(text) => format!("whatever `{text}` stands for"),
            Self::Output => "the output of a command".into(),
            Self::Process => "a pipe from or to another command".into(),
            Self::Pattern { text, .. } => format!("whatever `{text}` matches"),
            Self::Input => "what it is given as input".into(),
        }
    }
}

impl Unknown {
    /// Returns what it names, for a sentence about a path.
    pub(super) fn tell_path(&self) -> String {
        match self {
            Self::Variable(text) if text.starts_with('$') => {
                format!("what the variable `{text}` names")
            }
            Self::Output => "what the output of a command names".into(),
            other => other.tell(),
        }
    }
}

impl Arg {
    pub(super) fn known(text: &str) -> Self {
        Self {
            text: text.into(),
            unknown: None,
        }
    }

    pub(super) fn input() -> Self {
        Self {
            text: String::new(),
            unknown: Some(Unknown::Input),
        }
    }

    /// Returns the same as the name of a variable.
    pub(super) fn of_variable(&self) -> Self {
        Self {
            text: self.text.clone(),
            unknown: Some(Unknown::Variable(self.text.clone())),
        }
    }

    /// Returns the text where it is known.
    pub(super) fn literal(&self) -> Option<&str> {
        self.unknown.is_none().then_some(self.text.as_str())
    }

    /// Returns the same with another text, such as the value of an option.
    pub(super) fn part(&self, text: &str) -> Self {
        Self {
            text: text.into(),
            unknown: self.unknown.clone(),
        }
    }

    /// Returns the pattern where it may stand for a folder above: some shells let `.*` do so.
    pub(super) fn climbing(&self) -> Option<&str> {
        match &self.unknown {
            Some(Unknown::Pattern { text, .. }) => {
                text.split('/').any(climbs).then_some(text.as_str())
            }
            _ => None,
        }
    }

    /// Returns true where it can only be a path that is no option.
    pub(super) fn is_pattern_below(&self) -> bool {
        matches!(&self.unknown, Some(Unknown::Pattern { text, .. })
            if !text.starts_with(['*', '?', '[', '-']))
    }
}

impl Teller<'_> {
    /// Returns a word as its program gets it, and tells what is run to find it.
    pub(super) fn arg(&mut self, word: &Word, via: &[Vec<String>], state: &State) -> Arg {
        let mut text = String::new();
        let mut unknown: Option<Unknown> = None;
        let mut pattern: Option<(usize, String)> = None;
        for piece in &word.pieces {
            let found = match piece {
                Piece::Text(piece) => {
                    text.push_str(piece);
                    None
                }
                Piece::Home(name) => match (name.as_str(), &self.ground.home) {
                    ("~", Some(home)) if text.is_empty() => {
                        text.push_str(home);
                        None
                    }
                    ("~/", Some(home)) => {
                        text.push_str(&format!("{}/", home.trim_end_matches('/')));
                        None
                    }
                    _ => Some(Unknown::Variable(name.clone())),
                },
                Piece::Pattern(piece) => {
                    if piece.contains('{') {
                        Some(Unknown::Variable(written(word)))
                    } else {
                        pattern.get_or_insert((text.len(), String::new()));
                        text.push_str(piece);
                        None
                    }
                }
                Piece::Variable {
                    text: name,
                    quoted,
                    runs,
                } => {
                    for script in runs {
                        self.script(script, via, state.clone());
                    }
                    match self.variable(name, *quoted) {
                        Some(value) => {
                            text.push_str(&value);
                            None
                        }
                        None if matches!(name.as_str(), "$?" | "$#" | "$$" | "$!") => {
                            Some(Unknown::Number)
                        }
                        None => Some(Unknown::Variable(name.clone())),
                    }
                }
                Piece::Output { script, .. } => {
                    self.script(script, via, state.clone());
                    Some(Unknown::Output)
                }
                Piece::Process { script, .. } => {
                    self.script(script, via, state.clone());
                    Some(Unknown::Process)
                }
            };
            unknown = match (unknown, found) {
                (None | Some(Unknown::Number), Some(found)) => Some(found),
                (before, _) => before,
            };
        }
        if let Some(unknown) = unknown {
            return Arg {
                text: written(word),
                unknown: Some(unknown),
            };
        }
        let Some((begin, _)) = pattern else {
            return Arg {
                text,
                unknown: None,
            };
        };
        let (known, rest) = text.split_at(begin.min(text.len()));
        if rest.split('/').any(|step| step == "..") {
            return Arg {
                unknown: Some(Unknown::Variable(text.clone())),
                text,
            };
        }
        let folder = known
            .rfind('/')
            .map_or("", |at| known.get(..=at).unwrap_or_default());
        let last = text.get(folder.len()..).unwrap_or_default();
        let all = !last.contains(char::is_alphanumeric);
        let folder = if folder.is_empty() { "." } else { folder };
        Arg {
            unknown: Some(Unknown::Pattern {
                text: text.clone(),
                folder: folder.into(),
                all,
            }),
            text,
        }
    }

    /// Returns the value of a variable that is known before anything runs.
    fn variable(&self, name: &str, quoted: bool) -> Option<String> {
        let home = self.ground.home.as_ref()?;
        let plain = |char: char| char.is_alphanumeric() || "/._-".contains(char);
        let whole = quoted || home.chars().all(plain);
        (matches!(name, "$HOME" | "${HOME}") && whole && self.away == 0).then(|| home.clone())
    }
}

/// Returns true where a step of a path is a pattern that may stand for `..`.
fn climbs(step: &str) -> bool {
    let glob = || globset::Glob::new(step).map(|glob| glob.compile_matcher().is_match(".."));
    // Before a pattern, only a dot that is written stands for one.
    step.starts_with(['.', '[']) && step.contains(['*', '?', '[']) && glob().unwrap_or(true)
}

/// Returns a word as it is written, without quotes.
fn written(word: &Word) -> String {
    word.pieces
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Home(text) | Piece::Pattern(text) => text.clone(),
            Piece::Variable { text, .. } => text.clone(),
            Piece::Output { script, .. } => format!("$({})", print(script)),
            Piece::Process { script, takes } => {
                format!("{}({})", if *takes { '>' } else { '<' }, print(script))
            }
        })
        .collect()
}
