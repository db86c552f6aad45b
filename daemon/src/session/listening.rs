//! What the model says, piece by piece.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use smartopol_agent::context::fold::Folded;
use smartopol_agent::context::{self, Made, Material};
use smartopol_agent::{Event, prompt};
use smartopol_protocol::job::Action;
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::{ModelEvent, ReasoningEffort, StopReason, Usage};
use smartopol_protocol::prompt::{PromptPart, Tier};
use smartopol_protocol::tool::{OutputStatus, ToolSpec};
use smartopol_protocol::turn::Carried;
use smartopol_protocol::user::{Filter, Spent};
use smartopol_protocol::{News, SessionId};
use smartopol_providers::{Progress, Target};

use super::Broken;
use super::actor::Actor;
use super::asking::{Asking, Heard, MAX_ANSWER, event};
use super::live::Live;
use super::load::message;
use super::plan::Plan;
use super::telling;
use crate::House;
use crate::budgets::{self, UsedUp};
use crate::scheduler::charge::Charge;
use crate::users::rights;

impl Actor<'_> {
    pub(super) async fn ask(&mut self) -> Result<(), Broken> {
        let asker = self.live.as_ref().map_or("", |live| live.asker.as_str());
        let users = &self.house.users;
        let owner = self.session.user_id;
        let out = users
            .kept_out("", owner)
            .or_else(|| users.kept_out(asker, owner));
        if let Some(out) = out {
            let message = format!("{} is disabled for now", rights::whom(&out));
            return self
                .failed(message, "an admin can enable them".into())
                .await;
        }
        if let Some(charge) = self.live.as_ref().and_then(|live| live.charge.clone()) {
            if let Action::Call { tool, input } = charge.action.clone() {
                return self.ask_nobody(tool, input).await;
            }
            let usage = self.live.as_ref().map(|live| live.turn.usage);
            let used = usage.map_or(0, |used| used.input + used.cache_write + used.output);
            if let Some(why) = charge.over_budget(used) {
                let hint = "make the job with a larger budget, or let it do less".to_owned();
                return self.failed(why, hint).await;
            }
        }
        let providers = match self.house.providers() {
            Ok(providers) => providers,
            Err(fault) => return self.failed(fault.message, fault.hint).await,
        };
        let Some(live) = &self.live else {
            return Ok(());
        };
        let target = match live.target.clone() {
            Some(target) => target,
            None => match providers.resolve(self.session.model.as_deref()) {
                Ok(target) => target,
                Err(err) => return self.failed(err.to_string(), String::new()).await,
            },
        };
        let specs = specs(&self.house, live);
        let whole = self.request(live, &target.model, &specs, u64::MAX);
        let carries = carried(&live.prompt, &specs, &whole);
        let context_tokens = self.house.config.agent.context_tokens;
        let prompt = carries.fixed + carries.person;
        let limit = self.folds.limit(&target, context_tokens, prompt);
        let boundary = self.folds_at(&whole, limit);
        let made = match boundary.is_some() || whole.transcript <= limit {
            true => whole,
            false => self.request(live, &target.model, &specs, limit),
        };
        if boundary.is_none()
            && let Some(why) = live.refuses_again(made.transcript)
        {
            let (message, hint) = why.told(&carries);
            return self.failed(message, hint).await;
        }
        let carries = carried(&live.prompt, &specs, &made);
        let needs = needs(&target, &carries);
        let run = live.charge.as_ref().and_then(Charge::run);
        let job = run.map(|run| run.job_id);
        if let Some(used_up) = budgets::check(&self.house, &self.session, job, needs).await? {
            return self.over_budget(used_up).await;
        }
        if let Some(boundary) = boundary {
            return self.fold(boundary, (providers, target), made, limit).await;
        }
        let (request, left_out) = (made.request, made.left_out);
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        live.turn.carried = carries;
        live.listen(Asking::start(&self.house, providers, target, request));
        let mut notices = Vec::new();
        if left_out > self.left_out {
            self.left_out = left_out;
            notices.push(format!(
                "The conversation is longer than the model is given: its {left_out} oldest \
                 messages stay here but are left out of the request. \
                 `agent.context_tokens` sets how much is given."
            ));
        }
        let cut: Vec<(String, u64)> = live
            .prompt
            .iter()
            .filter(|part| part.cut > 0)
            .map(|part| (part.source.clone(), part.cut))
            .collect();
        for (file, bytes) in cut.iter().filter(|own| !self.cut.contains(own)) {
            notices.push(format!(
                "{file} is too long: its last {bytes} bytes are not told to the model. Shorten it; \
                 the next turn reads it again."
            ));
        }
        self.cut = cut;
        if notices.is_empty() {
            return Ok(());
        }
        let (turn, at) = (live.turn.clone(), self.house.clock.now());
        let notices = notices.into_iter().map(|text| {
            let level = Level::Warning;
            let parts = vec![Part::Notice { level, text }];
            message(&turn, Role::System, parts, false, at)
        });
        let plan = Plan {
            messages: notices.collect(),
            ..Plan::default()
        };
        self.write(plan).await
    }

    /// The model is not asked: a person is told why, and so is who can give more.
    async fn over_budget(&mut self, used_up: UsedUp) -> Result<(), Broken> {
        let (id, at) = (self.session.id, self.house.clock.now());
        let (title, detail) = (used_up.message.clone(), used_up.hint.clone());
        let live = self.live.as_ref();
        // A job that fails says why by itself.
        if live.is_none_or(|live| live.charge.is_none()) {
            self.house
                .store
                .write(move |w| w.attend_budget(id, title, detail, at))
                .await?;
        }
        self.failed(used_up.message, used_up.hint).await
    }

    /// Returns a request with what was said, as far as it fits into so many tokens.
    fn request(&self, live: &Live, model: &str, specs: &[ToolSpec], budget: u64) -> Made {
        let (pins, since) = self.folds.pins();
        context::request(Material {
            model,
            system: prompt::system(&live.prompt),
            transcript: self.told_of(),
            folded: self.folds.folded(),
            tools: specs,
            budget,
            reasoning: self.house.config.agent.reasoning,
            note: &|before, message| telling::note(before, message, (&live.zone, pins, since)),
        })
    }

    /// Returns how many tokens the messages come to where this is folded, estimated.
    pub(super) fn weigh(&self, folded: Option<&Folded>) -> u64 {
        let made = context::request(Material {
            model: "",
            system: Vec::new(),
            transcript: self.told_of(),
            folded,
            tools: &[],
            budget: u64::MAX,
            reasoning: ReasoningEffort::Default,
            note: &|_, _| None,
        });
        made.transcript
    }

    /// Returns the transcript from a person's first words on.
    pub(super) fn told_of(&self) -> &[Arc<Message>] {
        let mut said = self.transcript.iter();
        let start = said.position(|said| said.role == Role::User);
        self.transcript
            .get(start.unwrap_or(0)..)
            .unwrap_or_default()
    }

    /// A job that is one call: the call first, then what became of it.
    async fn ask_nobody(&mut self, tool: String, input: Value) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let last = self.transcript.iter().rev();
        let last = last.into_iter().find(|said| said.role != Role::System);
        let output = last
            .filter(|last| last.role == Role::Tool)
            .and_then(|last| {
                last.parts.iter().find_map(|part| match part {
                    Part::ToolOutput { status, text, .. } => Some((*status, text.clone())),
                    _ => None,
                })
            });
        let answer = match output {
            None => vec![
                ModelEvent::Call {
                    index: 0,
                    name: tool,
                    input,
                },
                ModelEvent::Done {
                    stop: StopReason::ToolUse,
                },
            ],
            Some((OutputStatus::Ok, _)) => vec![
                ModelEvent::Text {
                    text: format!("The call of `{tool}` is done."),
                },
                ModelEvent::Done {
                    stop: StopReason::End,
                },
            ],
            Some((_, text)) => {
                let line = text.lines().next().unwrap_or_default();
                let message = format!("the call of `{tool}` did not do it: {line}");
                return self.failed(message, String::new()).await;
            }
        };
        live.listen(Asking::answered(answer));
        Ok(())
    }

    /// Tells clients that the request is tried again.
    pub(super) fn retrying(&self, reason: String, after: Duration) {
        let Some(live) = &self.live else { return };
        let news = News::Retrying {
            turn_id: live.turn.id,
            reason,
            after_ms: u64::try_from(after.as_millis()).unwrap_or(u64::MAX),
        };
        self.house.bus.tell(Some(self.session.id), news);
    }

    pub(super) async fn failed(&mut self, message: String, hint: String) -> Result<(), Broken> {
        Box::pin(self.advance(Event::Failed { message, hint })).await
    }

    pub(super) async fn heard(&mut self, heard: Heard) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        if live.folding.is_some() {
            return self.heard_summary(heard).await;
        }
        match heard {
            Heard::Piece(Progress::Retrying { reason, after }) => {
                self.retrying(reason, after);
                Ok(())
            }
            Heard::Piece(Progress::Event(piece)) => {
                if live.heard > MAX_ANSWER {
                    let message = format!("the answer is longer than {MAX_ANSWER} bytes");
                    let hint = "continue the turn, and ask for less at a time".to_owned();
                    return self.failed(message, hint).await;
                }
                if let ModelEvent::Usage { usage } = &piece {
                    self.folds.learn(usage.input, live.turn.carried.total());
                }
                tell(&self.house, self.session.id, live, &piece);
                match event(piece) {
                    Some(event) => self.advance(event).await,
                    None => Ok(()),
                }
            }
            Heard::Failed { message, hint } => self.failed(message, hint).await,
            Heard::TooLong { overrun, message } => self.too_long(overrun, message).await,
            Heard::End => {
                live.asking = None;
                let message = "the provider ended its answer without saying so".to_owned();
                let hint = "continue the turn to ask again".to_owned();
                self.failed(message, hint).await
            }
        }
    }
}

/// Returns the tools that a turn may use.
pub(super) fn specs<'a>(house: &'a House, live: &Live) -> Cow<'a, [ToolSpec]> {
    match &live.charge {
        Some(charge) => Cow::Owned(charge.tools(&house.specs)),
        None => Cow::Borrowed(&house.specs),
    }
}

/// Returns what a request carries, tier by tier.
fn carried(prompt: &[PromptPart], specs: &[ToolSpec], made: &context::Made) -> Carried {
    let of = |tier: Tier| {
        let own = prompt.iter().filter(|part| part.tier == tier);
        own.map(|part| part.tokens).sum::<u64>()
    };
    Carried {
        fixed: of(Tier::Fixed) + telling::tools(specs).tokens,
        person: of(Tier::Person),
        volatile: made.notes,
        transcript: made.transcript,
    }
}

/// Returns what a request will use at the least: what it carries, as far as that can be told
/// before it is sent.
fn needs(target: &Target, carried: &Carried) -> Spent {
    if !target.counts_tokens() {
        return Spent::default();
    }
    let tokens = carried.total();
    let usage = Usage {
        input: tokens,
        ..Usage::default()
    };
    let price = target.price.and_then(|price| price.cost_micros(&usage));
    Spent {
        calls: 1,
        tokens,
        cost_micros: price.unwrap_or(0),
    }
}

/// Tells clients a piece of an answer, with its place in it.
fn tell(house: &House, session_id: SessionId, live: &mut Live, piece: &ModelEvent) {
    let (turn_id, step) = (live.turn.id, live.partial.step);
    let news = match piece {
        // What a child is told is looked at whole, so nothing of it is told piece by piece.
        ModelEvent::Text { text } | ModelEvent::Reasoning { text }
            if live.filter == Filter::Child =>
        {
            live.heard += weight(text);
            return;
        }
        ModelEvent::Text { text } => {
            let offset = live.partial.text.len() as u64;
            live.partial.text.push_str(text);
            live.heard += weight(text);
            News::TextDelta {
                turn_id,
                step,
                offset,
                text: text.clone(),
            }
        }
        ModelEvent::Reasoning { text } => {
            let offset = live.partial.reasoning.len() as u64;
            live.partial.reasoning.push_str(text);
            live.heard += weight(text);
            News::ReasoningDelta {
                turn_id,
                step,
                offset,
                text: text.clone(),
            }
        }
        ModelEvent::CallProgress { name, bytes, .. } => {
            live.partial.call = Some((name.clone(), *bytes));
            News::CallDelta {
                turn_id,
                step,
                name: name.clone(),
                bytes: *bytes,
            }
        }
        ModelEvent::Call { name, input, .. } => {
            // Each call becomes a row and a trace, however short it is.
            live.heard += name.len() + input.to_string().len() + 256;
            return;
        }
        ModelEvent::Usage { usage } => {
            live.step_usage = *usage;
            return;
        }
        ModelEvent::ReasoningEnd { .. } | ModelEvent::Done { .. } => return,
    };
    house.bus.tell(Some(session_id), news);
}

/// Returns how long a text is in JSON, as it is stored and told: a control character takes six.
fn weight(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' => 2,
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}
