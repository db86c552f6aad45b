//! A recorded session in the console: which step is shown, and the keys that move through it.
//!
//! What is seen comes from the same events as with a daemon; going back makes the scene anew. A
//! console that replays types nothing, answers nothing and asks for nothing but the recording.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use smartopol_protocol::event::{Snapshot, Subscribed};
use smartopol_protocol::session::Exported;
use smartopol_protocol::{CallId, Event, Timestamp};

use super::keymap::{Action, Place, Pressed};
use super::{App, Call, Focus, LinkState, Now, View, Wanted};
use crate::model::Model;
use crate::overlay::{Asked, Overlay, Purpose};
use crate::replay::reel::{At, Moved, Reel};
use crate::replay::step::{Step, What};
use crate::replay::{Pace, Start};
use crate::theme::Theme;
use crate::widget::transcript::{Pages, Scroll};

/// How many messages before the place at hand are laid out at once.
const SCENE: usize = 200;

/// A replay in the console.
#[derive(Debug)]
pub(crate) struct Replaying {
    pub(crate) reel: Reel,
    pub(crate) pace: Pace,
    /// True while it goes on by itself.
    pub(crate) plays: bool,
    /// When the next step comes, while it plays.
    due: Option<u64>,
}

impl Replaying {
    /// Returns a replay at its beginning, or at the message that was wanted.
    pub(crate) fn new(mut reel: Reel, start: Start) -> Self {
        let (first, _) = reel.ends();
        if start.from > first {
            reel.go(At {
                position: start.from,
                step: 1,
            });
        }
        Self {
            reel,
            pace: start.pace.unwrap_or_default(),
            plays: start.pace.is_some(),
            due: None,
        }
    }

    /// Returns the time of the step that is shown.
    fn at(&self) -> Option<Timestamp> {
        self.reel.step().map(|step| step.at)
    }
}

impl App {
    /// Returns a console that replays a recording.
    pub(crate) fn replaying(
        wanted: Wanted,
        theme: Theme,
        zone: TimeZone,
        now: Now,
        replay: Replaying,
    ) -> Self {
        let mut app = Self::new(wanted, theme, zone, now);
        app.link = LinkState::Connected;
        app.focus = Focus::Conversation;
        app.traces_beside = false;
        let id = replay.reel.session().id;
        app.current = Some(id);
        app.views.insert(id, View::default());
        app.replay = Some(Box::new(replay));
        app.set_scene();
        app.settle_replay();
        app
    }

    /// Returns true for what a console that replays may ask for.
    pub(super) fn may_ask(&self, call: &Call) -> bool {
        self.replay.is_none() || matches!(call, Call::Piece(_) | Call::Page { .. })
    }

    /// Returns the time that is shown: with a replay, that of its step.
    pub(crate) fn shown_time(&self, wall: Timestamp) -> Timestamp {
        let replay = self.replay.as_ref();
        replay.and_then(|replay| replay.at()).unwrap_or(wall)
    }

    /// Returns when the next step is due.
    pub(super) fn replay_tick(&self) -> Option<u64> {
        self.replay.as_ref().and_then(|replay| replay.due)
    }

    /// Does the step that is due, and asks for the piece that is needed next.
    pub(super) fn settle_replay(&mut self) {
        let now = self.now.ms;
        let due = |app: &Self| app.replay_tick().is_some_and(|due| due <= now);
        if due(self) {
            self.step_forward();
        }
        let Some(replay) = &mut self.replay else {
            return;
        };
        let wants = replay.reel.wants();
        replay.set_due(now);
        if let Some(after) = wants {
            self.ask(Call::Piece(after));
        }
    }

    /// Takes a piece of the recording.
    pub(super) fn took_piece(&mut self, after: u64, piece: Exported) {
        let Some(replay) = &mut self.replay else {
            return;
        };
        if replay.reel.take(after, piece) {
            self.set_scene();
        }
    }

    /// The piece that was asked for does not come.
    pub(super) fn lacks_piece(&mut self) {
        if let Some(replay) = &mut self.replay {
            replay.reel.failed();
            replay.pause();
        }
    }

    pub(super) fn on_replay_key(&mut self, event: KeyEvent) {
        let held = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        // A number is the number of a message.
        if let (KeyCode::Char(digit @ '0'..='9'), true) = (event.code, held.is_empty()) {
            return self.ask_where_to(digit.to_string());
        }
        match self.press(&[Place::Replay], event) {
            Pressed::Action(action) => self.replay(action),
            Pressed::Taken | Pressed::Free => {}
        }
    }

    /// Does what a key means in a replay.
    pub(super) fn replay(&mut self, action: Action) {
        match action {
            Action::Leave => return self.leave(),
            Action::Suspend => return self.act(action),
            Action::Help => {
                let help = Overlay::help(&[Place::Replay], "");
                return self.overlays.push(help);
            }
            Action::GoTo => return self.ask_where_to(String::new()),
            Action::Details => return self.show_call(),
            Action::FoldAll => return self.fold_all(),
            Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::PreviousCard
            | Action::NextCard
            | Action::Open
            | Action::Copy => return self.read(action),
            _ => {}
        }
        let Some(replay) = &mut self.replay else {
            return;
        };
        let (first, last) = replay.reel.ends();
        let now = self.now.ms;
        match action {
            Action::Play if replay.plays => replay.pause(),
            Action::Play if replay.reel.is_at_end() => self.say("this is the end of it"),
            Action::Play => {
                replay.plays = true;
                replay.due = Some(now);
            }
            Action::Faster | Action::Slower => {
                replay.pace = match action {
                    Action::Faster => replay.pace.faster(),
                    _ => replay.pace.slower(),
                };
                replay.due = None;
            }
            Action::NextStep => {
                replay.pause();
                self.step_forward();
            }
            Action::PreviousStep => {
                replay.pause();
                if replay.reel.back() == Moved::Elsewhere {
                    self.set_scene();
                }
            }
            Action::First => self.go_to_step(At {
                position: first,
                step: 1,
            }),
            Action::Last => self.go_to_step(At {
                position: last,
                step: usize::MAX,
            }),
            _ => {}
        }
    }

    fn step_forward(&mut self) {
        let Some(replay) = &mut self.replay else {
            return;
        };
        replay.due = None;
        match replay.reel.forward() {
            Moved::On => {
                if let Some(step) = replay.reel.step().cloned() {
                    self.play_step(step);
                }
            }
            Moved::Elsewhere => self.set_scene(),
            Moved::AtEnd => replay.pause(),
            Moved::Waits => {}
        }
    }

    fn go_to_step(&mut self, at: At) {
        let Some(replay) = &mut self.replay else {
            return;
        };
        replay.pause();
        if replay.reel.go(at) == Moved::Elsewhere {
            self.set_scene();
        }
    }

    /// Tells the news of a step, as the daemon told them.
    fn play_step(&mut self, step: Step) {
        let session_id = self.current;
        for news in step.news {
            self.on_event(Event {
                seq: None,
                at: step.at,
                session_id,
                news,
            });
        }
        // The bar says what happened; the toast would say it again.
        self.toast = None;
        self.follow();
    }

    /// Makes the scene of the place at hand anew.
    fn set_scene(&mut self) {
        let Some(replay) = &self.replay else { return };
        let (shown, steps) = replay.reel.scene(SCENE);
        let id = shown.session.id;
        let calls = shown.calls.iter().map(|call| call.id);
        let known = replay.reel.known();
        let approvals = calls.filter_map(|id| known.approvals.get(&id).cloned());
        let approvals = approvals.collect();
        self.model = Model::default();
        self.model
            .subscribed(Subscribed::Snapshot(Box::new(Snapshot {
                seq: 1,
                sessions: vec![shown.session.clone()],
                ..Snapshot::default()
            })));
        self.model.shown(shown);
        self.model.approvals(id, approvals);
        // Another transcript counts its revisions anew.
        self.pages = Pages::default();
        self.asked = super::CardView::default();
        if let Some(view) = self.view_mut() {
            view.scroll = Scroll::Follow;
            (view.fetching, view.jump) = (false, None);
        }
        for step in steps {
            self.play_step(step);
        }
    }

    fn ask_where_to(&mut self, number: String) {
        let Some(replay) = &mut self.replay else {
            return;
        };
        let (first, last) = replay.reel.ends();
        replay.pause();
        let purpose = Purpose::GoTo { first, last };
        self.overlays
            .push(Overlay::Line(Asked::new(purpose, number)));
    }

    /// Goes to the message of a number that was written; says what is wrong with it.
    pub(super) fn go_to_number(&mut self, text: &str, (first, last): (u64, u64)) {
        match text.parse() {
            Ok(position) if (first..=last).contains(&position) => {
                self.go_to_step(At { position, step: 1 });
            }
            _ => {
                let text = crate::sanitize::line(text).into_owned();
                self.complain(format!(
                    "{text:?} is no message: they go from {first} to {last}"
                ));
            }
        }
    }

    /// Returns the call that the step at hand is about, or the newest one before it.
    pub(crate) fn call_at_hand(&self) -> Option<CallId> {
        let replay = self.replay.as_ref()?;
        match replay.reel.step()?.what {
            What::Call(id) | What::Asked(id) | What::Decided(id) | What::Output(id) => Some(id),
            _ => {
                let entries = self.transcript()?.entries();
                let mut calls = entries.iter().rev().map(|entry| &entry.message);
                calls.find_map(|message| message.calls().last())
            }
        }
    }

    fn show_call(&mut self) {
        match self.call_at_hand() {
            Some(id) => {
                if let Some(replay) = &mut self.replay {
                    replay.pause();
                }
                self.overlays.push(Overlay::Call { id, scroll: 0 });
            }
            None => self.say("no call was made yet"),
        }
    }
}

impl Replaying {
    const fn pause(&mut self) {
        (self.plays, self.due) = (false, None);
    }

    /// Says when the next step comes.
    fn set_due(&mut self, now: u64) {
        if !self.plays || self.due.is_some() || self.reel.waits() {
            return;
        }
        self.due = match (self.reel.step(), self.reel.next()) {
            (Some(step), Some(next)) => Some(now + self.pace.wait(step, &next)),
            // It is on its way.
            (Some(_), None) if !self.reel.is_at_end() => Some(now + 50),
            _ => {
                self.plays = false;
                None
            }
        };
    }
}
