//! The session's task: hears words, pieces of answers and outputs of tools, one at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use smartopol_agent::{Event, Stop};
use smartopol_protocol::message::Message;
use smartopol_protocol::session::Session;
use smartopol_protocol::{CallId, Code, Fault, MessageId, SessionId};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::Instant;

use super::asking::{Asking, Heard};
use super::commands::Command;
use super::folding::Folds;
use super::live::Live;
use super::load::{self, Stored};
use super::{Broken, Cmd, Doors, Finished, RETIRE_AFTER};
use crate::House;

/// How many outputs of tools wait for the session.
pub(super) const OUTPUTS: usize = 64;

/// How long a failed store rests before the session tries again.
const REST: Duration = Duration::from_secs(1);

/// Runs a session until it retires.
pub(crate) async fn run(
    house: House,
    id: SessionId,
    inbox: mpsc::Receiver<Cmd>,
    hurry: Arc<Notify>,
) {
    // Declared first, so that after a panic the inbox is closed before the next actor is asked for.
    let _revival = Revival {
        house: house.clone(),
        id,
        since: Instant::now(),
    };
    let mut doors = Doors {
        house,
        id,
        inbox,
        hurry,
    };
    let stopping = doors.house.supervisor.stopping().clone();
    tokio::select! {
        () = doors.house.furnished.cancelled() => {}
        () = stopping.cancelled() => return,
    }
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
                let why = Fault::from(err);
                tokio::select! {
                    over = rest(&mut doors, &why) => if over { return },
                    () = stopping.cancelled() => return,
                }
            }
        }
    }
}

/// Leaves the store alone for a while; whoever asks meanwhile is told why nothing can be done.
/// Returns true where the daemon stops.
async fn rest(doors: &mut Doors, why: &Fault) -> bool {
    let over = tokio::time::sleep(REST);
    tokio::pin!(over);
    loop {
        tokio::select! {
            () = &mut over => return false,
            cmd = doors.inbox.recv() => match cmd {
                None | Some(Cmd::Park { .. }) => return true,
                Some(cmd) => {
                    arrived(&doors.hurry, &cmd).await;
                    refuse(cmd, why);
                }
            },
        }
    }
}

/// Takes note that an urgent word has come, so that nothing hurries for it any more.
async fn arrived(hurry: &Notify, cmd: &Cmd) {
    if cmd.is_urgent() {
        tokio::select! {
            biased;
            () = hurry.notified() => {}
            () = std::future::ready(()) => {}
        }
    }
}

/// Answers that something cannot be done. Nobody waits for what has no reply: what a person answered
/// is in the store, where the next load finds it.
fn refuse(cmd: Cmd, why: &Fault) {
    match cmd {
        Cmd::Say(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Withdraw(_, reply) | Cmd::Delete(reply) | Cmd::Notice(_, reply) => {
            drop(reply.send(Err(why.clone())))
        }
        Cmd::Edit(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Run(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::StopCommands(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Interrupt(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Continue(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Configure(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Compact(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Expand(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Pin(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Unpin(_, reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Partial(reply) => drop(reply.send(Err(why.clone()))),
        Cmd::Decided(_) | Cmd::Answered(_) | Cmd::Wake | Cmd::Park { .. } => {}
    }
}

/// Loads a session again whose actor panicked, so that its turn does not stay open.
struct Revival {
    house: House,
    id: SessionId,
    since: Instant,
}

impl Drop for Revival {
    fn drop(&mut self) {
        // One that panics as soon as it is loaded would only do it again.
        if std::thread::panicking()
            && self.since.elapsed() > REST
            && let Err(fault) = self.house.router.tell(&self.house, self.id, Cmd::Wake)
        {
            tracing::error!(session = %self.id, "the session could not be loaded again: {fault}");
        }
    }
}

/// Answers for a session that does not exist.
async fn gone(doors: &mut Doors) {
    let fault = Fault::new(Code::NotFound, format!("there is no session {}", doors.id))
        .hint("see them with: smartopol sessions list");
    while !doors.house.router.retire(doors.id, &doors.inbox) {
        match doors.inbox.recv().await {
            Some(cmd) => refuse(cmd, &fault),
            None => return,
        }
    }
}

/// A session while it lives.
pub(super) struct Actor<'a> {
    pub(super) house: House,
    /// Told when an urgent word is on its way.
    pub(super) hurry: Arc<Notify>,
    pub(super) inbox: &'a mut mpsc::Receiver<Cmd>,
    pub(super) session: Session,
    pub(super) transcript: Vec<Arc<Message>>,
    pub(super) queue: VecDeque<Message>,
    /// True while messages wait although no turn runs: a person interrupted the last one, and
    /// what goes on is theirs to say.
    pub(super) held: bool,
    /// The commands that the person runs.
    pub(super) commands: HashMap<CallId, Command>,
    /// Those that ran while a turn was open, and still have no place in the transcript.
    pub(super) ran: Vec<MessageId>,
    /// Those that the end of the last daemon cut off.
    pub(super) cut_commands: Vec<Command>,
    pub(super) stored_open: Option<load::Open>,
    pub(super) live: Option<Live>,
    pub(super) finished: mpsc::Receiver<Finished>,
    pub(super) finish: mpsc::Sender<Finished>,
    /// What is folded for the model, and what is pinned.
    pub(super) folds: Folds,
    pub(super) left_out: usize,
    /// The files of which a part is not told to the model, with how much, as the person knows it.
    pub(super) cut: Vec<(String, u64)>,
    pub(super) park: Option<(Instant, oneshot::Sender<()>)>,
    pub(super) deleted: bool,
    hung_up: bool,
}

impl<'a> Actor<'a> {
    fn new(doors: &'a mut Doors, stored: Stored) -> Self {
        let (finish, finished) = mpsc::channel(OUTPUTS);
        Self {
            house: doors.house.clone(),
            hurry: doors.hurry.clone(),
            inbox: &mut doors.inbox,
            session: stored.session,
            transcript: stored.transcript.into_iter().map(Arc::new).collect(),
            held: stored.held,
            queue: stored.queue,
            commands: HashMap::new(),
            ran: stored.ran,
            cut_commands: stored.cut_commands,
            stored_open: stored.open,
            live: None,
            finished,
            finish,
            folds: stored.folds,
            left_out: 0,
            cut: Vec::new(),
            park: None,
            deleted: false,
            hung_up: false,
        }
    }

    async fn live(&mut self) -> Result<(), Broken> {
        if let Some(open) = self.stored_open.take() {
            self.reopen(open).await?;
        }
        self.close_commands().await?;
        self.next_turn().await?;
        loop {
            let waiting = self
                .live
                .as_ref()
                .is_some_and(|live| live.machine.is_waiting());
            let rests = (self.live.is_none() || waiting) && self.commands.is_empty();
            if let Some((_, done)) = self.park.take_if(|_| rests) {
                let _ = done.send(());
                return Ok(());
            }
            let stop_at = self.park.as_ref().map(|(deadline, _)| *deadline);
            let idle = self.live.is_none() && self.commands.is_empty();
            let asking = self.live.as_mut().and_then(|live| live.asking.as_mut());
            tokio::select! {
                biased;
                cmd = self.inbox.recv(), if !self.hung_up => {
                    let Some(cmd) = cmd else {
                        // The router let go: what runs gets no more time than it was given.
                        self.hung_up = true;
                        self.park.get_or_insert_with(|| (Instant::now(), oneshot::channel().0));
                        continue;
                    };
                    self.hear(cmd).await?;
                    if self.deleted && self.house.router.retire(self.session.id, self.inbox) {
                        return Ok(());
                    }
                }
                () = until(stop_at) => {
                    self.abandon_commands("interrupted: the daemon was shut down").await?;
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
        arrived(&self.hurry, &cmd).await;
        match cmd {
            Cmd::Say(message, reply) => self.say(*message, reply).await,
            Cmd::Withdraw(id, reply) => self.withdraw(id, reply).await,
            Cmd::Edit(edit, reply) => self.edit(*edit, reply).await,
            Cmd::Run(run, reply) => {
                let (run, person) = *run;
                self.run_command(run, person, reply).await
            }
            Cmd::StopCommands(reply) => {
                self.stop_commands(reply);
                Ok(())
            }
            Cmd::Interrupt(reply) => self.interrupt(reply).await,
            Cmd::Continue(reply) => self.go_on(reply).await,
            Cmd::Configure(configure, reply) => self.configure(*configure, reply).await,
            Cmd::Compact(reply) => {
                self.compact(reply).await;
                Ok(())
            }
            Cmd::Expand(reply) => {
                self.expand(reply).await;
                Ok(())
            }
            Cmd::Pin(pin, reply) => {
                self.pin(*pin, reply).await;
                Ok(())
            }
            Cmd::Unpin(unpin, reply) => {
                self.unpin(unpin, reply).await;
                Ok(())
            }
            Cmd::Delete(reply) => self.delete(reply).await,
            Cmd::Partial(reply) => {
                let partial = self.live.as_ref().filter(|live| live.asking.is_some());
                let _ = reply.send(Ok(partial.map(|live| live.partial.clone())));
                Ok(())
            }
            Cmd::Notice(notice, reply) => {
                self.notice(*notice, reply).await;
                Ok(())
            }
            Cmd::Decided(approval) => self.decided(*approval).await,
            Cmd::Answered(question) => self.answered(*question).await,
            Cmd::Wake => Ok(()),
            Cmd::Park { deadline, done } => {
                self.park = Some((deadline, done));
                Ok(())
            }
        }
    }
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
