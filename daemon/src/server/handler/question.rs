//! Questions of the agent: what waits, and answers.

use smartopol_protocol::Fault;
use smartopol_protocol::approval::Actor;
use smartopol_protocol::question::{Answer, List, Listed, Question, Show};
use smartopol_protocol::user::User;

use crate::House;
use crate::approvals::questions;

pub(crate) async fn list(house: &House, user: &User, list: List) -> Result<Listed, Fault> {
    let mut questions = house.store.read(move |r| r.questions(&list)).await?;
    questions.retain(|question| house.users.may_see(user, question.session_id));
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
