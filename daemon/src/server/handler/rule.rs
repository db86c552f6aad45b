//! Rules: those of the config and learned ones.

use smartopol_protocol::Fault;
use smartopol_protocol::approval::{ListedRules, RevokeRule, TestRule, TestedRule};

use crate::House;
use crate::approvals::lab;

pub(crate) async fn list(house: &House) -> Result<ListedRules, Fault> {
    Ok(ListedRules {
        rules: house.rules().await?,
    })
}

pub(crate) async fn revoke(house: &House, revoke: RevokeRule) -> Result<(), Fault> {
    let at = house.clock.now();
    house
        .store
        .write(move |w| w.revoke_rule(revoke.id, at))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn test(house: &House, test: TestRule) -> Result<TestedRule, Fault> {
    lab::test(house, test).await
}
