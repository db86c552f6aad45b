//! Folding: what of a long conversation the model is told as a summary.
//!
//! Owns: when to fold, the question for a summary and what becomes of its answer, what people say
//! about it. Where may be folded and what then stands there is `smartopol_agent::context`.

use std::sync::Arc;

use smartopol_agent::context::block::{self, Known, head};
use smartopol_agent::context::fold::{Boundary, Folded, Room, boundary};
use smartopol_agent::context::{Made, estimate, remember};
use smartopol_protocol::compaction::{Compaction, MadeBy, Pin, Planned};
use smartopol_protocol::memory::Span;
use smartopol_protocol::message::{Level, Message, Part, Role};
use smartopol_protocol::model::{ModelEvent, ModelRequest, StopReason, Usage};
use smartopol_protocol::{Code, CompactionId, Fault, News, SessionId, Timestamp};
use smartopol_providers::{Progress, Providers, Target};
use smartopol_store::Reader;

use super::actor::Actor;
use super::asking::{Asking, Heard};
use super::extracting::Extracting;
use super::load::message;
use super::plan::Plan;
use super::{Broken, Reply};
use crate::record;

/// How many of a thousand tokens a request may have stay where it is folded.
const KEEP: u64 = 300;
/// How many are put up with so that the newest question keeps its steps.
const MOST: u64 = 700;

/// What of a session is folded, and what is pinned in it.
#[derive(Debug)]
pub(super) struct Folds {
    /// The compaction that counts, and as requests carry it.
    counts: Option<(Compaction, Folded)>,
    /// When the newest one was taken back; `None` where it counts.
    expanded_at: Option<Timestamp>,
    /// True where the next request folds, whatever its length.
    wanted: bool,
    /// All pins, those taken off too.
    pins: Vec<Pin>,
    /// How many tokens the provider counted for a thousand that were estimated.
    scale: u64,
}

/// A summary on its way.
#[derive(Debug)]
pub(super) struct Folding {
    pub(super) boundary: Boundary,
    tokens_before: u64,
    /// How many tokens it shall have at the most.
    pub(super) words: u64,
    /// True where the question stands behind what it folds, and nothing newer.
    pub(super) alone: bool,
    /// The most bytes of summary that are kept.
    most: usize,
    /// Where the model is also asked what is worth remembering.
    extracting: Option<Extracting>,
    pub(super) summary: String,
    usage: Usage,
}

impl Folds {
    pub(super) fn read(r: &Reader<'_>, id: SessionId) -> Result<Self, smartopol_store::Error> {
        Ok(Self {
            counts: r.compaction(id)?.map(counted),
            expanded_at: r.expanded_at(id)?,
            wanted: r.folds(id)?,
            pins: r.all_pins(id)?,
            scale: 1000,
        })
    }

    /// Returns what of the transcript is folded.
    pub(super) fn folded(&self) -> Option<&Folded> {
        self.counts.as_ref().map(|(_, folded)| folded)
    }

    /// Returns all pins, and since when those are told that no compaction carries.
    pub(super) fn pins(&self) -> (&[Pin], Option<Timestamp>) {
        let since = self.counts.as_ref().map(|(own, _)| own.created_at);
        (&self.pins, since)
    }

    /// Takes a pin as it stands now.
    pub(super) fn put(&mut self, pin: Pin) {
        match self.pins.iter_mut().find(|own| own.id == pin.id) {
            Some(own) => *own = pin,
            None => self.pins.push(pin),
        }
    }

    pub(super) fn until(&self) -> u64 {
        self.folded().map_or(0, |folded| folded.until)
    }

    /// Takes note of what a provider counted where so many tokens were estimated. What is far off
    /// is not believed: some count only what was in no cache.
    pub(super) fn learn(&mut self, counted: u64, estimated: u64) {
        if counted > 0 && estimated > 0 {
            self.scale = (counted.saturating_mul(1000) / estimated).clamp(750, 3000);
        }
    }

    /// Returns how many tokens of messages a request may have, as we estimate them, beside so many
    /// of the prompt.
    pub(super) fn limit(&self, target: &Target, context_tokens: u32, prompt: u64) -> u64 {
        let prompt = prompt.saturating_mul(self.scale) / 1000;
        let room = target.room().map(|room| room.saturating_sub(prompt));
        let limit = room.map_or(u64::from(context_tokens), |room| {
            room.min(u64::from(context_tokens))
        });
        limit.saturating_mul(1000) / self.scale
    }

    /// Returns the tokens that a provider would count for an estimate.
    pub(super) const fn scaled(&self, estimate: u64) -> u64 {
        estimate.saturating_mul(self.scale) / 1000
    }
}

fn counted(compaction: Compaction) -> (Compaction, Folded) {
    let folded = block::folded(&compaction);
    (compaction, folded)
}

impl Actor<'_> {
    /// Returns where to fold before a request with these messages goes out; `None` where it goes
    /// as it is.
    pub(super) fn folds_at(&self, whole: &Made, limit: u64) -> Option<Boundary> {
        let live = self.live.as_ref()?;
        if live.folded_at == Some(live.machine.steps()) {
            return None;
        }
        let room = if self.folds.wanted {
            Room::NONE
        } else if live.is_refused() {
            // Whatever we estimate: it is shorter afterwards.
            let limit = limit.min(whole.transcript);
            Room {
                keep: limit * KEEP / 1000,
                most: limit * MOST / 1000,
            }
        } else if whole.transcript <= limit || self.rests(limit) {
            return None;
        } else {
            Room {
                keep: limit * KEEP / 1000,
                most: limit * MOST / 1000,
            }
        };
        boundary(self.told_of(), self.folds.until(), room)
    }

    /// Returns true where a person wanted the messages back, and not much was said since: then
    /// nothing is folded by itself.
    fn rests(&self, limit: u64) -> bool {
        let Some(at) = self.folds.expanded_at else {
            return false;
        };
        let since = self.transcript.iter().rev();
        let since = since.take_while(|message| message.created_at > at);
        since.map(|message| estimate(message)).sum::<u64>() < limit / 4
    }

    /// Asks the model for a summary, with the request that was to go out: its provider has most of
    /// that in its cache.
    pub(super) async fn fold(
        &mut self,
        boundary: Boundary,
        (providers, target): (Arc<Providers>, Target),
        whole: Made,
        limit: u64,
    ) -> Result<(), Broken> {
        let extracting = self.extracts();
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let words = (limit / 10).clamp(200, 2000);
        live.folding = Some(Folding {
            boundary,
            tokens_before: self.folds.scaled(whole.transcript),
            words,
            alone: false,
            most: usize::try_from(words * 16).unwrap_or(usize::MAX),
            extracting,
            summary: String::new(),
            usage: Usage::default(),
        });
        if !target.counts_tokens() {
            return self.cut("the offline provider writes no summaries").await;
        }
        let turn_id = live.turn.id;
        self.house
            .bus
            .tell(Some(self.session.id), News::Compacting { turn_id });
        if live.is_refused() {
            return self.summarise_alone().await;
        }
        let asks = (block::instruction(boundary.stay, words), whole.request);
        self.ask_summary(providers, target, asks);
        Ok(())
    }

    /// Asks the question for a summary, behind a request.
    pub(super) fn ask_summary(
        &mut self,
        providers: Arc<Providers>,
        target: Target,
        (mut text, mut request): (String, ModelRequest),
    ) {
        let Some(live) = &mut self.live else {
            return;
        };
        if live
            .folding
            .as_ref()
            .is_some_and(|own| own.extracting.is_some())
        {
            text.push_str(&remember::instruction());
        }
        let at = self.house.clock.now();
        let asked = message(&live.turn, Role::User, vec![Part::Text { text }], false, at);
        request.messages.push(Arc::new(asked));
        live.listen(Asking::start(&self.house, providers, target, request));
    }

    /// Hears a piece of a summary.
    pub(super) async fn heard_summary(&mut self, heard: Heard) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let Some(folding) = &mut live.folding else {
            return Ok(());
        };
        match heard {
            Heard::Piece(Progress::Retrying { reason, after }) => {
                self.retrying(reason, after);
                Ok(())
            }
            Heard::Piece(Progress::Event(event)) => match event {
                ModelEvent::Text { text } => {
                    let behind = Extracting::heard(folding.extracting.as_ref());
                    if folding.summary.len() < folding.most.saturating_add(behind) {
                        folding.summary.push_str(&text);
                    }
                    Ok(())
                }
                ModelEvent::Usage { usage } => {
                    folding.usage = usage;
                    live.step_usage = usage;
                    Ok(())
                }
                ModelEvent::Call { .. } => self.cut("the model called a tool instead").await,
                ModelEvent::Done {
                    stop: StopReason::Refusal,
                } => self.cut("the provider refused to write a summary").await,
                ModelEvent::Done { .. }
                    if remember::split(&folding.summary).0.trim().is_empty() =>
                {
                    self.cut("the model answered nothing").await
                }
                ModelEvent::Done { .. } => {
                    let (provider, model) = (&live.turn.provider, &live.turn.model);
                    let by = MadeBy::Model {
                        provider: provider.clone(),
                        model: model.clone(),
                        usage: folding.usage,
                    };
                    self.folded(by).await
                }
                _ => Ok(()),
            },
            Heard::TooLong { overrun, message } if folding.alone => {
                self.learn_window(overrun);
                self.cut(&message).await
            }
            Heard::TooLong { overrun, .. } => {
                self.learn_window(overrun);
                self.summarise_alone().await
            }
            Heard::Failed { message, .. } => self.cut(&message).await,
            Heard::End => self.cut("the provider ended its answer too early").await,
        }
    }

    /// There is no summary: what would be folded is cut out, and the turn goes on.
    pub(super) async fn cut(&mut self, reason: &str) -> Result<(), Broken> {
        let reason = record::clean_text(&self.house, reason.to_owned());
        self.folded(MadeBy::Cut { reason }).await
    }

    /// Writes down what was folded, and asks as usual.
    async fn folded(&mut self, made_by: MadeBy) -> Result<(), Broken> {
        let id = self.session.id;
        let known = self.house.store.read(move |r| {
            let mut waits = r.pending_approvals()?;
            waits.retain(|approval| approval.session_id == id);
            Ok((r.pins(id)?, r.first_said(id)?, waits))
        });
        let (pins, first, approvals) = known.await?;
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let Some(folding) = live.folding.take() else {
            return Ok(());
        };
        live.asking = None;
        live.folded_at = Some(live.machine.steps());
        let at = self.house.clock.now();
        let before = self.folds.counts.as_ref().map(|(own, _)| own);
        let (from, until) = (self.folds.until(), folding.boundary.until);
        let folded: Vec<Arc<Message>> = self
            .transcript
            .iter()
            .filter(|own| own.position.is_some_and(|at| at > from && at <= until))
            .cloned()
            .collect();
        let pinned = block::pinned(Known {
            pins: &pins,
            first: first.as_ref(),
            approvals: &approvals,
            before,
            folded: &folded,
        });
        let (said, under) = remember::split(&folding.summary);
        let summary = match &made_by {
            MadeBy::Model { .. } => {
                let text = head(said, folding.most);
                let parts = record::clean(&self.house, vec![Part::Text { text }]);
                let kept = record::filtered(&self.house, live.filter, parts);
                let said = kept.into_iter().filter_map(|part| match part {
                    Part::Text { text } => Some(text),
                    _ => None,
                });
                said.collect()
            }
            MadeBy::Cut { .. } => String::new(),
        };
        let mut compaction = Compaction {
            id: CompactionId::new(),
            session_id: id,
            until,
            messages: before.map_or(0, |own| own.messages) + folding.boundary.messages,
            summary,
            pinned,
            made_by,
            tokens_before: folding.tokens_before,
            tokens_after: 0,
            created_at: at,
            expanded_at: None,
        };
        let (_, folded) = counted(compaction.clone());
        let turn = live.row();
        let of = live.turn.clone();
        compaction.tokens_after = self.folds.scaled(self.weigh(Some(&folded)));
        let (level, mut text) = notice(&compaction);
        let span = Span {
            from: from + 1,
            until,
        };
        let extracted = match (&compaction.made_by, folding.extracting, under) {
            (MadeBy::Model { .. }, Some(own), Some(under)) => {
                self.extracted(own, span, under).await?
            }
            _ => None,
        };
        let extracted = extracted.map(|(extracted, told)| {
            text.push_str(&told);
            extracted
        });
        let parts = vec![Part::Notice { level, text }];
        let plan = Plan {
            messages: vec![message(&of, Role::System, parts, false, at)],
            compaction: Some(compaction.clone()),
            extracted,
            turn,
            ..Plan::default()
        };
        self.write(plan).await?;
        self.folds.counts = Some((compaction, folded));
        (self.folds.expanded_at, self.folds.wanted) = (None, false);
        self.left_out = 0;
        Box::pin(self.ask()).await
    }

    /// The next request folds first.
    pub(super) async fn compact(&mut self, reply: Reply<Planned>) {
        let until = self.folds.until();
        let said = |own: &Arc<Message>| own.role != Role::System && own.position > Some(until);
        if !self.transcript.iter().any(said) {
            let what = match until {
                0 => "nothing was said yet, so there is nothing to fold",
                _ => "nothing was said since it was folded",
            };
            let fault = Fault::new(Code::Conflict, what);
            let _ = reply.send(Err(fault.hint("see it with: smartopol sessions folded KEY")));
            return;
        }
        let id = self.session.id;
        let stored = self.house.store.write(move |w| w.set_folds(id, true)).await;
        self.folds.wanted |= stored.is_ok();
        let running = self.live.is_some();
        let _ = reply.send(stored.map(|()| Planned { running }).map_err(Fault::from));
    }

    /// The newest compaction counts no more.
    pub(super) async fn expand(&mut self, reply: Reply<Compaction>) {
        if self
            .live
            .as_ref()
            .is_some_and(|live| live.folding.is_some())
        {
            let fault = Fault::new(Code::Conflict, "messages are being folded right now");
            let _ = reply.send(Err(
                fault.hint("wait for it, or stop it: smartopol interrupt")
            ));
            return;
        }
        let (id, at) = (self.session.id, self.house.clock.now());
        let expanded = self.house.store.write(move |w| {
            let expanded = w.expand_compaction(id, at)?;
            Ok((expanded, w.compaction(id)?))
        });
        let result = expanded.await.map(|(expanded, counts)| {
            self.folds.counts = counts.map(counted);
            (self.folds.expanded_at, self.folds.wanted) = (Some(at), false);
            self.left_out = 0;
            expanded
        });
        let _ = reply.send(result.map_err(Fault::from));
    }
}

/// Says what was folded.
fn notice(compaction: &Compaction) -> (Level, String) {
    let Compaction {
        messages,
        tokens_before,
        tokens_after,
        ..
    } = compaction;
    let told = format!(
        "about {tokens_before} tokens are {tokens_after} now. They stay here; `/expand`, or \
         `smartopol sessions expand`, gives them to the model again."
    );
    match &compaction.made_by {
        MadeBy::Model { .. } => (
            Level::Info,
            format!(
                "The {messages} oldest messages are folded into a summary for the model: {told}"
            ),
        ),
        MadeBy::Cut { reason } => (
            Level::Warning,
            format!(
                "There is no summary ({reason}), so the {messages} oldest messages are cut out of \
                 what the model is told, but for the goal and what is pinned: {told} After that, \
                 `/compact` tries again."
            ),
        ),
    }
}
