//! What becomes of a question of the agent.
//!
//! Owns: what an answer may be, and what the model is told. The first answer wins: the store
//! decides who was first.

use serde_json::{Value, json};
use smartopol_protocol::approval::Actor;
use smartopol_protocol::question::{Answer, Given, How, Question, QuestionState};
use smartopol_protocol::tool::{OutputStatus, ToolOutput};
use smartopol_protocol::{Code, Fault, QuestionId, Timestamp};
use smartopol_store::Ended;

use crate::House;

/// The longest answer in a person's own words, in bytes.
const TEXT: usize = 16_384;

/// Answers a pending question for a person.
pub(crate) async fn answer(house: &House, answer: Answer, actor: Actor) -> Result<Question, Fault> {
    let id = answer.id;
    let question = house.store.read(move |r| r.question(id)).await?;
    if question.state != QuestionState::Pending {
        return Err(already(&question));
    }
    let at = house.clock.now();
    let (number, text) = match answer.how {
        How::Dismiss => return end(house, id, QuestionState::Dismissed { actor, at }).await,
        How::Choose { number } => (Some(number), chosen(&question, number)?),
        How::Write { text } => (None, written(house, &question, &text)?),
    };
    let given = Given {
        actor,
        at,
        number,
        text,
    };
    end(house, id, QuestionState::Answered { given }).await
}

fn chosen(question: &Question, number: u32) -> Result<String, Fault> {
    let place = number.checked_sub(1).and_then(|n| usize::try_from(n).ok());
    let choice = place.and_then(|place| question.choices.get(place));
    choice.map(|choice| choice.label.clone()).ok_or_else(|| {
        let told = format!("`number` is {number}, and the question has no such choice");
        let hint = match question.choices.len() {
            0 => "answer it in your own words".to_owned(),
            most => format!("1 to {most} are possible"),
        };
        Fault::new(Code::BadRequest, told).hint(hint)
    })
}

fn written(house: &House, question: &Question, text: &str) -> Result<String, Fault> {
    if !question.free_text {
        let told = "the question is answered by one of its choices alone";
        let hint = format!("`number` 1 to {} are possible", question.choices.len());
        return Err(Fault::new(Code::BadRequest, told).hint(hint));
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(Fault::new(Code::BadRequest, "`text` says nothing")
            .hint("say something, or dismiss the question"));
    }
    if text.len() > TEXT {
        return Err(
            Fault::new(Code::TooLarge, "`text` is longer than 16,384 bytes").hint("shorten it"),
        );
    }
    Ok(house.redactor.known(text).0.into_owned())
}

/// Ends a question and tells its session.
pub(super) async fn end(
    house: &House,
    id: QuestionId,
    state: QuestionState,
) -> Result<Question, Fault> {
    match house
        .store
        .write(move |w| w.end_question(id, state))
        .await?
    {
        Ended::Now(question) => {
            house.desk.forget_question(&question);
            house.router.answered(house, question.clone());
            Ok(question)
        }
        Ended::Already(question) => Err(already(&question)),
    }
}

/// Says who was first.
fn already(question: &Question) -> Fault {
    let by =
        |actor: &Actor, at: &Timestamp| format!("by {} in {} at {at}", actor.peer, actor.client);
    let how = match &question.state {
        QuestionState::Pending => "still pending".into(),
        QuestionState::Answered { given } => format!("answered {}", by(&given.actor, &given.at)),
        QuestionState::Dismissed { actor, at } => format!("dismissed {}", by(actor, at)),
        QuestionState::Expired { at } => format!("expired at {at}"),
        QuestionState::Cancelled { at, reason } => format!("cancelled at {at}: {reason}"),
    };
    Fault::new(Code::Conflict, format!("the question was already {how}"))
        .hint("see what waits: smartopol inbox")
}

/// Returns what a question gave the agent, and when it ended; `None` while it waits.
pub(crate) fn output(question: &Question) -> Option<(ToolOutput, Timestamp)> {
    let details = |actor: &Actor, number: Option<u32>| {
        json!({
            "question_id": question.id,
            "by": actor.peer,
            "in": actor.client,
            "number": number,
        })
    };
    let (status, text, details, at) = match &question.state {
        QuestionState::Pending => return None,
        QuestionState::Answered { given } => {
            let text = match given.number {
                Some(number) => format!("The person chose {number}: {}", given.text),
                None => format!("The person answered: {}", given.text),
            };
            let details = details(&given.actor, given.number);
            (OutputStatus::Ok, text, details, given.at)
        }
        QuestionState::Dismissed { actor, at } => {
            let text = "The person dismissed the question and gives no answer. Go on without \
                        one where you can; do not ask it again.";
            let details = details(actor, None);
            (OutputStatus::Denied, text.to_owned(), details, *at)
        }
        QuestionState::Expired { at } => {
            let text = "Nobody answered in time: the person may not have seen the question. Go \
                        on without an answer where you can, or say what you need to know.";
            (OutputStatus::Expired, text.to_owned(), Value::Null, *at)
        }
        QuestionState::Cancelled { at, reason } => {
            let text = format!("not answered: {reason}");
            (OutputStatus::Interrupted, text, Value::Null, *at)
        }
    };
    let output = ToolOutput {
        status,
        text,
        details,
    };
    Some((output, at))
}
