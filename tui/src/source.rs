//! Who wrote something down, in a few words: the same on the screen and on the command line.

use smartopol_protocol::memory::{By, Source};

use crate::sanitize;

/// Says who wrote something.
pub(crate) fn said_by(source: &Source) -> String {
    let peer = sanitize::line(&source.peer);
    match (source.by, peer.is_empty()) {
        (By::Person, true) => "a person".to_owned(),
        (By::Person, false) => peer.into_owned(),
        (By::Agent, true) => "the agent".to_owned(),
        (By::Agent, false) => format!("the agent, asked by {peer}"),
        (By::Seed, _) => "a file of the seeds".to_owned(),
        (By::Extraction, _) => "the agent, when messages were folded".to_owned(),
    }
}
