//! What waits for a person: going to it, and answering it where it stands.

use smartopol_protocol::attention::{Item, Kind, Resolve, Seen};
use smartopol_protocol::question::How;
use smartopol_protocol::{AttentionId, QuestionId, SessionId};

use super::gate::Surface;
use super::keymap::Action;
use super::question::number_of;
use super::waiting::Waiting;
use super::{App, Call, Focus};
use crate::model::CardId;
use crate::model::attention::asks;
use crate::notice::Notice;
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
}

impl App {
    /// Returns what waits for a person, what matters most first.
    pub(crate) fn attention(&self) -> impl DoubleEndedIterator<Item = &Item> {
        let items = self.model.attention.iter();
        items.filter(|item| !self.inbox.seen.contains(&item.id))
    }

    /// Returns how much waits: all of it, and what is not the card of the session at hand.
    pub(crate) fn count_waiting(&self) -> (usize, usize) {
        // What is asked may be told before what waits because of it.
        let bare = |item: &&Item| !asks(item.kind);
        let others = self.attention().filter(bare).count();
        // On a screen of its own the card is not seen.
        let seen = self.current.filter(|_| self.plan.whole.height == 0);
        let here = seen.map_or(0, |id| self.model.asked_in(id).count());
        let all = self.model.asked().count() + others;
        (all, all.saturating_sub(here))
    }

    /// Goes to the list of what waits, or back from it.
    pub(super) fn turn_to_inbox(&mut self) {
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
        let first = self.attention().find(|item| {
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
        self.inbox.selected = Some(id);
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
        self.inbox.seen.retain(|id| model.get(*id).is_some());
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
        let at = self.inbox.at;
        match action {
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
        let Some(item) = item.and_then(|id| self.model.attention.get(id)).cloned() else {
            return;
        };
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
                self.see_to(&item, Seen::Acknowledge);
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
        let item = item.and_then(|id| self.model.attention.get(id));
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
            (Kind::Reminder, ..) => self.see_to(item, Seen::Acknowledge),
            (Kind::JobFailed | Kind::JobMissed | Kind::JobPaused, _, Some(id)) => {
                self.go_to_jobs(Some(id));
            }
            (Kind::TerminalEnded, ..) => self.go_to_terminals(item.terminal_id),
            (Kind::Stranger, ..) => self.say(&item.detail),
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
            Seen::Acknowledge => "seen to",
            Seen::Dismiss => "put away",
            Seen::Snooze { seconds: 600 } => "again in 10 minutes",
            Seen::Snooze { .. } => "again in an hour",
        };
        let id = item.id;
        if self.change(Call::Resolve(Resolve { id, how })) {
            self.inbox.seen.push(id);
            let title = sanitize::line(&item.title).into_owned();
            self.say(format!("{words}: {title}"));
        }
    }

    /// Calls a person who looks elsewhere because something waits for them.
    pub(super) fn call_for(&mut self, item: &Item) {
        if self.window_focused {
            return;
        }
        let same = |own: &&Item| own.kind == item.kind && own.id != item.id;
        let count = self.model.attention.iter().filter(same).count() + 1;
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
        self.cmds.push(super::Cmd::Call(notice));
    }
}
