//! Clients: who is attached.

use smartopol_protocol::client::Listed;

use crate::House;

pub(crate) fn list(house: &House, own: u64) -> Listed {
    Listed {
        clients: house.clients.list(),
        own,
    }
}
