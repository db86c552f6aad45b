//! Topics of the knowledge in the database.
//!
//! Owns: their names and links, and who may read them: one user's own and the house's. Looking for
//! words is in `finding`; what a topic may be called and say in `checks`; how much one user's agent
//! uses them, and which of them are hot, in `using`.

mod checks;
mod finding;
mod using;

pub use using::{HOT, Use};

use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use smartopol_protocol::knowledge::{Change, How, List, Listed, Shown, Topic, What};
use smartopol_protocol::memory::{Source, Taint};
use smartopol_protocol::{News, Timestamp, TopicId, UserId};

use self::checks::{NAME_MAX, check_text, checked_name, checked_tags};
use crate::column::{Json, Key, Millis, id, json, maybe_time, range, time};
use crate::owner::HOUSE;
use crate::reader::bounded;
use crate::terms::{Shelf, indexed};
use crate::{Error, Reader, Result, Writer};

const INDEX: &str = "topic_terms";

const COLUMNS: &str = "t.id, o.user_id, t.name, t.body, octet_length(t.text), t.created_at, \
                       t.updated_at, coalesce(u.pinned, 0), coalesce(u.uses, 0), u.used_at, \
                       t.number";

/// How topics are read: with what one user, `?1`, does with them.
const FROM: &str = "FROM topics t LEFT JOIN owners o ON o.number = t.owner
                    LEFT JOIN topic_uses u ON u.topic = t.number AND u.owner = ?1";

/// How many topics a list has where nothing is said, and at most.
const LIST: (u32, u32) = (200, 1_000);

/// How many topics one owner has at most.
const MOST: u64 = 10_000;

/// How many characters of a line are told.
const LINE: usize = 160;

/// A topic as somebody wants it written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Its tags; without them, those that it has.
    pub tags: Option<Vec<String>>,
    /// The names of the topics that it points to; without them, those that it points to.
    pub links: Option<Vec<String>>,
    /// What becomes of the text that it has.
    pub how: How,
    /// Whose it is; `None` for the house.
    pub owner: Option<UserId>,
    /// Where it comes from.
    pub source: Source,
    /// What untrusted text it may come from.
    pub taint: Vec<Taint>,
}

/// All of a topic that no query asks for.
#[derive(Serialize, Deserialize)]
struct Rest {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    line: String,
    source: Source,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taint: Vec<Taint>,
    revision: u64,
}

/// A topic with the number of its row.
struct Numbered {
    number: i64,
    topic: Topic,
}

impl Reader<'_> {
    /// Returns the topic that a user means: by name, their own before the house's; by id, or the
    /// unique beginning of one.
    ///
    /// # Errors
    /// [`Error::NotFound`] also for a topic of another user; [`Error::Ambiguous`].
    pub fn find_topic(&self, user: UserId, key: &str) -> Result<Topic> {
        Ok(self.numbered(user, key)?.topic)
    }

    fn numbered(&self, user: UserId, key: &str) -> Result<Numbered> {
        let owner = self.owner(user)?.unwrap_or(HOUSE);
        let named = self.topics_where(
            "WHERE t.owner IN (?1, 0) AND t.key = ?2 ORDER BY t.owner DESC LIMIT 1",
            params![owner, folded_name(key)],
        )?;
        if let Some(topic) = named.into_iter().next() {
            return Ok(topic);
        }
        let digits = key.trim();
        let digits = digits.strip_prefix(TopicId::PREFIX).unwrap_or(digits);
        let Some((low, high)) = range(digits) else {
            return Err(Error::not_found("topic", key.trim()));
        };
        let mut found = self.topics_where(
            "WHERE t.owner IN (?1, 0) AND t.id BETWEEN ?2 AND ?3 ORDER BY t.id LIMIT 5",
            params![owner, low, high],
        )?;
        if found.len() > 1 {
            return Err(Error::Ambiguous {
                what: "topic",
                key: key.into(),
                candidates: found
                    .into_iter()
                    .map(|own| format!("{} ({})", own.topic.name, own.topic.id))
                    .collect(),
            });
        }
        found
            .pop()
            .ok_or_else(|| Error::not_found("topic", key.trim()))
    }

    /// Returns a topic with its text.
    pub fn show_topic(&self, user: UserId, key: &str) -> Result<Shown> {
        let Numbered { number, topic } = self.numbered(user, key)?;
        let owner = self.owner(user)?.unwrap_or(HOUSE);
        let mut from = self.prepare(
            "SELECT t.name FROM topic_links l JOIN topics t ON t.number = l.source
             WHERE l.target = ?1 AND t.owner IN (?2, 0) ORDER BY t.name",
        )?;
        let linked_from = from
            .query_map([number, owner], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(Shown {
            topic,
            text: self.topic_text(number)?,
            linked_from,
        })
    }

    /// Returns the topics that a user may read, by name.
    pub fn topics(&self, user: UserId, list: &List) -> Result<Listed> {
        let owner = self.owner(user)?.unwrap_or(HOUSE);
        let limit = bounded(list.limit, LIST);
        let found = self.topics_where(
            "WHERE t.owner IN (?1, 0) AND (?2 IS NULL OR EXISTS (
                 SELECT 1 FROM json_each(t.body, '$.tags') WHERE value = ?2))
             ORDER BY t.key, t.owner DESC LIMIT ?3 OFFSET ?4",
            params![
                owner,
                list.tag.as_deref().map(folded_name),
                i64::from(limit) + 1,
                list.skip
            ],
        )?;
        let mut topics: Vec<Topic> = found.into_iter().map(|own| own.topic).collect();
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = topics.len() > wanted;
        topics.truncate(wanted);
        Ok(Listed { topics, more })
    }

    fn topic_text(&self, number: i64) -> Result<String> {
        Ok(self
            .prepare("SELECT text FROM topics WHERE number = ?1")?
            .query_row([number], |row| row.get(0))?)
    }

    /// Reads topics; `?1` is the owner whose use of them is told.
    fn topics_where(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Numbered>> {
        let mut query = self.prepare(&format!("SELECT {COLUMNS} {FROM} {sql}"))?;
        let found = query.query_map(params, read)?;
        let mut found: Vec<Numbered> = found.collect::<rusqlite::Result<_>>()?;
        let mut links = self.prepare(
            "SELECT t.name FROM topic_links l JOIN topics t ON t.number = l.target
             WHERE l.source = ?1 ORDER BY t.name",
        )?;
        for own in &mut found {
            own.topic.links = links
                .query_map([own.number], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
        }
        Ok(found)
    }
}

impl Writer<'_> {
    /// Writes a topic, or writes it anew. It keeps for ever what it may come from that is not to
    /// be trusted.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name, a text or tags that are none; [`Error::NotFound`] for a link
    /// to nothing; [`Error::Conflict`] where there are too many.
    pub fn write_topic(&mut self, user: UserId, draft: Draft, at: Timestamp) -> Result<Topic> {
        let name = checked_name(&draft.name)?;
        let owner = match draft.owner {
            Some(owner) => self.owner_of(owner)?,
            None => HOUSE,
        };
        let key = folded_name(&name);
        let old: Option<(i64, String, Rest)> = self
            .prepare("SELECT number, text, body FROM topics WHERE owner = ?1 AND key = ?2")?
            .query_row(params![owner, key], |row| {
                Ok((row.get(0)?, row.get(1)?, json(row, 2)?))
            })
            .optional()?;
        let (number, before, rest) = match old {
            Some((number, text, rest)) => (Some(number), text, Some(rest)),
            None => (None, String::new(), None),
        };
        let text = match (draft.how, before.is_empty()) {
            (How::Append, false) => format!("{}\n\n{}", before.trim_end(), draft.text.trim()),
            _ => draft.text.trim().to_owned(),
        };
        check_text(&text)?;
        let mut taint = rest
            .as_ref()
            .map(|rest| rest.taint.clone())
            .unwrap_or_default();
        for new in draft.taint {
            if !taint.contains(&new) {
                taint.push(new);
            }
        }
        let tags = match draft.tags {
            Some(tags) => checked_tags(tags)?,
            None => rest
                .as_ref()
                .map(|rest| rest.tags.clone())
                .unwrap_or_default(),
        };
        let rest = Rest {
            line: first_line(&text),
            tags,
            source: draft.source,
            revision: rest.map_or(0, |rest| rest.revision) + 1,
            taint,
        };
        let tainted = !rest.taint.is_empty();
        let number = match number {
            Some(number) => {
                self.prepare(
                    "UPDATE topics SET name = ?2, tainted = ?3, updated_at = ?4, body = ?5,
                         text = ?6 WHERE number = ?1",
                )?
                .execute(params![
                    number,
                    name,
                    tainted,
                    Millis(at),
                    Json(&rest),
                    text
                ])?;
                number
            }
            None => {
                self.room(owner)?;
                self.prepare(
                    "INSERT INTO topics (id, owner, key, name, tainted, created_at, updated_at,
                         body, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)",
                )?
                .execute(params![
                    Key(TopicId::new()),
                    owner,
                    key,
                    name,
                    tainted,
                    Millis(at),
                    Json(&rest),
                    text
                ])?;
                self.conn.last_insert_rowid()
            }
        };
        self.index_topic(owner, number, (&name, &rest.tags, &text))?;
        if let Some(links) = draft.links {
            self.prepare("DELETE FROM topic_links WHERE source = ?1")?
                .execute([number])?;
            for link in links {
                let target = self.numbered(user, &link)?;
                self.put_link(number, target.number)?;
            }
        }
        self.topic_changed(user, number, What::Written)
    }

    /// Lets one topic point to another, or no longer.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a topic that would point to itself.
    pub fn link_topics(
        &mut self,
        user: UserId,
        from: &str,
        to: &str,
        linked: bool,
    ) -> Result<Topic> {
        let (from, to) = (self.numbered(user, from)?, self.numbered(user, to)?);
        if from.number == to.number {
            return Err(Error::Invalid(format!(
                "the topic `{}` cannot point to itself",
                from.topic.name
            )));
        }
        match linked {
            true => self.put_link(from.number, to.number)?,
            false => {
                self.prepare("DELETE FROM topic_links WHERE source = ?1 AND target = ?2")?
                    .execute([from.number, to.number])?;
            }
        }
        self.topic_changed(user, from.number, What::Written)
    }

    /// Removes a topic, with its links and what was counted of it.
    pub fn forget_topic(&mut self, user: UserId, id: TopicId) -> Result<()> {
        let own = self.numbered(user, &id.to_string())?;
        self.unindex(INDEX, own.number)?;
        self.prepare("DELETE FROM topics WHERE number = ?1")?
            .execute([own.number])?;
        self.tell_topic(&own.topic, What::Forgotten)
    }

    /// Removes all topics of an owner, and what was counted for them.
    pub(crate) fn forget_topics(&mut self, owner: i64) -> Result<()> {
        let numbers: Vec<i64> = self
            .prepare("SELECT number FROM topics WHERE owner = ?1")?
            .query_map([owner], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for number in numbers {
            self.unindex(INDEX, number)?;
        }
        self.prepare("DELETE FROM topics WHERE owner = ?1")?
            .execute([owner])?;
        self.prepare("DELETE FROM topic_uses WHERE owner = ?1")?
            .execute([owner])?;
        Ok(())
    }

    /// Gives all topics of an owner to another; one whose name is taken gets a number.
    pub(crate) fn merge_topics(&mut self, from: i64, to: i64) -> Result<()> {
        let own = self.topics_where("WHERE t.owner = ?1", [from])?;
        for Numbered { number, topic } in own {
            let mut name = topic.name.clone();
            for again in 2.. {
                let taken: bool = self
                    .prepare("SELECT EXISTS (SELECT 1 FROM topics WHERE owner = ?1 AND key = ?2)")?
                    .query_row(params![to, folded_name(&name)], |row| row.get(0))?;
                if !taken {
                    break;
                }
                let short: String = topic.name.chars().take(NAME_MAX - 8).collect();
                name = format!("{short} ({again})");
            }
            self.prepare("UPDATE topics SET owner = ?2, name = ?3, key = ?4 WHERE number = ?1")?
                .execute(params![number, to, name, folded_name(&name)])?;
            let text = self.topic_text(number)?;
            self.index_topic(to, number, (&name, &topic.tags, &text))?;
            self.tell_topic(&topic, What::Written)?;
        }
        self.merge_uses(from, to)
    }

    fn index_topic(
        &mut self,
        owner: i64,
        number: i64,
        (name, tags, text): (&str, &[String], &str),
    ) -> Result<()> {
        let mut texts = vec![name];
        texts.extend(tags.iter().map(String::as_str));
        texts.push(text);
        self.index(INDEX, number, &indexed(owner, Shelf::Current, &texts))
    }

    fn put_link(&mut self, source: i64, target: i64) -> Result<()> {
        if source != target {
            self.prepare("INSERT OR IGNORE INTO topic_links (source, target) VALUES (?1, ?2)")?
                .execute([source, target])?;
        }
        Ok(())
    }

    fn room(&self, owner: i64) -> Result<()> {
        let kept: u64 = self
            .prepare("SELECT count(*) FROM topics WHERE owner = ?1")?
            .query_row([owner], |row| row.get(0))?;
        match kept < MOST {
            true => Ok(()),
            false => Err(Error::Conflict(format!(
                "{MOST} topics are kept already: forget some first"
            ))),
        }
    }

    fn topic_changed(&mut self, user: UserId, number: i64, what: What) -> Result<Topic> {
        let viewer = self.owner(user)?.unwrap_or(HOUSE);
        let found = self.topics_where("WHERE t.number = ?2", [viewer, number])?;
        let own = found.into_iter().next();
        let topic = own.ok_or_else(|| Error::not_found("topic", number))?.topic;
        self.tell_topic(&topic, what)?;
        Ok(topic)
    }

    fn tell_topic(&mut self, topic: &Topic, what: What) -> Result<()> {
        let at = self.now();
        let change = Change {
            id: topic.id,
            user_id: topic.user_id,
            what,
        };
        self.tell_about(at, None, News::TopicChanged(change))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Numbered> {
    let rest: Rest = json(row, 3)?;
    Ok(Numbered {
        number: row.get(10)?,
        topic: Topic {
            id: id(row, 0)?,
            user_id: crate::column::maybe_id(row, 1)?,
            name: row.get(2)?,
            tags: rest.tags,
            links: Vec::new(),
            line: rest.line,
            bytes: row.get(4)?,
            source: rest.source,
            taint: rest.taint,
            pinned: row.get(7)?,
            uses: row.get(8)?,
            used_at: maybe_time(row, 9)?,
            revision: rest.revision,
            created_at: time(row, 5)?,
            updated_at: time(row, 6)?,
        },
    })
}

/// Returns a name as two people may say it.
fn folded_name(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// Returns the first line that says something, without the signs of Markdown before it.
fn first_line(text: &str) -> String {
    let mut lines = text
        .lines()
        .map(|line| line.trim_start_matches(['#', '-', '*', '>', ' ']).trim())
        .filter(|line| line.chars().any(char::is_alphanumeric));
    cut(lines.next().unwrap_or_default())
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        None => line.to_owned(),
        Some(_) => line.chars().take(LINE - 1).chain(['…']).collect(),
    }
}
