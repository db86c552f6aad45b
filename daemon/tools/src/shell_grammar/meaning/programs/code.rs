//! Programs that run code that they are given: interpreters, editors, debuggers.

use super::super::Teller;
use super::super::argument::Arg;
use super::{Call, Does};

pub(super) const TABLE: &[(&str, Does)] = &[
    ("ed", editor),
    ("emacs", editor),
    ("ex", editor),
    ("expect", powerful),
    ("gdb", powerful),
    ("lldb", powerful),
    ("m4", powerful),
    ("nano", editor),
    ("nvim", editor),
    ("osascript", powerful),
    ("run-parts", powerful),
    ("screen", powerful),
    ("sqlite3", powerful),
    ("mysql", powerful),
    ("psql", powerful),
    ("tmux", powerful),
    ("vi", editor),
    ("view", editor),
    ("vim", editor),
];

/// How an interpreter reads its arguments.
#[derive(Clone, Copy)]
pub(super) struct Interpreter {
    /// How its name begins: a version may follow.
    name: &'static str,
    /// Options that give code.
    code: &'static [&'static str],
    /// Options that only change how it speaks or checks.
    calm: &'static [&'static str],
    /// Options that name a module that is run.
    module: &'static [&'static str],
}

const INTERPRETERS: &[Interpreter] = &[
    Interpreter {
        name: "python",
        code: &["-c"],
        calm: &[
            "-u", "-B", "-E", "-s", "-S", "-I", "-v", "-q", "-O", "-OO", "-V",
        ],
        module: &["-m"],
    },
    Interpreter {
        name: "pypy",
        code: &["-c"],
        calm: &["-u", "-B"],
        module: &["-m"],
    },
    Interpreter {
        name: "perl",
        code: &["-e", "-E"],
        calm: &["-w", "-T", "-c", "-v"],
        module: &[],
    },
    Interpreter {
        name: "ruby",
        code: &["-e"],
        calm: &["-w", "-v", "-c"],
        module: &[],
    },
    Interpreter {
        name: "nodejs",
        code: &["-e", "-p", "--eval", "--print"],
        calm: &["-v", "--version", "--check"],
        module: &[],
    },
    Interpreter {
        name: "node",
        code: &["-e", "-p", "--eval", "--print"],
        calm: &["-v", "--version", "--check"],
        module: &[],
    },
    Interpreter {
        name: "deno",
        code: &["eval"],
        calm: &["--version"],
        module: &["run", "task", "test"],
    },
    Interpreter {
        name: "php",
        code: &["-r"],
        calm: &["-v", "-l"],
        module: &[],
    },
    Interpreter {
        name: "lua",
        code: &["-e"],
        calm: &["-v"],
        module: &[],
    },
    Interpreter {
        name: "luajit",
        code: &["-e"],
        calm: &["-v"],
        module: &[],
    },
    Interpreter {
        name: "Rscript",
        code: &["-e"],
        calm: &[],
        module: &[],
    },
    Interpreter {
        name: "tclsh",
        code: &[],
        calm: &[],
        module: &[],
    },
    Interpreter {
        name: "julia",
        code: &["-e"],
        calm: &["-v"],
        module: &[],
    },
    Interpreter {
        name: "irb",
        code: &[],
        calm: &[],
        module: &[],
    },
];

/// Returns how a program reads its code, where it is an interpreter.
pub(super) fn interpreter(name: &str) -> Option<Interpreter> {
    let bare = name.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.');
    INTERPRETERS.iter().find(|own| own.name == bare).copied()
}

pub(super) fn interpret(teller: &mut Teller<'_>, call: &Call<'_>, reads: Interpreter) {
    let mut args = call.args.iter();
    let gives_code = |text: &str| {
        let short = !text.starts_with("--");
        reads.code.iter().any(|own| {
            text == *own
                || (own.len() == 2
                    && short
                    && text.starts_with('-')
                    && own
                        .chars()
                        .nth(1)
                        .is_some_and(|letter| text.contains(letter)))
                || (own.starts_with("--") && text.split('=').next() == Some(own))
        })
    };
    while let Some(arg) = args.next() {
        let text = arg.text.as_str();
        if reads.calm.contains(&text) {
            if matches!(text, "-V" | "-v" | "--version") && call.args.len() == 1 {
                return;
            }
        } else if gives_code(text) {
            return teller.unclear(format!("`{}` runs code, which is not read here", call.name));
        } else if reads.module.contains(&text) {
            let module = args
                .next()
                .map(|module| module.text.clone())
                .unwrap_or_default();
            return teller.unclear(format!(
                "`{} {text} {module}` runs code that is not read here",
                call.name
            ));
        } else if text.starts_with('-') || arg.unknown.is_some() {
            return teller.unclear(format!(
                "`{}` has the option `{text}`, which is not told here",
                call.name
            ));
        } else {
            teller.runs_file(arg, call.state);
            let rest: Vec<Arg> = args.cloned().collect();
            teller.doubtful(&rest);
            for arg in &rest {
                teller.mentioned(arg, call.state);
            }
            return;
        }
    }
    teller.unclear(format!("`{}` runs whatever its input says", call.name));
}

fn editor(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.unclear(format!(
        "what `{}` does stands in what it is given",
        call.name
    ));
    for arg in call
        .args
        .iter()
        .filter(|arg| !arg.text.starts_with(['-', '+']))
    {
        teller.writes(arg, call.state);
    }
}

fn powerful(teller: &mut Teller<'_>, call: &Call<'_>) {
    teller.unclear(format!("`{}` can run whatever it is given", call.name));
    teller.stranger(call);
}
