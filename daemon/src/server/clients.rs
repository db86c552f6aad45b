//! Who is attached.
//!
//! Owns: how many clients there are, and of those that listen what they call themselves and
//! which session they watch. Who listens is told when one of them comes, turns or leaves.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use smartopol_protocol::client::Client;
use smartopol_protocol::{News, SessionId, Timestamp};

use crate::House;

/// The most clients at once.
const MAX_CLIENTS: usize = 1024;

/// Who is attached.
#[derive(Debug, Default)]
pub(crate) struct Clients(Mutex<Here>);

#[derive(Debug, Default)]
struct Here {
    count: usize,
    last: u64,
    listening: BTreeMap<u64, Client>,
}

impl Clients {
    /// Returns how many there are, whether they listen or not.
    pub(crate) fn count(&self) -> u64 {
        self.here().count as u64
    }

    /// Returns those that listen, by their numbers.
    pub(crate) fn list(&self) -> Vec<Client> {
        self.here().listening.values().cloned().collect()
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's place among them, for as long as it is connected.
pub(crate) struct Seat {
    house: House,
    id: u64,
    since: Timestamp,
}

impl Seat {
    /// Takes a seat; `None` where all are taken.
    pub(crate) fn take(house: &House) -> Option<Self> {
        let mut here = house.clients.here();
        if here.count >= MAX_CLIENTS {
            return None;
        }
        here.count += 1;
        here.last += 1;
        Some(Self {
            house: house.clone(),
            id: here.last,
            since: house.clock.now(),
        })
    }

    /// Returns the client's number.
    pub(crate) const fn id(&self) -> u64 {
        self.id
    }

    /// Takes note that the client listens, and to which session.
    pub(crate) fn listens(
        &self,
        (name, peer): (&str, &str),
        observes: bool,
        watches: Option<SessionId>,
    ) {
        let client = Client {
            id: self.id,
            name: name.into(),
            peer: peer.into(),
            observes,
            watches,
            since: self.since,
        };
        let before = self
            .house
            .clients
            .here()
            .listening
            .insert(self.id, client.clone());
        if before.as_ref() != Some(&client) {
            self.house.bus.tell(None, News::ClientChanged(client));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut here = self.house.clients.here();
        here.count -= 1;
        let listened = here.listening.remove(&self.id).is_some();
        drop(here);
        if listened {
            self.house.bus.tell(None, News::ClientLeft(self.id));
        }
    }
}
