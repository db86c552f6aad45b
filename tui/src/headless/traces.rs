//! What a played daemon says of calls: their traces, why one is asked about, where the time went.

use smartopol_protocol::approval::{self, BackTest, LabShown, Pattern, TestRule};
use smartopol_protocol::trace::Listed;
use smartopol_protocol::{ApprovalId, turn};

use super::Headless;
use crate::app::{Call, Reply};

impl Headless {
    /// Tells why an approval is asked, and which rules would cover it.
    pub fn lab(&mut self, id: ApprovalId, shown: LabShown) {
        let call = Call::Lab(approval::Lab { id });
        self.answer(call, Reply::Lab(Box::new(shown)));
    }

    /// Tells what a rule that was written in the lab would have done.
    pub fn tested(&mut self, id: ApprovalId, pattern: Pattern, test: BackTest) {
        let asked = TestRule {
            pattern,
            ..TestRule::default()
        };
        self.answer(Call::TestRule(id, Box::new(asked)), Reply::Tested(test));
    }

    /// Tells where the time of a turn went.
    pub fn turn(&mut self, shown: turn::Shown) {
        self.answer(Call::Turn(shown.turn.id), Reply::Turn(Box::new(shown)));
    }

    /// Tells traces that were asked for newest.
    pub fn traces(&mut self, listed: Listed) {
        let newest = self
            .asked
            .iter()
            .rposition(|call| matches!(call, Call::Traces { .. }));
        if let Some(at) = newest {
            let call = self.asked.remove(at);
            self.answer(call, Reply::Traces(Box::new(listed)));
        }
    }
}
