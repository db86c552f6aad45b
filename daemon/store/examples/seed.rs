//! A session of any length in a database, for measuring and for looking at:
//! `cargo run --release -p smartopol-store --example seed -- DB MESSAGES [NAME] [FOLDER]`.
//!
//! The database is made where there is none; no daemon may have it open. Each turn is a question
//! and an answer with a list and a block of code. Prints the session's id.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::session::Create;
use smartopol_protocol::turn::{Carried, Outcome, Turn, TurnState};
use smartopol_protocol::{MessageId, SessionId, Timestamp, TurnId};
use smartopol_store::{Options, Store, Writer};

/// How many turns are written in one go.
const BATCH: u64 = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let usage = "usage: seed DB MESSAGES [NAME] [FOLDER]";
    let (Some(path), Some(messages)) = (args.next(), args.next()) else {
        return Err(usage.into());
    };
    let turns = messages.parse::<u64>().map_err(|_| usage)?.div_ceil(2);
    let name = args.next().unwrap_or_else(|| "long".to_owned());
    let folder = args.next().unwrap_or_else(|| "/".to_owned());
    let store = Store::open(Options {
        path: path.into(),
        on_commit: Box::new(|_| {}),
    })?;
    let id = SessionId::new();
    // A second for each message, and the newest is of now.
    let began = Timestamp::now().plus_millis(-2_000 * i64::try_from(turns)?);
    store
        .write(move |w| w.create_session(id, None, &Create::in_folder(folder).named(name), began))
        .await?;
    let mut written = 0;
    while written < turns {
        let upto = turns.min(written + BATCH);
        store
            .write(move |w| (written..upto).try_for_each(|number| turn(w, id, number, began)))
            .await?;
        written = upto;
    }
    store.close().await?;
    println!("{id}");
    Ok(())
}

fn turn(
    w: &mut Writer<'_>,
    session_id: SessionId,
    number: u64,
    began: Timestamp,
) -> Result<(), smartopol_store::Error> {
    let at = began.plus_millis(2_000 * i64::try_from(number).unwrap_or(0));
    let question = say(
        session_id,
        Role::User,
        format!("question {number}: how does this part work?"),
        at,
    );
    let asked = w.queue_message(question)?;
    let turn = Turn {
        id: TurnId::new(),
        session_id,
        message_id: None,
        state: TurnState::Running,
        steps: 1,
        usage: Usage::default(),
        carried: Carried::default(),
        provider: "offline".into(),
        model: "offline".into(),
        started_at: at,
        finished_at: None,
    };
    let (mut turn, _) = w.begin_turn(turn, Some(asked.id))?;
    let text = format!(
        "Part {number} does **two** things:\n\n- it reads what part {} wrote\n- it writes what the \
         next one reads\n\n```rust\nfn part_{number}(text: &str) -> usize {{\n    text.lines().count()\n}}\n```\n",
        number.saturating_sub(1)
    );
    let mut answer = say(session_id, Role::Agent, text, at.plus_millis(1_000));
    (answer.turn_id, answer.peer) = (Some(turn.id), None);
    w.add_message(answer)?;
    turn.state = TurnState::Finished {
        outcome: Outcome::Done,
    };
    turn.finished_at = Some(at.plus_millis(1_000));
    w.put_turn(&turn)
}

fn say(session_id: SessionId, role: Role, text: String, created_at: Timestamp) -> Message {
    Message {
        id: MessageId::new(),
        session_id,
        turn_id: None,
        position: None,
        steer: false,
        role,
        parts: vec![Part::Text { text }],
        peer: Some("cli:1000".into()),
        by: None,
        interrupted: false,
        created_at,
    }
}
