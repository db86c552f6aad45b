//! What is believed of users, and what of it their sessions are told.
//!
//! Owns: what a memory is made of (its words without secrets, its source, its taint), and how
//! much has room in a prompt. Where it lies is the store's.

pub(crate) mod file;
pub(crate) mod knowledge;
pub(crate) mod looks;
pub(crate) mod seeds;
pub(crate) mod taint;

use smartopol_agent::context::remember::Proposed;
use smartopol_agent::prompt;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::job::Schedule;
use smartopol_protocol::memory::{
    Add, Added, By, Edit, List, Listed, Memory, Source, State, Taint, Which,
};
use smartopol_protocol::prompt::{PromptPart, Tier};
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Fault, MemoryId, Timestamp, UserId};
use smartopol_store::Reader;

use crate::House;
use crate::scheduler::schedule;
use crate::users::{STRANGER, zone};

/// The longest text, in bytes.
const TEXT: usize = 2 * 1024;

/// How many memories are looked at for a prompt.
const LOOKED_AT: u32 = 1_000;

/// Who writes something down, and out of what.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    pub(crate) user: UserId,
    pub(crate) source: Source,
    pub(crate) taint: Vec<Taint>,
}

impl Writing {
    /// Returns what a person writes with a command or in the console.
    pub(crate) fn of_person(user: &User, peer: &str) -> Self {
        Self {
            user: user.id,
            source: source(By::Person, peer),
            taint: Vec::new(),
        }
    }
}

/// Returns a source that is no more than who wrote.
pub(crate) fn source(by: By, peer: &str) -> Source {
    Source {
        by,
        peer: peer.to_owned(),
        session_id: None,
        message_id: None,
        turn_id: None,
        call_id: None,
        messages: None,
    }
}

/// Refuses one who is no user: nothing is remembered of strangers.
///
/// # Errors
/// `denied`.
pub(crate) fn known(user: &User) -> Result<UserId, Fault> {
    if user.id == STRANGER {
        let told = "only users have memory and knowledge, and you are not one";
        return Err(Fault::new(Code::Denied, told).hint("ask an admin to let you in"));
    }
    Ok(user.id)
}

/// Remembers something. What comes of untrusted text waits for a person.
///
/// # Errors
/// `bad_request` for an empty text and for times that are none, `too_large` for a long one,
/// `not_found` and `conflict` for what it cannot supersede.
pub(crate) async fn add(house: &House, writing: Writing, add: Add) -> Result<Added, Fault> {
    let text = clean(house, &add.text)?;
    let at = house.clock.now();
    let memory = Memory {
        id: MemoryId::new(),
        user_id: writing.user,
        text,
        category: add.category.unwrap_or_default(),
        confidence: sure(add.confidence.unwrap_or(100))?,
        state: standing(&writing.taint),
        source: writing.source,
        taint: writing.taint,
        supersedes: None,
        valid_from: moment((house, writing.user), "from", add.from.as_deref())?,
        valid_until: moment((house, writing.user), "until", add.until.as_deref())?,
        created_at: at,
        believed_at: None,
        approved_by: String::new(),
    };
    store(house, memory, add.supersedes, |memory, _| memory).await
}

/// Returns a memory of what a model found worth remembering of messages that were folded.
///
/// # Errors
/// `bad_request` for an empty text and for a time that is none.
pub(crate) fn proposed(
    house: &House,
    writing: &Writing,
    proposed: Proposed,
) -> Result<Memory, Fault> {
    let at = house.clock.now();
    let state = standing(&writing.taint);
    Ok(Memory {
        id: MemoryId::new(),
        user_id: writing.user,
        text: clean(house, &proposed.text)?,
        category: proposed.category,
        confidence: sure(proposed.confidence)?,
        believed_at: (state == State::Active).then_some(at),
        state,
        source: writing.source.clone(),
        taint: writing.taint.clone(),
        supersedes: None,
        valid_from: None,
        valid_until: moment((house, writing.user), "until", proposed.until.as_deref())?,
        created_at: at,
        approved_by: String::new(),
    })
}

/// Believes something else in the place of a memory.
///
/// # Errors
/// As [`add`].
pub(crate) async fn edit(house: &House, writing: Writing, edit: Edit) -> Result<Memory, Fault> {
    let text = edit.text.as_deref().map(|text| clean(house, text));
    let text = text.transpose()?;
    let from = edit.from.as_deref().filter(|from| !from.is_empty());
    let from = moment((house, writing.user), "from", from)?;
    let until = edit.until.as_deref().filter(|until| !until.is_empty());
    let until = moment((house, writing.user), "until", until)?;
    let confidence = edit.confidence.map(sure).transpose()?;
    let memory = Memory {
        id: MemoryId::new(),
        user_id: writing.user,
        text: String::new(),
        category: Default::default(),
        confidence: 100,
        state: standing(&writing.taint),
        source: writing.source,
        taint: writing.taint,
        supersedes: None,
        valid_from: None,
        valid_until: None,
        created_at: house.clock.now(),
        believed_at: None,
        approved_by: String::new(),
    };
    let added = store(house, memory, Some(edit.key), move |memory, old| Memory {
        text: text.unwrap_or_else(|| old.text.clone()),
        category: edit.category.unwrap_or(old.category),
        confidence: confidence.unwrap_or(old.confidence),
        valid_from: match edit.from.is_some() {
            true => from,
            false => old.valid_from,
        },
        valid_until: match edit.until.is_some() {
            true => until,
            false => old.valid_until,
        },
        ..memory
    });
    Ok(added.await?.memory)
}

/// What a person lets count in the place of a memory that waits.
pub(crate) struct Words {
    text: String,
    source: Source,
    at: Timestamp,
}

impl Words {
    /// Returns the words of a person as they are kept.
    ///
    /// # Errors
    /// `bad_request` and `too_large`, as [`add`].
    pub(crate) fn new(house: &House, actor: &Actor, text: &str) -> Result<Self, Fault> {
        Ok(Self {
            text: clean(house, text)?,
            source: source(By::Person, &actor.peer),
            at: house.clock.now(),
        })
    }

    /// Returns the memory that takes the place of another, which was approved for that.
    pub(crate) fn instead_of(self, old: &Memory) -> Memory {
        Memory {
            id: MemoryId::new(),
            text: self.text,
            source: self.source,
            state: State::Active,
            supersedes: Some(old.id),
            created_at: self.at,
            believed_at: Some(self.at),
            approved_by: String::new(),
            ..old.clone()
        }
    }
}

/// Stores a memory; `over` makes it of the one that it supersedes.
async fn store(
    house: &House,
    memory: Memory,
    supersedes: Option<String>,
    over: impl FnOnce(Memory, &Memory) -> Memory + Send + 'static,
) -> Result<Added, Fault> {
    Ok(house
        .store
        .write(move |w| {
            let user = memory.user_id;
            let old = supersedes
                .map(|key| w.find_memory(user, &key))
                .transpose()?;
            let mut memory = match &old {
                Some(old) => over(memory, old),
                None => memory,
            };
            memory.supersedes = old.map(|old| old.id);
            memory.believed_at = (memory.state == State::Active).then_some(memory.created_at);
            w.add_memory(memory)
        })
        .await?)
}

/// Returns what is remembered of these users.
pub(crate) async fn list(house: &House, users: Vec<UserId>, list: List) -> Result<Listed, Fault> {
    let (now, room) = (house.clock.now(), room(house));
    let mut listed = house
        .store
        .read(move |r| {
            let mut listed = Listed::default();
            for user in users {
                let (memories, more) = r.memories(user, &list, now)?;
                let (current, pending) = r.count_memories(user, now)?;
                listed.memories.extend(memories);
                listed.more |= more;
                listed.current += current;
                listed.pending += pending;
                listed.told += with_room(r, user, now, room)?.len() as u64;
            }
            let most = smartopol_store::most_listed(list.limit);
            listed.more |= listed.memories.len() > most;
            listed.memories.truncate(most);
            Ok(listed)
        })
        .await?;
    listed.file = house.memory.shown().await;
    Ok(listed)
}

/// Returns what a session of this user is told, part by part; what fails is left out, and logged.
pub(crate) async fn told(house: &House, user: &User) -> Vec<PromptPart> {
    let mut parts = Vec::new();
    let mut put = |name: &str, source: &str, text: String| {
        if !text.trim().is_empty() {
            parts.push(prompt::part(name, Tier::Person, source, text));
        }
    };
    let file = house.memory.told().await;
    if !file.trim().is_empty() {
        let text = format!("What the person asked you to remember:\n{}", file.trim());
        put(
            "MEMORY.md",
            &house.memory.path().display().to_string(),
            text,
        );
    }
    let (user, now, room) = (user.id, house.clock.now(), room(house));
    if user == STRANGER {
        return parts;
    }
    let read = house.store.read(move |r| {
        let told = with_room(r, user, now, room)?;
        let (current, _) = r.count_memories(user, now)?;
        let more = current.saturating_sub(told.len() as u64);
        Ok((told, more, r.hot_topics(user, now)?))
    });
    match read.await {
        Ok((memories, more, topics)) => {
            put("memories", "memory", prompt::beliefs(&memories, more));
            put("hot topics", "knowledge", prompt::topics(&topics));
        }
        Err(err) => tracing::error!("what is remembered cannot be read: {err}"),
    }
    parts
}

/// Returns the memories that have room in a prompt: what matters most first in, and then in the
/// order in which they were written, so that a new one changes as little as can be.
fn with_room(
    r: &Reader<'_>,
    user: UserId,
    now: Timestamp,
    mut room: usize,
) -> Result<Vec<Memory>, smartopol_store::Error> {
    let list = List {
        which: Which::Current,
        limit: LOOKED_AT,
        ..List::default()
    };
    let (mut memories, _) = r.memories(user, &list, now)?;
    memories.retain(|memory| {
        let takes = prompt::belief(memory).chars().count() + 1;
        let fits = takes <= room;
        room -= if fits { takes } else { 0 };
        fits
    });
    memories.sort_by_key(|memory| (memory.category, memory.created_at, memory.id));
    Ok(memories)
}

fn room(house: &House) -> usize {
    usize::try_from(house.config.memory.told_chars).unwrap_or(usize::MAX)
}

/// Returns a text as it is kept: one line, without what acts on a terminal and without secrets,
/// also such as only look like one. What is remembered goes to whichever provider is asked.
fn clean(house: &House, text: &str) -> Result<String, Fault> {
    let (text, _) = house.redactor.text(text);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line: String = line.chars().filter(|c| !c.is_control()).collect();
    if line.is_empty() {
        return Err(Fault::new(Code::BadRequest, "`text` is empty")
            .hint("say in one line what to remember"));
    }
    if line.len() > TEXT {
        let told = format!("`text` has {} bytes, and {TEXT} are the most", line.len());
        return Err(Fault::new(Code::TooLarge, told)
            .hint("say it shorter, or write a topic of the knowledge"));
    }
    Ok(line)
}

fn sure(percent: u8) -> Result<u8, Fault> {
    match percent {
        1..=100 => Ok(percent),
        _ => Err(Fault::new(
            Code::BadRequest,
            format!("`confidence` is {percent}: 1 to 100 are possible"),
        )),
    }
}

/// Whether something counts at once.
const fn standing(taint: &[Taint]) -> State {
    match taint.is_empty() {
        true => State::Active,
        false => State::Pending,
    }
}

fn moment(
    (house, user): (&House, UserId),
    name: &str,
    words: Option<&str>,
) -> Result<Option<Timestamp>, Fault> {
    let Some(words) = words else { return Ok(None) };
    if let Ok(moment) = words.parse() {
        return Ok(Some(moment));
    }
    let wrong = |why: String| Fault::new(Code::BadRequest, format!("`{name}`: {why}"));
    let user = house.users.get(user).unwrap_or_else(|| house.users.owner());
    let (_, zone) = zone::of(house, &user);
    match schedule::read(words, house.clock.now(), &zone).map_err(wrong)? {
        Schedule::At { at } => Ok(Some(at)),
        _ => Err(wrong(format!(
            "`{words}` comes again and again: say one moment, such as `in 30 days`"
        ))),
    }
}
