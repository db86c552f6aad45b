//! What is known of programs by their names.
//!
//! Owns the lists: what runs what it is given, what installs, what only looks, what passes a
//! command on unchanged.

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

/// Returns true where a wrapper changes nothing about the command that it runs: it passes it on as
/// it stands, or gives more words to one that only looks.
pub(super) fn passes(layer: &[String], command: &[String]) -> bool {
    let wrapper = layer.first().map(|word| name(word)).unwrap_or_default();
    PASSING.contains(&wrapper)
        || SHELLS.contains(&wrapper)
        || (wrapper == "env" && !layer.iter().any(|word| word.contains('=')))
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
    if is_runner(program) {
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
    let outside = words.iter().skip(1).find(|word| {
        let value = word.rsplit('=').next().unwrap_or(word);
        value.starts_with('/')
            || value.starts_with('~')
            || value.split('/').any(|part| part == "..")
    })?;
    (!LOOKERS.contains(&program.as_str()))
        .then(|| format!("`{outside}` may lie outside the workspace"))
}
