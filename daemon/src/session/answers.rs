//! What people decided about calls that waited.

use smartopol_agent::Event;
use smartopol_protocol::approval::{Approval, ApprovalState, Scope, Verdict};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolOutput};
use smartopol_protocol::trace::DecidedBy;
use smartopol_traces::REDACTED;

use super::actor::Actor;
use super::plan::Plan;
use super::{Broken, authorize};
use crate::approvals::desk;
use crate::record;

impl Actor<'_> {
    pub(super) async fn decided(&mut self, approval: Approval) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let Some(call) = live.calls.get_mut(&approval.call_id) else {
            return Ok(());
        };
        if !matches!(call.call.state, CallState::Waiting { .. }) {
            return Ok(());
        }
        call.approval = Some(approval.clone());
        let (at, mut plan) = (self.house.clock.now(), Plan::default());
        let ruling = match desk::refusal(&approval.state) {
            None if call.reopened && call.call.input.to_string().contains(REDACTED) => {
                let text =
                    "not run: its arguments held a secret, which is not kept over a restart; \
                            ask for it again"
                        .to_owned();
                let output = ToolOutput {
                    status: OutputStatus::Error,
                    text: text.clone(),
                    ..ToolOutput::default()
                };
                let by = DecidedBy::Check;
                authorize::refuse(&self.house, call, output, by, text, at, &mut plan)
            }
            None => {
                let reason = "a person allowed it".to_owned();
                let begun = (approval.turn_id, &mut *call);
                let grounds = (DecidedBy::Person, reason);
                authorize::begin(&self.house, begun, grounds, at, &mut plan)
            }
            Some(text) => {
                let (status, by) = match approval.state {
                    ApprovalState::Expired { .. } => (OutputStatus::Expired, DecidedBy::Expiry),
                    ApprovalState::Cancelled { .. } => {
                        (OutputStatus::Interrupted, DecidedBy::Interrupt)
                    }
                    _ => (OutputStatus::Denied, DecidedBy::Person),
                };
                let output = ToolOutput {
                    status,
                    text: text.clone(),
                    ..ToolOutput::default()
                };
                authorize::refuse(&self.house, call, output, by, text, at, &mut plan)
            }
        };
        if let Some(question) = &call.question {
            self.house.desk.watch_question(question);
        }
        plan.calls.push(record::stored(&self.house, &call.call));
        self.advance_with(Event::Ruled(approval.call_id, ruling), plan)
            .await?;
        self.follow(&approval).await
    }

    /// An answer for longer also answers what else waits here and is covered by it.
    pub(super) async fn follow(&mut self, approval: &Approval) -> Result<(), Broken> {
        let ApprovalState::Allowed { decision } = &approval.state else {
            return Ok(());
        };
        if decision.scope == Scope::Once {
            return Ok(());
        }
        let rules = self.house.rules().await?;
        let Some(live) = &self.live else {
            return Ok(());
        };
        let charge = live.charge.as_ref();
        let user = self.house.users.acting(&live.asker, self.session.user_id);
        let policy = authorize::policy(&self.house, &self.session, charge, (&rules, &user));
        let covered: Vec<_> = live
            .calls
            .values()
            .filter(|call| matches!(call.call.state, CallState::Waiting { .. }))
            .filter(|call| policy.judge(authorize::seen(call)).verdict == Verdict::Allow)
            .filter_map(|call| call.approval.as_ref())
            // Who may answer one question may not answer for more people than that.
            .filter(|other| other.terms == approval.terms && other.terms.quorum <= 1)
            .map(|approval| approval.id)
            .collect();
        for id in covered {
            let state = ApprovalState::Allowed {
                decision: decision.clone(),
            };
            let ended = self
                .house
                .store
                .write(move |w| w.end_approval(id, state))
                .await?;
            if let smartopol_store::Ended::Now(approval) = ended {
                self.house.desk.forget(&approval);
                Box::pin(self.decided(approval)).await?;
            }
        }
        Ok(())
    }
}
