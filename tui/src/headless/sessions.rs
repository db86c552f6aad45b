//! What a played daemon says of sessions: found in, put away, written out.

use smartopol_protocol::session::{Found, Session};

use super::Headless;
use crate::app::{Call, Reply};

impl Headless {
    /// Answers a search in all sessions for these words.
    pub fn found_everywhere(&mut self, words: &str, found: Found) {
        let call = Call::SearchEverywhere(words.to_owned());
        self.answer(call, Reply::FoundEverywhere(found));
    }

    /// Answers that a session was put away, or back.
    pub fn archived(&mut self, session: Session) {
        let asked = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Archive(_)));
        if let Some(at) = asked {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Session(Box::new(session)));
        }
    }

    /// Answers that a session was written out.
    pub fn exported(&mut self, told: &str) {
        let asked = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Export { .. }));
        if let Some(at) = asked {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Exported(told.to_owned()));
        }
    }
}
