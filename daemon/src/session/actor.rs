//! The session's task: hears words, pieces of answers and outputs of tools, one at a time.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use smartopol_agent::context::{self, Material};
use smartopol_agent::{Effect, Event, Limits, Ruling, Stop, prompt};
use smartopol_protocol::approval::{Approval, ApprovalState, Scope, Verdict};
use smartopol_protocol::message::{Level, Message, Part, Role, Sent};
use smartopol_protocol::model::{ModelEvent, Usage};
use smartopol_protocol::session::{Configure, Continued, Interrupted, Session};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolOutput};
use smartopol_protocol::trace::DecidedBy;
use smartopol_protocol::turn::{Turn, TurnState};
use smartopol_protocol::{CallId, Code, Fault, MessageId, News, SessionId, Timestamp, TurnId};
use smartopol_providers::{Progress, Target};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::asking::{Asking, Heard, MAX_ANSWER, event};
use super::authorize::{self, Asked, authorize};
use super::live::Live;
use super::load::{self, Reopened, Stored, TRANSCRIPT, message, reopen};
use super::plan::Plan;
use super::{Broken, Cmd, Doors, Finished, RETIRE_AFTER, Reply};
use crate::approvals::desk;
use crate::{House, record};

/// How many outputs of tools wait for the session.
const OUTPUTS: usize = 64;

/// How long a failed store rests before the session tries again.
const REST: Duration = Duration::from_secs(1);

/// Runs a session until it retires.
pub(crate) async fn run(house: House, id: SessionId, inbox: mpsc::Receiver<Cmd>) {
    let mut doors = Doors { house, id, inbox };
    loop {
        let end = match load::load(&doors.house, id).await {
            Ok(stored) => Actor::new(&mut doors, stored).live().await,
            Err(smartopol_store::Error::NotFound { .. }) => {
                return gone(&mut doors).await;
            }
            Err(err) => Err(err.into()),
        };
        match end {
            Ok(()) => return,
            Err(Broken(err)) => {
                tracing::error!(session = %id, "the session starts over, the store failed: {err}");
                tokio::select! {
                    () = tokio::time::sleep(REST) => {}
                    () = doors.house.supervisor.stopping().cancelled() => return,
                }
            }
        }
    }
}

/// Answers for a session that does not exist.
async fn gone(doors: &mut Doors) {
    while !doors.house.router.retire(doors.id, &doors.inbox) {
        let Some(cmd) = doors.inbox.recv().await else {
            return;
        };
        let fault = || {
            Fault::new(Code::NotFound, format!("there is no session {}", doors.id))
                .hint("see them with: smartopol sessions list")
        };
        // Nobody waits for what has no reply.
        match cmd {
            Cmd::Say(_, reply) => drop(reply.send(Err(fault()))),
            Cmd::Withdraw(_, reply) | Cmd::Delete(reply) => drop(reply.send(Err(fault()))),
            Cmd::Interrupt(reply) => drop(reply.send(Err(fault()))),
            Cmd::Continue(reply) => drop(reply.send(Err(fault()))),
            Cmd::Configure(_, reply) => drop(reply.send(Err(fault()))),
            Cmd::Partial(reply) => drop(reply.send(Err(fault()))),
            Cmd::Decided(_) | Cmd::Wake | Cmd::Park { .. } => {}
        }
    }
}

struct Actor<'a> {
    house: House,
    inbox: &'a mut mpsc::Receiver<Cmd>,
    session: Session,
    transcript: Vec<Message>,
    queue: VecDeque<Message>,
    stored_open: Option<load::Open>,
    live: Option<Live>,
    finished: mpsc::Receiver<Finished>,
    finish: mpsc::Sender<Finished>,
    left_out: usize,
    park: Option<(Instant, oneshot::Sender<()>)>,
    deleted: bool,
}

impl<'a> Actor<'a> {
    fn new(doors: &'a mut Doors, stored: Stored) -> Self {
        let (finish, finished) = mpsc::channel(OUTPUTS);
        Self {
            house: doors.house.clone(),
            inbox: &mut doors.inbox,
            session: stored.session,
            transcript: stored.transcript,
            queue: stored.queue,
            stored_open: stored.open,
            live: None,
            finished,
            finish,
            left_out: 0,
            park: None,
            deleted: false,
        }
    }

    async fn live(&mut self) -> Result<(), Broken> {
        if let Some(open) = self.stored_open.take() {
            self.reopen(open).await?;
        }
        self.next_turn().await?;
        loop {
            let waiting = self
                .live
                .as_ref()
                .is_some_and(|live| live.machine.is_waiting());
            if let Some((_, done)) = self.park.take_if(|_| self.live.is_none() || waiting) {
                let _ = done.send(());
                return Ok(());
            }
            let stop_at = self.park.as_ref().map(|(deadline, _)| *deadline);
            let idle = self.live.is_none();
            let asking = self.live.as_mut().and_then(|live| live.asking.as_mut());
            tokio::select! {
                biased;
                cmd = self.inbox.recv() => {
                    let Some(cmd) = cmd else { return Ok(()) };
                    self.hear(cmd).await?;
                    if self.deleted && self.house.router.retire(self.session.id, self.inbox) {
                        return Ok(());
                    }
                }
                () = until(stop_at) => {
                    self.advance(Event::Stopped(Stop::Shutdown)).await?;
                }
                Some(finished) = self.finished.recv() => self.tool_finished(finished).await?,
                heard = listen(asking) => self.heard(heard).await?,
                () = tokio::time::sleep(RETIRE_AFTER), if idle => {
                    if self.house.router.retire(self.session.id, self.inbox) {
                        return Ok(());
                    }
                }
            }
        }
    }

    async fn hear(&mut self, cmd: Cmd) -> Result<(), Broken> {
        match cmd {
            Cmd::Say(message, reply) => self.say(*message, reply).await,
            Cmd::Withdraw(id, reply) => self.withdraw(id, reply).await,
            Cmd::Interrupt(reply) => self.interrupt(reply).await,
            Cmd::Continue(reply) => self.go_on(reply).await,
            Cmd::Configure(configure, reply) => self.configure(*configure, reply).await,
            Cmd::Delete(reply) => self.delete(reply).await,
            Cmd::Partial(reply) => {
                let partial = self.live.as_ref().filter(|live| live.asking.is_some());
                let _ = reply.send(Ok(partial.map(|live| live.partial.clone())));
                Ok(())
            }
            Cmd::Decided(approval) => self.decided(*approval).await,
            Cmd::Wake => Ok(()),
            Cmd::Park { deadline, done } => {
                self.park = Some((deadline, done));
                Ok(())
            }
        }
    }

    // ---- words of people ----

    async fn say(&mut self, said: Message, reply: Reply<Sent>) -> Result<(), Broken> {
        let begins = self.live.is_none() && self.queue.is_empty();
        let (turn, target) = if begins {
            self.new_turn(Some(said.id)).await
        } else {
            (None, None)
        };
        let id = said.id;
        let kept = turn.clone();
        let stored = self
            .house
            .store
            .write(move |w| {
                if let Ok(known) = w.message(id) {
                    return Ok((known, None));
                }
                let message = w.queue_message(said)?;
                match kept {
                    None => Ok((message, None)),
                    Some(turn) => {
                        let (turn, begun) = w.begin_turn(turn, Some(message.id))?;
                        Ok((begun.unwrap_or(message), Some(turn)))
                    }
                }
            })
            .await;
        let (message, turn) = match stored {
            Ok(stored) => stored,
            Err(err) => {
                let _ = reply.send(Err(Fault::from(err)));
                return Ok(());
            }
        };
        let known = message.position.is_some() && turn.is_none()
            || self.queue.iter().any(|queued| queued.id == message.id);
        let sent = Sent {
            message_id: message.id,
            turn_id: message.turn_id,
        };
        let _ = reply.send(Ok(sent));
        match turn {
            Some(turn) => self.begin(turn, Some(message), target).await,
            None if known => Ok(()),
            None => {
                self.queue.push_back(message);
                Ok(())
            }
        }
    }

    async fn withdraw(&mut self, id: MessageId, reply: Reply<()>) -> Result<(), Broken> {
        let at = Timestamp::now();
        let result = self
            .house
            .store
            .write(move |w| w.withdraw_message(id, at))
            .await;
        if result.is_ok() {
            self.queue.retain(|message| message.id != id);
        }
        let _ = reply.send(result.map_err(Fault::from));
        Ok(())
    }

    async fn interrupt(&mut self, reply: Reply<Interrupted>) -> Result<(), Broken> {
        let turn_id = self.live.as_ref().map(|live| live.turn.id);
        let result = self.advance(Event::Stopped(Stop::Person)).await;
        let _ = reply.send(Ok(Interrupted { turn_id }));
        result
    }

    async fn go_on(&mut self, reply: Reply<Continued>) -> Result<(), Broken> {
        if self.live.is_some() {
            let fault = Fault::new(Code::Conflict, "a turn is running already");
            let _ = reply.send(Err(fault.hint("stop it first: smartopol interrupt")));
            return Ok(());
        }
        let Some(last) = self
            .transcript
            .iter()
            .rev()
            .find(|said| said.role != Role::System)
        else {
            let fault = Fault::new(Code::Conflict, "there is nothing to continue");
            let _ = reply.send(Err(fault.hint("say something first: smartopol send TEXT")));
            return Ok(());
        };
        // Models go on from a question or from tool outputs; their own last word needs a nudge.
        let nudge = (last.role == Role::Agent).then(|| Message {
            id: MessageId::new(),
            session_id: self.session.id,
            turn_id: None,
            position: None,
            role: Role::User,
            parts: vec![Part::Text {
                text: "Continue.".into(),
            }],
            peer: None,
            interrupted: false,
            created_at: Timestamp::now(),
        });
        let (turn, target) = self.new_turn(nudge.as_ref().map(|nudge| nudge.id)).await;
        let Some(turn) = turn else { return Ok(()) };
        let stored = self
            .house
            .store
            .write(move |w| {
                let id = nudge
                    .map(|nudge| w.queue_message(nudge))
                    .transpose()?
                    .map(|said| said.id);
                w.begin_turn(turn, id)
            })
            .await;
        match stored {
            Ok((turn, message)) => {
                let _ = reply.send(Ok(Continued { turn_id: turn.id }));
                self.begin(turn, message, target).await
            }
            Err(err) => {
                let _ = reply.send(Err(Fault::from(err)));
                Ok(())
            }
        }
    }

    async fn configure(&mut self, change: Configure, reply: Reply<Session>) -> Result<(), Broken> {
        let at = Timestamp::now();
        let id = self.session.id;
        let changed = self
            .house
            .store
            .write(move |w| {
                let model = change
                    .model
                    .as_deref()
                    .map(|model| (!model.is_empty()).then_some(model));
                w.configure_session(id, change.name.as_deref(), change.mode, model, at)
            })
            .await;
        if let Ok(session) = &changed {
            self.session = session.clone();
        }
        let _ = reply.send(changed.map_err(Fault::from));
        Ok(())
    }

    async fn delete(&mut self, reply: Reply<()>) -> Result<(), Broken> {
        self.advance(Event::Stopped(Stop::Person)).await?;
        self.queue.clear();
        let (id, at) = (self.session.id, Timestamp::now());
        let result = self
            .house
            .store
            .write(move |w| w.delete_session(id, at))
            .await;
        self.deleted = result.is_ok();
        let _ = reply.send(result.map_err(Fault::from));
        Ok(())
    }

    // ---- turns ----

    /// Returns the row of a turn that may begin, and who is asked.
    async fn new_turn(&self, message_id: Option<MessageId>) -> (Option<Turn>, Option<Target>) {
        let target = match self.house.providers() {
            Ok(providers) => providers.resolve(self.session.model.as_deref()).ok(),
            Err(_) => None,
        };
        let turn = Turn {
            id: TurnId::new(),
            session_id: self.session.id,
            message_id,
            state: TurnState::Running,
            steps: 1,
            usage: Usage::default(),
            provider: target
                .as_ref()
                .map(|target| target.provider_name.clone())
                .unwrap_or_default(),
            model: target
                .as_ref()
                .map(|target| target.model.clone())
                .unwrap_or_default(),
            started_at: Timestamp::now(),
            finished_at: None,
        };
        (Some(turn), target)
    }

    async fn begin(
        &mut self,
        turn: Turn,
        message: Option<Message>,
        target: Option<Target>,
    ) -> Result<(), Broken> {
        let asker = message
            .as_ref()
            .and_then(|message| message.peer.clone())
            .unwrap_or_default();
        self.transcript.extend(message);
        let (machine, effects) = smartopol_agent::Turn::start(self.limits());
        self.live = Some(Live::new(turn, machine, target, asker));
        self.perform(effects, Plan::default()).await
    }

    /// Begins the turn of the message that waits longest, where nothing runs.
    async fn next_turn(&mut self) -> Result<(), Broken> {
        while self.live.is_none() && self.park.is_none() && !self.deleted {
            let Some(message) = self.queue.pop_front() else {
                return Ok(());
            };
            let (Some(turn), target) = self.new_turn(Some(message.id)).await else {
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

    fn limits(&self) -> Limits {
        let agent = &self.house.config.agent;
        Limits {
            steps: agent.max_steps,
            repeats: agent.max_repeats,
        }
    }

    async fn reopen(&mut self, open: load::Open) -> Result<(), Broken> {
        let mut plan = Plan::default();
        match reopen(&self.house, &open, &mut plan) {
            Reopened::Closed => {
                self.write(plan).await?;
            }
            Reopened::Waiting { calls, answered } => {
                let target = match self.house.providers() {
                    Ok(providers) => providers.resolve(self.session.model.as_deref()).ok(),
                    Err(_) => None,
                };
                let (live, resumed): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
                let steps = open.turn.steps;
                let (machine, effects) =
                    smartopol_agent::Turn::resume(self.limits(), steps, resumed);
                let mut turn = Live::new(open.turn, machine, target, open.asker);
                turn.calls = live.into_iter().map(|live| (live.call.id, live)).collect();
                self.live = Some(turn);
                self.perform(effects, plan).await?;
                for approval in answered {
                    self.decided(approval).await?;
                }
            }
        }
        Ok(())
    }

    /// Tells the machine what happened and does what it says.
    async fn advance(&mut self, event: Event) -> Result<(), Broken> {
        self.advance_with(event, Plan::default()).await
    }

    async fn advance_with(&mut self, event: Event, plan: Plan) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let effects = live.machine.on(event);
        self.perform(effects, plan).await?;
        self.next_turn().await
    }

    /// Carries out effects: everything to write in one transaction first, then what goes on.
    async fn perform(&mut self, effects: Vec<Effect>, mut plan: Plan) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let at = Timestamp::now();
        let (mut asked, mut execute, mut ask, mut outcome) = (Vec::new(), Vec::new(), false, None);
        for effect in effects {
            match effect {
                Effect::Ask => ask = true,
                Effect::Record { parts, interrupted } => {
                    let parts = record::clean(&self.house, parts);
                    plan.messages
                        .push(message(&live.turn, Role::Agent, parts, interrupted, at));
                }
                Effect::Authorize { id, name, input } => asked.push(Asked { id, name, input }),
                Effect::Execute(id) => execute.push(id),
                Effect::Abandon(id, output) => {
                    abandon(&self.house, live, id, &output, at, &mut plan);
                }
                Effect::Answer(parts) => {
                    plan.messages
                        .push(message(&live.turn, Role::Tool, parts, false, at));
                    live.calls.clear();
                }
                Effect::Finish(how) => outcome = Some(how),
            }
        }
        let mut ruled = Vec::new();
        if !asked.is_empty() {
            let turn = (live.turn.id, live.asker.as_str());
            ruled = authorize(&self.house, &self.session, turn, asked, &mut plan).await?;
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

    async fn write(&mut self, plan: Plan) -> Result<(), Broken> {
        if plan.is_empty() {
            return Ok(());
        }
        let messages = self.house.store.write(move |w| plan.write(w)).await?;
        self.transcript.extend(messages);
        let surplus = self.transcript.len().saturating_sub(TRANSCRIPT as usize);
        self.transcript.drain(..surplus);
        Ok(())
    }

    // ---- the model ----

    async fn ask(&mut self) -> Result<(), Broken> {
        let providers = match self.house.providers() {
            Ok(providers) => providers,
            Err(fault) => return self.failed(fault.message, fault.hint).await,
        };
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let target = match live.target.clone() {
            Some(target) => target,
            None => match providers.resolve(self.session.model.as_deref()) {
                Ok(target) => target,
                Err(err) => return self.failed(err.to_string(), String::new()).await,
            },
        };
        let agent = &self.house.config.agent;
        let start = self
            .transcript
            .iter()
            .position(|said| said.role == Role::User);
        let (request, left_out) = context::request(Material {
            model: &target.model.clone(),
            system: prompt::system(
                &self.session.workspace,
                std::env::consts::OS,
                &agent.instructions,
            ),
            transcript: self
                .transcript
                .get(start.unwrap_or(0)..)
                .unwrap_or_default(),
            tools: &self.house.specs,
            budget: u64::from(agent.context_tokens),
            reasoning: agent.reasoning,
        });
        live.listen(Asking::start(&self.house, providers, target, request));
        if left_out > self.left_out {
            self.left_out = left_out;
            let text = format!(
                "The conversation is longer than the model is given: its {left_out} oldest \
                 messages stay here but are left out of the request. \
                 `agent.context_tokens` sets how much is given."
            );
            let turn = live.turn.clone();
            let parts = vec![Part::Notice {
                level: Level::Warning,
                text,
            }];
            let notice = message(&turn, Role::System, parts, false, Timestamp::now());
            self.write(Plan {
                messages: vec![notice],
                ..Plan::default()
            })
            .await?;
        }
        Ok(())
    }

    async fn failed(&mut self, message: String, hint: String) -> Result<(), Broken> {
        Box::pin(self.advance(Event::Failed { message, hint })).await
    }

    async fn heard(&mut self, heard: Heard) -> Result<(), Broken> {
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        match heard {
            Heard::Piece(Progress::Retrying { reason, after }) => {
                let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                let news = News::Retrying {
                    turn_id: live.turn.id,
                    reason,
                    after_ms,
                };
                self.house.bus.tell(Some(self.session.id), news);
                Ok(())
            }
            Heard::Piece(Progress::Event(piece)) => {
                if live.heard > MAX_ANSWER {
                    let message = format!("the answer is longer than {MAX_ANSWER} bytes");
                    let hint = "continue the turn, and ask for less at a time".to_owned();
                    return self.failed(message, hint).await;
                }
                tell(&self.house, self.session.id, live, &piece);
                match event(piece) {
                    Some(event) => self.advance(event).await,
                    None => Ok(()),
                }
            }
            Heard::Failed { message, hint } => self.failed(message, hint).await,
            Heard::End => {
                live.asking = None;
                let message = "the provider ended its answer without saying so".to_owned();
                let hint = "continue the turn to ask again".to_owned();
                self.failed(message, hint).await
            }
        }
    }

    // ---- the tools ----

    fn execute(&mut self, id: CallId) {
        let Some(call) = self.live.as_ref().and_then(|live| live.calls.get(&id)) else {
            return;
        };
        let (name, input) = (call.call.name.clone(), call.call.input.clone());
        let (progress, mut pieces) = mpsc::channel::<String>(OUTPUTS);
        let run = smartopol_tools::Run {
            workspace: PathBuf::from(&self.session.workspace),
            call_id: id,
            cancel: call.cancel.clone(),
            progress: Some(progress),
        };
        let (house, session_id) = (self.house.clone(), self.session.id);
        self.house.supervisor.spawn("tool output", async move {
            while let Some(text) = pieces.recv().await {
                house
                    .bus
                    .tell(Some(session_id), News::OutputDelta { call_id: id, text });
            }
        });
        let (tools, finish) = (self.house.tools.clone(), self.finish.clone());
        self.house.supervisor.spawn("tool", async move {
            let started = Instant::now();
            let mut guard = Unfinished {
                call_id: id,
                finish: Some(finish),
            };
            let output = tools.run(&name, &input, run).await;
            if let Some(finish) = guard.finish.take() {
                let took = started.elapsed();
                // A session that ended no longer waits for it.
                let _ = finish
                    .send(Finished {
                        call_id: id,
                        output,
                        took,
                    })
                    .await;
            }
        });
    }

    async fn tool_finished(&mut self, finished: Finished) -> Result<(), Broken> {
        let Finished {
            call_id,
            output,
            took,
        } = finished;
        let Some(live) = &mut self.live else {
            return Ok(());
        };
        let Some(call) = live.calls.get_mut(&call_id) else {
            return Ok(());
        };
        if matches!(call.call.state, CallState::Finished { .. }) {
            return Ok(());
        }
        let output = record::clean_output(&self.house, output);
        let mut plan = Plan::default();
        let at = Timestamp::now();
        authorize::settle(&self.house, call, &output, Some(took), at, &mut plan);
        plan.calls.push(record::stored(&self.house, &call.call));
        self.advance_with(Event::ToolFinished(call_id, output), plan)
            .await
    }

    // ---- approvals ----

    async fn decided(&mut self, approval: Approval) -> Result<(), Broken> {
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
        let (at, mut plan) = (Timestamp::now(), Plan::default());
        let ruling = match desk::refusal(&approval.state) {
            None => {
                let reason = "a person allowed it".to_owned();
                authorize::run(&self.house, call, DecidedBy::Person, reason, at, &mut plan);
                Ruling::Run
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
        plan.calls.push(record::stored(&self.house, &call.call));
        self.advance_with(Event::Ruled(approval.call_id, ruling), plan)
            .await?;
        self.follow(&approval).await
    }

    /// An answer for longer also answers what else waits here and is covered by it.
    async fn follow(&mut self, approval: &Approval) -> Result<(), Broken> {
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
        let covered: Vec<_> = live
            .calls
            .values()
            .filter(|call| matches!(call.call.state, CallState::Waiting { .. }))
            .filter(|call| {
                authorize::judge(&self.house, &self.session, &rules, &call.call).verdict
                    == Verdict::Allow
            })
            .filter_map(|call| call.approval.as_ref().map(|approval| approval.id))
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

/// Says that a tool panicked, where nothing else came of it.
struct Unfinished {
    call_id: CallId,
    finish: Option<mpsc::Sender<Finished>>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(finish) = self.finish.take() else {
            return;
        };
        let output = ToolOutput {
            status: OutputStatus::Error,
            text: "the tool itself failed; the daemon's log says more".into(),
            details: serde_json::Value::Null,
        };
        let _ = finish.try_send(Finished {
            call_id: self.call_id,
            output,
            took: Duration::ZERO,
        });
    }
}

/// Settles a call that did not run to its end, and takes back its question.
fn abandon(
    house: &House,
    live: &mut Live,
    id: CallId,
    output: &ToolOutput,
    at: Timestamp,
    plan: &mut Plan,
) {
    let Some(call) = live.calls.get_mut(&id) else {
        return;
    };
    call.cancel.cancel();
    if let Some(approval) = &call.approval
        && approval.state == ApprovalState::Pending
    {
        house.desk.forget(approval);
        let state = ApprovalState::Cancelled {
            at,
            reason: output.text.clone(),
        };
        plan.ended.push((approval.id, state));
    }
    if call.trace.is_none() {
        let (by, reason) = (DecidedBy::Interrupt, output.text.clone());
        authorize::refuse(house, call, output.clone(), by, reason, at, plan);
    } else {
        let took = call.call.started_at.map(|started| at.millis_since(started));
        authorize::settle(
            house,
            call,
            output,
            took.map(Duration::from_millis),
            at,
            plan,
        );
    }
    plan.calls.push(record::stored(house, &call.call));
}

/// Tells clients a piece of an answer, with its place in it.
fn tell(house: &House, session_id: SessionId, live: &mut Live, piece: &ModelEvent) {
    let (turn_id, step) = (live.turn.id, live.partial.step);
    let news = match piece {
        ModelEvent::Text { text } => {
            let offset = live.partial.text.len() as u64;
            live.partial.text.push_str(text);
            live.heard += text.len();
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
            live.heard += text.len();
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
        ModelEvent::Call { input, .. } => {
            live.heard += input.to_string().len();
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

/// Waits for the next piece of an answer; for ever where nobody is asked.
async fn listen(asking: Option<&mut Asking>) -> Heard {
    match asking {
        Some(asking) => asking.next().await,
        None => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
