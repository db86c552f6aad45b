//! Where people answer.
//!
//! Owns: what becomes of a pending approval, and when it or a question of the agent expires. The
//! first answer wins: the store decides who was first, inside the transaction that also keeps the
//! rule.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use smartopol_protocol::approval::{
    Actor, Approval, ApprovalState, Decide, Decision, Rule, Scope, Vote,
};
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::user::{Role, User};
use smartopol_protocol::{ApprovalId, Code, Fault, QuestionId, Timestamp};
use smartopol_store::{Ended, Voted};
use tokio::sync::Notify;

use super::{learned, questions, terms};
use crate::House;
use crate::users::rights;

/// How long a store that failed is left alone, in milliseconds.
const TRY_AGAIN: i64 = 5_000;

/// What can expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Approval(ApprovalId),
    Question(QuestionId),
}

/// When what waits for an answer expires.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    due: Mutex<BTreeSet<(Timestamp, Due)>>,
    changed: Notify,
}

impl Desk {
    /// Takes care that an approval expires in time.
    pub(crate) fn watch(&self, approval: &Approval) {
        self.due()
            .insert((approval.expires_at, Due::Approval(approval.id)));
        self.changed.notify_one();
    }

    /// Takes care that a question expires in time, where it has one.
    pub(crate) fn watch_question(&self, question: &Question) {
        if let Some(at) = question.expires_at {
            self.due().insert((at, Due::Question(question.id)));
            self.changed.notify_one();
        }
    }

    /// No longer cares about an approval.
    pub(crate) fn forget(&self, approval: &Approval) {
        let own = Due::Approval(approval.id);
        self.due().retain(|(_, due)| *due != own);
    }

    /// No longer cares about a question.
    pub(crate) fn forget_question(&self, question: &Question) {
        let own = Due::Question(question.id);
        self.due().retain(|(_, due)| *due != own);
    }

    fn due(&self) -> std::sync::MutexGuard<'_, BTreeSet<(Timestamp, Due)>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends what nobody answered, until the daemon stops. Sleeps until the next is due.
    pub(crate) async fn expire(house: House) {
        let stop = house.supervisor.stopping().clone();
        loop {
            let next = house.desk.due().first().copied();
            let now = house.clock.now();
            match next {
                Some((at, due)) if at <= now => {
                    house.desk.due().remove(&(at, due));
                    if let Err(fault) = due.expire(&house, now).await
                        && !matches!(fault.code, Code::Conflict | Code::NotFound)
                    {
                        tracing::warn!("{due:?} could not be ended: {fault}");
                        house.desk.due().insert((now.plus_millis(TRY_AGAIN), due));
                    }
                }
                Some((at, _)) => tokio::select! {
                    () = stop.cancelled() => return,
                    () = house.desk.changed.notified() => {}
                    () = house.clock.until(at) => {}
                },
                None => tokio::select! {
                    () = stop.cancelled() => return,
                    () = house.desk.changed.notified() => {}
                },
            }
        }
    }
}

impl Due {
    async fn expire(self, house: &House, at: Timestamp) -> Result<(), Fault> {
        match self {
            Self::Approval(id) => end(house, id, ApprovalState::Expired { at }, None)
                .await
                .map(drop),
            Self::Question(id) => questions::end(house, id, QuestionState::Expired { at })
                .await
                .map(drop),
        }
    }
}

/// Answers a pending approval for a person.
pub(crate) async fn decide(house: &House, answer: Decide, actor: Actor) -> Result<Approval, Fault> {
    let id = answer.id;
    let (approval, session) = house
        .store
        .read(move |r| {
            let approval = r.approval(id)?;
            let session = r.session(approval.session_id)?;
            Ok((approval, session))
        })
        .await?;
    if approval.state != ApprovalState::Pending {
        return Err(already(&approval));
    }
    let user = house.users.acting(&actor.peer, None);
    terms::check(house, &approval.terms, &user, answer.allow)?;
    if answer.allow && answer.scope != Scope::Once {
        longer(&approval, &user, answer.scope)?;
    }
    if answer.note.len() > 4096 {
        return Err(
            Fault::new(Code::TooLarge, "`note` is longer than 4,096 bytes").hint("shorten it"),
        );
    }
    if let Some(danger) = approval.danger.as_ref().filter(|_| answer.allow)
        && answer.word.trim() != danger.word
    {
        return Err(Fault::new(
            Code::BadRequest,
            format!("it is dangerous: {}; the word was not typed", danger.why),
        )
        .hint(format!(
            "to allow it all the same, type `{word}`: smartopol approvals allow {id} --word {word}",
            word = danger.word
        )));
    }
    let (at, scope) = (house.clock.now(), answer.scope);
    let rule = match (answer.allow, scope) {
        (false, _) => None,
        (true, Scope::Once) => {
            learned::only_once(&answer)?;
            None
        }
        (true, _) => {
            let rule = learned::rule(house, &answer, &approval, &session, at).await?;
            Some(Rule {
                actor: Some(actor.clone()),
                ..rule
            })
        }
    };
    let note = house.redactor.known(&answer.note).0.into_owned();
    let decision = Decision {
        actor,
        scope: if answer.allow { scope } else { Scope::Once },
        at,
        note,
    };
    if answer.allow && approval.terms.quorum > 1 {
        let vote = Vote {
            user_id: user.id,
            decision,
        };
        return vote_for(house, id, vote).await;
    }
    let state = if answer.allow {
        ApprovalState::Allowed { decision }
    } else {
        ApprovalState::Denied { decision }
    };
    end(house, id, state, rule).await
}

/// Refuses an answer that is kept for longer than it may be.
fn longer(approval: &Approval, user: &User, scope: Scope) -> Result<(), Fault> {
    if approval.terms.quorum > 1 {
        let told = format!("{} answers are needed each time", approval.terms.quorum);
        return Err(Fault::new(Code::BadRequest, told).hint("allow it once"));
    }
    // A rule for everybody is for those to make who run the house.
    if scope != Scope::Session && user.role != Role::Admin {
        let told = format!(
            "{} may allow it once, or for the session",
            rights::whom(user)
        );
        return Err(Fault::new(Code::Denied, told).hint("an admin can allow it for longer"));
    }
    Ok(())
}

/// Counts one answer of several that are needed.
async fn vote_for(house: &House, id: ApprovalId, vote: Vote) -> Result<Approval, Fault> {
    let voted = house
        .store
        .write(move |w| w.vote_approval(id, vote))
        .await?;
    match voted {
        Voted::Waits(approval) => Ok(approval),
        Voted::Ended(Ended::Now(approval)) => {
            house.desk.forget(&approval);
            house.router.decided(house, approval.clone());
            Ok(approval)
        }
        Voted::Ended(Ended::Already(approval)) => Err(already(&approval)),
    }
}

/// Ends an approval, keeps the rule, and tells the session.
async fn end(
    house: &House,
    id: ApprovalId,
    state: ApprovalState,
    rule: Option<Rule>,
) -> Result<Approval, Fault> {
    let ended = house
        .store
        .write(move |w| {
            let ended = w.end_approval(id, state)?;
            if let (Ended::Now(_), Some(rule)) = (&ended, &rule) {
                w.add_rule(rule)?;
            }
            Ok(ended)
        })
        .await?;
    match ended {
        Ended::Now(approval) => {
            house.desk.forget(&approval);
            house.router.decided(house, approval.clone());
            Ok(approval)
        }
        Ended::Already(approval) => Err(already(&approval)),
    }
}

/// Says who was first.
fn already(approval: &Approval) -> Fault {
    let by = |decision: &Decision| {
        format!(
            "by {} in {} at {}",
            decision.actor.peer, decision.actor.client, decision.at
        )
    };
    let how = match &approval.state {
        ApprovalState::Pending => "still pending".into(),
        ApprovalState::Allowed { decision } => format!("allowed {}", by(decision)),
        ApprovalState::Denied { decision } => format!("denied {}", by(decision)),
        ApprovalState::Expired { at } => format!("expired at {at}"),
        ApprovalState::Cancelled { at, reason } => format!("cancelled at {at}: {reason}"),
    };
    Fault::new(Code::Conflict, format!("the approval was already {how}"))
        .hint("see what waits: smartopol approvals list")
}

/// Returns what the model is told about a call that a person did not allow.
pub(crate) fn refusal(state: &ApprovalState) -> Option<String> {
    match state {
        ApprovalState::Denied { decision } if decision.note.is_empty() => {
            Some("denied by a person; do not try it again in another form".into())
        }
        ApprovalState::Denied { decision } => {
            Some(format!("denied by a person, who says: {}", decision.note))
        }
        ApprovalState::Expired { .. } => {
            Some("not run: nobody answered the approval in time; this is not a denial".into())
        }
        ApprovalState::Cancelled { reason, .. } => Some(format!("not run: {reason}")),
        ApprovalState::Pending | ApprovalState::Allowed { .. } => None,
    }
}
