//! The real program in a real home, through its public doors.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]
#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

mod adverse;
mod approvals;
mod attach;
mod bad_input;
mod clock;
mod console;
mod crash;
mod daemon_life;
mod doctor;
mod extracting;
mod family;
mod folding;
mod jobs;
mod kills;
mod memory;
mod memory_waits;
mod models;
mod prompt;
mod questions;
mod replay;
mod scripting;
mod sessions;
mod terminal_ends;
mod terminal_tools;
mod terminals;
mod terminals_cli;
mod terminals_direct;
mod writing;

use std::time::Duration;

use smartopol_ipc::{Client, Events};
use smartopol_protocol::session::Session;
use smartopol_protocol::{News, approval, event, message};
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;

/// What the offline model tells for a minute: whatever is done meanwhile is done while it speaks.
const STORY: &str = concat!(
    "slow: 600 a long story that goes on and on, of a house in which a light burns all night, of ",
    "those who come and of those who leave, of what they say to each other at the door, and of ",
    "what they do not say; nobody has ever heard its end, for somebody always came and said that ",
    "it was late by now and that the others wanted to sleep; so it begins anew each evening, with ",
    "the house, the light, the door, and those who come in from the rain and ask what it is that ",
    "is told here; and whoever told it last begins once more, from the very first word, slowly.",
);

/// An empty home for the program under test.
fn home() -> Home {
    Home::new(env!("CARGO_BIN_EXE_smartopol")).unwrap()
}

/// Says something in a session.
/// Returns the ids of what waits for the owner, as the command line tells them.
fn waiting(home: &Home) -> Vec<String> {
    let listed = home.ok(["inbox", "--json"]).unwrap();
    let id = |line: &str| {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        item["id"].as_str().unwrap().to_owned()
    };
    listed.lines().map(id).collect()
}

async fn say(client: &Client, session: &Session, text: &str) -> message::Sent {
    let send = message::Send {
        session_id: session.id,
        text: text.into(),
        id: None,
        steer: false,
    };
    client.call(send).await.unwrap()
}

/// Gets events from now on, with the passing ones of a session.
async fn listen(client: &Client, session: &Session) -> event::Subscribed {
    let watch = Some(session.id);
    client
        .call(event::Subscribe {
            watch,
            ..event::Subscribe::default()
        })
        .await
        .unwrap()
}

/// Waits for the first event that `pick` wants.
async fn until<T>(events: &mut Events, mut pick: impl FnMut(&News) -> Option<T>) -> T {
    let found = tokio::time::timeout(LIMIT, async {
        loop {
            let event = events.recv().await.expect("the daemon went away");
            if let Some(found) = pick(&event.news) {
                return found;
            }
        }
    });
    found.await.expect("what was waited for never came")
}

/// Waits until a turn has ended and says how.
async fn outcome(events: &mut Events) -> smartopol_protocol::turn::Outcome {
    until(events, |news| match news {
        News::TurnChanged(turn) => match &turn.state {
            smartopol_protocol::turn::TurnState::Finished { outcome } => Some(outcome.clone()),
            _ => None,
        },
        _ => None,
    })
    .await
}

/// Waits until a person is asked.
async fn asked(events: &mut Events) -> approval::Approval {
    until(events, |news| match news {
        News::ApprovalChanged(approval) if approval.state == approval::ApprovalState::Pending => {
            Some((**approval).clone())
        }
        _ => None,
    })
    .await
}

/// Allows or denies once.
async fn decide(client: &Client, approval: &approval::Approval, allow: bool) {
    let decide = if allow {
        approval::Decide::allow(approval.id, approval::Scope::Once)
    } else {
        approval::Decide::deny(approval.id)
    };
    client.call(decide).await.unwrap();
}

/// Asks again and again until something is so.
async fn eventually<T, F>(what: &str, mut ask: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let until = tokio::time::Instant::now() + LIMIT;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < until,
            "never happened: {what}"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
