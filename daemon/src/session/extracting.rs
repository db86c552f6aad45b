//! What is worth remembering of messages that are folded.
//!
//! Owns: whether a model is asked for it, whose it is, that all of it says where it comes from, and
//! its trace. How the answer is read is `smartopol_agent::context::remember`.
//!
//! It is asked for in the question for the summary: the model has all of the conversation before it
//! then, and another request would cost all of that again. Nothing about it fails the folding.

use serde_json::json;
use smartopol_agent::context::remember::{self, Proposals};
use smartopol_config::section::memory::Extract;
use smartopol_protocol::memory::{By, Memory, Source, Span, State};
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::trace::{ActionType, DecidedBy, Metadata, Trace};
use smartopol_protocol::user::Filter;
use smartopol_protocol::{CallId, Timestamp, TraceId, UserId};
use smartopol_store::{Error, Writer};

use super::Broken;
use super::actor::Actor;
use crate::memory::{self, Writing, taint};
use crate::record;
use crate::users::STRANGER;

/// What the trace of it says for a tool.
const TRACED_AS: &str = "memory_extract";

/// That a model is asked what is worth remembering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extracting {
    user: UserId,
    how: Extract,
    began_at: Timestamp,
}

/// What a model found worth remembering, as it is to be written.
#[derive(Debug)]
pub(super) struct Extracted {
    memories: Vec<Memory>,
    trace: Trace,
    left_out: Option<String>,
}

impl Extracting {
    /// Returns how many bytes of an answer are heard behind its summary.
    pub(super) const fn heard(own: Option<&Self>) -> usize {
        match own {
            Some(_) => remember::HEARD,
            None => 0,
        }
    }
}

impl Actor<'_> {
    /// Returns that the model is asked what is worth remembering; `None` where it is not: the
    /// settings do not want it, nobody is known to remember things of, or a job talks to itself.
    pub(super) fn extracts(&self) -> Option<Extracting> {
        let how = self.house.config.memory.extract;
        let live = self.live.as_ref()?;
        let user = self.house.users.acting("", self.session.user_id).id;
        let asked = how != Extract::Off && user != STRANGER && live.charge.is_none();
        asked.then(|| Extracting {
            user,
            how,
            began_at: self.house.clock.now(),
        })
    }

    /// Returns what the model found worth remembering, with what the notice of the folding says of
    /// it. `under` is what it wrote behind the summary.
    pub(super) async fn extracted(
        &self,
        own: Extracting,
        span: Span,
        under: &str,
    ) -> Result<Option<(Extracted, String)>, Broken> {
        let Some(live) = &self.live else {
            return Ok(None);
        };
        let proposals = remember::read(under);
        let left_out = proposals.left_out();
        if proposals.taken.is_empty() && left_out.is_none() {
            return Ok(None);
        }
        let taint = taint::of_session(&self.house, self.session.id, own.user).await?;
        let first = self.transcript.iter().find(|message| {
            message.role == Role::User && message.position.is_some_and(|at| at >= span.from)
        });
        let source = Source {
            session_id: Some(self.session.id),
            message_id: first.map(|message| message.id),
            turn_id: Some(live.turn.id),
            messages: Some(span),
            ..memory::source(By::Extraction, &live.asker)
        };
        let writing = Writing {
            user: own.user,
            source,
            taint,
        };
        let memories = self.believed(own, writing, proposals, live.filter).await?;
        let at = self.house.clock.now();
        let trace = Trace {
            id: TraceId::new(),
            agent_id: self.house.store.agent_id(),
            timestamp: own.began_at,
            tool_name: TRACED_AS.to_owned(),
            action_type: ActionType::Allow,
            params: json!({ "from": span.from, "until": span.until }),
            result: serde_json::Value::Null,
            duration_ms: Some(at.millis_since(own.began_at)),
            metadata: Metadata {
                session_id: self.session.id,
                turn_id: Some(live.turn.id),
                run: None,
                call_id: CallId::new(),
                title: format!(
                    "what is worth remembering of the messages {} to {}",
                    span.from, span.until
                ),
                complete: true,
                decided_by: DecidedBy::Settings,
                reason: format!("`memory.extract` is `{}`", own.how.name()),
                approval_id: None,
                actor: live.asker.clone(),
                by: live.by.clone(),
                surface: String::new(),
                cwd: String::new(),
                redacted: 0,
                details: serde_json::Value::Null,
            },
        };
        let told = told(&memories, left_out.as_deref());
        let extracted = Extracted {
            memories,
            trace,
            left_out,
        };
        Ok(Some((extracted, told)))
    }

    /// Returns the memories that are not remembered yet.
    async fn believed(
        &self,
        own: Extracting,
        writing: Writing,
        proposals: Proposals,
        filter: Filter,
    ) -> Result<Vec<Memory>, Broken> {
        let mut memories = Vec::new();
        for mut proposed in proposals.taken {
            let part = Part::Text {
                text: proposed.text,
            };
            let kept = record::filtered(&self.house, filter, vec![part]);
            let Some(Part::Text { text }) = kept.into_iter().next() else {
                continue;
            };
            proposed.text = text;
            // What says no moment is no reason to believe it for ever.
            let Ok(mut memory) = memory::proposed(&self.house, &writing, proposed) else {
                continue;
            };
            if own.how == Extract::Pending {
                memory.state = State::Pending;
                memory.believed_at = None;
            }
            let (user, text) = (own.user, memory.text.clone());
            let read = self
                .house
                .store
                .read(move |r| r.is_remembered(user, &text))
                .await?;
            if !read {
                memories.push(memory);
            }
        }
        Ok(memories)
    }
}

impl Extracted {
    /// Writes the memories, and what became of them. One that has no room is left out.
    pub(super) fn write(self, w: &mut Writer<'_>) -> Result<(), Error> {
        let Self {
            memories,
            mut trace,
            left_out,
        } = self;
        let (mut ids, mut pending, mut refused) = (Vec::new(), 0, None);
        for memory in memories {
            match w.add_memory(memory) {
                Ok(added) if added.known => {}
                Ok(added) => {
                    pending += u64::from(added.memory.state == State::Pending);
                    ids.push(added.memory.id);
                }
                Err(Error::Conflict(why)) => refused = Some(why),
                Err(err) => return Err(err),
            }
        }
        let mut text = format!("{} remembered, {pending} of them wait", ids.len());
        for why in left_out.iter().chain(&refused) {
            text.push_str("; left out: ");
            text.push_str(why);
        }
        if left_out.is_some() || refused.is_some() {
            trace.action_type = ActionType::Error;
        }
        let status = match trace.action_type {
            ActionType::Error => "error",
            _ => "ok",
        };
        trace.result = json!({ "status": status, "text": text });
        trace.metadata.details = json!({ "memory_ids": ids, "pending": pending });
        w.begin_trace(&trace)
    }
}

/// Says what becomes of what was found.
fn told(memories: &[Memory], left_out: Option<&str>) -> String {
    let waits = |own: &&Memory| own.state == State::Pending;
    let waiting = memories.iter().filter(waits).count();
    let mut told = String::new();
    told.push_str(&match waiting {
        0 => String::new(),
        1 => " One thing in them to remember waits for your approval: `smartopol memory pending`."
            .to_owned(),
        count => format!(
            " {count} things in them to remember wait for your approval: `smartopol memory pending`."
        ),
    });
    told.push_str(&match memories.len() - waiting {
        0 => String::new(),
        1 => " One thing in them is remembered: `smartopol memory list`.".to_owned(),
        count => format!(" {count} things in them are remembered: `smartopol memory list`."),
    });
    if let Some(why) = left_out {
        told.push_str(&format!(
            " Some of what the model wanted to remember is left out: {why}."
        ));
    }
    told
}
