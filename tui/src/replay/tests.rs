//! What a recording is in lines, and how fast it goes.

use jiff::tz::TimeZone;
use smartopol_protocol::session::{EXPORT_VERSION, Exported};

use super::reel::{Moved, Reel};
use super::{Pace, lines, speed};
use crate::house::{self, House};

fn morning() -> Reel {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let session = house.sessions.iter().find(|own| own.id == id).unwrap();
    let mut messages = house.messages.clone();
    messages.retain(|own| own.session_id == id && own.position.is_some());
    let last = messages.last().and_then(|own| own.position).unwrap();
    let piece = Exported {
        version: EXPORT_VERSION,
        exported_at: house.at(),
        key: session.key(),
        session: session.clone(),
        messages,
        turns: house.turns.clone(),
        calls: house.calls.clone(),
        approvals: house.approvals.clone(),
        compactions: Vec::new(),
        pins: Vec::new(),
        redacted: 0,
        next: None,
    };
    Reel::new(piece, last).unwrap()
}

#[test]
fn each_step_is_a_few_lines() {
    let mut reel = morning();
    let mut told = Vec::new();
    loop {
        told.extend(lines::lines(&reel, &TimeZone::UTC));
        if reel.forward() == Moved::AtEnd {
            break;
        }
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_speed_is_one_of_a_few() {
    assert_eq!(speed("1"), Ok(Pace::default()));
    assert_eq!(speed("0.5x").map(Pace::words), Ok("0.5".into()));
    assert_eq!(speed("16").map(Pace::words), Ok("16".into()));
    assert_eq!(
        speed("3").unwrap_err(),
        "say one of 0.25, 0.5, 1, 2, 4, 8, 16"
    );
    let (mut pace, mut words) = (Pace::default().slower().slower(), Vec::new());
    for _ in 0..8 {
        words.push(pace.words());
        pace = pace.faster();
    }
    assert_eq!(words, ["0.25", "0.5", "1", "2", "4", "8", "16", "16"]);
}
