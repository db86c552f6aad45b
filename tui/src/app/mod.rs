//! The console: what the daemon said, what a person looks at, and how the two change.
//!
//! `update` changes state and returns what is to be done; drawing reads. Neither waits.

mod attention;
mod budget;
pub(crate) mod card;
mod command;
mod complete;
pub(crate) mod everywhere;
pub(crate) mod feed;
mod folding;
pub(crate) mod gate;
mod inbox;
pub(crate) mod job_form;
pub(crate) mod jobs;
pub(crate) mod keymap;
mod keys;
pub(crate) mod lab;
mod line;
pub(crate) mod memories;
pub(crate) mod memory_form;
pub(crate) mod mouse;
pub(crate) mod msg;
pub(crate) mod palette;
mod panes;
pub(crate) mod people;
mod pick;
pub(crate) mod query;
pub(crate) mod question;
mod reading;
pub(crate) mod replay;
mod search;
mod terminals;
mod toast;
mod undo;
mod view;
mod waiting;
mod windows;
pub(crate) mod writing;

pub(crate) use complete::Names;
pub(crate) use inbox::ended;
pub(crate) use keys::meaning;
pub(crate) use reading::{Jump, Seek};
pub(crate) use search::Searching;
pub(crate) use toast::Toast;
pub(crate) use undo::Going;
pub(crate) use view::{Fold, Piece, View};
pub(crate) use writing::Kind;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use smartopol_config::Entry;
use smartopol_config::keymap::{Key, Keymap};
use smartopol_config::section::console::Console;
use smartopol_protocol::approval::{Approval, Mode};
use smartopol_protocol::daemon::StatusShown;
use smartopol_protocol::model::ProviderInfo;
use smartopol_protocol::session::{Session, SessionState};
use smartopol_protocol::{SessionId, Timestamp};

use self::attention::InboxView;
use self::card::CardView;
use self::everywhere::Everywhere;
use self::feed::Feed;
pub(crate) use self::gate::Gate;
use self::gate::Surface;
use self::jobs::JobsView;
use self::memories::MemoryView;
use self::mouse::{Selection, Spot};
pub(crate) use self::msg::{Call, Cmd, Link, Msg, Now, Refusal, Reply};
use self::palette::Target;
use self::people::PeopleView;
use self::replay::Replaying;
use self::terminals::TerminalsView;
use crate::clipboard::Copy;
use crate::external::{External, Returned, Use};
use crate::links::Links;
use crate::model::CardId;
use crate::model::{Model, Transcript};
use crate::overlay::Overlay;
use crate::screen::Plan;
use crate::terminal::Wishes;
use crate::theme::Theme;
use crate::widget::composer::Kept;
use crate::widget::paints::Paints;
use crate::widget::transcript::Pages;

/// What the keys act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Composer,
    Card,
    Conversation,
    Traces,
    Sessions,
    Jobs,
    Inbox,
    Terminals,
    Memory,
    Users,
}

/// How the daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LinkState {
    Connecting,
    Connected,
    Lost {
        reason: String,
        retry_at: u64,
        stopped: bool,
    },
}

/// What was asked for when the console began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The session by name or id.
    pub(crate) session: Option<String>,
    /// The folder it was started in.
    pub(crate) workspace: String,
    /// The home folder, which is shown as `~`.
    pub(crate) home: String,
    pub(crate) observe: bool,
    /// True to see the traces beside the conversation.
    pub(crate) traces: bool,
    /// How many sent messages are kept to be sent again.
    pub(crate) history: usize,
    /// The settings of the console.
    pub(crate) console: Console,
    /// What was written and not sent when the last console ended.
    pub(crate) drafts: HashMap<SessionId, Kept>,
    /// All settings, as they were when it began.
    pub(crate) settings: Vec<Entry>,
}

/// The console.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) model: Model,
    pub(crate) wanted: Wanted,
    pub(crate) theme: Theme,
    pub(crate) zone: TimeZone,
    pub(crate) now: Now,
    pub(crate) plan: Plan,
    pub(crate) link: LinkState,
    pub(crate) peer: String,
    pub(crate) status: Option<StatusShown>,
    pub(crate) providers: Vec<ProviderInfo>,
    pub(crate) focus: Focus,
    /// The card that was reached by a key.
    pub(crate) focused_card: Option<CardId>,
    pub(crate) current: Option<SessionId>,
    pub(crate) views: HashMap<SessionId, View>,
    pub(crate) overlays: Vec<Overlay>,
    pub(crate) gate: Gate,
    /// The recording that is replayed, where the console replays one.
    pub(crate) replay: Option<Box<Replaying>>,
    /// How the card is looked at.
    pub(crate) asked: CardView,
    pub(crate) feed: Feed,
    pub(crate) jobs: JobsView,
    pub(crate) inbox: InboxView,
    pub(crate) terms: TerminalsView,
    pub(crate) memory: MemoryView,
    pub(crate) people: PeopleView,
    pub(crate) everywhere: Everywhere,
    /// True where the traces have the whole screen.
    pub(crate) traces_whole: bool,
    pub(crate) traces_beside: bool,
    pub(crate) session_at: Option<SessionId>,
    pub(crate) toast: Option<Toast>,
    pub(crate) history: Vec<String>,
    pub(crate) pages: Pages,
    pub(crate) paints: Paints,
    pub(crate) links: Links,
    pub(crate) keymap: Keymap,
    /// The settings of the console as they are now.
    pub(crate) console: Console,
    /// What was done from the palette, newest first.
    pub(crate) recent: Vec<Target>,
    /// The commands that were said.
    pub(crate) commands: Vec<String>,
    /// What can be clicked, as it was drawn last.
    pub(crate) spots: RefCell<Vec<(Rect, Spot)>>,
    pub(crate) selection: Option<Selection>,
    /// The first key of a pair, while the second is waited for.
    pub(crate) pending: Option<Key>,
    /// What was written while there was no session yet.
    ahead: Vec<keys::Ahead>,
    names: Names,
    files: complete::Files,
    renew_names: bool,
    undo: Vec<undo::Done>,
    /// What goes soon, and when.
    removals: Vec<(Going, u64)>,
    /// Drafts as they are kept, those that changed since, and when they are kept again.
    kept: HashMap<SessionId, Kept>,
    unkept: HashSet<SessionId>,
    keep_at: Option<u64>,
    window_focused: bool,
    /// Until when another `ctrl-c` leaves.
    leave_until: u64,
    /// Approvals and questions that this console answered and has not heard back about.
    answering: HashSet<CardId>,
    cmds: Vec<Cmd>,
}

impl App {
    pub(crate) fn new(wanted: Wanted, theme: Theme, zone: TimeZone, now: Now) -> Self {
        Self {
            model: Model::default(),
            theme,
            zone,
            now,
            plan: Plan::default(),
            link: LinkState::Connecting,
            peer: String::new(),
            status: None,
            providers: Vec::new(),
            focus: Focus::Composer,
            focused_card: None,
            current: None,
            views: HashMap::new(),
            overlays: Vec::new(),
            gate: Gate::default(),
            replay: None,
            asked: CardView::default(),
            feed: Feed::default(),
            jobs: JobsView::default(),
            inbox: InboxView::default(),
            terms: TerminalsView::default(),
            memory: MemoryView::default(),
            everywhere: Everywhere::default(),
            people: PeopleView::default(),
            traces_whole: false,
            traces_beside: wanted.traces,
            session_at: None,
            toast: None,
            history: Vec::new(),
            pages: Pages::default(),
            keymap: Keymap::new(wanted.console.keymap, &wanted.console.keys),
            console: wanted.console.clone(),
            recent: Vec::new(),
            commands: Vec::new(),
            paints: Paints::default(),
            links: Links::look(),
            spots: RefCell::default(),
            selection: None,
            pending: None,
            ahead: Vec::new(),
            names: Names::default(),
            files: complete::Files::default(),
            renew_names: false,
            undo: Vec::new(),
            removals: Vec::new(),
            kept: wanted.drafts.clone(),
            unkept: HashSet::new(),
            keep_at: None,
            window_focused: true,
            leave_until: 0,
            answering: HashSet::new(),
            cmds: Vec::new(),
            wanted,
        }
    }

    /// Takes one thing that happened and says what must be done.
    pub(crate) fn update(&mut self, msg: Msg, now: Now) -> Vec<Cmd> {
        self.now = now;
        match msg {
            Msg::Key(key) => self.on_key(key),
            Msg::Paste(text) => self.on_paste(&text),
            Msg::Mouse(event) => self.on_mouse(event),
            Msg::Resized | Msg::Tick => {}
            Msg::WindowFocus(focused) => {
                self.window_focused = focused;
                self.focus_in_terminal(focused);
            }
            Msg::Link(link) => self.on_link(link),
            Msg::Answered(call, reply) => self.on_reply(*call, reply),
            Msg::Painted(key, painted) => self.paints.put(key, painted),
            Msg::Told(Ok(words)) => self.say(words),
            Msg::Told(Err(words)) => self.complain(words),
            Msg::Returned(returned) => self.on_return(returned),
        }
        self.settle();
        std::mem::take(&mut self.cmds)
    }

    /// Does something at a person's wish, and says what must be done.
    pub(crate) fn with(&mut self, now: Now, wish: impl FnOnce(&mut Self)) -> Vec<Cmd> {
        self.now = now;
        wish(self);
        self.settle();
        std::mem::take(&mut self.cmds)
    }

    /// Brings what is looked at back in line with what there is.
    fn settle(&mut self) {
        if self
            .toast
            .as_ref()
            .is_some_and(|toast| toast.until <= self.now.ms)
        {
            self.toast = None;
        }
        self.settle_replay();
        // The next card does not inherit the focus: each is reached by a key of its own.
        let card = self.front();
        if self.focus == Focus::Card && (card.is_none() || card != self.focused_card) {
            self.focus = Focus::Composer;
        }
        if self
            .current
            .is_some_and(|id| self.model.session(id).is_none())
            && self.model.seq().is_some()
        {
            self.current = None;
            self.open_newest();
        }
        self.settle_ahead();
        self.settle_feed();
        self.settle_inbox();
        self.settle_waiting();
        self.settle_jobs();
        self.settle_quiet();
        self.settle_terminals();
        self.settle_memory();
        self.settle_people();
        self.settle_card();
        self.settle_windows();
        self.settle_removals();
        self.settle_editing();
        self.settle_names();
        self.settle_drafts();
    }

    /// Takes note of what a person sees now, and says what must be done about it.
    pub(crate) fn drawn(&mut self, now: Now) -> Vec<Cmd> {
        self.now = now;
        let card = match self.overlays.last() {
            None if self.plan.card_is_seen => self.front().map(|id| (id, Surface::Card)),
            None if self.focus == Focus::Inbox => {
                let card = self.selected_card();
                card.map(|card| (card, Surface::Inbox))
            }
            Some(Overlay::Lab(lab)) if lab.shown.is_some() => {
                Some((CardId::Approval(lab.id), Surface::Lab))
            }
            _ => None,
        };
        self.gate.seen(card, now.ms);
        self.wanted_by_jobs();
        self.wanted_by_terminals();
        let mut cmds = std::mem::take(&mut self.cmds);
        cmds.extend(self.wanted_by_view());
        cmds.extend(self.paints.wanted().into_iter().map(Cmd::Paint));
        cmds
    }

    /// Returns what the terminal should do besides showing frames.
    pub(crate) fn wishes(&self) -> Wishes {
        Wishes {
            mouse: self.console.mouse,
            waiting: self.count_waiting().0,
        }
    }

    /// Returns when the console wants to be drawn again by itself: `None` while all is at rest.
    pub(crate) fn next_tick(&self) -> Option<u64> {
        if self.replay.is_some() {
            let toast = self.toast.as_ref().map(|toast| toast.until);
            return [self.replay_tick(), toast].into_iter().flatten().min();
        }
        let now = self.now.ms;
        let second = (now / 1_000 + 1) * 1_000;
        let counts = self.model.sessions().any(|session| !is_idle(session))
            || !self.model.pending().is_empty()
            || matches!(&self.link, LinkState::Lost { retry_at, .. } if *retry_at > now);
        [
            counts.then_some(second),
            self.toast.as_ref().map(|toast| toast.until),
            self.keep_at,
            self.inbox.calls.due(),
            self.jobs_tick(),
            self.terminals_tick(),
            self.removals.iter().map(|(_, at)| *at).min(),
            (!self.removals.is_empty()).then_some(second),
            if self.focus == Focus::Card {
                self.gate.opens_at(now)
            } else {
                None
            },
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(crate) fn session(&self) -> Option<&Session> {
        self.current.and_then(|id| self.model.session(id))
    }

    /// Returns true once all is there that the first screen shows.
    pub(crate) fn is_furnished(&self) -> bool {
        self.status.is_some() && !self.providers.is_empty() && self.transcript().is_some()
    }

    pub(crate) fn transcript(&self) -> Option<&Transcript> {
        self.current.and_then(|id| self.model.transcript(id))
    }

    /// Returns what the card shows: what waits longest in this session.
    pub(crate) fn front(&self) -> Option<CardId> {
        let id = self.current?;
        let mut asked = self.model.asked_in(id);
        asked.find(|card| !self.answering.contains(card))
    }

    /// Returns the approval that the card shows, where it is not a question's turn.
    pub(crate) fn card(&self) -> Option<&Approval> {
        match self.front()? {
            CardId::Approval(id) => self.model.pending().iter().find(|own| own.id == id),
            CardId::Question(_) | CardId::Memories(..) => None,
        }
    }

    /// Returns the mode that holds in a session.
    pub(crate) fn mode_of(&self, session: &Session) -> Mode {
        session
            .mode
            .or(self.status.as_ref().map(|status| status.mode))
            .unwrap_or_default()
    }

    /// Returns true where a turn of the session at hand runs or waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.session().is_some_and(|session| !is_idle(session))
    }

    /// Returns true where the newest turn of the session at hand can be continued.
    pub(crate) fn can_continue(&self) -> bool {
        matches!(
            self.session().map(|session| &session.state),
            Some(SessionState::Idle { last: Some(outcome) }) if outcome.can_continue()
        )
    }

    /// Returns a moment as the clock on the wall shows it.
    pub(crate) fn clock(&self, at: Timestamp) -> jiff::civil::Time {
        self.moment(at).time()
    }

    /// Returns a moment as the calendar and the clock on the wall show it.
    pub(crate) fn moment(&self, at: Timestamp) -> jiff::civil::DateTime {
        jiff::Timestamp::from_millisecond(at.as_millis())
            .map(|at| self.zone.to_datetime(at))
            .unwrap_or_default()
    }

    /// Returns the day of a moment, where the person is.
    pub(crate) fn day(&self, at: Timestamp) -> jiff::civil::Date {
        self.moment(at).date()
    }

    /// Returns the sessions that lists have: those that were not put away, and the one at hand.
    pub(crate) fn sessions_listed(&self) -> impl Iterator<Item = &Session> {
        let here = self.current;
        let listed = move |own: &&Session| own.archived_at.is_none() || Some(own.id) == here;
        self.model.sessions().filter(listed)
    }

    /// Takes what a pager or an editor left.
    fn on_return(&mut self, returned: Returned) {
        match (returned.purpose, returned.text) {
            (_, Err(why)) => self.complain(why),
            (Use::Look, Ok(_)) => {}
            (Use::Draft(id), Ok(text)) => {
                let view = self.views.entry(id).or_default();
                view.composer.set(text.trim_end().to_owned());
            }
        }
    }

    /// Puts a text where a person can paste it; `what` says what it is.
    pub(crate) fn copy(&mut self, what: &str, text: String) {
        let what = what.to_owned();
        self.cmds.push(Cmd::Copy(Copy { what, text }));
    }

    /// Shows a text in the person's pager or editor.
    pub(crate) fn show_outside(&mut self, external: External) {
        self.cmds.push(Cmd::External(external));
    }

    fn ask(&mut self, call: Call) {
        if self.may_ask(&call) {
            self.cmds.push(Cmd::Ask(call));
        }
    }

    /// Asks for a change, unless this console only looks or cannot be heard. True where asked.
    pub(crate) fn change(&mut self, call: Call) -> bool {
        let may = self.connected_to_change();
        if may {
            self.ask(call);
        }
        may
    }

    /// Returns true where a change can be asked for; says why where it cannot.
    fn connected_to_change(&mut self) -> bool {
        if self.wanted.observe {
            self.say("this console only looks: start it without --observe to change things");
            return false;
        }
        if self.link != LinkState::Connected {
            self.complain("the daemon cannot be reached right now: nothing was done");
            return false;
        }
        true
    }

    pub(crate) fn leave(&mut self) {
        // What was to go soon stays: whoever leaves cannot think again.
        self.removals.clear();
        self.cmds.push(Cmd::Leave);
    }
}

/// Returns true where no turn of the session runs or waits.
pub(crate) const fn is_idle(session: &Session) -> bool {
    matches!(session.state, SessionState::Idle { .. })
}
