//! A console without a terminal: for tests, measurements and pictures.
//!
//! Owns a clock that is moved by hand and the bytes that a terminal would get. What the console
//! asks the daemon for is kept as text; whoever drives it plays the daemon.

mod jobs;
mod memory;
mod person;
mod picture;
mod replay;
mod sessions;
mod terminals;
mod traces;
mod users;

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use smartopol_config::keymap::Keymap;
use smartopol_config::section::console::Console;
use smartopol_config::{Config, Entry, Paths};
use smartopol_protocol::client;
use smartopol_protocol::daemon::StatusShown;
use smartopol_protocol::event::{Snapshot, Subscribed};
use smartopol_protocol::model::ProviderInfo;
use smartopol_protocol::{Event, Fault, SessionId, Timestamp};

use crate::app::{App, Call, Cmd, Link, Msg, Now, Refusal, Reply, Wanted};
use crate::clipboard;
use crate::external::{External, Returned};
use crate::links::Links;
use crate::paint::Job;
use crate::terminal::Frames;
use crate::theme::Theme;

/// A console without a terminal.
#[derive(Debug)]
pub struct Headless {
    app: App,
    frames: Frames,
    now: Now,
    asked: Vec<Call>,
    left: bool,
    bells: usize,
    copied: Vec<String>,
    outside: Vec<External>,
    saved: Vec<String>,
    kept: Vec<(SessionId, String)>,
    suspended: usize,
    unpainted: Vec<Job>,
}

impl Headless {
    /// Returns one of this size that began at `wall`, started in `/home/ann/app`.
    pub fn new(width: u16, height: u16, wall: Timestamp) -> Self {
        Self::with(width, height, wall, false)
    }

    /// Returns one that only looks.
    pub fn observing(width: u16, height: u16, wall: Timestamp) -> Self {
        Self::with(width, height, wall, true)
    }

    fn with(width: u16, height: u16, wall: Timestamp, observe: bool) -> Self {
        let now = Now { ms: 0, wall };
        let wanted = Wanted {
            session: None,
            workspace: "/home/ann/app".to_owned(),
            home: "/home/ann".to_owned(),
            observe,
            traces: true,
            history: 100,
            console: Console::default(),
            drafts: std::collections::HashMap::new(),
            settings: settings(),
        };
        let app = App::new(wanted, Theme::coloured(), TimeZone::UTC, now);
        let frames = Frames::new(Rect::new(0, 0, width, height), Links::default());
        Self::of(app, frames, now)
    }

    fn of(app: App, frames: Frames, now: Now) -> Self {
        Self {
            app,
            frames,
            now,
            asked: Vec::new(),
            left: false,
            bells: 0,
            copied: Vec::new(),
            outside: Vec::new(),
            saved: Vec::new(),
            kept: Vec::new(),
            suspended: 0,
            unpainted: Vec::new(),
        }
    }

    fn take(&mut self, msg: Msg) {
        let cmds = self.app.update(msg, self.now);
        self.carry_out(cmds);
    }

    fn carry_out(&mut self, cmds: Vec<Cmd>) {
        for cmd in cmds {
            match cmd {
                Cmd::Ask(call) => self.asked.push(call),
                Cmd::Leave => self.left = true,
                Cmd::Call(_) => self.bells += 1,
                Cmd::Suspend => self.suspended += 1,
                Cmd::Save { key, value } => self.saved.push(format!("{key}={value}")),
                Cmd::Resubscribe => {}
                Cmd::Keep { id, kept } => self.kept.push((id, kept.text)),
                Cmd::Copy(copy) => {
                    let words = clipboard::sent(&copy);
                    self.copied.push(copy.text);
                    self.take(Msg::Told(Ok(words)));
                }
                Cmd::External(external) => self.outside.push(external),
                Cmd::Paint(job) => self.unpainted.push(job),
            }
        }
    }

    fn answer(&mut self, call: Call, reply: Reply) {
        self.take(Msg::Answered(Box::new(call), Ok(reply)));
    }

    /// Connects, as `cli:1000`, and tells the present.
    pub fn connect(&mut self, snapshot: Snapshot) {
        let reply = Box::new(Subscribed::Snapshot(Box::new(snapshot)));
        self.take(Msg::Link(Link::Connected {
            peer: "cli:1000".to_owned(),
            reply,
        }));
    }

    /// Tells how the daemon is.
    pub fn status(&mut self, status: StatusShown) {
        self.answer(Call::Status, Reply::Status(Box::new(status)));
    }

    /// Tells who serves models.
    pub fn providers(&mut self, providers: Vec<ProviderInfo>) {
        self.answer(Call::Providers, Reply::Providers(providers));
    }

    /// Tells who is attached.
    pub fn attached(&mut self, listed: client::Listed) {
        self.answer(Call::Clients, Reply::Clients(listed));
    }

    /// Returns the drafts that were kept, in their order.
    pub fn kept(&self) -> &[(SessionId, String)] {
        &self.kept
    }

    /// Tells what happened.
    pub fn event(&mut self, event: Event) {
        self.take(Msg::Link(Link::Event(Box::new(event))));
    }

    /// Breaks the connection.
    pub fn lose(&mut self, reason: &str, retry_after_ms: u64) {
        self.take(Msg::Link(Link::Lost {
            reason: reason.to_owned(),
            unusual: false,
            retry_after_ms,
        }));
    }

    /// Refuses the newest question of this method, such as `Say`.
    pub fn refuse(&mut self, name: &str, fault: Option<Fault>) {
        let Some(at) = self
            .asked
            .iter()
            .rposition(|call| format!("{call:?}").starts_with(name))
        else {
            return;
        };
        let call = self.asked.remove(at);
        let refusal = match fault {
            Some(Fault {
                code,
                message,
                hint,
            }) => Refusal {
                code: Some(code),
                message,
                hint,
            },
            None => Refusal {
                code: None,
                message: "the connection broke".into(),
                hint: String::new(),
            },
        };
        self.take(Msg::Answered(Box::new(call), Err(refusal)));
    }

    /// Gives it other keys.
    pub fn keymap(&mut self, keymap: Keymap) {
        self.app.keymap = keymap;
    }

    /// Lets time pass, with the frames that are drawn then.
    pub fn wait(&mut self, ms: u64) {
        self.now.ms += ms;
        self.now.wall = self
            .now
            .wall
            .plus_millis(i64::try_from(ms).unwrap_or(i64::MAX));
        self.take(Msg::Tick);
    }

    /// Returns what was asked of the daemon since the last time, as text.
    pub fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
            .iter()
            .map(|call| format!("{call:?}"))
            .collect()
    }

    /// Returns what was copied since the last time.
    pub fn copied(&mut self) -> Vec<String> {
        std::mem::take(&mut self.copied)
    }

    /// Returns what the pager or the editor was given since the last time.
    pub fn outside(&mut self) -> Vec<String> {
        let outside = self.outside.iter().map(|own| own.text.clone());
        outside.collect()
    }

    /// Ends the pager or the editor, which leaves this text.
    pub fn back_from_outside(&mut self, text: &str) {
        for external in std::mem::take(&mut self.outside) {
            let text = Ok(text.to_owned());
            let purpose = external.purpose;
            self.take(Msg::Returned(Returned { purpose, text }));
        }
    }

    /// Returns the session at hand.
    pub fn current(&self) -> Option<SessionId> {
        self.app.current
    }

    /// Returns what is written and not sent.
    pub fn draft(&self) -> String {
        self.app
            .view()
            .map_or(String::new(), |view| view.composer.text().to_owned())
    }

    /// Returns true where the person left.
    pub fn left(&self) -> bool {
        self.left
    }

    /// Returns which settings were to be written to the config file.
    pub fn saved(&self) -> &[String] {
        &self.saved
    }

    /// Returns how often it went to the shell.
    pub fn suspended(&self) -> usize {
        self.suspended
    }

    /// Returns how much waits for the person, as the title of the terminal says it.
    pub fn waiting(&self) -> usize {
        self.app.wishes().waiting
    }

    /// Returns how often it rang.
    pub fn bells(&self) -> usize {
        self.bells
    }

    /// Returns in how many milliseconds it wants to be woken by itself; `None` while it rests.
    pub fn wakes_after(&self) -> Option<u64> {
        self.app
            .next_tick()
            .map(|at| at.saturating_sub(self.now.ms))
    }
}

/// Returns the settings that hold where nobody set any.
fn settings() -> Vec<Entry> {
    let nowhere = Paths::under(std::path::Path::new("/nonexistent"));
    Config::load(&nowhere, []).map_or_else(|_| Vec::new(), |loaded| loaded.entries())
}
