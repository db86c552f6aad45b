//! What a command line does: every command that it runs, and what each touches.
//!
//! Owns the walk through the tree, with the folder that each command runs in. What the single
//! programs do stands in [`programs`], what runs other commands in [`wrappers`].

mod argument;
mod builtins;
mod flow;
mod options;
mod programs;
mod shells;
mod simple;
mod tell;
mod variables;
mod wrappers;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use smartopol_protocol::tool::{Effect, Place};

use super::parse::Dialect;
use argument::Arg;
use flow::State;
pub use simple::{Standing, standing};

/// How many commands of one line are looked at, before it is too much to tell.
const COMMANDS: usize = 4000;

/// How deeply command lines may stand in command lines.
const LINES: usize = 8;

/// Where paths lie, and whose home `~` is: asked of whoever may look at files.
pub struct Ground<'a> {
    /// The home folder; `None` where there is none.
    pub home: Option<String>,
    /// Returns an absolute path with its links resolved, the last step not followed where the
    /// second argument says so, and where it lies.
    pub place: &'a dyn Fn(&Path, Last) -> (PathBuf, Place),
}

/// What becomes of the last step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// A link is followed.
    Followed,
    /// A link is meant itself.
    Kept,
}

/// What a command line does.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Meaning {
    /// All that can be told, in the order of the line.
    pub effects: Vec<Effect>,
    /// Files whose content is run.
    pub runs: Vec<PathBuf>,
    /// What is deleted with everything below it, the last step not followed.
    pub removes: Vec<PathBuf>,
}

/// Returns what a command line does in the folder `cwd`.
pub fn meaning(line: &str, dialect: Dialect, cwd: &Path, ground: &Ground<'_>) -> Meaning {
    let mut teller = Teller::new(ground);
    teller.line(line, dialect, &[], State::at(cwd));
    teller.done()
}

/// Returns what a program does that is started without a shell.
pub fn meaning_of_words(words: &[String], cwd: &Path, ground: &Ground<'_>) -> Meaning {
    let mut teller = Teller::new(ground);
    let args: Vec<Arg> = words.iter().map(|word| Arg::known(word)).collect();
    teller.shell = false;
    teller.command(&args, &[], &State::at(cwd), &[]);
    teller.done()
}

/// Returns what is unclear about variables that a command is started with.
pub fn meaning_of_variables(variables: &[(String, String)], ground: &Ground<'_>) -> Meaning {
    let mut teller = Teller::new(ground);
    for (name, value) in variables {
        teller.environment(name, &Arg::known(value));
    }
    teller.done()
}

/// Tells effects one by one.
struct Teller<'a> {
    ground: &'a Ground<'a>,
    meaning: Meaning,
    dialect: Dialect,
    /// True where words are read by a shell, so that its own commands are meant.
    shell: bool,
    /// How many command lines stand around.
    lines: usize,
    /// How many commands were looked at.
    commands: usize,
    /// How many machines away it runs: paths of other machines are not ours.
    away: usize,
    functions: BTreeSet<String>,
    /// The program that is looked at, for sentences.
    program: String,
}

impl<'a> Teller<'a> {
    fn new(ground: &'a Ground<'a>) -> Self {
        Self {
            ground,
            meaning: Meaning::default(),
            dialect: Dialect::Posix,
            shell: true,
            lines: 0,
            commands: 0,
            away: 0,
            functions: BTreeSet::new(),
            program: String::new(),
        }
    }

    /// Tells what a command line does that is run through `via`.
    fn line(&mut self, line: &str, dialect: Dialect, via: &[Vec<String>], state: State) -> State {
        if self.lines >= LINES {
            self.unclear("its command lines stand too deep in each other");
            return state;
        }
        let script = match super::parse(line, dialect) {
            Ok(script) => script,
            Err(doubt) => {
                self.unclear(doubt.0);
                return state;
            }
        };
        let before = (self.dialect, self.shell);
        (self.dialect, self.shell) = (dialect, true);
        self.lines += 1;
        let after = self.script(&script, via, state);
        self.lines -= 1;
        (self.dialect, self.shell) = before;
        after
    }

    fn done(self) -> Meaning {
        self.meaning
    }
}
