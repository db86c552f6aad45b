//! The names of signals.

use rustix::process::Signal;

/// The signals that have names of their own.
const NAMES: &[(Signal, &str)] = &[
    (Signal::HUP, "SIGHUP"),
    (Signal::INT, "SIGINT"),
    (Signal::QUIT, "SIGQUIT"),
    (Signal::ILL, "SIGILL"),
    (Signal::TRAP, "SIGTRAP"),
    (Signal::ABORT, "SIGABRT"),
    (Signal::BUS, "SIGBUS"),
    (Signal::FPE, "SIGFPE"),
    (Signal::KILL, "SIGKILL"),
    (Signal::USR1, "SIGUSR1"),
    (Signal::SEGV, "SIGSEGV"),
    (Signal::USR2, "SIGUSR2"),
    (Signal::PIPE, "SIGPIPE"),
    (Signal::ALARM, "SIGALRM"),
    (Signal::TERM, "SIGTERM"),
    (Signal::CONT, "SIGCONT"),
    (Signal::STOP, "SIGSTOP"),
    (Signal::TSTP, "SIGTSTP"),
    (Signal::XCPU, "SIGXCPU"),
    (Signal::XFSZ, "SIGXFSZ"),
    (Signal::SYS, "SIGSYS"),
];

/// Returns a signal's name, or its number where it has none.
pub(crate) fn name(number: i32) -> String {
    let known = Signal::from_named_raw(number)
        .and_then(|signal| NAMES.iter().find(|(own, _)| *own == signal));
    known.map_or_else(|| number.to_string(), |(_, name)| (*name).to_string())
}

/// Returns the number of a signal by its name, with or without `SIG`, in any case.
pub(crate) fn number(name: &str) -> Option<i32> {
    let upper = name.to_uppercase();
    let short = upper.strip_prefix("SIG").unwrap_or(&upper);
    let known = NAMES
        .iter()
        .find(|(_, own)| own.strip_prefix("SIG") == Some(short));
    known.map(|(signal, _)| signal.as_raw())
}
