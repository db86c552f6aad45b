//! The wrappers: how each reads the words before the command that it runs.

/// How a wrapper reads its words.
pub(super) struct Wrapper {
    pub(super) name: &'static str,
    /// Short options without a value.
    pub(super) flags: &'static str,
    /// Short options with a value.
    pub(super) values: &'static str,
    /// Long options without a value.
    pub(super) long_flags: &'static [&'static str],
    /// Long options with a value.
    pub(super) long_values: &'static [&'static str],
    /// Words between the options and the command.
    pub(super) operands: usize,
    /// True where `NAME=value` may stand before the command.
    pub(super) variables: bool,
}

const NONE: Wrapper = Wrapper {
    name: "",
    flags: "",
    values: "",
    long_flags: &[],
    long_values: &[],
    operands: 0,
    variables: false,
};

pub(super) const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        name: "busybox",
        ..NONE
    },
    Wrapper {
        name: "builtin",
        ..NONE
    },
    Wrapper {
        name: "caffeinate",
        flags: "disum",
        values: "tw",
        ..NONE
    },
    Wrapper {
        name: "chroot",
        long_flags: &["skip-chdir"],
        long_values: &["userspec", "groups"],
        operands: 1,
        ..NONE
    },
    Wrapper {
        name: "chrt",
        flags: "bfiorRv",
        operands: 1,
        ..NONE
    },
    Wrapper {
        name: "command",
        flags: "p",
        ..NONE
    },
    Wrapper {
        name: "doas",
        flags: "n",
        values: "u",
        ..NONE
    },
    Wrapper {
        name: "env",
        flags: "i0v",
        values: "u",
        long_flags: &["ignore-environment", "null", "debug"],
        long_values: &["unset"],
        variables: true,
        ..NONE
    },
    Wrapper {
        name: "exec",
        flags: "cl",
        values: "a",
        ..NONE
    },
    Wrapper {
        name: "flock",
        flags: "sexnuoF",
        values: "wE",
        long_flags: &[
            "shared",
            "exclusive",
            "nonblock",
            "nb",
            "no-fork",
            "close",
            "verbose",
        ],
        long_values: &["timeout", "wait", "conflict-exit-code"],
        operands: 1,
        ..NONE
    },
    Wrapper {
        name: "ionice",
        flags: "t",
        values: "cn",
        long_flags: &["ignore"],
        long_values: &["class", "classdata"],
        ..NONE
    },
    Wrapper {
        name: "nice",
        values: "n",
        long_values: &["adjustment"],
        ..NONE
    },
    Wrapper {
        name: "nohup",
        ..NONE
    },
    Wrapper {
        name: "pkexec",
        long_values: &["user"],
        ..NONE
    },
    Wrapper {
        name: "setsid",
        flags: "cfw",
        long_flags: &["ctty", "fork", "wait"],
        ..NONE
    },
    Wrapper {
        name: "stdbuf",
        values: "ioe",
        long_values: &["input", "output", "error"],
        ..NONE
    },
    Wrapper {
        name: "strace",
        flags: "fFqvtTryYcCiknwxz",
        values: "esaPS",
        long_flags: &["follow-forks", "summary-only", "quiet"],
        ..NONE
    },
    Wrapper {
        name: "sudo",
        flags: "AbEHknPS",
        values: "CghpRrTtuU",
        long_flags: &[
            "background",
            "non-interactive",
            "preserve-env",
            "set-home",
            "stdin",
            "askpass",
            "reset-timestamp",
            "preserve-groups",
        ],
        long_values: &[
            "user",
            "group",
            "prompt",
            "host",
            "close-from",
            "command-timeout",
        ],
        variables: true,
        ..NONE
    },
    Wrapper {
        name: "taskset",
        flags: "ac",
        operands: 1,
        ..NONE
    },
    Wrapper {
        name: "time",
        flags: "pv",
        values: "f",
        ..NONE
    },
    Wrapper {
        name: "timeout",
        flags: "v",
        values: "ks",
        long_flags: &["foreground", "preserve-status", "verbose"],
        long_values: &["kill-after", "signal"],
        operands: 1,
        ..NONE
    },
    Wrapper {
        name: "toybox",
        ..NONE
    },
    Wrapper {
        name: "unshare",
        flags: "imnpuUCTfrc",
        long_flags: &[
            "fork",
            "pid",
            "net",
            "user",
            "mount",
            "map-root-user",
            "ipc",
            "uts",
            "mount-proc",
        ],
        ..NONE
    },
    Wrapper {
        name: "xargs",
        flags: "0rtxo",
        values: "InPLdEs",
        long_flags: &["null", "no-run-if-empty", "verbose", "exit", "open-tty"],
        long_values: &[
            "max-args",
            "max-procs",
            "max-lines",
            "delimiter",
            "replace",
            "max-chars",
        ],
        ..NONE
    },
];
