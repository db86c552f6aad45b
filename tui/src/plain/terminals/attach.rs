//! `terminals attach`: a terminal full screen, in the terminal of the person.
//!
//! Owns taking the person's terminal and giving it back. What happens in between is in `stay`, the
//! line at the bottom and the prefix key in `look`, how the picture comes and what is typed goes in
//! `way`.

use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use smartopol_config::Paths;
use smartopol_ipc::{Client, Error};
use smartopol_protocol::terminal::{Attach, Attached, End, Size, View, WITHIN};
use smartopol_protocol::{Code, Fault, TerminalId, direct, event};

use super::super::link;
use super::ended;
use super::stay::Stay;
use crate::sanitize;

/// The size of a window that does not say one.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// Attaches to a terminal until the person leaves or the program ends.
pub(super) async fn attach(paths: &Paths, id: TerminalId) -> anyhow::Result<ExitCode> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        let told = "standard input and output must be a terminal to attach to one";
        return Err(Fault::new(Code::BadRequest, told)
            .hint("`smartopol terminals read` and `write` work in scripts")
            .into());
    }
    // Neither kind can place anything: what is drawn there is no picture.
    let kind = std::env::var("TERM").unwrap_or_default();
    if kind.is_empty() || kind == "dumb" {
        let told = "this terminal says that it cannot draw (TERM is empty or `dumb`)";
        return Err(Fault::new(Code::BadRequest, told)
            .hint(
                "set TERM to what it is, such as xterm-256color, or follow the program with \
                 `smartopol terminals read --follow`",
            )
            .into());
    }
    if std::env::var(WITHIN).is_ok_and(|within| within == id.to_string()) {
        let told = "this is the terminal itself, which cannot show itself";
        return Err(Fault::new(Code::Conflict, told)
            .hint("attach to another one, or from another window")
            .into());
    }
    let window = window()?;
    let (client, events) = link::connect(paths).await?;
    let attached = begin(&client, id, View::Direct, window).await?;
    let taken = Taken::take()?;
    let mut stay = Stay::new(paths, (client, events), attached, window, taken)?;
    let end = stay.stay().await;
    // Not before the holder has put its pen down is the terminal the person's again.
    stay.leave().await;
    Ok(end?.tell())
}

/// Asks the daemon for the terminal, in this form.
pub(super) async fn begin(
    client: &Client,
    id: TerminalId,
    view: View,
    window: Size,
) -> Result<Attached, Error> {
    client.call(event::Subscribe::default()).await?;
    let size = Some(inner(window));
    client.call(Attach { id, view, size }).await
}

/// Why one is no longer attached.
pub(super) enum Left {
    Detached,
    Ended(End),
}

impl Left {
    /// Says so, now that the terminal is the person's again.
    fn tell(self) -> ExitCode {
        let text = match self {
            Self::Detached => "detached; the program goes on".to_owned(),
            Self::Ended(end) => ended(&end).0,
        };
        let _ = writeln!(io::stdout(), "[{}]", sanitize::line(&text));
        ExitCode::SUCCESS
    }
}

/// Returns the size of the person's window.
pub(super) fn window() -> io::Result<Size> {
    let (columns, rows) = crossterm::terminal::size()?;
    Ok(match columns == 0 || rows == 0 {
        true => USUAL,
        false => Size { columns, rows },
    })
}

/// Returns how much of a window is the terminal's: our line is not.
pub(super) fn inner(window: Size) -> Size {
    Size {
        columns: window.columns.clamp(2, 1_000),
        rows: window.rows.saturating_sub(1).clamp(1, 500),
    }
}

pub(super) fn write(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// The person's terminal, while it is ours; dropping it gives it back.
pub(super) struct Taken;

impl Taken {
    pub(super) fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let taken = Self;
        write(b"\x1b[22;0t\x1b[?1049h\x1b[2J")?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let _ = write(direct::RESTORE);
        let _ = disable_raw_mode();
    }
}
