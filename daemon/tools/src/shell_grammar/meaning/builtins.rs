//! Commands of the shell itself.

use super::argument::{Arg, Unknown};
use super::flow::{Flow, State};
use super::options::Given;
use super::{Dialect, Teller};

/// Commands of the shell that change nothing outside of it.
const CALM: &[&str] = &[
    ":", "bg", "break", "continue", "disown", "echo", "exit", "false", "fg", "getopts", "jobs",
    "printf", "pwd", "return", "shift", "times", "true", "type", "ulimit", "umask", "wait",
];

/// Commands of the shell that change what later commands mean, with how.
const TURNING: &[(&str, &str)] = &[
    ("alias", "gives commands other meanings"),
    ("bind", "can bind keys to commands"),
    ("complete", "can run code"),
    ("compgen", "can run code"),
    ("enable", "can load code into the shell"),
    ("eval", "runs what it puts together only when it runs"),
    ("fc", "runs commands of before"),
    ("let", "can run code"),
    ("mapfile", "can run code"),
    ("readarray", "can run code"),
    ("shopt", "changes how the shell reads commands"),
    ("unalias", "gives commands other meanings"),
    ("history", "holds commands of before"),
    ("dirs", "depends on the folders of before"),
];

impl Teller<'_> {
    /// Tells what a command of the shell does; `None` where it is none.
    pub(super) fn builtin(
        &mut self,
        name: &str,
        args: &[Arg],
        via: &[Vec<String>],
        state: &State,
    ) -> Option<Flow> {
        let rest = args.get(1..).unwrap_or_default();
        let stays = Flow::same(state.clone());
        if let Some((_, how)) = TURNING.iter().find(|(own, _)| *own == name) {
            self.run(args, via);
            self.unclear(format!("`{name}` {how}"));
            if name == "eval" {
                self.evaluated(args, via, state);
            }
            return Some(stays);
        }
        if CALM.contains(&name) {
            self.run(args, via);
            let computes = match name {
                "printf" | "wait" => matches!(rest.first().map(|arg| arg.text.as_str()), Some(text)
                    if text.starts_with("-v") || text.starts_with("-p")),
                "getopts" => true,
                _ => false,
            };
            let hidden = matches!(name, "printf" | "wait")
                && rest.first().is_some_and(|arg| {
                    arg.unknown.is_some()
                        && arg.unknown != Some(Unknown::Number)
                        && !arg
                            .text
                            .starts_with(|char: char| char.is_alphanumeric() || char == '%')
                });
            if computes || hidden {
                self.unclear(format!("`{name}` sets a variable that can run code"));
            }
            if name == "jobs" && rest.iter().any(|arg| arg.text != "-l" && arg.text != "-p") {
                self.unclear("`jobs` can run a command");
            }
            return Some(stays);
        }
        match name {
            "cd" => return Some(self.cd(args, via, state)),
            // Where it went before is known to nobody here, so `popd` and `pushd +1` are not told.
            "pushd" if rest.len() == 1 && !rest.iter().any(|goal| goal.text.starts_with('+')) => {
                return Some(self.cd(args, via, state));
            }
            "pushd" | "popd" => {
                self.run(args, via);
                self.unclear("it goes to a folder that cannot be told");
                return Some(Flow::same(state.clone().anywhere()));
            }
            "." | "source" => {
                self.run(args, via);
                match rest.first() {
                    Some(file) => {
                        self.runs_file(file, state);
                        let what = match &file.unknown {
                            None => format!("`{}`", file.text),
                            Some(unknown) => unknown.tell(),
                        };
                        self.unclear(format!("the shell does what {what} says"));
                    }
                    None => self.unclear(format!("`{name}` names no file")),
                }
                return Some(Flow::same(state.clone().anywhere()));
            }
            "export" | "readonly" | "declare" | "typeset" | "local" => {
                self.run(args, via);
                self.declared(name, rest);
            }
            "unset" => {
                self.run(args, via);
                let plain = rest.iter().all(|arg| arg.literal().is_some_and(is_name));
                if !plain {
                    self.unclear("`unset` takes away what is no plain variable");
                }
                for arg in rest {
                    self.assigned(&arg.text);
                }
            }
            "read" => {
                self.run(args, via);
                let given = Given::split(rest, "adinNptu", &[]);
                let plain = given
                    .operands
                    .iter()
                    .all(|arg| arg.literal().is_some_and(is_name));
                if !plain || given.has(&["-a"]) {
                    self.unclear("`read` sets what is no plain variable");
                }
                for arg in &given.operands {
                    self.assigned(&arg.text);
                }
            }
            "set" => {
                self.run(args, via);
                self.set(rest);
            }
            "hash" => {
                self.run(args, via);
                if rest.iter().any(|arg| arg.text != "-r") {
                    self.unclear("`hash` can say where a command is found");
                }
            }
            "test" | "[" => {
                self.run(args, via);
                if rest
                    .iter()
                    .any(|arg| matches!(arg.text.as_str(), "-v" | "-R"))
                {
                    self.unclear(format!("`-v` of `{name}` can run code"));
                }
                const NUMBERS: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge"];
                let compares = rest.iter().any(|arg| NUMBERS.contains(&arg.text.as_str()));
                let index = |arg: &Arg| arg.unknown.is_none() && arg.text.contains('[');
                if compares && rest.iter().any(index) {
                    self.unclear(format!("some shells run code in the numbers of `{name}`"));
                }
            }
            "trap" => {
                self.run(args, via);
                let given: Vec<&Arg> = rest.iter().filter(|arg| arg.text != "--").collect();
                match given.as_slice() {
                    [] => {}
                    [one] if matches!(one.text.as_str(), "-p" | "-l") => {}
                    [action, ..] if matches!(action.literal(), Some("-" | "")) => {}
                    [action, signals @ ..] => {
                        match action.literal() {
                            Some(line) => {
                                let line = line.to_owned();
                                self.line(&line, self.dialect, via, state.clone().anywhere());
                            }
                            None => self.unclear("`trap` keeps a command that cannot be told"),
                        }
                        // What is done before any command may leave the folder.
                        let at_the_end = |arg: &&Arg| matches!(arg.literal(), Some("EXIT" | "0"));
                        if !signals.iter().all(at_the_end) {
                            return Some(Flow::same(state.clone().anywhere()));
                        }
                    }
                }
            }
            "exec" if rest.is_empty() => self.run(args, via),
            _ => return None,
        }
        Some(stays)
    }

    /// Tells of the line that is put together, as far as it can be read now: it may be forbidden.
    fn evaluated(&mut self, args: &[Arg], via: &[Vec<String>], state: &State) {
        let words: Option<Vec<&str>> = args.iter().skip(1).map(Arg::literal).collect();
        let Some(words) = words.filter(|words| !words.is_empty()) else {
            return;
        };
        let mut via = via.to_vec();
        via.push(vec!["eval".into()]);
        self.line(&words.join(" "), self.dialect, &via, state.clone());
    }

    fn cd(&mut self, args: &[Arg], via: &[Vec<String>], state: &State) -> Flow {
        self.run(args, via);
        let rest = args.get(1..).unwrap_or_default();
        let goals: Vec<&Arg> = rest
            .iter()
            .filter(|arg| !matches!(arg.text.as_str(), "--" | "-L" | "-P" | "-e"))
            .collect();
        let goal = match goals.as_slice() {
            [] => self.ground.home.clone(),
            [goal] => goal
                .literal()
                .filter(|text| !text.starts_with('-') && !text.is_empty())
                .map(String::from),
            _ => None,
        };
        let physical = rest.iter().any(|arg| arg.text == "-P");
        let well = match goal {
            Some(goal) if self.away == 0 && !(physical && goal.contains("..")) => {
                if self.is_outside(&goal, state) {
                    self.reads(&Arg::known(&goal), state);
                }
                state.goes_to(&goal)
            }
            _ => {
                self.unclear("it goes to a folder that cannot be told");
                State::default().anywhere()
            }
        };
        Flow {
            well,
            badly: state.clone(),
        }
    }

    fn declared(&mut self, name: &str, rest: &[Arg]) {
        let exports = name == "export"
            || rest
                .iter()
                .any(|arg| arg.text.contains('x') && arg.text.starts_with('-'));
        for arg in rest {
            let text = arg.text.clone();
            if let Some(letters) = text.strip_prefix('-') {
                let known = letters.chars().all(|letter| "xrgp".contains(letter));
                if arg.unknown.is_some() || !known {
                    self.unclear(format!(
                        "`{name}` has the option `{text}`, which is not told here"
                    ));
                }
                continue;
            }
            let (variable, value) = match text.split_once('=') {
                Some((variable, value)) => (variable.trim_end_matches('+'), Some(value)),
                None => (text.as_str(), None),
            };
            if !is_name(variable) {
                self.unclear(format!("`{name}` sets what is no plain variable"));
                continue;
            }
            match value {
                Some(value) if exports => self.environment(variable, &arg.part(value)),
                None if exports && name != "readonly" => {
                    let value = Arg::known(&format!("${variable}"));
                    self.environment(variable, &value.of_variable());
                }
                None if arg.unknown.is_some() => {
                    self.unclear(format!("`{name}` sets what is no plain variable"));
                }
                _ => self.assigned(variable),
            }
        }
    }

    fn set(&mut self, rest: &[Arg]) {
        const NAMES: &[&str] = &["pipefail", "errexit", "nounset", "xtrace", "noglob"];
        let mut words = rest.iter().peekable();
        while let Some(arg) = words.next() {
            let Some(text) = arg.literal() else {
                return self.unclear("`set` is given options that cannot be told");
            };
            if text == "--" {
                return; // The arguments of the shell: whoever uses them is unclear itself.
            }
            let Some(letters) = text.strip_prefix(['-', '+']) else {
                return;
            };
            let names = letters.ends_with('o');
            let letters = letters.trim_end_matches('o');
            let known = letters.chars().all(|letter| "euxf".contains(letter));
            let named = !names
                || words
                    .next()
                    .and_then(Arg::literal)
                    .is_some_and(|name| NAMES.contains(&name));
            if !known || !named {
                return self.unclear("`set` changes how the shell reads commands");
            }
        }
    }

    /// Returns the dialect of a shell by its name.
    pub(super) fn dialect_of(name: &str) -> Dialect {
        if name == "bash" {
            Dialect::Bash
        } else {
            Dialect::Posix
        }
    }
}

pub(super) fn is_name(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
    !text.is_empty()
        && text.chars().all(plain)
        && !text.starts_with(|char: char| char.is_ascii_digit())
}

/// Returns true where a name is a command of the shell.
pub(super) fn is_builtin(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        ".", "[", "builtin", "cd", "command", "declare", "exec", "export", "hash", "kill", "local",
        "popd", "pushd", "read", "readonly", "set", "source", "test", "trap", "typeset", "unset",
    ];
    CALM.contains(&name) || OTHERS.contains(&name) || TURNING.iter().any(|(own, _)| *own == name)
}
