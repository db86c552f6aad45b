//! What a command line is made of: our own small tree.
//!
//! It keeps what a shell does with a line and nothing of how it was written: quotes are resolved,
//! comments and blank space are gone. [`super::print`] writes it back.

/// A whole command line, or the inside of a compound command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// What is done, one after the other.
    pub items: Vec<Item>,
}

/// Pipelines joined by `&&` and `||`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is done first.
    pub first: Pipeline,
    /// What is done after it, each if the one before went well or badly.
    pub rest: Vec<(Join, Pipeline)>,
    /// True where the shell does not wait for it.
    pub background: bool,
}

/// How a pipeline depends on the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// `&&`
    And,
    /// `||`
    Or,
}

/// Commands joined by `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipeline {
    /// True after `!`.
    pub negated: bool,
    /// The commands; never empty.
    pub commands: Vec<Command>,
}

/// One command with its redirects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub body: Body,
    /// What it reads and writes instead of its usual files.
    pub redirects: Vec<Redirect>,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Runs a program, or sets variables.
    Simple(Simple),
    /// `( … )`
    Subshell(Script),
    /// `{ …; }`
    Group(Script),
    /// `if … then … elif … else … fi`
    If {
        /// Conditions, each with what it leads to.
        branches: Vec<(Script, Script)>,
        /// What is done if none holds.
        otherwise: Option<Script>,
    },
    /// `while … do … done` and `until … do … done`
    While {
        /// True for `until`.
        until: bool,
        /// The condition.
        condition: Script,
        /// What is repeated.
        body: Script,
    },
    /// `for name in words; do … done`
    For {
        /// The variable.
        name: String,
        /// What it goes through.
        words: Vec<Word>,
        /// What is repeated.
        body: Script,
    },
    /// `case word in pattern) … ;; esac`
    Case {
        /// What is compared.
        word: Word,
        /// Patterns, each with what they lead to.
        arms: Vec<(Vec<Word>, Script)>,
    },
    /// `name() { …; }`
    Function {
        /// Its name.
        name: String,
        /// What it does.
        body: Box<Command>,
    },
    /// `[[ … ]]`, as its words.
    Test(Vec<Word>),
}

/// Assignments and the words of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simple {
    /// `NAME=value` before the program.
    pub assignments: Vec<Assignment>,
    /// The program and its arguments; may be empty.
    pub words: Vec<Word>,
}

/// `NAME=value`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// True for `+=`.
    pub append: bool,
    /// Its value.
    pub value: Word,
}

/// A word: pieces without blank space between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// The pieces; an empty word has none.
    pub pieces: Vec<Piece>,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Text that means itself, however it was quoted.
    Text(String),
    /// `~` or `~name` where the shell puts a home folder.
    Home(String),
    /// `*`, `?`, `[…]` or braces that the shell replaces by names or more words.
    Pattern(String),
    /// `$x`, `${…}` or `$((…))`, as written.
    Variable {
        /// As written.
        text: String,
        /// True in double quotes.
        quoted: bool,
        /// The commands that it runs to find its value.
        runs: Vec<Script>,
    },
    /// `$( … )`
    Output {
        /// The commands whose output it is.
        script: Script,
        /// True in double quotes.
        quoted: bool,
    },
    /// `<( … )` or `>( … )`
    Process {
        /// The commands.
        script: Script,
        /// True for `>( … )`.
        takes: bool,
    },
}

/// One redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// The number of the file, where one is written.
    pub number: Option<u32>,
    /// What becomes of it.
    pub to: To,
}

/// Where a redirect leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// `<`
    Read(Word),
    /// `>`
    Write(Word),
    /// `>|`
    Overwrite(Word),
    /// `>>`
    Append(Word),
    /// `<>`
    Both(Word),
    /// `&>`
    All(Word),
    /// `&>>`
    AppendAll(Word),
    /// `<&`: a number or `-`.
    CopyIn(String),
    /// `>&`: a number or `-`.
    CopyOut(String),
    /// `<<`: a text that follows.
    Here {
        /// The line that ends it.
        end: String,
        /// True for `<<-`.
        strip: bool,
        /// True where nothing in it is replaced.
        quoted: bool,
        /// The text.
        text: Word,
    },
    /// `<<<`
    Text(Word),
}

impl Word {
    /// Returns the text where it is certain without asking anything else.
    pub fn literal(&self) -> Option<String> {
        let mut all = String::new();
        for piece in &self.pieces {
            let Piece::Text(text) = piece else {
                return None;
            };
            all.push_str(text);
        }
        Some(all)
    }
}
