//! Asking a person before something is done that `--yes` would do without asking.

use std::io::{self, IsTerminal, Write};

use smartopol_protocol::{Code, Fault};

use crate::sanitize;

/// Asks a question. Where nobody can be asked, fails and says `told`, and how to go on.
pub(super) fn confirmed(question: &str, told: &str) -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let fault = Fault::new(Code::BadRequest, told);
        return Err(fault.hint("say `--yes` where that is meant").into());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{} [y/N] ", sanitize::line(question))?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
