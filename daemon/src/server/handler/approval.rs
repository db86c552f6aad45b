//! Approvals: what waits, and answers.

use smartopol_protocol::Fault;
use smartopol_protocol::approval::{
    Actor, Approval, Check, Checked, Decide, Lab, LabShown, List, Listed, Show,
};
use smartopol_protocol::user::User;

use crate::House;
use crate::approvals::{desk, lab};
use crate::server::view;

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let whose = view::whose(house, user);
    let approvals = house
        .store
        .read(move |r| r.approvals_of(&list, whose))
        .await?;
    Ok(Listed { approvals })
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Approval, Fault> {
    house
        .store
        .read(move |r| r.approval(show.id))
        .await
        .map_err(Fault::from)
}

pub(crate) async fn decide(
    house: &House,
    actor: &Actor,
    answer: Decide,
) -> Result<Approval, Fault> {
    desk::decide(house, answer, actor.clone()).await
}

pub(crate) async fn lab(house: &House, asked: Lab) -> Result<LabShown, Fault> {
    lab::lab(house, asked.id).await
}

pub(crate) async fn check(house: &House, user: &User, check: Check) -> Result<Checked, Fault> {
    lab::check(house, user, check).await
}
