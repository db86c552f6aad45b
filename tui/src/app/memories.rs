//! Which memories and topics are seen, and what the daemon is asked for them. What keys do there is
//! in `keys`.
//!
//! What is listed is asked for anew whenever the words, the shelf or the daemon's facts change;
//! an answer to an older question is dropped.

mod keys;

use smartopol_protocol::knowledge::{self, HotTopic, Topic};
use smartopol_protocol::memory::{self, Category, Memory, Verdict, Which, Whose};
use smartopol_protocol::user::User;
use smartopol_protocol::{MemoryId, News, TopicId, UserId};

use super::{App, Call, Focus, LinkState, Reply};
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

    /// Lists what is on a shelf.
    pub(crate) fn show_shelf(&mut self, shelf: Shelf) {
        if self.memory.shelf != shelf {
            self.memory.shelf = shelf;
            (self.memory.stale, self.memory.known) = (true, false);
            (self.memory.open, self.memory.selected) = (false, None);
        }
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
