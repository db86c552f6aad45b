//! How users are looked at and seen to: who there is, who waits at the door, and one of them whole.
//!
//! A user's page is a form: what can be changed of them stands in fields, one of which is at hand.
//! Who may not manage users has one entry, their own.

mod fields;

use smartopol_protocol::attention::{Item, Kind};
use smartopol_protocol::user::{Admit, Capability, Code, Grant, Listed, PeerId, Set, Shown, User};
use smartopol_protocol::{AttentionId, News, UserId};

pub(crate) use self::fields::{Field, Most};
use super::keymap::Action;
use super::{App, Call, Focus, LinkState, Reply};
use crate::sanitize;

/// How long another key is waited for that parts a peer from its user, in milliseconds.
const SURE_WITHIN: u64 = 4_000;

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// Somebody who waits at the door.
    Stranger(AttentionId),
    User(UserId),
}

/// How users are looked at.
#[derive(Debug, Default)]
pub(crate) struct PeopleView {
    pub(crate) listed: Listed,
    /// True once the list was answered.
    pub(crate) known: bool,
    pub(crate) selected: Option<Person>,
    /// The one who is told whole.
    pub(crate) shown: Option<Shown>,
    /// True while the keys act on the fields of the page.
    pub(crate) inside: bool,
    /// The field at hand.
    pub(crate) field: usize,
    pub(crate) scroll: usize,
    /// A code that joins another peer to whom this console is.
    pub(crate) code: Option<Code>,
    /// Counts the questions: only the newest one's answer is of use.
    pub(crate) number: u64,
    /// The peer that goes when the key comes again, and until when.
    parting: Option<(PeerId, u64)>,
    /// True where the list must be asked for.
    stale: bool,
    page: Option<UserId>,
}

impl PeopleView {
    /// A new connection knows of no question.
    pub(super) fn reconnected(&mut self) {
        (self.stale, self.page) = (true, None);
    }

    /// Returns a user who is listed.
    pub(crate) fn user(&self, id: UserId) -> Option<&User> {
        self.listed.users.iter().find(|user| user.id == id)
    }

    /// Returns what is told of the one who is selected, once it is.
    pub(crate) fn page(&self) -> Option<&Shown> {
        let Some(Person::User(id)) = self.selected else {
            return None;
        };
        self.shown.as_ref().filter(|shown| shown.user.id == id)
    }

    /// Returns the fields of the page.
    pub(crate) fn fields(&self) -> Vec<Field> {
        self.page().map(Field::all).unwrap_or_default()
    }
}

impl App {
    /// Goes to the users, or back from them.
    pub(super) fn turn_to_people(&mut self) {
        if self.focus == Focus::Users {
            self.leave_people();
        } else {
            self.go_to_people();
        }
    }

    /// Goes to the users.
    pub(crate) fn go_to_people(&mut self) {
        self.traces_whole = false;
        self.focus = Focus::Users;
        (self.people.stale, self.people.page) = (true, None);
    }

    fn leave_people(&mut self) {
        self.people.inside = false;
        self.focus = Focus::Composer;
    }

    /// Returns who is listed: those who wait at the door first.
    pub(crate) fn people(&self) -> Vec<Person> {
        let waits = self.strangers().map(|item| Person::Stranger(item.id));
        let users = self.people.listed.users.iter();
        waits
            .chain(users.map(|user| Person::User(user.id)))
            .collect()
    }

    /// Returns those who wait at the door.
    pub(crate) fn strangers(&self) -> impl Iterator<Item = &Item> {
        let items = self.model.attention.iter();
        items.filter(|item| item.kind == Kind::Stranger)
    }

    /// Returns true where there is nobody else to see.
    pub(crate) fn is_alone(&self) -> bool {
        self.people.known && self.people().len() == 1
    }

    /// Returns true while the keys act on the fields of a page.
    pub(crate) fn is_inside(&self) -> bool {
        self.people.inside || self.is_alone()
    }

    /// Returns true for whom this console is.
    pub(crate) fn is_me(&self, user: &User) -> bool {
        user.peers.iter().any(|peer| peer.as_str() == self.peer)
    }

    /// Somebody was changed, came in or used something: what is seen may be of yesterday.
    pub(super) fn heard_of_people(&mut self, news: &News) {
        let ends = |turn: &smartopol_protocol::turn::Turn| turn.finished_at.is_some();
        let matters = match news {
            News::UserChanged(_) | News::UserRemoved(_) => true,
            News::TurnChanged(turn) => ends(turn),
            _ => false,
        };
        if matters {
            (self.people.stale, self.people.page) = (true, None);
        }
    }

    /// Asks for what the screen of users lacks.
    pub(super) fn settle_people(&mut self) {
        if self
            .people
            .parting
            .as_ref()
            .is_some_and(|(_, until)| *until <= self.now.ms)
        {
            self.people.parting = None;
        }
        let over = |code: &Code| code.expires_at <= self.now.wall;
        if self.people.code.as_ref().is_some_and(over) {
            self.people.code = None;
        }
        if self.focus != Focus::Users || self.link != LinkState::Connected {
            return;
        }
        if std::mem::take(&mut self.people.stale) {
            self.people.number += 1;
            self.ask(Call::Users(self.people.number));
        }
        let people = self.people();
        let there = |own: Person| people.contains(&own);
        if self.people.known && !self.people.selected.is_some_and(there) {
            self.people.inside = false;
            self.select_person(people.first().copied());
        }
        if let Some(Person::User(id)) = self.people.selected
            && self.people.page != Some(id)
        {
            self.people.page = Some(id);
            self.ask(Call::UserPage(id));
        }
        let last = self.people.fields().len().saturating_sub(1);
        self.people.field = self.people.field.min(last);
    }

    pub(crate) fn select_person(&mut self, person: Option<Person>) {
        if self.people.selected != person {
            self.people.selected = person;
            (self.people.scroll, self.people.field) = (0, 0);
        }
    }

    pub(super) fn look_at_people(&mut self, action: Action) {
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        match action {
            Action::PageUp => self.people.scroll = self.people.scroll.saturating_sub(page),
            Action::PageDown => self.people.scroll += page,
            Action::Approve => self.admit(true),
            Action::Reject => self.admit(false),
            Action::LinkCode => drop(self.change(Call::LinkCode)),
            Action::KeepOut => self.keep_out(),
            Action::Back if self.people.inside => self.people.inside = false,
            Action::Back => self.leave_people(),
            action if self.is_inside() => self.in_page(action),
            action => self.in_list(action),
        }
    }

    fn in_list(&mut self, action: Action) {
        let people = self.people();
        let at = self.people.selected;
        let from = at.and_then(|at| people.iter().position(|own| *own == at));
        let from = from.unwrap_or(0);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::First => 0,
            Action::Last => usize::MAX,
            Action::Right | Action::Open => {
                return match at {
                    Some(Person::User(_)) => self.people.inside = true,
                    Some(Person::Stranger(_)) => self.say("they are no user yet: let them in"),
                    None => {}
                };
            }
            Action::Freer | Action::Stricter | Action::AsRole | Action::Remove => {
                return self.say("first go into the page, to what you want to change");
            }
            _ => return,
        };
        let last = people.len().saturating_sub(1);
        self.select_person(people.get(to.min(last)).copied());
    }

    fn in_page(&mut self, action: Action) {
        let last = self.people.fields().len().saturating_sub(1);
        match action {
            Action::Up => self.people.field = self.people.field.saturating_sub(1),
            Action::Down => self.people.field = (self.people.field + 1).min(last),
            Action::First => self.people.field = 0,
            Action::Last => self.people.field = last,
            Action::Left => self.people.inside = false,
            Action::Open => self.edit_field(),
            Action::Freer => self.turn_field(fields::Turn::Freer),
            Action::Stricter => self.turn_field(fields::Turn::Stricter),
            Action::AsRole => self.reset_field(),
            Action::Remove => self.part(),
            _ => {}
        }
    }

    /// Changes something of the user who is told whole.
    pub(super) fn set_user(&mut self, change: impl FnOnce(&mut Set)) {
        let Some(id) = self.people.page().map(|shown| shown.user.id) else {
            return;
        };
        let mut set = Set {
            key: id.to_string(),
            ..Set::default()
        };
        change(&mut set);
        self.change(Call::SetUser(Box::new(set)));
    }

    /// Answers the stranger who is selected.
    fn admit(&mut self, allow: bool) {
        let Some(Person::Stranger(id)) = self.people.selected else {
            return self.say("they are a user already: nobody waits here");
        };
        let item = self.model.attention.get(id);
        let peer = item.and_then(|item| item.peer.as_deref()?.parse().ok());
        if let Some(peer) = peer {
            self.change(Call::Admit(Admit {
                peer,
                allow,
                role: None,
                name: None,
            }));
        }
    }

    /// Keeps the selected user out, or lets them in again.
    fn keep_out(&mut self) {
        let Some(Person::User(id)) = self.people.selected else {
            return self.say("they are no user yet");
        };
        let out = self.people.user(id).is_some_and(|user| user.disabled);
        self.change(Call::SetUser(Box::new(Set {
            key: id.to_string(),
            disabled: Some(!out),
            ..Set::default()
        })));
    }

    /// Parts the peer at hand from its user, at the second key.
    fn part(&mut self) {
        let peer = match self.people.fields().get(self.people.field) {
            Some(Field::Peer(at)) => {
                let shown = self.people.page();
                shown.and_then(|shown| shown.user.peers.get(*at)).cloned()
            }
            _ => None,
        };
        let Some(peer) = peer else {
            return self.say("only a peer can be parted: go to one");
        };
        let name = sanitize::line(peer.as_str()).into_owned();
        match self.people.parting.take() {
            Some((own, _)) if own == peer => drop(self.change(Call::Unlink(peer))),
            _ => {
                self.people.parting = Some((peer, self.now.ms + SURE_WITHIN));
                self.say(format!(
                    "{name} will be a stranger: the same key again parts it"
                ));
            }
        }
    }

    pub(super) fn on_people_answer(&mut self, call: &Call, reply: Reply) {
        match (call, reply) {
            (Call::Users(number), Reply::Users(listed)) if *number == self.people.number => {
                (self.people.listed, self.people.known) = (listed, true);
            }
            (_, Reply::UserShown(shown)) => self.people.shown = Some(*shown),
            (Call::LinkCode, Reply::Code(code)) => {
                self.say_for(
                    20_000,
                    format!("say on your other channel: /link {}", code.code),
                );
                self.people.code = Some(code);
            }
            (Call::Admit(admit), _) => {
                let peer = sanitize::line(admit.peer.as_str()).into_owned();
                self.say(match admit.allow {
                    true => format!("{peer} is a user now"),
                    false => format!("{peer} was turned away"),
                });
            }
            (Call::Unlink(peer), _) => {
                let peer = sanitize::line(peer.as_str()).into_owned();
                self.say(format!("{peer} is a stranger again"));
            }
            _ => {}
        }
    }
}

/// Says in a few words how a user has a capability.
pub(crate) const fn verdict(grant: Grant) -> &'static str {
    match grant {
        Grant::Allow => "yes",
        Grant::Ask => "asks",
        Grant::AskAdmin => "asks an admin",
        Grant::Deny => "no",
    }
}

/// Returns the name of a capability, in words.
pub(crate) fn in_words(capability: Capability) -> String {
    capability.name().replace('_', " ")
}
