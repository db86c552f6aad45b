//! The console as lines that are only added: for screen readers, dumb terminals and pipes.
//!
//! Owns the reading of lines and when to end. What is said comes from [`teller`], what a line
//! means from [`commands`]; the state is the same [`App`] that the screen shows.

mod commands;
mod teller;

use std::io::{self, BufRead, IsTerminal, Write};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use self::teller::Teller;
use crate::app::gate::Surface;
use crate::app::{App, Cmd, LinkState};
use crate::link::Link;
use crate::runtime::{Clock, until};

/// How many lines may wait to be understood.
const LINES: usize = 64;

/// Runs the console until a person leaves, or standard input ends and all is answered.
pub(crate) async fn run(mut app: App, mut link: Link, clock: Clock) -> io::Result<()> {
    let mut lines = read_lines()?;
    let mut teller = Teller::new(io::stdin().is_terminal());
    let mut ends = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
        signal(SignalKind::interrupt())?,
    ];
    let [terminate, hangup, interrupt] = &mut ends;
    let mut open = true;
    print(&teller.greet())?;
    loop {
        // A line is for a session: none is taken before there is one.
        let ready = app.link == LinkState::Connected && app.transcript().is_some();
        let mut told = Vec::new();
        let cmds = tokio::select! {
            biased;
            _ = terminate.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
            _ = interrupt.recv() => {
                if !app.is_busy() {
                    return Ok(());
                }
                app.with(clock.now(), App::stop)
            }
            msg = link.next() => app.update(msg, clock.now()),
            line = lines.recv(), if ready && open => match line {
                Some(line) => app.with(clock.now(), |app| {
                    told = commands::take(app, &mut teller, line.trim_end());
                }),
                None => {
                    open = false;
                    Vec::new()
                }
            },
            () = until(clock, app.toast.as_ref().map(|toast| toast.until)) => {
                app.with(clock.now(), |_| ())
            }
        };
        link.remember(app.model.seq(), app.current);
        print(&told)?;
        print(&teller.tell(&app))?;
        app.gate.seen(
            app.front().map(|card| (card, Surface::Card)),
            clock.now().ms,
        );
        for cmd in cmds {
            match cmd {
                Cmd::Ask(call) => link.ask(call),
                Cmd::Resubscribe => link.again(),
                // Its lines can be copied by any means, and nothing asks for another program.
                Cmd::Call(_)
                | Cmd::Keep { .. }
                | Cmd::Copy(_)
                | Cmd::External(_)
                | Cmd::Paint(_)
                | Cmd::Suspend
                | Cmd::Save { .. } => {}
                Cmd::Leave => return Ok(()),
            }
        }
        if !open && ready {
            if app.front().is_some() {
                let what = match app.card() {
                    Some(_) => "approval",
                    None => "question",
                };
                return print(&[format!("Input ended, and the {what} goes on waiting.")]);
            }
            if teller.is_done(&app) {
                return Ok(());
            }
        }
    }
}

/// Reads lines on a thread of its own, because standard input cannot be waited for.
fn read_lines() -> io::Result<mpsc::Receiver<String>> {
    let (sender, lines) = mpsc::channel(LINES);
    std::thread::Builder::new()
        .name("lines".to_owned())
        .spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        })?;
    Ok(lines)
}

fn print(lines: &[String]) -> io::Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    out.flush()
}

#[cfg(test)]
mod tests;
