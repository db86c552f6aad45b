//! What a played daemon says of memories and topics.

use smartopol_protocol::attention::Item;
use smartopol_protocol::knowledge::{self, HotTopic, Topic};
use smartopol_protocol::memory::{self, Memory, Which, Whose};

use super::Headless;
use crate::app::{Call, Reply};

impl Headless {
    /// Answers the newest question for memories.
    pub fn memories(&mut self, memories: Vec<Memory>) {
        let call = Call::Memories {
            of: Whose::Own,
            number: self.app.memory.number,
            text: String::new(),
            which: Which::Current,
            category: None,
        };
        self.answer(call, Reply::Memories(memories));
    }

    /// Answers a question for memories that is not the newest.
    pub fn late_memories(&mut self, memories: Vec<Memory>) {
        let call = Call::Memories {
            of: Whose::Own,
            number: self.app.memory.number.wrapping_sub(1),
            text: String::new(),
            which: Which::Current,
            category: None,
        };
        self.answer(call, Reply::Memories(memories));
    }

    /// Answers the newest question for topics, and which of them are hot.
    pub fn topics(&mut self, topics: Vec<Topic>, hot: Vec<HotTopic>) {
        let hot = knowledge::HotShown { topics: hot };
        self.answer(Call::HotTopics, Reply::Hot(hot));
        let call = Call::Topics {
            number: self.app.memory.number,
            text: String::new(),
        };
        self.answer(call, Reply::Topics(topics));
    }

    /// Tells how many memories count, wait, and are told.
    pub fn memory_counts(&mut self, current: u64, pending: u64, told: u64) {
        let counts = (current, pending, told);
        self.answer(Call::MemoryCounts(Whose::Own), Reply::MemoryCounts(counts));
    }

    /// Tells one memory with its history.
    pub fn memory(&mut self, memory: Memory, history: Vec<Memory>) {
        let call = Call::MemoryPage(memory.id, memory.user_id);
        let shown = Box::new(memory::Shown { memory, history });
        self.answer(call, Reply::MemoryShown(shown));
    }

    /// Tells what waits for everybody.
    pub fn everyone(&mut self, items: Vec<Item>) {
        self.answer(Call::Everyone, Reply::Everyone(items));
    }

    /// Tells what the selected item of the inbox is about.
    pub fn waiting_memories(&mut self, memories: Vec<Memory>) {
        let call = Call::Waiting {
            ids: memories.iter().map(|own| own.id).collect(),
            user: memories.first().map(|own| own.user_id),
        };
        self.answer(call, Reply::Waiting(memories));
    }

    /// Tells that a memory was changed as asked.
    pub fn memory_edited(&mut self) {
        let edit = memory::Edit::default();
        self.answer(Call::EditMemory(edit), Reply::Memory);
    }

    /// Tells one topic whole.
    pub fn topic(&mut self, topic: Topic, text: &str, linked_from: Vec<String>) {
        let call = Call::TopicPage(topic.id);
        let shown = knowledge::Shown {
            topic,
            text: text.into(),
            linked_from,
        };
        self.answer(call, Reply::TopicShown(Box::new(shown)));
    }
}
