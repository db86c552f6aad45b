//! How items are named: by their ids, of which the end is enough.
//!
//! Owns: which end is shown, and what a name means. What waits counts before what was seen to.

use std::collections::HashMap;

use smartopol_ipc::Client;
use smartopol_protocol::attention::{Item, ItemState, List};
use smartopol_protocol::{AttentionId, Code, Fault};

use super::bulk::Sort;
use crate::plain::time;

/// How many digits of an id are shown at least, and how many a name has at least.
const DIGITS: (usize, usize) = (6, 4);

/// How many items are looked through, what waits first.
const LOOK: u32 = 1_000;

/// Returns the end of each id that tells it from the others.
pub(super) fn short(items: &[Item]) -> Vec<String> {
    let ids: Vec<String> = items.iter().map(|item| item.id.to_string()).collect();
    let ends = |digits: usize| {
        ids.iter()
            .map(move |id| id.get(id.len().saturating_sub(digits)..).unwrap_or(id))
    };
    let mut digits = DIGITS.0;
    loop {
        let mut known: HashMap<&str, usize> = HashMap::new();
        for end in ends(digits) {
            *known.entry(end).or_default() += 1;
        }
        if digits >= 32 || known.values().all(|count| *count == 1) {
            return ends(digits).map(str::to_owned).collect();
        }
        digits += 1;
    }
}

/// What can be named.
pub(super) struct Named {
    items: Vec<Item>,
    everyone: bool,
}

impl Named {
    /// Asks what there is.
    pub(super) async fn read(client: &Client, everyone: bool) -> anyhow::Result<Self> {
        let listed = client.call(list(everyone)).await?;
        Ok(Self {
            items: listed.items,
            everyone,
        })
    }

    /// Returns what a name means.
    pub(super) async fn one(&self, client: &Client, which: &str) -> anyhow::Result<Item> {
        match find(&self.items, which) {
            Err(fault) if fault.code == Code::NotFound && !self.everyone => {
                // An admin who was shown what waits for others means that.
                match client.call(list(true)).await {
                    Ok(listed) => Ok(find(&listed.items, which)?),
                    Err(_) => Err(fault.into()),
                }
            }
            found => Ok(found?),
        }
    }

    /// Returns what names mean, each once; nothing where one of them means nothing.
    pub(super) async fn all(&self, client: &Client, which: &[String]) -> anyhow::Result<Vec<Item>> {
        let mut items: Vec<Item> = Vec::with_capacity(which.len());
        for which in which {
            let item = self.one(client, which).await?;
            if items.iter().all(|own| own.id != item.id) {
                items.push(item);
            }
        }
        Ok(items)
    }

    /// Returns all that wait of a sort.
    pub(super) fn of(&self, sort: &Sort) -> Vec<Item> {
        let waits = self.items.iter().filter(|item| waits(item));
        let meant = waits.filter(|item| sort.kinds.contains(&item.kind));
        meant.cloned().collect()
    }

    /// Takes the time that stands behind names, and returns its seconds.
    pub(super) fn time_behind(&self, which: &mut Vec<String>) -> Option<u64> {
        let last = which.last().filter(|_| which.len() > 1)?;
        let seconds = time::seconds(last).ok()?;
        // `1234d` may be the end of an id.
        if last.len() >= DIGITS.1 && find(&self.items, last).is_ok() {
            return None;
        }
        which.pop();
        Some(seconds)
    }
}

fn list(everyone: bool) -> List {
    List {
        all: true,
        everyone,
        limit: LOOK,
    }
}

fn waits(item: &Item) -> bool {
    !matches!(item.state, ItemState::Resolved { .. })
}

fn find(items: &[Item], which: &str) -> Result<Item, Fault> {
    let which = which.trim().to_lowercase();
    let digits = which.chars().all(|c| c.is_ascii_digit());
    if digits && (1..DIGITS.1).contains(&which.len()) {
        let told = format!("`{which}` is a number, and what has which number changes");
        let hint = "name it by its id, as the list shows it: smartopol inbox";
        return Err(Fault::new(Code::BadRequest, told).hint(hint));
    }
    let id: Option<AttentionId> = which.parse().ok();
    if let Some(item) = items.iter().find(|item| Some(item.id) == id) {
        return Ok(item.clone());
    }
    // The beginning of an id is its time, so it is the end that tells items apart.
    let ends = |item: &&Item| which.len() >= DIGITS.1 && item.id.to_string().ends_with(&which);
    let (open, over): (Vec<&Item>, Vec<&Item>) = items.iter().filter(ends).partition(|i| waits(i));
    let found = if open.is_empty() { over } else { open };
    match found.as_slice() {
        [item] => Ok((*item).clone()),
        [] => {
            let told = format!("nothing of that name waits: `{which}`");
            Err(Fault::new(Code::NotFound, told).hint("see what waits: smartopol inbox"))
        }
        many => {
            let told = format!("`{which}` is the end of {} ids", many.len());
            Err(Fault::new(Code::BadRequest, told).hint("say more of its digits"))
        }
    }
}

#[cfg(test)]
mod tests {
    use smartopol_protocol::Timestamp;
    use smartopol_protocol::attention::{Kind, Priority};

    use super::*;

    fn item(end: u8, middle: u8) -> Item {
        let mut bytes = [7; 16];
        (bytes[12], bytes[15]) = (middle, end);
        Item {
            id: AttentionId::from_bytes(bytes),
            kind: Kind::Reminder,
            priority: Priority::Normal,
            title: "tea".into(),
            detail: String::new(),
            session_id: None,
            turn_id: None,
            approval_id: None,
            question_id: None,
            terminal_id: None,
            job_id: None,
            memory_ids: Vec::new(),
            user_id: None,
            peer: None,
            at: Timestamp::from_millis(0),
            due_at: None,
            deadline: None,
            told: 1,
            places: Vec::new(),
            state: ItemState::Open,
        }
    }

    #[test]
    fn ids_are_as_short_as_tells_them_apart_and_numbers_are_no_names() {
        let items = [item(1, 2), item(3, 4)];
        assert_eq!(short(&items), ["070701", "070703"]);
        assert_eq!(find(&items, "070703").unwrap().id, items[1].id);
        assert_eq!(
            find(&items, &items[0].id.to_string()).unwrap().id,
            items[0].id
        );
        for number in ["1", "2", "50"] {
            let fault = find(&items, number).unwrap_err();
            assert_eq!(fault.code, Code::BadRequest);
            assert!(fault.hint.contains("id"), "{fault:?}");
        }
        assert_eq!(find(&items, "abcdef").unwrap_err().code, Code::NotFound);
        // The same end: more of it is shown and asked for.
        let alike = [item(1, 2), item(1, 4)];
        assert_eq!(short(&alike), ["2070701", "4070701"]);
        assert_eq!(find(&alike, "070701").unwrap_err().code, Code::BadRequest);
        assert_eq!(find(&alike, "4070701").unwrap().id, alike[1].id);
    }

    #[test]
    fn a_time_may_stand_behind_ids() {
        let named = Named {
            items: vec![item(0xd, 2)],
            everyone: false,
        };
        let taken = |words: &[&str]| {
            let mut which: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            let seconds = named.time_behind(&mut which);
            (which.len(), seconds)
        };
        assert_eq!(taken(&["07070d", "30m"]), (1, Some(1_800)));
        assert_eq!(taken(&["07070d", "365d"]), (1, Some(31_536_000)));
        assert_eq!(taken(&["07070d", "07070d"]), (2, None), "the end of an id");
        assert_eq!(taken(&["1d"]), (1, None));
    }
}
