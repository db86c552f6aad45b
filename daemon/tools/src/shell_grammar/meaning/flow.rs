//! The way through a script: which folder each command runs in.

use std::path::{Component, Path, PathBuf};

use super::super::syntax::{Body, Command, Item, Join, Pipeline, Script};
use super::Teller;

/// How many folders a command may run in, before they are unknown.
const FOLDERS: usize = 6;

/// The folders that a command may run in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) folders: Vec<PathBuf>,
    /// True where it may be any other folder too.
    pub(super) unknown: bool,
}

/// Where a command leaves the shell.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    /// Where it went well.
    pub(super) well: State,
    /// Where it went badly.
    pub(super) badly: State,
}

impl State {
    pub(super) fn at(folder: &Path) -> Self {
        Self {
            folders: vec![folder.to_path_buf()],
            unknown: false,
        }
    }

    pub(super) fn anywhere(mut self) -> Self {
        self.unknown = true;
        self
    }

    fn or(mut self, other: &Self) -> Self {
        for folder in &other.folders {
            if !self.folders.contains(folder) {
                self.folders.push(folder.clone());
            }
        }
        self.unknown |= other.unknown;
        if self.folders.len() > FOLDERS {
            self.folders.truncate(FOLDERS);
            self.unknown = true;
        }
        self
    }

    fn is_nowhere(&self) -> bool {
        self.folders.is_empty() && !self.unknown
    }

    /// Returns the state in the folder `path`, as the shell's `cd` goes there.
    pub(super) fn goes_to(&self, path: &str) -> Self {
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in &self.folders {
            let goal = lexical(&folder.join(path));
            if !folders.contains(&goal) {
                folders.push(goal);
            }
        }
        Self {
            folders,
            unknown: self.unknown && !path.starts_with('/'),
        }
    }
}

impl Flow {
    pub(super) fn same(state: State) -> Self {
        Self {
            badly: state.clone(),
            well: state,
        }
    }

    fn either(self) -> State {
        self.well.or(&self.badly)
    }
}

impl Teller<'_> {
    /// Tells what a script does that begins in `state`, and returns where it leaves the shell.
    pub(super) fn script(
        &mut self,
        script: &Script,
        via: &[Vec<String>],
        mut state: State,
    ) -> State {
        for item in &script.items {
            let after = self.item(item, via, state.clone());
            // What stands behind an `exit` is told all the same.
            if !item.background && !after.is_nowhere() {
                state = after;
            }
        }
        state
    }

    fn item(&mut self, item: &Item, via: &[Vec<String>], state: State) -> State {
        let mut flow = self.pipeline(&item.first, via, state.clone());
        for (join, pipeline) in &item.rest {
            let before = match join {
                Join::And => flow.well.clone(),
                Join::Or => flow.badly.clone(),
            };
            let before = if before.is_nowhere() {
                state.clone()
            } else {
                before
            };
            let then = self.pipeline(pipeline, via, before);
            flow = match join {
                Join::And => Flow {
                    well: then.well,
                    badly: flow.badly.or(&then.badly),
                },
                Join::Or => Flow {
                    well: flow.well.or(&then.well),
                    badly: then.badly,
                },
            };
        }
        flow.either()
    }

    fn pipeline(&mut self, pipeline: &Pipeline, via: &[Vec<String>], state: State) -> Flow {
        if let [command] = pipeline.commands.as_slice() {
            let flow = self.whole(command, via, state);
            return if pipeline.negated {
                Flow {
                    well: flow.badly,
                    badly: flow.well,
                }
            } else {
                flow
            };
        }
        for command in &pipeline.commands {
            self.whole(command, via, state.clone());
        }
        Flow::same(state)
    }

    fn whole(&mut self, command: &Command, via: &[Vec<String>], state: State) -> Flow {
        if let Body::Simple(simple) = &command.body {
            return self.simple(simple, &command.redirects, via, state);
        }
        self.given(&command.redirects, via, &state);
        self.redirects(&command.redirects, via, &state);
        match &command.body {
            Body::Simple(_) => Flow::same(state),
            Body::Subshell(script) => {
                self.script(script, via, state.clone());
                Flow::same(state)
            }
            Body::Group(script) => Flow::same(self.script(script, via, state)),
            Body::If {
                branches,
                otherwise,
            } => {
                let mut at = state;
                let mut ends = State::default();
                for (condition, body) in branches {
                    at = self.script(condition, via, at);
                    let end = self.script(body, via, at.clone());
                    ends = ends.or(&end);
                }
                let end = match otherwise {
                    Some(script) => self.script(script, via, at),
                    None => at,
                };
                Flow::same(ends.or(&end))
            }
            Body::While {
                condition, body, ..
            } => {
                let mut at = state;
                if moves(condition) || moves(body) {
                    at = at.anywhere();
                }
                let at = self.script(condition, via, at);
                let end = self.script(body, via, at.clone());
                Flow::same(at.or(&end))
            }
            Body::For { name, words, body } => {
                self.assigned(name);
                for word in words {
                    self.arg(word, via, &state);
                }
                let at = if moves(body) { state.anywhere() } else { state };
                let end = self.script(body, via, at.clone());
                Flow::same(at.or(&end))
            }
            Body::Case { word, arms } => {
                self.arg(word, via, &state);
                let mut ends = state.clone();
                for (patterns, script) in arms {
                    for pattern in patterns {
                        self.arg(pattern, via, &state);
                    }
                    let end = self.script(script, via, state.clone());
                    ends = ends.or(&end);
                }
                Flow::same(ends)
            }
            Body::Function { name, body } => {
                if super::programs::is_known(name) {
                    self.unclear(format!(
                        "it gives the name `{name}` to a function of its own"
                    ));
                }
                self.functions.insert(name.clone());
                self.whole(body, via, state.clone().anywhere());
                Flow::same(state)
            }
            Body::Test(words) => {
                for word in words {
                    self.arg(word, via, &state);
                }
                Flow::same(state)
            }
        }
    }
}

/// Returns true where a loop's body may leave its folder.
fn moves(script: &Script) -> bool {
    let pipelines = |item: &Item| {
        let rest = item.rest.iter().map(|(_, pipeline)| pipeline.clone());
        std::iter::once(item.first.clone())
            .chain(rest)
            .collect::<Vec<_>>()
    };
    script
        .items
        .iter()
        .flat_map(pipelines)
        .flat_map(|pipeline| pipeline.commands)
        .any(|command| match &command.body {
            Body::Simple(simple) => simple.words.first().is_some_and(|word| {
                !word.literal().is_some_and(|name| {
                    !matches!(
                        name.as_str(),
                        "cd" | "pushd" | "popd" | "command" | "builtin" | "time"
                    )
                })
            }),
            Body::Subshell(_) | Body::Test(_) => false,
            Body::Group(script) => moves(script),
            Body::If {
                branches,
                otherwise,
            } => {
                branches
                    .iter()
                    .any(|(condition, body)| moves(condition) || moves(body))
                    || otherwise.as_ref().is_some_and(moves)
            }
            Body::While {
                condition, body, ..
            } => moves(condition) || moves(body),
            Body::For { body, .. } => moves(body),
            Body::Case { arms, .. } => arms.iter().any(|(_, script)| moves(script)),
            Body::Function { .. } => true,
        })
}

/// Returns a path without `.` and `..`, as the shell counts them: links are not looked at.
fn lexical(path: &Path) -> PathBuf {
    let mut all = PathBuf::new();
    for step in path.components() {
        match step {
            Component::ParentDir => {
                all.pop();
            }
            Component::CurDir => {}
            other => all.push(other),
        }
    }
    all
}
