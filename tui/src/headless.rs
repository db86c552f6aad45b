//! A console without a terminal: for tests, measurements and pictures.
//!
//! Owns a clock that is moved by hand and the bytes that a terminal would get. What the console
//! asks the daemon for is kept as text; whoever drives it plays the daemon.

mod memory;
mod replay;
mod sessions;
mod users;

use std::io;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;
use smartopol_config::keymap::Keymap;
use smartopol_config::section::console::Console;
use smartopol_config::{Config, Entry, Paths};
use smartopol_ipc::TerminalBytes;
use smartopol_protocol::approval::{self, BackTest, LabShown, Pattern, TestRule};
use smartopol_protocol::client;
use smartopol_protocol::daemon::StatusShown;
use smartopol_protocol::event::{Snapshot, Subscribed};
use smartopol_protocol::job;
use smartopol_protocol::message::{Found, Search};
use smartopol_protocol::model::ProviderInfo;
use smartopol_protocol::session::{FilesListed, Show, Shown};
use smartopol_protocol::terminal;
use smartopol_protocol::trace::Listed;
use smartopol_protocol::turn;
use smartopol_protocol::{
    ApprovalId, Code, Event, Fault, JobId, MessageId, SessionId, TerminalId, Timestamp,
};
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Call, Cmd, Link, Msg, Now, Refusal, Reply, Wanted};
use crate::clipboard;
use crate::external::{External, Returned};
use crate::link;
use crate::links::Links;
use crate::paint::{Brush, Job};
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

    /// Opens a session.
    pub fn open(&mut self, shown: Shown) {
        let find = Call::Find {
            key: None,
            workspace: String::new(),
        };
        self.answer(find, Reply::Session(Box::new(shown.session.clone())));
        self.show(shown);
    }

    /// Tells the files of a session's workspace.
    pub fn files(&mut self, id: SessionId, files: &[&str]) {
        let files = files.iter().map(|file| (*file).to_owned()).collect();
        let listed = FilesListed { files, more: false };
        self.answer(Call::Files(id), Reply::Files(listed));
    }

    /// Tells who is attached.
    pub fn attached(&mut self, listed: client::Listed) {
        self.answer(Call::Clients, Reply::Clients(listed));
    }

    /// Tells that a message that waited was taken back.
    pub fn withdrawn(&mut self, session: SessionId, id: MessageId, text: &str) {
        let text = text.to_owned();
        self.answer(Call::Withdraw { session, id, text }, Reply::Done);
    }

    /// Returns the drafts that were kept, in their order.
    pub fn kept(&self) -> &[(SessionId, String)] {
        &self.kept
    }

    /// Tells a session's newest messages.
    pub fn show(&mut self, shown: Shown) {
        self.answer(Call::Show(shown.session.id), Reply::Shown(Box::new(shown)));
    }

    /// Answers what was asked about messages (pages, windows, searches), as a daemon would by
    /// these functions; returns how many answers were given.
    pub fn serve(
        &mut self,
        window: impl Fn(&Show) -> Shown,
        search: impl Fn(&Search) -> Found,
    ) -> usize {
        let mut answers = 0;
        while let Some(at) = self.asked.iter().position(link::is_about_messages) {
            let call = self.asked.remove(at);
            let reply = match (link::window(&call), link::search(&call)) {
                (Some(show), _) => Reply::Shown(Box::new(window(&show))),
                (_, Some(ask)) => Reply::Found(search(&ask)),
                _ => continue,
            };
            answers += 1;
            self.answer(call, reply);
        }
        answers
    }

    /// Tells what happened.
    pub fn event(&mut self, event: Event) {
        self.take(Msg::Link(Link::Event(Box::new(event))));
    }

    /// Tells why an approval is asked, and which rules would cover it.
    pub fn lab(&mut self, id: ApprovalId, shown: LabShown) {
        let call = Call::Lab(approval::Lab { id });
        self.answer(call, Reply::Lab(Box::new(shown)));
    }

    /// Tells what a rule that was written in the lab would have done.
    pub fn tested(&mut self, id: ApprovalId, pattern: Pattern, test: BackTest) {
        let asked = TestRule {
            pattern,
            ..TestRule::default()
        };
        self.answer(Call::TestRule(id, Box::new(asked)), Reply::Tested(test));
    }

    /// Tells where the time of a turn went.
    pub fn turn(&mut self, shown: turn::Shown) {
        self.answer(Call::Turn(shown.turn.id), Reply::Turn(Box::new(shown)));
    }

    /// Tells all terminals, with what is so right now.
    pub fn terminals(&mut self, terminals: Vec<terminal::Shown>) {
        let listed = terminal::Listed { terminals };
        self.answer(Call::Terminals, Reply::Terminals(listed));
    }

    /// Sends bytes of a terminal.
    pub fn bytes(&mut self, id: TerminalId, piece: terminal::Piece, offset: u64, bytes: &[u8]) {
        let bytes = TerminalBytes {
            id,
            piece,
            offset,
            bytes: bytes.to_vec().into(),
        };
        self.take(Msg::Link(Link::Bytes(bytes)));
    }

    /// Tells a terminal as it is after what was asked for newest.
    pub fn terminal(&mut self, terminal: terminal::Terminal) {
        let newest = self.asked.iter().rposition(|call| {
            matches!(
                call,
                Call::OpenTerminal(_)
                    | Call::TakeTerminal(_)
                    | Call::GiveTerminal(_)
                    | Call::KillTerminal(_)
            )
        });
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Terminal(Box::new(terminal)));
        }
    }

    /// Takes what was typed into terminals since the last time, as a daemon would.
    pub fn typed(&mut self) -> Vec<u8> {
        let mut typed = Vec::new();
        let is_typed = |call: &Call| matches!(call, Call::Type(_));
        while let Some(at) = self.asked.iter().position(is_typed) {
            let call = self.asked.remove(at);
            if let Call::Type(write) = &call {
                typed.extend_from_slice(write.text.as_bytes());
                typed.extend_from_slice(&write.bytes);
            }
            self.answer(call, Reply::Done);
        }
        typed
    }

    /// Tells all jobs.
    pub fn jobs(&mut self, jobs: Vec<job::Job>) {
        let listed = job::Listed { jobs, more: false };
        self.answer(Call::Jobs(None), Reply::Jobs(listed));
    }

    /// Tells a job with its next times and its ledger.
    pub fn job(&mut self, shown: job::Shown) {
        self.answer(Call::Job(shown.job.id), Reply::JobShown(Box::new(shown)));
    }

    /// Tells rows of a job's ledger.
    pub fn ledger(&mut self, id: JobId, runs: Vec<job::Run>) {
        let shown = job::HistoryShown { runs, more: false };
        self.answer(Call::Ledger(id), Reply::Ledger(shown));
    }

    /// Answers what was asked newest about a job that is made: when it is due, or that it is kept.
    pub fn job_added(&mut self, added: job::Added) {
        let newest = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::CheckJob(..) | Call::AddJob(_)));
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::JobAdded(Box::new(added)));
        }
    }

    /// Tells a job as it is after a change that was asked for newest.
    pub fn job_changed(&mut self, changed: job::Job) {
        let newest = self.asked.iter().rposition(|call| {
            matches!(
                call,
                Call::PauseJob(_) | Call::ResumeJob(_) | Call::EditJob(..)
            )
        });
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Job(Box::new(changed)));
        }
    }

    /// Tells why a job did or did not run.
    pub fn why(&mut self, id: JobId, sentence: &str) {
        let answer = job::Answer {
            sentence: sentence.to_owned(),
            run: None,
        };
        self.answer(Call::WhyJob(id), Reply::Why(answer));
    }

    /// Tells traces that were asked for newest.
    pub fn traces(&mut self, listed: Listed) {
        let newest = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Traces { .. }));
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Traces(Box::new(listed)));
        }
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

    /// Says that there is no session for the folder.
    pub fn no_session(&mut self) {
        self.refuse(
            "Find",
            Some(Fault::new(
                Code::NotFound,
                "there is no session of this folder",
            )),
        );
    }

    /// Presses keys: letters as they are, others by name, such as `<tab>`, `<c-a>`, `<a-enter>`.
    pub fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest
                .strip_prefix('<')
                .and_then(|named| named.split_once('>'));
            let (key, after) = match named.and_then(|(name, after)| Some((key(name)?, after))) {
                Some(found) => found,
                None => (
                    KeyEvent::new(KeyCode::Char(first), KeyModifiers::NONE),
                    rest.get(first.len_utf8()..).unwrap_or_default(),
                ),
            };
            rest = after;
            self.take(Msg::Key(key));
        }
    }

    /// Presses one key.
    pub fn key(&mut self, key: KeyEvent) {
        self.take(Msg::Key(key));
    }

    /// Gives it other keys.
    pub fn keymap(&mut self, keymap: Keymap) {
        self.app.keymap = keymap;
    }

    /// Moves the mouse's wheel, presses or lets go its left button, or drags with it.
    pub fn mouse(&mut self, kind: MouseEventKind, x: u16, y: u16) {
        self.take(Msg::Mouse(MouseEvent {
            kind,
            column: x,
            row: y,
            modifiers: KeyModifiers::NONE,
        }));
    }

    /// Returns true where the mouse is its own and not the terminal's.
    pub fn takes_mouse(&self) -> bool {
        self.app.wishes().mouse
    }

    /// Clicks with the mouse.
    pub fn click(&mut self, x: u16, y: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), x, y);
        self.mouse(MouseEventKind::Up(MouseButton::Left), x, y);
    }

    /// Pastes.
    pub fn paste(&mut self, text: &str) {
        self.take(Msg::Paste(text.to_owned()));
    }

    /// Gives the terminal's window the keyboard, or takes it away.
    pub fn window_focus(&mut self, focused: bool) {
        self.take(Msg::WindowFocus(focused));
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

    /// Changes the size of the screen.
    pub fn resize(&mut self, width: u16, height: u16) {
        self.frames = Frames::new(Rect::new(0, 0, width, height), self.app.links.clone());
        self.take(Msg::Resized);
    }

    /// Draws a frame, and returns how many bytes a terminal would get for it.
    ///
    /// # Errors
    /// Only where a frame cannot be written to memory.
    pub fn frame(&mut self) -> io::Result<usize> {
        let app = &mut self.app;
        app.now = self.now;
        let bytes = self.frames.frame(|area, buf| app.draw(area, buf))?.len();
        let cmds = app.drawn(self.now);
        self.carry_out(cmds);
        Ok(bytes)
    }

    /// Draws a frame, and returns the screen as text; `▏` marks the cursor.
    pub fn screen(&mut self) -> String {
        let area = self.frames.area();
        let mut buf = Buffer::empty(area);
        self.app.now = self.now;
        let cursor = self.app.draw(area, &mut buf);
        let cmds = self.app.drawn(self.now);
        self.carry_out(cmds);
        let mut lines = Vec::new();
        for y in 0..area.height {
            let mut line = String::new();
            let mut covered = 0;
            for x in 0..area.width {
                if cursor.is_some_and(|at| (at.x, at.y) == (x, y)) {
                    line.push('▏');
                }
                let symbol = buf.cell((x, y)).map_or(" ", |cell| cell.symbol());
                if covered > 0 {
                    covered -= 1;
                    continue;
                }
                line.push_str(symbol);
                covered = symbol.width().saturating_sub(1);
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    /// Draws a frame, and returns its words with their colours, those of the terminal's own left out.
    pub fn colours(&mut self) -> Vec<(String, String)> {
        let area = self.frames.area();
        let mut buf = Buffer::empty(area);
        self.app.draw(area, &mut buf);
        let cmds = self.app.drawn(self.now);
        self.carry_out(cmds);
        let mut words: Vec<(String, Color)> = Vec::new();
        for (at, cell) in buf.content().iter().enumerate() {
            let begins = at % usize::from(area.width) == 0;
            match words.last_mut() {
                Some((word, colour)) if *colour == cell.fg && !begins => {
                    word.push_str(cell.symbol());
                }
                _ => words.push((cell.symbol().to_owned(), cell.fg)),
            }
        }
        let words = words
            .into_iter()
            .filter(|(_, colour)| *colour != Color::Reset);
        words
            .map(|(word, colour)| (word.trim().to_owned(), format!("{colour:?}")))
            .collect()
    }

    /// Returns what was asked of the daemon since the last time, as text.
    pub fn asked(&mut self) -> Vec<String> {
        std::mem::take(&mut self.asked)
            .iter()
            .map(|call| format!("{call:?}"))
            .collect()
    }

    /// Paints the code that is seen, which a console does beside its work.
    pub fn paint(&mut self) {
        let brush = Brush::load();
        for job in std::mem::take(&mut self.unpainted) {
            let patience = Duration::from_secs(60);
            let painted = brush.paint(&job.language, &job.code, patience);
            self.take(Msg::Painted(job.key, painted));
        }
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

fn key(name: &str) -> Option<KeyEvent> {
    let (held, name) = match name.split_once('-') {
        Some(("c", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("a", rest)) => (KeyModifiers::ALT, rest),
        Some(("s", rest)) => (KeyModifiers::SHIFT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "enter" => KeyCode::Enter,
        "esc" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "btab" => KeyCode::BackTab,
        "bs" => KeyCode::Backspace,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        "pgup" => KeyCode::PageUp,
        "pgdn" => KeyCode::PageDown,
        "f1" => KeyCode::F(1),
        "f2" => KeyCode::F(2),
        "f3" => KeyCode::F(3),
        "f4" => KeyCode::F(4),
        "f5" => KeyCode::F(5),
        _ => {
            let mut letters = name.chars();
            let letter = letters.next().filter(|_| letters.next().is_none())?;
            KeyCode::Char(letter)
        }
    };
    Some(KeyEvent::new(code, held))
}
