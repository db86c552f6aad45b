//! What one user's agent does with topics, and which of them are hot.
//!
//! A use is counted where a tool is called, in a write of its own; looking at a topic on a screen
//! counts nothing.

use rusqlite::{OptionalExtension, params};
use smartopol_protocol::knowledge::{HotTopic, Topic, What};
use smartopol_protocol::{Timestamp, TopicId, UserId};

use super::Numbered;
use crate::column::{Key, Millis};
use crate::owner::HOUSE;
use crate::{Error, Reader, Result, Writer, warmth};

/// How many topics are hot.
pub const HOT: u32 = 5;

/// How many characters of a hot topic are told: a token is about four.
const TOLD: usize = 100;

/// How the agent used a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It wrote it or read it.
    Read,
    /// A search found it.
    Hit,
}

impl Use {
    const fn weight(self) -> f64 {
        match self {
            Self::Read => 1.0,
            Self::Hit => 0.25,
        }
    }
}

impl Reader<'_> {
    /// Returns the topics that every session of a user is told of: those that they pinned, then
    /// the warmest that are to be trusted.
    pub fn hot_topics(&self, user: UserId, now: Timestamp) -> Result<Vec<HotTopic>> {
        let Some(owner) = self.owner(user)? else {
            return Ok(Vec::new());
        };
        let mut hot: Vec<(i64, Option<f64>)> = self
            .prepare(
                "SELECT u.topic, u.warmth FROM topic_uses u JOIN topics t ON t.number = u.topic
                 WHERE u.owner = ?1 AND t.owner IN (?1, 0) AND (u.pinned = 1 OR t.tainted = 0)
                     AND (u.pinned = 1 OR u.warmth IS NOT NULL)
                 ORDER BY u.pinned DESC, u.warmth DESC LIMIT ?2",
            )?
            .query_map(params![owner, HOT], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        // What was pinned and never used has no warmth; those stand in the order of their rows.
        hot.sort_by_key(|(_, warmth)| warmth.is_none());
        let mut topics = Vec::with_capacity(hot.len());
        for (number, warm) in hot {
            let found = self.topics_where("WHERE t.number = ?2", [owner, number])?;
            topics.extend(found.into_iter().map(|own| HotTopic {
                told: told(&own.topic),
                warmth: warm.map_or(0.0, |warm| warmth::worth(warm, now)),
                topic: own.topic,
            }));
        }
        topics.sort_by_key(|hot| !hot.topic.pinned);
        Ok(topics)
    }
}

impl Writer<'_> {
    /// Counts that a user's agent used topics.
    pub fn use_topics(
        &mut self,
        user: UserId,
        topics: &[TopicId],
        how: Use,
        at: Timestamp,
    ) -> Result<()> {
        let owner = self.owner_of(user)?;
        for id in topics {
            let number: Option<i64> = self
                .prepare("SELECT number FROM topics WHERE id = ?1 AND owner IN (?2, 0)")?
                .query_row(params![Key(*id), owner], |row| row.get(0))
                .optional()?;
            let Some(number) = number else { continue };
            let before: Option<f64> = self
                .prepare("SELECT warmth FROM topic_uses WHERE owner = ?1 AND topic = ?2")?
                .query_row([owner, number], |row| row.get(0))
                .optional()?
                .flatten();
            self.prepare(
                "INSERT INTO topic_uses (owner, topic, pinned, uses, used_at, warmth)
                 VALUES (?1, ?2, 0, 1, ?3, ?4)
                 ON CONFLICT (owner, topic) DO UPDATE SET
                     uses = uses + 1, used_at = ?3, warmth = ?4",
            )?
            .execute(params![
                owner,
                number,
                Millis(at),
                warmth::used(before, how.weight(), at)
            ])?;
            self.topic_changed(user, number, What::Used)?;
        }
        Ok(())
    }

    /// Keeps a topic among the hot ones of a user, or no longer.
    ///
    /// # Errors
    /// [`Error::Conflict`] where as many are pinned as have room.
    pub fn pin_topic(&mut self, user: UserId, key: &str, pinned: bool) -> Result<Topic> {
        let Numbered { number, topic } = self.numbered(user, key)?;
        let owner = self.owner_of(user)?;
        let others: u32 = self
            .prepare(
                "SELECT count(*) FROM topic_uses WHERE owner = ?1 AND pinned = 1 AND topic <> ?2",
            )?
            .query_row([owner, number], |row| row.get(0))?;
        if pinned && others >= HOT {
            return Err(Error::Conflict(format!(
                "{HOT} topics are pinned already, and that is all there is room for: take a pin \
                 away before you pin `{}`",
                topic.name
            )));
        }
        self.prepare(
            "INSERT INTO topic_uses (owner, topic, pinned, uses) VALUES (?1, ?2, ?3, 0)
             ON CONFLICT (owner, topic) DO UPDATE SET pinned = ?3",
        )?
        .execute(params![owner, number, pinned])?;
        self.topic_changed(user, number, What::Written)
    }

    /// Gives what was counted for one owner to another.
    pub(crate) fn merge_uses(&mut self, from: i64, to: i64) -> Result<()> {
        debug_assert_ne!(to, HOUSE);
        self.prepare("UPDATE OR IGNORE topic_uses SET owner = ?2, pinned = 0 WHERE owner = ?1")?
            .execute([from, to])?;
        self.prepare("DELETE FROM topic_uses WHERE owner = ?1")?
            .execute([from])?;
        Ok(())
    }
}

/// Returns what is told of a hot topic.
fn told(topic: &Topic) -> String {
    let mut told = topic.name.clone();
    if !topic.tags.is_empty() {
        told.push_str(&format!(" [{}]", topic.tags.join(", ")));
    }
    if topic.line.to_lowercase() != topic.name.to_lowercase() {
        told.push_str(": ");
        told.push_str(&topic.line);
    }
    match told.char_indices().nth(TOLD) {
        None => told,
        Some(_) => told.chars().take(TOLD - 1).chain(['…']).collect(),
    }
}
