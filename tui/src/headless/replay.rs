//! A console that replays, without a terminal.

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use smartopol_protocol::Timestamp;
use smartopol_protocol::session::Exported;

use super::{Headless, settings};
use crate::app::replay::Replaying;
use crate::app::{App, Call, Now, Reply, Wanted};
use crate::links::Links;
use crate::model::Page;
use crate::replay::reel::{PIECE, Reel};
use crate::replay::source::Source;
use crate::replay::{Pace, Start};
use crate::terminal::Frames;
use crate::theme::Theme;

impl Headless {
    /// Returns one that replays an export from message `from` on; it plays by itself where `plays`.
    /// `None` where nothing was said.
    pub fn replaying(
        (width, height): (u16, u16),
        wall: Timestamp,
        whole: &Exported,
        (from, plays): (u64, bool),
    ) -> Option<Self> {
        let now = Now { ms: 0, wall };
        let last = whole.messages.iter().filter_map(|own| own.position).max();
        let reel = Reel::new(Source::cut(whole, 0, PIECE), last.unwrap_or(0))?;
        let start = Start {
            from,
            pace: plays.then(Pace::default),
        };
        let wanted = Wanted {
            home: "/home/ann".to_owned(),
            observe: true,
            settings: settings(),
            ..Wanted::default()
        };
        let replay = Replaying::new(reel, start);
        let (theme, zone) = (Theme::coloured(), TimeZone::UTC);
        let app = App::replaying(wanted, theme, zone, now, replay);
        let frames = Frames::new(Rect::new(0, 0, width, height), Links::default());
        Some(Self::of(app, frames, now))
    }

    /// Answers what was asked of the recording; returns how many answers were given.
    pub fn feed(&mut self, whole: &Exported) -> usize {
        let mut answers = 0;
        let of_recording = |call: &Call| {
            matches!(
                call,
                Call::Piece(_)
                    | Call::Page {
                        page: Page::Older,
                        ..
                    }
            )
        };
        while let Some(at) = self.asked.iter().position(of_recording) {
            let call = self.asked.remove(at);
            let reply = match call {
                Call::Page { at, .. } => {
                    let after = at.saturating_sub(u64::from(PIECE) + 1);
                    let piece = Source::cut(whole, after, PIECE);
                    Reply::Shown(Box::new(Source::page(piece, after, at)))
                }
                Call::Piece(after) => Reply::Piece(Box::new(Source::cut(whole, after, PIECE))),
                _ => continue,
            };
            answers += 1;
            self.answer(call, reply);
        }
        answers
    }

    /// Returns how many messages are kept of the recording, and how many of them are shown.
    pub fn kept_of_recording(&self) -> (usize, usize) {
        let kept = self.app.replay.as_ref().map_or(0, |own| own.reel.kept());
        let shown = self.app.transcript().map_or(0, |own| own.entries().len());
        (kept, shown)
    }
}
