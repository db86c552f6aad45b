//! Compactions and pins: folding on request, taking it back, what no summary may change.

use smartopol_protocol::Fault;
use smartopol_protocol::compaction::{
    Add, Compact, Compaction, Expand, List, ListPins, Listed, ListedPins, Pin, Planned, Remove,
};

use super::SOON;
use crate::House;
use crate::session::Cmd;

pub(crate) async fn compact(house: &House, compact: Compact) -> Result<Planned, Fault> {
    house
        .router
        .ask(house, compact.id, SOON, Cmd::Compact)
        .await
}

pub(crate) async fn expand(house: &House, expand: Expand) -> Result<Compaction, Fault> {
    house.router.ask(house, expand.id, SOON, Cmd::Expand).await
}

pub(crate) async fn list(house: &House, list: List) -> Result<Listed, Fault> {
    let read = move |r: &smartopol_store::Reader<'_>| {
        r.session(list.id)?;
        r.compactions(list.id)
    };
    let compactions = house.store.read(read).await?;
    Ok(Listed { compactions })
}

pub(crate) async fn pin(house: &House, pin: Add) -> Result<Pin, Fault> {
    let id = pin.id;
    let say = |reply| Cmd::Pin(Box::new(pin), reply);
    house.router.ask(house, id, SOON, say).await
}

pub(crate) async fn unpin(house: &House, unpin: Remove) -> Result<(), Fault> {
    let say = |reply| Cmd::Unpin(unpin, reply);
    house.router.ask(house, unpin.id, SOON, say).await
}

pub(crate) async fn pins(house: &House, list: ListPins) -> Result<ListedPins, Fault> {
    let read = move |r: &smartopol_store::Reader<'_>| {
        r.session(list.id)?;
        r.pins(list.id)
    };
    let pins = house.store.read(read).await?;
    Ok(ListedPins { pins })
}
