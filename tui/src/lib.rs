//! Everything a terminal shows: the console, and the same without a screen.
//!
//! Owns no state of the house: what it shows the daemon said, and what a person wants done it asks
//! the daemon for, through `smartopol-ipc` alone.

pub mod headless;
pub mod plain;
pub mod sanitize;
pub mod theme;

mod app;
mod clipboard;
mod drafts;
mod emulator;
mod encode;
mod external;
#[cfg(test)]
#[path = "../examples/house/mod.rs"]
mod house;
mod linear;
mod link;
mod links;
mod model;
mod notice;
mod overlay;
mod paint;
mod redraw;
mod replay;
mod runtime;
mod screen;
mod source;
mod terminal;
mod widget;

use std::io::{ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use jiff::tz::TimeZone;
use smartopol_config::{Loaded, Paths};
use smartopol_ipc::Address;
pub use smartopol_ipc::act_as;
pub use smartopol_protocol::user::PeerId;

use crate::app::replay::Replaying;
use crate::app::{App, Wanted};
use crate::link::Link;
use crate::replay::source::Source;
use crate::runtime::Clock;
use crate::theme::{Depth, Theme};

/// How the console is started.
#[derive(Clone, Debug, Default)]
pub struct Args {
    /// A session's name, its id, or the beginning of its id; without one the latest of this folder.
    pub session: Option<String>,
    /// True for the append-only console that screen readers and dumb terminals need.
    pub linear: bool,
    /// True to look and change nothing.
    pub observe: bool,
}

/// Runs the console until a person leaves. The daemon runs already.
///
/// # Errors
/// Where the terminal cannot be used.
pub fn run(args: Args, paths: &Paths, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let config = &loaded.config;
    let folder = std::env::current_dir().context("the current folder cannot be read")?;
    let workspace = folder
        .to_str()
        .context("the current folder's name is not UTF-8")?
        .to_owned();
    let wanted = Wanted {
        session: args.session,
        workspace,
        home: std::env::var("HOME").unwrap_or_default(),
        observe: args.observe,
        traces: config.console.traces,
        history: config.console.history.into(),
        console: config.console.clone(),
        drafts: drafts::load(&paths.drafts()),
        settings: loaded.entries(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    if let Some(key) = &wanted.session {
        // Before anything is drawn: what is typed must not reach another session than was meant.
        runtime.block_on(plain::find(paths, key))?;
    }
    let clock = Clock::start();
    let theme = Theme::new(config.console.theme, Depth::from_env());
    let app = App::new(wanted, theme, TimeZone::system(), clock.now());
    let link = Link::new(Address::new(paths.socket()), args.observe);
    let linear = args.linear || config.console.linear || !can_draw();
    let ended = if linear {
        runtime.block_on(linear::run(app, link, clock))
    } else {
        runtime.block_on(runtime::run(app, link, clock, paths))
    };
    // A reader of standard input may still wait for a line that never comes.
    runtime.shutdown_background();
    match ended {
        Ok(()) => {}
        // The terminal is gone, and with it whoever could read why.
        Err(err) if matches!(err.kind(), ErrorKind::BrokenPipe) => return Ok(ExitCode::SUCCESS),
        Err(err) => return Err(err).context("the terminal cannot be used"),
    }
    let _ = writeln!(std::io::stdout(), "detached; the daemon goes on");
    Ok(ExitCode::SUCCESS)
}

/// Replays a recording on the screen until a person leaves.
fn replay_on_screen(
    replay: Replaying,
    source: Source,
    runtime: &tokio::runtime::Runtime,
    paths: &Paths,
    loaded: &Loaded,
) -> anyhow::Result<()> {
    let config = &loaded.config;
    let wanted = Wanted {
        home: std::env::var("HOME").unwrap_or_default(),
        observe: true,
        console: config.console.clone(),
        settings: loaded.entries(),
        ..Wanted::default()
    };
    let clock = Clock::start();
    let theme = Theme::new(config.console.theme, Depth::from_env());
    let app = App::replaying(wanted, theme, TimeZone::system(), clock.now(), replay);
    let link = Link::recorded(Address::new(paths.socket()), source);
    match runtime.block_on(runtime::run(app, link, clock, paths)) {
        Err(err) if matches!(err.kind(), ErrorKind::BrokenPipe) => Ok(()),
        ended => ended.context("the terminal cannot be used"),
    }
}

/// Returns true where a screen can be drawn.
fn can_draw() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    !dumb && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}
