//! What waits for a person: listing it, seeing to it.

use smartopol_protocol::Code;
use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::attention::{Item, List, Listed, Resolve, Seen};

use crate::House;

pub(crate) async fn list(house: &House, list: List) -> Result<Listed, Fault> {
    Ok(house.store.read(move |r| r.attention(&list)).await?)
}

pub(crate) async fn resolve(house: &House, actor: &Actor, resolve: Resolve) -> Result<Item, Fault> {
    if let Seen::Snooze { seconds } = resolve.how
        && !(1..=31_536_000).contains(&seconds)
    {
        let told = format!("`seconds` is {seconds}");
        return Err(Fault::new(Code::BadRequest, told).hint("1 to 31,536,000 are possible"));
    }
    let (at, by) = (house.clock.now(), actor.peer.clone());
    Ok(house
        .store
        .write(move |w| w.see_attention(resolve.id, resolve.how, &by, at))
        .await?)
}
