//! Memory: adding a line, listing them.

use smartopol_protocol::Fault;
use smartopol_protocol::memory::{Add, Added, Listed};

use crate::House;

pub(crate) async fn add(house: &House, add: Add) -> Result<Added, Fault> {
    // By its shape too: what is remembered goes to whichever provider is asked.
    let (text, _) = house.redactor.text(&add.text);
    house.memory.add(&text).await
}

pub(crate) async fn list(house: &House) -> Result<Listed, Fault> {
    house.memory.list().await
}
