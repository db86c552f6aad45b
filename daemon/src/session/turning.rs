//! A turn's way from its first effect to its last.
//!
//! Owns the order: everything that an event means is written in one transaction, then told to
//! tools and models.

use std::sync::Arc;

use jiff::tz::TimeZone;
use smartopol_agent::{Effect, Event, Limits, Ruling};
use smartopol_protocol::approval::{Approval, ApprovalState};
use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::model::Usage;
use smartopol_protocol::prompt::PromptPart;
use smartopol_protocol::question::{Question, QuestionState};
use smartopol_protocol::turn::{Carried, Turn, TurnState};
use smartopol_protocol::user::Filter;
use smartopol_protocol::{MessageId, TurnId};
use smartopol_providers::Target;

use super::Broken;
use super::actor::Actor;
use super::authorize::{Asked, authorize};
use super::hands::abandon;
use super::live::{Live, LiveCall};
use super::load::{self, Reopened, TRANSCRIPT, message, reopen};
use super::plan::Plan;
use super::telling;
use crate::record;
use crate::scheduler::charge::{self, Charge};
use crate::users::rights;

impl Actor<'_> {
    /// Returns the row of a turn that may begin, and who is asked.
    pub(super) async fn new_turn(
        &self,
        message_id: Option<MessageId>,
        charge: Option<&Charge>,
    ) -> (Option<Turn>, Option<Target>) {
        let target = self.target(charge);
        let turn = Turn {
            id: TurnId::new(),
            session_id: self.session.id,
            message_id,
            state: TurnState::Running,
            steps: 1,
            usage: Usage::default(),
            carried: Carried::default(),
            provider: target
                .as_ref()
                .map(|target| target.provider_name.clone())
                .unwrap_or_default(),
            model: target
                .as_ref()
                .map(|target| target.model.clone())
                .unwrap_or_default(),
            started_at: self.house.clock.now(),
            finished_at: None,
        };
        (Some(turn), target)
    }

    /// Returns who is asked; for a turn of a job, whom its job froze.
    fn target(&self, charge: Option<&Charge>) -> Option<Target> {
        let model = match charge {
            None => self.session.model.as_deref(),
            Some(charge) => Some(charge.model()?),
        };
        self.house.providers().ok()?.resolve(model).ok()
    }

    pub(super) async fn begin(
        &mut self,
        turn: Turn,
        message: Option<Message>,
        target: Option<Target>,
    ) -> Result<(), Broken> {
        let (asker, by) = message
            .as_ref()
            .map(|message| (message.peer.clone().unwrap_or_default(), message.by.clone()))
            .unwrap_or_default();
        let charge = charge::of(&self.house, Some(&asker), turn.message_id).await?;
        let asker = charge.as_ref().map_or(asker, |own| own.owner().to_owned());
        self.transcript.extend(message.map(Arc::new));
        self.held = false;
        let (machine, effects) = smartopol_agent::Turn::start(self.limits());
        let told = self.told(&asker, charge.is_none()).await;
        let bounds = (charge, self.filter());
        let mut live = Live::new(turn, machine, target, asker, told, bounds);
        live.by = by;
        self.live = Some(live);
        self.perform(effects, Plan::default()).await
    }

    /// Returns what the model is told in a turn that somebody's message begins, and where they are.
    async fn told(&self, asker: &str, direct: bool) -> (Vec<PromptPart>, TimeZone) {
        let house = &self.house;
        if house.persona.settle() {
            tracing::info!("the first conversation is over: the agent knows who it is");
        }
        let user = house.users.acting(asker, self.session.user_id);
        let parts = telling::parts(house, &self.session, (&*user, asker), direct).await;
        (parts, telling::zone(house, &user))
    }

    /// Begins the turn of the message that waits longest, where nothing runs.
    pub(super) async fn next_turn(&mut self) -> Result<(), Broken> {
        self.place_commands().await?;
        while self.live.is_none() && self.park.is_none() && !self.deleted && !self.held {
            // What was to steer a turn that ended first does not wait behind the others.
            let steers = self.queue.iter().position(|message| message.steer);
            let Some(message) = self.queue.remove(steers.unwrap_or(0)) else {
                return Ok(());
            };
            let charge = charge::of(&self.house, message.peer.as_deref(), Some(message.id)).await?;
            let begun = self.new_turn(Some(message.id), charge.as_ref()).await;
            let (Some(turn), target) = begun else {
                return Ok(());
            };
            let id = message.id;
            let (turn, message) = self
                .house
                .store
                .write(move |w| w.begin_turn(turn, Some(id)))
                .await?;
            // Boxed: beginning a turn can end it, which begins the next.
            Box::pin(self.begin(turn, message, target)).await?;
        }
        Ok(())
    }

    /// Returns what is kept of what is told here, to whom the session belongs.
    pub(super) fn filter(&self) -> Filter {
        rights::filter(&self.house.users.acting("", self.session.user_id))
    }

    pub(super) fn limits(&self) -> Limits {
        let agent = &self.house.config.agent;
        Limits {
            steps: agent.max_steps,
            repeats: agent.max_repeats,
        }
    }

    pub(super) async fn reopen(&mut self, open: load::Open) -> Result<(), Broken> {
        let mut plan = Plan::default();
        match reopen(&self.house, (&open, self.session.user_id), &mut plan) {
            Reopened::Closed => {
                self.write(plan).await?;
            }
            Reopened::Waiting {
                calls,
                decided,
                answered,
            } => {
                let target = self.target(open.charge.as_ref());
                let (live, resumed): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
                for LiveCall {
                    approval, question, ..
                } in &live
                {
                    let pending = |own: &&Approval| own.state == ApprovalState::Pending;
                    if let Some(approval) = approval.as_ref().filter(pending) {
                        self.house.desk.watch(approval);
                    }
                    let pending = |own: &&Question| own.state == QuestionState::Pending;
                    if let Some(question) = question.as_ref().filter(pending) {
                        self.house.desk.watch_question(question);
                    }
                }
                let steps = open.turn.steps;
                let (machine, effects) =
                    smartopol_agent::Turn::resume(self.limits(), steps, resumed);
                let told = self.told(&open.asker, open.charge.is_none()).await;
                let bounds = (open.charge, self.filter());
                let mut turn = Live::new(open.turn, machine, target, open.asker, told, bounds);
                turn.by = open.by;
                turn.calls = live.into_iter().map(|live| (live.call.id, live)).collect();
                self.live = Some(turn);
                self.perform(effects, plan).await?;
                for approval in decided {
                    self.decided(approval).await?;
                }
                for question in answered {
                    self.answered(question).await?;
                }
            }
        }
        Ok(())
    }

    /// Tells the machine what happened and does what it says.
    pub(super) async fn advance(&mut self, event: Event) -> Result<(), Broken> {
        self.advance_with(event, Plan::default()).await
    }

    pub(super) async fn advance_with(&mut self, event: Event, plan: Plan) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let effects = live.machine.on(event);
        self.perform(effects, plan).await?;
        self.next_turn().await
    }

    /// Carries out effects: everything to write in one transaction first, then what goes on.
    pub(super) async fn perform(
        &mut self,
        effects: Vec<Effect>,
        mut plan: Plan,
    ) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let at = self.house.clock.now();
        let (mut asked, mut execute, mut ask, mut outcome) = (Vec::new(), Vec::new(), false, None);
        for effect in effects {
            match effect {
                Effect::Ask => ask = true,
                Effect::Record { parts, interrupted } => {
                    let parts = record::clean(&self.house, parts);
                    let parts = record::filtered(&self.house, live.filter, parts);
                    plan.messages
                        .push(message(&live.turn, Role::Agent, parts, interrupted, at));
                }
                Effect::Authorize { id, name, input } => {
                    asked.push(Asked {
                        id,
                        name,
                        input,
                        refused: None,
                    });
                }
                Effect::Refuse {
                    id,
                    name,
                    input,
                    text,
                } => {
                    asked.push(Asked {
                        id,
                        name,
                        input,
                        refused: Some(text),
                    });
                }
                Effect::Execute(id) => execute.push(id),
                Effect::Abandon(id, output) => {
                    abandon(&self.house, live, id, &output, at, &mut plan);
                }
                Effect::Answer(parts) => {
                    plan.messages
                        .push(message(&live.turn, Role::Tool, parts, false, at));
                    live.calls.clear();
                }
                Effect::Join => {
                    plan.placed.append(&mut self.ran);
                    let steers = self.queue.iter().filter(|message| message.steer);
                    let ids: Vec<_> = steers.map(|message| message.id).collect();
                    if !ids.is_empty() {
                        self.queue.retain(|message| !message.steer);
                        plan.joined = Some((live.turn.clone(), ids));
                    }
                }
                Effect::Finish(how) => outcome = Some(how),
            }
        }
        let mut ruled = Vec::new();
        if !asked.is_empty() {
            let asker = (live.asker.as_str(), live.by.as_deref());
            let turn = (live.turn.id, asker);
            let doors = (&self.house, &*self.hurry);
            let charge = live.charge.as_ref();
            ruled = authorize(doors, (&self.session, charge), turn, asked, &mut plan).await?;
        }
        if outcome.is_some() || !ruled.is_empty() {
            live.asking = None;
        }
        if let Some(outcome) = outcome {
            live.turn.finished_at = Some(at);
            live.turn.usage += std::mem::take(&mut live.step_usage);
            live.turn.steps = live.machine.steps();
            live.turn.state = TurnState::Finished { outcome };
            plan.turn = Some(live.turn.clone());
        }
        // What the rulings mean is known before anything is written, so one commit says it all.
        let mut more = Vec::new();
        for (call, ruling) in ruled {
            let id = call.call.id;
            if let (Some(approval), Ruling::Ask) = (&call.approval, &ruling) {
                self.house.desk.watch(approval);
            }
            if let Some(question) = &call.question {
                self.house.desk.watch_question(question);
            }
            live.calls.insert(id, call);
            more.extend(live.machine.on(Event::Ruled(id, ruling)));
        }
        if plan.turn.is_none() {
            plan.turn = live.row();
        }
        self.write(plan).await?;
        for id in execute {
            self.execute(id);
        }
        if self
            .live
            .as_ref()
            .is_some_and(|live| live.machine.is_finished())
            && more.is_empty()
        {
            self.live = None;
            return Ok(());
        }
        if ask {
            self.ask().await?;
        }
        if !more.is_empty() {
            Box::pin(self.perform(more, Plan::default())).await?;
        }
        Ok(())
    }

    pub(super) async fn write(&mut self, plan: Plan) -> Result<(), Broken> {
        if plan.is_empty() {
            return Ok(());
        }
        let messages = self.house.store.write(move |w| plan.write(w)).await?;
        self.transcript.extend(messages.into_iter().map(Arc::new));
        let surplus = self.transcript.len().saturating_sub(TRANSCRIPT as usize);
        self.transcript.drain(..surplus);
        Ok(())
    }
}
