//! Simple commands: assignments, redirects, and the program.

use smartopol_protocol::tool::Effect;

use super::super::plain::RESERVED;
use super::super::syntax::{Redirect, Simple, To};
use super::argument::{Arg, Unknown};
use super::flow::{Flow, State};
use super::programs::{self, Call};
use super::{COMMANDS, Dialect, Teller, wrappers};

/// Folders whose programs are the ones of that name.
const BINS: &[&str] = &[
    "/bin/",
    "/usr/bin/",
    "/usr/local/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/usr/local/sbin/",
    "/opt/homebrew/bin/",
];

/// Returns the name of a program that lies in a folder of the system.
fn system_name(program: &str) -> Option<&str> {
    BINS.iter()
        .find_map(|bin| program.strip_prefix(bin))
        .filter(|name| !name.contains('/'))
}

/// How a program is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// By its name: what it does is told.
    Known,
    /// Not at all: only what its arguments name is told.
    Stranger,
    /// By its path: a file that may hold anything.
    File,
}

/// Returns how a program is known.
pub fn standing(program: &str) -> Standing {
    let name = system_name(program).unwrap_or(program);
    if name.contains('/') {
        Standing::File
    } else if programs::is_known(name) {
        Standing::Known
    } else {
        Standing::Stranger
    }
}

/// Returns true for what surely ends the shell: with more words, or a redirect that fails, it may
/// go on, and outside of a function `return` may too.
fn leaves(args: &[Arg]) -> bool {
    let number = |arg: &Arg| {
        let short = (1..=3).contains(&arg.text.len());
        arg.unknown.is_none() && short && arg.text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (is_exit, rest) = match args.split_first() {
        Some((first, rest)) => (first.literal() == Some("exit"), rest),
        None => (false, args),
    };
    is_exit && rest.len() < 2 && rest.iter().all(number)
}

impl Teller<'_> {
    pub(super) fn simple(
        &mut self,
        simple: &Simple,
        redirects: &[Redirect],
        via: &[Vec<String>],
        state: State,
    ) -> Flow {
        for assignment in &simple.assignments {
            let value = self.arg(&assignment.value, via, &state);
            if simple.words.is_empty() {
                self.assigned(&assignment.name);
            } else {
                self.environment(&assignment.name, &value);
            }
        }
        let args: Vec<Arg> = simple
            .words
            .iter()
            .map(|word| self.arg(word, via, &state))
            .collect();
        for text in args.iter().filter_map(Arg::climbing) {
            self.unclear(format!("`{text}` may stand for the folder above too"));
        }
        if args.is_empty() {
            self.given(redirects, via, &state);
            self.redirects(redirects, via, &state);
            return Flow::same(state);
        }
        let input = self.given(redirects, via, &state);
        let flow = self.command(&args, via, &state, input.as_slice());
        self.redirects(redirects, via, &state);
        if self.shell && redirects.is_empty() && simple.assignments.is_empty() && leaves(&args) {
            return Flow::same(State::default());
        }
        flow
    }

    /// Tells what is run to make the texts that a command is given, and returns the one that it
    /// gets as its input.
    pub(super) fn given(
        &mut self,
        redirects: &[Redirect],
        via: &[Vec<String>],
        state: &State,
    ) -> Option<Arg> {
        let mut input = None;
        for redirect in redirects {
            let text = match &redirect.to {
                To::Here { text, .. } | To::Text(text) => Some(self.arg(text, via, state)),
                _ => None,
            };
            // The last one holds, and it may be a file.
            let gives = !matches!(
                redirect.to,
                To::Write(_)
                    | To::Overwrite(_)
                    | To::Append(_)
                    | To::All(_)
                    | To::AppendAll(_)
                    | To::CopyOut(_)
            );
            if gives && redirect.number.unwrap_or(0) == 0 {
                input = text;
            }
        }
        input
    }

    /// Tells what a program does with its arguments; `input` is the text it is given, where the
    /// line itself holds it.
    pub(super) fn command(
        &mut self,
        args: &[Arg],
        via: &[Vec<String>],
        state: &State,
        input: &[Arg],
    ) -> Flow {
        let stays = Flow::same(state.clone());
        let Some((first, rest)) = args.split_first() else {
            return stays;
        };
        self.commands += 1;
        if self.commands >= COMMANDS {
            self.unclear("it holds more commands than can be looked at");
            return stays;
        }
        if let Some(unknown) = &first.unknown {
            self.unclear(format!("the command is {}", unknown.tell()));
            return stays;
        }
        if first.text.is_empty() {
            self.unclear("the command is an empty word");
            return stays;
        }
        if first.text.contains('=')
            || RESERVED.contains(&first.text.as_str()) && first.text != "time"
        {
            self.unclear(format!(
                "the command is `{}`, which shells read as their own",
                first.text
            ));
            return stays;
        }
        let before = std::mem::take(&mut self.program);
        let name = system_name(&first.text).unwrap_or(&first.text).to_owned();
        self.program = format!("`{name}`");
        let flow = self.named(&name, args, rest, via, state, input);
        self.program = before;
        flow
    }

    fn named(
        &mut self,
        name: &str,
        args: &[Arg],
        rest: &[Arg],
        via: &[Vec<String>],
        state: &State,
        input: &[Arg],
    ) -> Flow {
        let stays = Flow::same(state.clone());
        if self.functions.contains(name) {
            self.run(args, via);
            self.doubtful(rest);
            return Flow::same(state.clone().anywhere());
        }
        if self.shell
            && let Some(flow) = self.builtin(name, args, via, state)
        {
            return flow;
        }
        let call = Call {
            name,
            args: rest,
            all: args,
            via,
            state,
            input,
        };
        if let Some(flow) = wrappers::unwrap(self, &call) {
            return flow;
        }
        self.run(args, via);
        if name.contains('/') {
            self.runs_file(&Arg::known(name), state);
            self.stranger(&call);
        } else {
            programs::tell(self, &call);
        }
        stays
    }

    /// Tells that a program is run.
    pub(super) fn run(&mut self, args: &[Arg], via: &[Vec<String>]) {
        let words = args
            .iter()
            .filter(|arg| **arg != Arg::input())
            .map(|arg| arg.text.clone())
            .collect();
        // Told as often as it is done.
        self.meaning.effects.push(Effect::Run {
            words,
            via: via.to_vec(),
        });
    }

    /// Tells of arguments that could be anything, for a program to which that matters.
    pub(super) fn doubtful(&mut self, args: &[Arg]) {
        for arg in args {
            let Some(unknown) = &arg.unknown else {
                continue;
            };
            if *unknown == Unknown::Number || *unknown == Unknown::Process {
                continue;
            }
            let why = format!("an argument of {} is {}", self.program, unknown.tell());
            if !arg.is_pattern_below() {
                self.unclear(why);
            }
        }
    }

    /// Tells of a program that is not known here: paths out of the workspace, and hosts.
    pub(super) fn stranger(&mut self, call: &Call<'_>) {
        self.doubtful(call.args);
        for arg in call.args {
            self.mentioned(arg, call.state);
        }
    }

    /// Tells of a path out of the workspace, or of an address, in an argument that may be more.
    pub(super) fn mentioned(&mut self, arg: &Arg, state: &State) {
        if let Some(Unknown::Pattern { folder, .. }) = &arg.unknown {
            if arg.is_pattern_below() && self.is_outside(folder, state) {
                self.reads(arg, state);
            }
            return;
        }
        if arg.unknown.is_some() {
            return;
        }
        let text = arg.text.as_str();
        if text.contains("://") {
            if let Some(at) = text.find("://") {
                let begin = text
                    .get(..at)
                    .and_then(|head| {
                        head.rfind(|char: char| !char.is_ascii_alphanumeric() && char != '+')
                    })
                    .map_or(0, |at| at + 1);
                let address = text.get(begin..).unwrap_or_default();
                if address.starts_with("file:") {
                    let path = address.trim_start_matches("file:").trim_start_matches("//");
                    self.reads(&Arg::known(path), state);
                } else {
                    self.network_to(&Arg::known(address));
                }
            }
            return;
        }
        let mut texts = vec![text];
        if let Some((_, value)) = text.split_once('=') {
            texts.push(value);
        }
        if text.starts_with('-') {
            texts.extend(text.find('/').and_then(|at| text.get(at..)));
            texts.extend(text.find("..").and_then(|at| text.get(at..)));
        }
        let whole = text;
        if whole.contains(':') {
            texts.extend(whole.split([':', ',']));
        }
        for text in texts {
            // `host:path` and lists are told by their parts.
            if text == whole && whole.contains(':') {
                continue;
            }
            let path_like = text.contains('/') || text == "..";
            if path_like && self.is_outside(text, state) {
                self.reads(&Arg::known(text), state);
            }
        }
    }

    pub(super) fn redirects(&mut self, redirects: &[Redirect], via: &[Vec<String>], state: &State) {
        let before = std::mem::replace(&mut self.program, "a redirect".into());
        for redirect in redirects {
            let (word, reads, writes) = match &redirect.to {
                To::Read(word) => (word, true, false),
                To::Write(word)
                | To::Overwrite(word)
                | To::Append(word)
                | To::All(word)
                | To::AppendAll(word) => (word, false, true),
                To::Both(word) => (word, true, true),
                To::Here { .. } | To::Text(_) | To::CopyIn(_) | To::CopyOut(_) => continue,
            };
            let arg = self.arg(word, via, state);
            let device = ["/dev/tcp/", "/dev/udp/"];
            let address = device
                .iter()
                .find_map(|device| arg.text.strip_prefix(device));
            if let Some(address) = address.filter(|_| self.dialect == Dialect::Bash) {
                self.network(address.split('/').next());
                continue;
            }
            if let Some(Unknown::Pattern { text, .. }) = &arg.unknown {
                let why = format!("a redirect leads to whatever `{text}` matches");
                self.unclear(why);
                continue;
            }
            if reads {
                self.reads(&arg, state);
            }
            if writes {
                self.writes(&arg, state);
            }
        }
        self.program = before;
    }
}
