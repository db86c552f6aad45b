//! What waits for a person: going to it, and answering it where it stands.

use smartopol_config::section::console::Notify;
use smartopol_protocol::attention::{Item, Kind, Resolve, Seen};
use smartopol_protocol::question::How;
use smartopol_protocol::{AttentionId, QuestionId, SessionId};

use super::gate::Surface;
use super::keymap::Action;
use super::question::number_of;
use super::undo::Going;
use super::waiting::Waiting;
use super::{App, Call, Cmd, Focus};
use crate::model::CardId;
use crate::model::attention::asks;
use crate::notice::{Calls, Notice};
use crate::sanitize;

/// For how long an item is put off, in seconds: a little, and long.
const LATER: (u64, u64) = (600, 3_600);

/// How the list of what waits is looked at.
#[derive(Debug, Default)]
pub(crate) struct InboxView {
    pub(crate) selected: Option<AttentionId>,
    /// Where the selected one stood, so that the next one is selected when it goes.
    at: usize,
    /// Items that this console saw to and has not heard back about.
    seen: Vec<AttentionId>,
    /// What the selected item is about, where it is something to remember.
    pub(crate) waiting: Option<Waiting>,
    /// The item that is told whole, and how far it is scrolled.
    pub(crate) whole: Option<AttentionId>,
    pub(crate) scroll: usize,
    /// What waits for others alone, while a person wants to see it.
    pub(crate) others: Option<Vec<Item>>,
    /// When the person is called.
    pub(super) calls: Calls,
}

impl App {
    /// Returns what waits for the person, what matters most first.
    fn own_attention(&self) -> impl DoubleEndedIterator<Item = &Item> {
        let items = self.model.attention.iter();
        items.filter(|item| !self.is_seen_to(item.id))
    }

    /// Returns what the list has: what waits for the person, and what waits for others alone where
    /// that is wanted.
    pub(crate) fn attention(&self) -> impl DoubleEndedIterator<Item = &Item> {
        let others = self.inbox.others.iter().flatten();
        let others = others.filter(|item| !self.is_seen_to(item.id));
        self.own_attention().chain(others)
    }

    /// Returns true for what the person has seen to, in this console and just now.
    fn is_seen_to(&self, id: AttentionId) -> bool {
        let goes = |(going, _): &(Going, u64)| matches!(going, Going::Item(own, _) if *own == id);
        self.inbox.seen.contains(&id) || self.removals.iter().any(goes)
    }

    /// Returns an item that the list has, or had.
    pub(crate) fn listed_item(&self, id: AttentionId) -> Option<&Item> {
        let mut others = self.inbox.others.iter().flatten();
        let own = self.model.attention.get(id);
        own.or_else(|| others.find(|item| item.id == id))
    }

    /// Returns true for what waits for somebody else alone.
    fn is_others(&self, id: AttentionId) -> bool {
        self.model.attention.get(id).is_none()
    }

    /// Shows what waits for others too, or no longer.
    fn turn_everyone(&mut self) {
        if self.inbox.others.take().is_none() {
            self.ask(Call::Everyone);
        }
    }

    pub(super) fn everyone_listed(&mut self, mut items: Vec<Item>) {
        items.retain(|item| self.is_others(item.id));
        if items.is_empty() {
            self.say("nothing waits for others");
        }
        self.inbox.others = Some(items);
    }

    /// Takes note of what was seen to of what waits for others.
    pub(super) fn seen_of_others(&mut self, id: AttentionId) {
        if let Some(others) = &mut self.inbox.others {
            others.retain(|item| item.id != id);
        }
    }

    /// Returns how much waits: all of it, and what is not the card of the session at hand.
    pub(crate) fn count_waiting(&self) -> (usize, usize) {
        // What is asked may be told before what waits because of it.
        let bare = |item: &&Item| !asks(item.kind);
        let others = self.own_attention().filter(bare).count();
        // On a screen of its own the card is not seen.
        let seen = self.current.filter(|_| self.plan.whole.height == 0);
        let here = seen.map_or(0, |id| self.model.asked().filter(|own| own.0 == id).count());
        let all = self.model.asked().count() + others;
        (all, all.saturating_sub(here))
    }

    /// Goes to the list of what waits, or back from it.
    pub(super) fn turn_to_inbox(&mut self) {
        (self.inbox.whole, self.inbox.others) = (None, None);
        self.focus = if self.focus == Focus::Inbox {
            Focus::Composer
        } else {
            self.traces_whole = false;
            Focus::Inbox
        };
    }

    /// Goes to the next thing that waits: to a session with a question, or to its line in the list.
    pub(super) fn next_waiting(&mut self) {
        if self.focus == Focus::Inbox {
            let count = self.attention().count();
            let next = (self.inbox.at + 1).checked_rem(count).unwrap_or(0);
            return self.select_item(next);
        }
        let asked = || self.model.asked().map(|(session, _)| session);
        let elsewhere = asked().find(|id| Some(*id) != self.current);
        // What matters most, but for the card that is seen already.
        let first = self.own_attention().find(|item| {
            !asks(item.kind) || (item.session_id != self.current && elsewhere.is_some())
        });
        let first = first.map(|item| (item.id, item.kind, item.session_id));
        match (first, elsewhere.or_else(|| asked().next())) {
            (Some((_, kind, Some(session))), _) if asks(kind) => self.open_waiting(session),
            (Some((id, ..)), _) => self.turn_to(id),
            (_, Some(session)) => self.open_waiting(session),
            _ => self.say("nothing waits for you"),
        }
    }

    fn open_waiting(&mut self, id: SessionId) {
        let whole = [
            Focus::Inbox,
            Focus::Jobs,
            Focus::Terminals,
            Focus::Memory,
            Focus::Users,
        ];
        if whole.contains(&self.focus) {
            self.focus = Focus::Composer;
        }
        self.open(id);
    }

    /// Shows one item in the list.
    fn turn_to(&mut self, id: AttentionId) {
        self.traces_whole = false;
        self.focus = Focus::Inbox;
        (self.inbox.selected, self.inbox.whole) = (Some(id), None);
    }

    fn select_item(&mut self, at: usize) {
        let last = self.attention().count().saturating_sub(1);
        self.inbox.at = at.min(last);
        let item = self.attention().nth(self.inbox.at).map(|item| item.id);
        self.inbox.selected = item;
    }

    /// Keeps something selected as long as something waits.
    pub(super) fn settle_inbox(&mut self) {
        let model = &self.model.attention;
        let others = &self.inbox.others;
        let is_others = |id| others.iter().flatten().any(|item| item.id == id);
        self.inbox
            .seen
            .retain(|id| model.get(*id).is_some() || is_others(*id));
        if self.inbox.whole.is_some_and(|id| {
            self.focus != Focus::Inbox || self.attention().all(|item| item.id != id)
        }) {
            self.inbox.whole = None;
        }
        self.settle_calls();
        let id = self.inbox.selected;
        let at = self.attention().position(|item| Some(item.id) == id);
        match at {
            Some(at) => self.inbox.at = at,
            None => self.select_item(self.inbox.at),
        }
    }

    /// Forgets what was seen to: a new connection has not heard of it, or says so again.
    pub(super) fn forget_seen(&mut self, id: Option<AttentionId>) {
        self.inbox
            .seen
            .retain(|own| id.is_some_and(|id| id != *own));
    }

    pub(super) fn look_at_inbox(&mut self, action: Action) {
        let page = usize::try_from(self.plan.page() / 2).unwrap_or(1);
        if self.inbox.whole.is_some() {
            let at = &mut self.inbox.scroll;
            match action {
                Action::Up => return *at = at.saturating_sub(1),
                Action::Down => return *at = at.saturating_add(1),
                Action::PageUp => return *at = at.saturating_sub(2 * page),
                Action::PageDown => return *at = at.saturating_add(2 * page),
                Action::First => return *at = 0,
                Action::Last => return *at = usize::MAX,
                Action::Back | Action::Open => return self.inbox.whole = None,
                _ => {}
            }
        }
        let at = self.inbox.at;
        match action {
            Action::Whose => return self.turn_everyone(),
            Action::Up => return self.select_item(at.saturating_sub(1)),
            Action::Down => return self.select_item(at + 1),
            Action::PageUp => return self.select_item(at.saturating_sub(page)),
            Action::PageDown => return self.select_item(at + page),
            Action::First => return self.select_item(0),
            Action::Last => return self.select_item(usize::MAX),
            Action::Back => return self.focus = Focus::Composer,
            _ => {}
        }
        let item = self.inbox.selected;
        let Some(item) = item.and_then(|id| self.listed_item(id)).cloned() else {
            return;
        };
        let alone = matches!(item.kind, Kind::Reminder | Kind::Memory);
        if action != Action::Open && alone && self.is_others(item.id) {
            let name = self.model.other(item.user_id).unwrap_or("somebody else");
            let words = format!("it is for {}, who sees to it", sanitize::line(name));
            return self.say(words);
        }
        match action {
            action if number_of(action).is_some() => self.choose_in_inbox(&item, action),
            Action::Approve | Action::Reject | Action::EditMemory if item.kind == Kind::Memory => {
                self.decide_in_inbox(&item, action);
            }
            Action::Open => self.answer_item(&item),
            Action::Dismiss if item.kind == Kind::Question => self.dismiss_in_inbox(&item),
            Action::Acknowledge => self.see_to(&item, Seen::Acknowledge),
            Action::Dismiss => self.see_to(&item, Seen::Dismiss),
            Action::Snooze => self.put_off(&item, LATER.0),
            Action::SnoozeLong => self.put_off(&item, LATER.1),
            Action::RunJob if item.kind == Kind::Reminder => {
                self.say("a reminder does not run: a says that you have seen to it");
            }
            Action::RunJob if item.job_id.is_some() => {
                self.run_job(item.job_id);
                self.see_to_now(item.id, Seen::Acknowledge);
            }
            Action::RestJob if item.kind == Kind::JobPaused => {
                if let Some(id) = item.job_id {
                    self.change(Call::ResumeJob(id));
                }
            }
            _ => self.say("that is no answer to what is selected"),
        }
    }

    /// Continues the turn that the selected item is about.
    pub(super) fn continue_item(&mut self) {
        let item = self.inbox.selected;
        let item = item.and_then(|id| self.listed_item(id));
        match item.map(|item| (item.kind, item.session_id)) {
            Some((Kind::TurnFailed, Some(id))) => {
                if self.change(Call::Continue(id)) {
                    self.say("the turn goes on");
                }
            }
            _ => self.say("only a turn that failed can be continued"),
        }
    }

    /// Goes to where an item is answered.
    pub(super) fn answer_item(&mut self, item: &Item) {
        match (item.kind, item.session_id, item.job_id) {
            (Kind::Reminder | Kind::Stranger, ..) => {
                (self.inbox.whole, self.inbox.scroll) = (Some(item.id), 0);
            }
            (Kind::JobFailed | Kind::JobMissed | Kind::JobPaused, _, Some(id)) => {
                self.go_to_jobs(Some(id));
            }
            (Kind::TerminalEnded, ..) => self.go_to_terminals(item.terminal_id),
            (Kind::Memory, ..) => self.go_to_waiting(item.user_id),
            (kind, Some(id), _) if self.model.session(id).is_some() => {
                self.focus = Focus::Composer;
                self.open(id);
                if asks(kind) {
                    self.act(Action::FocusCard);
                }
            }
            _ => self.say("what it is about is gone: a or d puts it away"),
        }
    }

    /// Takes a choice of the selected question, where it was seen long enough.
    fn choose_in_inbox(&mut self, item: &Item, action: Action) {
        let own = item.question_id.and_then(|id| self.model.question(id));
        let own = own.map(|own| (own.id, own.choices.len()));
        let (Some((id, choices)), Some(number)) = (own, number_of(action)) else {
            return self.say("that is no answer to what is selected");
        };
        self.end_in_inbox(item, (id, choices), How::Choose { number });
    }

    fn dismiss_in_inbox(&mut self, item: &Item) {
        if let Some(id) = item.question_id {
            self.end_in_inbox(item, (id, 0), How::Dismiss);
        }
    }

    fn end_in_inbox(&mut self, item: &Item, (id, choices): (QuestionId, usize), how: How) {
        let seen = (CardId::Question(id), Surface::Inbox);
        if !self.gate.takes(seen, self.now.ms) {
            return self.say("one moment: the question has only just appeared");
        }
        if self.answer(id, choices, how) {
            self.inbox.seen.push(item.id);
        }
    }

    fn put_off(&mut self, item: &Item, seconds: u64) {
        self.see_to(item, Seen::Snooze { seconds });
    }

    /// Says to the daemon what a person does with an item.
    pub(super) fn see_to(&mut self, item: &Item, how: Seen) {
        if asks(item.kind) {
            return self.say("a question is resolved by its answer: enter goes there");
        }
        let words = match how {
            // There is time to think again.
            Seen::Acknowledge | Seen::Dismiss => {
                return self.remove_soon(Going::Item(item.id, how));
            }
            Seen::Snooze { seconds: 600 } => "again in 10 minutes",
            Seen::Snooze { .. } => "again in an hour",
        };
        if self.see_to_now(item.id, how) {
            let title = sanitize::line(&item.title).into_owned();
            self.say(format!("{words}: {title}"));
        }
    }

    /// Says it at once; true where it was said.
    pub(super) fn see_to_now(&mut self, id: AttentionId, how: Seen) -> bool {
        // Somebody else may have seen to it by now.
        let said =
            self.listed_item(id).is_some() && self.change(Call::Resolve(Resolve { id, how }));
        if said {
            self.inbox.seen.push(id);
        }
        said
    }

    /// Calls a person who looks elsewhere because something waits for them.
    pub(super) fn call_for(&mut self, item: &Item) {
        if self.window_focused {
            return;
        }
        let count = self.count_of(item.kind).max(1);
        let notice = match item.kind {
            Kind::Approval => Notice::Waits(count),
            Kind::Question => Notice::Asks(count),
            Kind::TurnFailed => Notice::Failed,
            Kind::Reminder => Notice::Reminds(count),
            Kind::JobFailed | Kind::JobMissed | Kind::JobPaused => Notice::Job,
            Kind::ApprovalExpired
            | Kind::QuestionExpired
            | Kind::TerminalEnded
            | Kind::Stranger
            | Kind::BudgetUsed
            | Kind::Memory => return,
        };
        self.call_person(notice);
    }

    fn count_of(&self, kind: Kind) -> usize {
        let items = self.model.attention.iter();
        items.filter(|item| item.kind == kind).count()
    }

    /// Calls a person, or keeps it for when they may be called again.
    pub(super) fn call_person(&mut self, notice: Notice) {
        if self.console.notify != Notify::Off
            && let Some(notice) = self.inbox.calls.ask(notice, self.now.ms)
        {
            self.cmds.push(Cmd::Call(notice));
        }
    }

    /// Calls for what was kept, as far as it waits still.
    fn settle_calls(&mut self) {
        if self.window_focused {
            return self.inbox.calls.forget();
        }
        let notice = match self.inbox.calls.take_due(self.now.ms) {
            None => return,
            Some(Notice::Waits(_)) => Notice::Waits(self.count_of(Kind::Approval)),
            Some(Notice::Asks(_)) => Notice::Asks(self.count_of(Kind::Question)),
            Some(Notice::Reminds(_)) => Notice::Reminds(self.count_of(Kind::Reminder)),
            Some(notice) => notice,
        };
        if !matches!(
            notice,
            Notice::Waits(0) | Notice::Asks(0) | Notice::Reminds(0)
        ) {
            self.cmds.push(Cmd::Call(notice));
        }
    }
}
