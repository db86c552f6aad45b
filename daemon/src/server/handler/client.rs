//! Clients: who is attached.

use smartopol_protocol::client::Listed;
use smartopol_protocol::user::User;

use crate::House;

pub(crate) fn list(house: &House, user: &User, own: u64) -> Listed {
    let mut clients = house.clients.list();
    clients.retain(|client| house.users.may_see_peer(user, &client.peer));
    Listed { clients, own }
}
