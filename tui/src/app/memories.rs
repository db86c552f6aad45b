//! How memories and topics are looked at, searched and seen to.
//!
//! What is listed is asked for anew whenever the words, the shelf or the daemon's facts change;
//! an answer to an older question is dropped.

use smartopol_protocol::knowledge::{self, HotTopic, Topic};
use smartopol_protocol::memory::{self, Category, Memory, State, Verdict, Which, Whose};
use smartopol_protocol::user::User;
use smartopol_protocol::{MemoryId, News, TopicId, UserId};

use crossterm::event::KeyEvent;

use super::keymap::{Action, Pressed};
use super::keys::edit;
use super::memory_form::MemoryForm;
use super::undo::Going;
use super::windows::letter;
use super::{App, Call, Focus, LinkState, Reply};
use crate::overlay::{Asked, Overlay, Purpose};
use crate::sanitize;
use crate::widget::composer::Composer;

/// Which entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// What is believed.
    #[default]
    Current,
    /// What waits for approval.
    Pending,
    /// All memories, also those of the past.
    All,
    /// What the agent wrote for itself.
    Topics,
}

impl Shelf {
    pub(crate) const ALL: [Self; 4] = [Self::Current, Self::Pending, Self::All, Self::Topics];

    const fn which(self) -> Which {
        match self {
            Self::Pending => Which::Pending,
            Self::All => Which::All,
            Self::Current | Self::Topics => Which::Current,
        }
    }
}

/// One line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Memory(MemoryId),
    Topic(TopicId),
}

/// How memories and topics are looked at.
#[derive(Debug, Default)]
pub(crate) struct MemoryView {
    pub(crate) shelf: Shelf,
    /// Whose memories are listed.
    pub(crate) of: Whose,
    /// Who there is, as far as this console's user sees that.
    users: Vec<User>,
    /// What is looked for.
    pub(crate) words: Composer,
    /// True while letters go there.
    pub(crate) writing: bool,
    pub(crate) category: Option<Category>,
    pub(crate) memories: Vec<Memory>,
    pub(crate) topics: Vec<Topic>,
    /// The topics that every session is told of.
    pub(crate) hot: Vec<HotTopic>,
    /// How many memories count, wait, and are told; `None` before the daemon said so.
    pub(crate) counts: Option<(u64, u64, u64)>,
    /// True once the list was answered.
    pub(crate) known: bool,
    pub(crate) selected: Option<Entry>,
    pub(crate) memory: Option<memory::Shown>,
    pub(crate) topic: Option<knowledge::Shown>,
    /// True where one entry has the whole screen, because there is no room beside the list.
    pub(crate) open: bool,
    pub(crate) scroll: usize,
    /// Counts the questions: only the newest one's answer is of use.
    pub(crate) number: u64,
    /// True where the list, the counts or the page must be asked for.
    stale: bool,
    page: Option<Entry>,
}

impl MemoryView {
    /// A new connection knows of no question.
    pub(super) fn reconnected(&mut self) {
        (self.stale, self.page) = (true, None);
    }

    /// Returns what is listed, in its order.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        match self.shelf {
            Shelf::Topics => self.topics.iter().map(|own| Entry::Topic(own.id)).collect(),
            _ => self
                .memories
                .iter()
                .map(|own| Entry::Memory(own.id))
                .collect(),
        }
    }

    /// Returns the name of a user.
    pub(crate) fn name_of(&self, id: UserId) -> Option<&str> {
        let own = self.users.iter().find(|user| user.id == id);
        own.map(|user| user.name.as_str())
    }

    /// Returns the memory that is selected.
    pub(crate) fn memory_at(&self) -> Option<&Memory> {
        let Some(Entry::Memory(id)) = self.selected else {
            return None;
        };
        self.memories.iter().find(|own| own.id == id)
    }

    /// Returns the topic that is selected.
    pub(crate) fn topic_at(&self) -> Option<&Topic> {
        let Some(Entry::Topic(id)) = self.selected else {
            return None;
        };
        self.topics.iter().find(|own| own.id == id)
    }

    /// Returns what is told of a topic in every session, where it is.
    pub(crate) fn hot(&self, id: TopicId) -> Option<&HotTopic> {
        self.hot.iter().find(|own| own.topic.id == id)
    }

    /// The hot ones stand first while nothing is looked for.
    fn put_topics(&mut self, mut topics: Vec<Topic>) {
        if self.words.is_empty() {
            let place = |id: TopicId| self.hot.iter().position(|own| own.topic.id == id);
            topics.sort_by_key(|own| place(own.id).unwrap_or(usize::MAX));
        }
        self.topics = topics;
    }
}

impl App {
    /// Goes to what is remembered, or back from it.
    pub(super) fn turn_to_memory(&mut self) {
        if self.focus == Focus::Memory {
            self.leave_memory();
        } else {
            self.go_to_memory();
        }
    }

    /// Goes to what is remembered.
    pub(crate) fn go_to_memory(&mut self) {
        self.traces_whole = false;
        self.focus = Focus::Memory;
        self.memory.stale = true;
        self.ask(Call::Owners);
    }

    /// Lists what is remembered of a user; of nobody in particular, one's own.
    pub(super) fn show_memories_of(&mut self, user: Option<UserId>) {
        let of = user.map_or(Whose::Own, |id| Whose::User(id.to_string()));
        self.put_whose(of);
    }

    fn put_whose(&mut self, of: Whose) {
        if self.memory.of != of {
            (self.memory.of, self.memory.counts) = (of, None);
            (self.memory.stale, self.memory.known) = (true, false);
            (self.memory.open, self.memory.selected) = (false, None);
        }
    }

    /// Goes from one's own memories to those of each user, and to all of them.
    fn next_whose(&mut self) {
        if self.memory.users.len() < 2 {
            return self.say("there is nobody else whose memories you may see");
        }
        let users = self.memory.users.iter();
        let mut all = vec![Whose::Own];
        all.extend(users.map(|user| Whose::User(user.id.to_string())));
        all.push(Whose::Everybody);
        let at = all.iter().position(|own| *own == self.memory.of);
        let next = all.get(at.unwrap_or(0) + 1).cloned();
        self.put_whose(next.unwrap_or_default());
    }

    /// A look at others was refused: back to one's own.
    pub(super) fn whose_refused(&mut self) {
        self.put_whose(Whose::Own);
    }

    fn leave_memory(&mut self) {
        (self.memory.open, self.memory.writing) = (false, false);
        self.focus = Focus::Composer;
    }

    /// Something was remembered, written or used: what is seen may be of yesterday.
    pub(super) fn heard_of_memory(&mut self, news: &News) {
        match news {
            News::MemoryChanged(_) | News::TopicChanged(_) => {
                (self.memory.stale, self.memory.page) = (true, None);
            }
            _ => {}
        }
    }

    /// Asks for what the screen of memories lacks.
    pub(super) fn settle_memory(&mut self) {
        if self.focus != Focus::Memory || self.link != LinkState::Connected {
            return;
        }
        if std::mem::take(&mut self.memory.stale) {
            self.memory.number += 1;
            let (number, text) = (self.memory.number, self.memory.words.text().to_owned());
            self.ask(Call::MemoryCounts(self.memory.of.clone()));
            self.ask(Call::HotTopics);
            self.ask(match self.memory.shelf {
                Shelf::Topics => Call::Topics { number, text },
                shelf => Call::Memories {
                    number,
                    text,
                    which: shelf.which(),
                    category: self.memory.category,
                    of: self.memory.of.clone(),
                },
            });
        }
        let entries = self.memory.entries();
        if self.memory.known
            && !self
                .memory
                .selected
                .is_some_and(|own| entries.contains(&own))
        {
            self.select_memory(entries.first().copied());
            self.memory.open = self.memory.open && self.memory.selected.is_some();
        }
        if let Some(entry) = self.memory.selected
            && self.memory.page != Some(entry)
        {
            self.memory.page = Some(entry);
            self.ask(match entry {
                Entry::Memory(id) => {
                    let own = self.memory.memory_at();
                    match own.map(|own| own.user_id) {
                        Some(user) => Call::MemoryPage(id, user),
                        None => return,
                    }
                }
                Entry::Topic(id) => Call::TopicPage(id),
            });
        }
    }

    pub(crate) fn select_memory(&mut self, entry: Option<Entry>) {
        if self.memory.selected != entry {
            (self.memory.selected, self.memory.scroll) = (entry, 0);
        }
    }

    pub(super) fn look_at_memory(&mut self, action: Action) {
        let entries = self.memory.entries();
        let at = self.memory.selected;
        let from = at.and_then(|at| entries.iter().position(|own| *own == at));
        let from = from.unwrap_or(0);
        let page = usize::try_from(self.plan.page()).unwrap_or(1);
        let to = match action {
            Action::Up => from.saturating_sub(1),
            Action::Down => from + 1,
            Action::First => 0,
            Action::Last => usize::MAX,
            Action::PageUp => return self.memory.scroll = self.memory.scroll.saturating_sub(page),
            Action::PageDown => return self.memory.scroll += page,
            Action::Left => return self.turn_shelf(Shelf::ALL.len() - 1),
            Action::Right => return self.turn_shelf(1),
            Action::Query => {
                (self.memory.writing, self.memory.open) = (true, false);
                return;
            }
            Action::Outcome => return self.next_category(),
            Action::Whose => return self.next_whose(),
            Action::Open => {
                self.memory.open = !self.plan.has_both && at.is_some();
                return;
            }
            Action::AddMemory => return self.ask_for_memory(),
            Action::EditMemory => return self.edit_memory(),
            Action::Approve => return self.decide_memory(Verdict::Approve),
            Action::Reject => return self.decide_memory(Verdict::Reject),
            Action::PinTopic => return self.pin_topic(),
            Action::Remove => return self.ask_to_forget(),
            Action::Back if self.memory.open && !self.plan.has_both => {
                return self.memory.open = false;
            }
            Action::Back if !self.memory.words.is_empty() => {
                self.memory.words.take();
                return self.memory.stale = true;
            }
            Action::Back => return self.leave_memory(),
            _ => return,
        };
        self.select_memory(
            entries
                .get(to.min(entries.len().saturating_sub(1)))
                .copied(),
        );
    }

    /// Takes a key while words are written that are looked for.
    pub(super) fn on_memory_key(&mut self, event: KeyEvent) {
        match self.press(self.places(), event) {
            Pressed::Action(action @ (Action::Up | Action::Down)) => self.look_at_memory(action),
            Pressed::Action(Action::Send) => self.memory.writing = false,
            Pressed::Action(Action::Back) => {
                self.memory.writing = false;
                self.memory.stale |= !self.memory.words.is_empty();
                self.memory.words.take();
            }
            Pressed::Action(action) => {
                let before = self.memory.words.text().to_owned();
                edit(&mut self.memory.words, action);
                self.memory.stale |= before != self.memory.words.text();
            }
            Pressed::Taken => {}
            Pressed::Free => {
                if let Some(letter) = letter(event) {
                    self.write_in_memory(letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
    }

    /// Writes into what is looked for.
    pub(super) fn write_in_memory(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        if self.memory.words.text().len() + line.len() <= 1_000 {
            self.memory.words.insert(line);
            self.memory.stale = true;
        }
    }

    fn turn_shelf(&mut self, by: usize) {
        let at = Shelf::ALL
            .iter()
            .position(|own| *own == self.memory.shelf)
            .unwrap_or(0);
        let next = Shelf::ALL.iter().cycle().nth(at + by);
        self.show_shelf(next.copied().unwrap_or_default());
    }

    /// Lists what is on a shelf.
    pub(crate) fn show_shelf(&mut self, shelf: Shelf) {
        if self.memory.shelf != shelf {
            self.memory.shelf = shelf;
            (self.memory.stale, self.memory.known) = (true, false);
            (self.memory.open, self.memory.selected) = (false, None);
        }
    }

    fn next_category(&mut self) {
        if self.memory.shelf == Shelf::Topics {
            return self.say("topics are of no kind: look for a tag with /");
        }
        let next = match self.memory.category {
            None => Category::ALL.first().copied(),
            Some(own) => Category::ALL.into_iter().find(|other| *other > own),
        };
        self.memory.category = next;
        self.memory.stale = true;
    }

    pub(crate) fn ask_for_memory(&mut self) {
        if self.connected_to_change() {
            let asked = Asked::new(Purpose::AddMemory, String::new());
            self.overlays.push(Overlay::Line(asked));
        }
    }

    fn edit_memory(&mut self) {
        let Some(own) = self.memory.memory_at() else {
            return self.say("the agent writes its topics; `smartopol knowledge add` does too");
        };
        if own.state != State::Active {
            let state = own.state.name();
            return self.say(format!("it is {state}: only what counts can be changed"));
        }
        let own = own.clone();
        if self.connected_to_change() {
            let form = Box::new(MemoryForm::new(self, own));
            self.overlays.push(Overlay::MemoryForm(form));
        }
    }

    fn decide_memory(&mut self, verdict: Verdict) {
        match self.memory.memory_at() {
            Some(own) if own.state == State::Pending => {
                let (key, text) = (own.id.to_string(), None);
                self.change(Call::DecideMemory(memory::Decide { key, verdict, text }));
            }
            _ => self.say("it does not wait for an approval"),
        }
    }

    fn pin_topic(&mut self) {
        match self.memory.topic_at() {
            Some(own) => {
                let pin = knowledge::Pin {
                    key: own.id.to_string(),
                    pinned: !own.pinned,
                };
                self.change(Call::PinTopic(pin));
            }
            None => self.say("only topics are pinned: they are on the last shelf"),
        }
    }

    fn ask_to_forget(&mut self) {
        let going = match self.memory.selected {
            Some(Entry::Memory(id)) => Going::Memory(id),
            Some(Entry::Topic(id)) => Going::Topic(id),
            None => return,
        };
        self.overlays.push(Overlay::Question { remove: going });
    }

    /// Returns what a memory or a topic says, as it is told to a person.
    pub(crate) fn name_of_entry(&self, entry: Entry) -> String {
        let text = match entry {
            Entry::Memory(id) => {
                let own = self.memory.memories.iter().find(|own| own.id == id);
                own.map_or("the memory", |own| own.text.as_str())
            }
            Entry::Topic(id) => {
                let own = self.memory.topics.iter().find(|own| own.id == id);
                own.map_or("the topic", |own| own.name.as_str())
            }
        };
        let line = sanitize::line(text);
        match line.char_indices().nth(40) {
            None => format!("`{line}`"),
            Some((at, _)) => format!("`{}…`", line.get(..at).unwrap_or_default()),
        }
    }

    pub(super) fn on_memory_answer(&mut self, call: &Call, reply: Reply) {
        let newest = self.memory.number;
        match (call, reply) {
            (_, Reply::MemoryCounts(counts)) => self.memory.counts = Some(counts),
            (_, Reply::Hot(hot)) => {
                self.memory.hot = hot.topics;
                let topics = std::mem::take(&mut self.memory.topics);
                self.memory.put_topics(topics);
            }
            (Call::Memories { number, .. }, Reply::Memories(found)) if *number == newest => {
                (self.memory.memories, self.memory.known) = (found, true);
            }
            (Call::Topics { number, .. }, Reply::Topics(found)) if *number == newest => {
                self.memory.put_topics(found);
                self.memory.known = true;
            }
            (_, Reply::MemoryShown(shown)) => self.memory.memory = Some(*shown),
            (_, Reply::TopicShown(shown)) => self.memory.topic = Some(*shown),
            (Call::Waiting { ids, .. }, Reply::Waiting(found)) => self.waiting_shown(ids, found),
            (_, Reply::Owners(users)) => self.memory.users = users,
            (Call::DecideMemory(decide), _) => self.say(match decide.verdict {
                Verdict::Approve if decide.text.is_some() => "it counts in your words",
                Verdict::Approve => "it counts from now on; where it is marked, it stays so",
                Verdict::Reject => "rejected: its words are gone",
            }),
            (Call::EditMemory(_), _) => {
                self.memory_kept();
                self.say("changed: what was believed before is kept");
            }
            (Call::PinTopic(pin), _) => self.say(match pin.pinned {
                true => "pinned: every session is told of it",
                false => "no longer pinned",
            }),
            (Call::ForgetMemory(_) | Call::ForgetTopic(_), _) => self.say("forgotten"),
            _ => {}
        }
    }
}
