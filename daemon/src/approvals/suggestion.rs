//! Which rule an answer for longer would keep, and which plain commands are not so plain.
//!
//! Owns the lists of programs that these two questions need. A program that runs what it is given
//! is never offered a rule: the rule would allow everything.

use smartopol_protocol::approval::{OneOf, Pattern};
use smartopol_protocol::tool::{Effect, Inspection, Place};

/// Programs that run other programs or code given to them.
const RUNNERS: &[&str] = &[
    "ash",
    "awk",
    "bash",
    "bun",
    "busybox",
    "chroot",
    "command",
    "csh",
    "dash",
    "deno",
    "doas",
    "docker",
    "emacs",
    "env",
    "eval",
    "exec",
    "expect",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "ionice",
    "irb",
    "kubectl",
    "ksh",
    "lua",
    "make",
    "mawk",
    "nice",
    "node",
    "nohup",
    "npx",
    "nsenter",
    "osascript",
    "parallel",
    "perl",
    "php",
    "pipx",
    "pkexec",
    "podman",
    "python",
    "python2",
    "python3",
    "ruby",
    "run-parts",
    "screen",
    "script",
    "setsid",
    "sh",
    "source",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "taskset",
    "tclsh",
    "tcsh",
    "time",
    "timeout",
    "tmux",
    "trap",
    "unshare",
    "uvx",
    "vi",
    "vim",
    "watch",
    "xargs",
    "zsh",
    ".",
];

/// Programs that only look, whatever their arguments are. (Not `find`, `sort` or `tee`: they can
/// run or write.)
const LOOKERS: &[&str] = &[
    "basename",
    "cal",
    "cat",
    "cksum",
    "cmp",
    "column",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "file",
    "free",
    "grep",
    "head",
    "id",
    "jq",
    "ls",
    "md5sum",
    "nl",
    "nproc",
    "od",
    "printf",
    "ps",
    "pwd",
    "readlink",
    "realpath",
    "sha1sum",
    "sha256sum",
    "stat",
    "tail",
    "tr",
    "true",
    "uname",
    "uptime",
    "wc",
    "which",
    "whoami",
];

/// Programs whose first argument says what they do, with those that only look or build.
const SUBCOMMANDS: &[(&str, &[&str])] = &[
    (
        "git",
        &[
            "status",
            "log",
            "show",
            "blame",
            "ls-files",
            "rev-parse",
            "shortlog",
            "describe",
        ],
    ),
    (
        "cargo",
        &[
            "check", "build", "test", "clippy", "fmt", "doc", "tree", "metadata",
        ],
    ),
    ("go", &["build", "test", "vet", "list"]),
];

/// Returns the rule that an answer for longer would keep; `None` where none may be kept.
pub(super) fn pattern(tool: &str, inspection: &Inspection) -> Option<Pattern> {
    let tool_pattern = Pattern {
        tool: Some(tool.into()),
        ..Pattern::default()
    };
    match inspection.effects.first()? {
        Effect::Run { words, .. } => {
            if is_runner(words.first()?) || inspection.effects.len() > 1 {
                return None;
            }
            let kept = words.get(..leading(words))?;
            let command = kept.iter().cloned().map(OneOf::Word).collect();
            Some(Pattern {
                command,
                ..tool_pattern
            })
        }
        Effect::Read { path, place } | Effect::Write { path, place } => {
            let path = match place {
                Place::Workspace => format!("{}/**", escape(&inspection.cwd)),
                Place::Outside => escape(path),
            };
            Some(Pattern {
                path: Some(path),
                ..tool_pattern
            })
        }
        _ => None,
    }
}

/// Returns how many leading words say what a command does.
fn leading(words: &[String]) -> usize {
    let mut words_of = words.iter().map(String::as_str);
    let (first, second) = (
        words_of.next().unwrap_or_default(),
        words_of.next().unwrap_or_default(),
    );
    if LOOKERS.contains(&first) {
        return 1;
    }
    let harmless = SUBCOMMANDS
        .iter()
        .any(|(program, subcommands)| *program == first && subcommands.contains(&second));
    if harmless { 2 } else { words.len() }
}

pub(super) fn is_runner(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    name == "." || RUNNERS.contains(&name) || RUNNERS.contains(&bare)
}

/// Returns why even the mode `auto` asks about a plain command; `None` where it does not.
pub(super) fn doubt(words: &[String]) -> Option<String> {
    let program = words.first()?;
    if is_runner(program) {
        return Some(format!(
            "`{program}` runs what it is given, which cannot be seen from here"
        ));
    }
    let outside = words.iter().skip(1).find(|word| {
        let value = word.rsplit('=').next().unwrap_or(word);
        value.starts_with('/')
            || value.starts_with('~')
            || value.split('/').any(|part| part == "..")
    })?;
    (!LOOKERS.contains(&program.as_str()))
        .then(|| format!("`{outside}` may lie outside the workspace"))
}

/// Returns a glob that matches just this path.
fn escape(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '{' | '}' | '\\' | '!') {
            glob.push('\\');
        }
        glob.push(c);
    }
    glob
}
