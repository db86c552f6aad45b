//! Questions of the agent: what waits, and answers.

use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::question::{Answer, List, Listed, Question, Show};
use smartopol_protocol::user::User;

use crate::House;
use crate::approvals::questions;
use crate::server::view;

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let whose = view::whose(house, user);
    let questions = house
        .store
        .read(move |r| r.questions_of(&list, whose))
        .await?;
    Ok(Listed { questions })
}

pub(crate) async fn show(house: &House, show: Show) -> Result<Question, Fault> {
    let question = house.store.read(move |r| r.question(show.id)).await?;
    Ok(question)
}

pub(crate) async fn answer(
    house: &House,
    actor: &Actor,
    answer: Answer,
) -> Result<Question, Fault> {
    questions::answer(house, answer, actor.clone()).await
}
