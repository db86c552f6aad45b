//! Knowledge: topics that the agent writes for itself, with tags and links.
//!
//! A topic is one user's, or the house's, which everybody reads.

pub mod file;

use serde::{Deserialize, Serialize};

use crate::memory::{Source, Taint};
use crate::{Timestamp, TopicId, UserId};

/// A topic, without its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Topic {
    /// Its id.
    pub id: TopicId,
    /// Whose it is; `None` where it is the house's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Its name, unique among its owner's; 1 to 80 characters.
    pub name: String,
    /// What it is about, sorted; in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// The names of the topics that it points to, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<String>,
    /// The first of its lines that says something, cut.
    pub line: String,
    /// The length of its text in bytes.
    pub bytes: u64,
    /// Where it comes from.
    pub source: Source,
    /// What untrusted text it may come from; it keeps that for ever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub taint: Vec<Taint>,
    /// True where a person wants it in the prompt, however seldom it is used.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// How often the agent found or read it.
    pub uses: u64,
    /// When it did so last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
    /// How often it was written.
    pub revision: u64,
    /// When it was written first.
    pub created_at: Timestamp,
    /// When it was written last.
    pub updated_at: Timestamp,
}

/// `knowledge/list`: topics that one may read, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct List {
    /// Only those with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// At most so many; 0 means 200, and 1,000 are the most.
    pub limit: u32,
    /// So many fewer from the beginning.
    pub skip: u32,
}

/// The reply to `knowledge/list`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The topics.
    pub topics: Vec<Topic>,
    /// True where there are more.
    pub more: bool,
}

/// `knowledge/search`: the topics that say these words, the best first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Search {
    /// The words; none of them is an operator. At most 1,000 bytes.
    pub text: String,
    /// True where the last word may be the beginning of one.
    pub typing: bool,
    /// Only those with this tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// At most so many; 0 means 20, and 200 are the most.
    pub limit: u32,
}

/// The reply to `knowledge/search`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// What was found, the best first.
    pub hits: Vec<Hit>,
}

/// One topic that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// It.
    pub topic: Topic,
    /// The piece of its text that fits best.
    pub excerpt: String,
    /// How well it fits (BM25), more is better.
    pub score: f64,
}

/// `knowledge/show`: one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// A name, an id, or the unique beginning of one.
    pub key: String,
}

/// The reply to `knowledge/show`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// It.
    pub topic: Topic,
    /// Its text, Markdown.
    pub text: String,
    /// The names of the topics that point to it.
    pub linked_from: Vec<String>,
}

/// `knowledge/write`: writes a topic, or writes it anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Its name, 1 to 80 characters.
    pub name: String,
    /// What it says, Markdown: 1 byte to 64 KiB.
    pub text: String,
    /// Its tags, at most 16; without it, those that it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// The names of the topics that it points to; without it, those that it points to already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<String>>,
    /// What becomes of what it says already.
    #[serde(default)]
    pub how: How,
    /// Whose it is.
    #[serde(default)]
    pub owner: Owner,
}

/// What becomes of the text that a topic has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The new one takes its place.
    #[default]
    Replace,
    /// The new one comes after it.
    Append,
}

/// Whose a topic is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The one who writes it.
    #[default]
    Own,
    /// The house: everybody reads it.
    House,
}

/// `knowledge/link`: one topic points to another, or does so no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The one that points: a name, an id, or the unique beginning of one.
    pub from: String,
    /// The one it points to, likewise.
    pub to: String,
    /// Whether it does.
    pub linked: bool,
}

/// `knowledge/pin`: keeps a topic in the prompt, or does so no longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// A name, an id, or the unique beginning of one.
    pub key: String,
    /// Whether it is kept.
    pub pinned: bool,
}

/// `knowledge/forget`: removes a topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    /// A name, an id, or the unique beginning of one.
    pub key: String,
}

/// `knowledge/hot`: the topics that every session of this user is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hot {}

/// The reply to `knowledge/hot`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HotShown {
    /// The pinned ones, then the warmest.
    pub topics: Vec<HotTopic>,
}

/// A topic that every session is told of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HotTopic {
    /// It.
    pub topic: Topic,
    /// What is told, about 25 tokens.
    pub told: String,
    /// How warm it is now: each use counts 1, and half of that after a week; 0 where it was never
    /// used.
    pub warmth: f64,
}

/// A topic was written, used, pinned or removed. Its words are not told: they may be one user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub id: TopicId,
    /// Whose; `None` where it is the house's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// What happened.
    pub what: What,
}

/// What happened to a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It was written, linked or pinned.
    Written,
    /// The agent found or read it.
    Used,
    /// It was removed.
    Forgotten,
}
