//! How a failure is told: what happened, then what to do, and the exit code.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use smartopol_config::{Problems, edit};
use smartopol_ipc::Error;
use smartopol_protocol::{Code, Fault};

use super::DENIED;
use super::out::{Tone, may_colour, toned};
use crate::sanitize;

/// Exit code where the daemon does not run.
const NOT_RUNNING: u8 = 3;

/// Tells a failure on standard error and returns its exit code: 1 failed, 3 the daemon does not
/// run, 4 denied. That nobody reads on is no failure.
pub fn report(err: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(err) {
        return ExitCode::SUCCESS;
    }
    let (told, code) = explain(err);
    let colour = io::stderr().is_terminal() && may_colour();
    let mut stderr = io::stderr().lock();
    for (message, hint) in told {
        // Where even this cannot be written there is nobody to tell.
        let _ = writeln!(
            stderr,
            "{} {}",
            toned(colour, Tone::Bad, "error:"),
            sanitize::text(&message)
        );
        if !hint.is_empty() {
            let _ = writeln!(
                stderr,
                "{} {}",
                toned(colour, Tone::Quiet, "hint:"),
                sanitize::text(&hint)
            );
        }
    }
    ExitCode::from(code)
}

fn is_broken_pipe(err: &anyhow::Error) -> bool {
    err.chain().any(|cause| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        io.or(json) == Some(ErrorKind::BrokenPipe)
    }) && err.downcast_ref::<Error>().is_none()
}

/// Returns each message with its hint, and the exit code.
fn explain(err: &anyhow::Error) -> (Vec<(String, String)>, u8) {
    if let Some(problems) = err.downcast_ref::<Problems>() {
        return (listed(problems), 1);
    }
    if let Some(edit::Error::Problems(problems)) = err.downcast_ref::<edit::Error>() {
        return (listed(problems), 1);
    }
    if let Some(err) = err.downcast_ref::<Error>() {
        if let Error::NotRunning { .. } = err {
            let hint = "start it with `smartopol daemon start`".to_owned();
            return (
                vec![("the daemon is not running".into(), hint)],
                NOT_RUNNING,
            );
        }
        if let Some(fault) = err.fault() {
            return explain_fault(fault);
        }
    }
    if let Some(fault) = err.downcast_ref::<Fault>() {
        return explain_fault(fault);
    }
    (vec![(format!("{err:#}"), String::new())], 1)
}

fn explain_fault(fault: &Fault) -> (Vec<(String, String)>, u8) {
    let code = match fault.code {
        Code::Denied => DENIED,
        _ => 1,
    };
    (vec![(fault.message.clone(), fault.hint.clone())], code)
}

fn listed(problems: &Problems) -> Vec<(String, String)> {
    problems
        .iter()
        .map(|problem| {
            let message = format!("{}: {}", problem.place, problem.message);
            (message, problem.hint.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_its_code() {
        let not_running = Error::NotRunning {
            path: "/x".into(),
            source: ErrorKind::NotFound.into(),
        };
        let denied = Fault::new(Code::Denied, "no");
        for (err, code) in [
            (anyhow::Error::from(not_running), 3),
            (denied.clone().into(), 4),
            (Error::Fault(denied).into(), 4),
            (Fault::new(Code::NotFound, "none").into(), 1),
            (anyhow::anyhow!("odd"), 1),
        ] {
            assert_eq!(explain(&err).1, code, "{err}");
        }
    }

    #[test]
    fn nobody_reading_on_is_no_failure() {
        let err = anyhow::Error::from(io::Error::from(ErrorKind::BrokenPipe));
        assert!(is_broken_pipe(&err));
        let err = anyhow::Error::from(serde_json::Error::io(ErrorKind::BrokenPipe.into()));
        assert!(is_broken_pipe(&err));
    }
}
