//! Who else is attached.

use std::collections::BTreeMap;

use smartopol_protocol::SessionId;
use smartopol_protocol::client::{Client, Listed};

/// Who is attached, this console included.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    all: BTreeMap<u64, Client>,
    own: Option<u64>,
}

impl Clients {
    /// Takes the whole list.
    pub(crate) fn replace(&mut self, listed: Listed) {
        self.own = Some(listed.own);
        self.all = listed
            .clients
            .into_iter()
            .map(|client| (client.id, client))
            .collect();
    }

    pub(crate) fn put(&mut self, client: Client) {
        self.all.insert(client.id, client);
    }

    pub(crate) fn forget(&mut self, id: u64) {
        self.all.remove(&id);
    }

    /// Returns the others that watch a session, the one that came first at the beginning.
    pub(crate) fn watching(&self, id: SessionId) -> impl Iterator<Item = &Client> {
        self.all
            .values()
            // Until it is known which one is this console, nobody is said to be another.
            .filter(|client| self.own.is_some_and(|own| own != client.id))
            .filter(move |client| client.watches == Some(id))
    }
}
