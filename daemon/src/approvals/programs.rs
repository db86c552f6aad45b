//! What is known of programs by their names.
//!
//! Owns the lists: what runs what it is given, what installs, what only looks, what passes a
//! command on unchanged.

use smartopol_tools::shell_grammar::{Standing, standing};

/// Programs that run other programs or code given to them.
const RUNNERS: &[&str] = &[
    "ant",
    "ash",
    "at",
    "awk",
    "bash",
    "batch",
    "bazel",
    "bun",
    "busybox",
    "bwrap",
    "chroot",
    "chrt",
    "cmake",
    "command",
    "csh",
    "dash",
    "dbus-run-session",
    "deno",
    "direnv",
    "doas",
    "docker",
    "eatmydata",
    "elixir",
    "elvish",
    "emacs",
    "entr",
    "env",
    "erl",
    "eval",
    "exec",
    "expect",
    "fakeroot",
    "firejail",
    "fish",
    "flock",
    "gawk",
    "gdb",
    "ghci",
    "gradle",
    "groovy",
    "guile",
    "hyperfine",
    "ionice",
    "irb",
    "java",
    "jshell",
    "julia",
    "just",
    "ksh",
    "kubectl",
    "lua",
    "make",
    "mawk",
    "mise",
    "mix",
    "mvn",
    "nawk",
    "nice",
    "ninja",
    "nix-shell",
    "node",
    "nohup",
    "npx",
    "nsenter",
    "nu",
    "octave",
    "osascript",
    "parallel",
    "perl",
    "php",
    "pipx",
    "pkexec",
    "podman",
    "proot",
    "proxychains",
    "pwsh",
    "pypy",
    "python",
    "python2",
    "python3",
    "racket",
    "rake",
    "rbash",
    "rscript",
    "ruby",
    "run-parts",
    "sbcl",
    "sbt",
    "scala",
    "screen",
    "script",
    "sem",
    "setpriv",
    "setsid",
    "sh",
    "source",
    "ssh",
    "ssh-agent",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-inhibit",
    "systemd-run",
    "taskset",
    "tclsh",
    "tcsh",
    "time",
    "timeout",
    "tmux",
    "torsocks",
    "tox",
    "toybox",
    "trap",
    "unbuffer",
    "unshare",
    "uvx",
    "valgrind",
    "vi",
    "vim",
    "watch",
    "xargs",
    "xonsh",
    "xterm",
    "xvfb-run",
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

/// Programs that install and run what others wrote.
const MANAGERS: &[&str] = &[
    "apk",
    "apt",
    "apt-get",
    "aptitude",
    "brew",
    "bundle",
    "bunx",
    "choco",
    "composer",
    "conda",
    "dnf",
    "dpkg",
    "easy_install",
    "flatpak",
    "gem",
    "guix",
    "mamba",
    "nix",
    "nix-env",
    "npm",
    "pacman",
    "pip",
    "pip3",
    "pnpm",
    "poetry",
    "port",
    "rpm",
    "rustup",
    "snap",
    "uv",
    "yarn",
    "yum",
    "zypper",
];

/// Shells, and other programs that run code from a file or their input.
const INTERPRETERS: &[&str] = &[
    "ash", "bash", "bun", "csh", "dash", "deno", "fish", "ksh", "lua", "mksh", "node", "perl",
    "php", "python", "ruby", "sh", "source", "tcsh", "zsh", ".",
];

/// Wrappers that run a command just as it stands.
const PASSING: &[&str] = &[
    "builtin", "command", "exec", "ionice", "nice", "nohup", "setsid", "stdbuf", "time", "timeout",
];

/// Shells whose command lines are read like the one around them.
const SHELLS: &[&str] = &["ash", "bash", "dash", "ksh", "mksh", "sh", "zsh"];

/// Programs that run what they are given, where the grammar reads that and says what is unclear.
const READ: &[&str] = &["awk", "gawk", "mawk"];

/// Programs whose words look like paths and are none, while the grammar tells every path.
const TOLD: &[&str] = &["awk", "cd", "gawk", "mawk", "rg", "sed"];

/// Returns true where a program that runs others only says something about itself or them.
fn only_tells(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["env"]
            | ["command", "-v" | "-V", ..]
            | [_, "--version" | "--help"]
            | ["python" | "python3", "-V"]
            | ["node", "-v"]
    )
}

/// Returns the name of a program without its folder.
pub(super) fn name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn bare(program: &str) -> &str {
    match name(program) {
        "." => ".",
        name => name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'),
    }
}

/// Returns true for what runs what it is given.
pub(super) fn is_runner(program: &str) -> bool {
    RUNNERS.contains(&name(program)) || RUNNERS.contains(&bare(program))
}

/// Returns true for what installs and runs what others wrote.
pub(super) fn is_manager(program: &str) -> bool {
    MANAGERS.contains(&name(program)) || MANAGERS.contains(&bare(program))
}

/// Returns true for what runs code from a file or its input.
pub(super) fn is_interpreter(program: &str) -> bool {
    INTERPRETERS.contains(&bare(program))
}

/// Returns true for a command that only looks, whatever its arguments are.
pub(super) fn only_looks(words: &[String]) -> bool {
    words
        .first()
        .is_some_and(|program| LOOKERS.contains(&program.as_str()))
}

/// Returns true for a command that changes none of the files that it names.
pub(super) fn names_to_look(words: &[String]) -> bool {
    let git = |words: &[String]| words.first().is_some_and(|program| program == "git");
    only_looks(words) || (git(words) && leading(words) == Some(2))
}

/// Returns true where a wrapper changes nothing about the command that it runs: it passes it on as
/// it stands, or gives more words to one that only looks.
pub(super) fn passes(layer: &[String], command: &[String]) -> bool {
    let wrapper = layer.first().map(|word| name(word)).unwrap_or_default();
    // A variable that `env` sets and that could change something is unclear by itself.
    PASSING.contains(&wrapper)
        || SHELLS.contains(&wrapper)
        || wrapper == "env"
        || (matches!(wrapper, "xargs" | "find" | "parallel") && only_looks(command))
}

/// Returns how many leading words say what a command does; `None` where only all of them do.
pub(super) fn leading(words: &[String]) -> Option<usize> {
    let (first, second) = (words.first()?, words.get(1));
    if LOOKERS.contains(&first.as_str()) {
        return Some(1);
    }
    let harmless = SUBCOMMANDS.iter().any(|(program, subcommands)| {
        program == first && second.is_some_and(|second| subcommands.contains(&second.as_str()))
    });
    harmless.then_some(2)
}

/// Returns true where a rule about this program may be learned: it neither runs what it is given
/// nor installs what others wrote.
pub(super) fn can_be_learned(words: &[String]) -> bool {
    let Some(program) = words.first() else {
        return false;
    };
    let builds = matches!(name(program), "cargo" | "go");
    !is_runner(program) && !is_manager(program) && (!builds || leading(words).is_some())
}

/// Returns why even the mode `auto` asks about a command; `None` where it does not.
pub(super) fn doubt(words: &[String], via: &[Vec<String>]) -> Option<String> {
    let program = words.first()?;
    match standing(program) {
        Standing::Known => {}
        Standing::Stranger => {
            return Some(format!(
                "`{program}` is not known here, so what it does cannot be told"
            ));
        }
        Standing::File => {
            return Some(format!(
                "`{program}` is a file, and what it does cannot be seen from here"
            ));
        }
    }
    if is_runner(program) && !only_tells(words) && !READ.contains(&name(program)) {
        return Some(format!(
            "`{program}` runs what it is given, which cannot be seen from here"
        ));
    }
    if is_manager(program) {
        return Some(format!("`{program}` installs or runs what others wrote"));
    }
    if let Some(layer) = via.iter().find(|layer| !passes(layer, words)) {
        let wrapper = layer.first().map(String::as_str).unwrap_or_default();
        return Some(format!(
            "`{program}` is run through `{wrapper}`, which can change what it does"
        ));
    }
    if TOLD.contains(&name(program)) {
        return None;
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
