//! The way to the daemon: connects, subscribes, asks, and comes back when it breaks.
//!
//! Owns the connection and the questions on their way. Knows nothing of the screen; it is polled,
//! and a poll that is dropped loses nothing.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use smartopol_ipc::{Access, Address, Client, Error, Events, Told};
use smartopol_protocol::event::{Subscribe, Subscribed, Watch};
use smartopol_protocol::{
    MemoryId, SessionId, UserId, approval, attention, client, command, compaction, daemon, job,
    knowledge, memory, message, model, session, terminal, trace, turn, user,
};
use tokio::time::Instant;

use crate::app::{self, Call, Msg, Refusal, Reply};
use crate::model::Page;
use crate::plain;
use crate::replay::source::Source;

/// What the console calls itself to the daemon.
const NAME: &str = "smartopol-tui";

/// The first and the longest pause before another try, in milliseconds.
const PAUSES: (u64, u64) = (250, 5_000);

type Later<T> = Pin<Box<dyn Future<Output = T>>>;
type Connected = (Client, Events, Subscribed);

enum State {
    Connecting(Later<Result<Connected, Error>>),
    Up(Client, Events),
    Down(Instant),
    /// There is only a recording: no event comes, and what is asked is read from it.
    Recorded(Source),
}

/// The way to the daemon.
pub(crate) struct Link {
    address: Address,
    access: Access,
    state: State,
    calls: FuturesUnordered<Later<(Call, Result<Reply, Refusal>)>>,
    pause: u64,
    since: Option<u64>,
    watch: Option<SessionId>,
}

impl Link {
    /// Returns a link that begins to connect when it is polled.
    pub(crate) fn new(address: Address, observe: bool) -> Self {
        let access = if observe {
            Access::Observe
        } else {
            Access::Full
        };
        let first = connect(address.clone(), access, Subscribe::default());
        Self {
            address,
            access,
            state: State::Connecting(first),
            calls: FuturesUnordered::new(),
            pause: PAUSES.0,
            since: None,
            watch: None,
        }
    }

    /// Returns the way to a recording, over which nothing can be changed.
    pub(crate) fn recorded(address: Address, source: Source) -> Self {
        Self {
            address,
            access: Access::Observe,
            state: State::Recorded(source),
            calls: FuturesUnordered::new(),
            pause: PAUSES.0,
            since: None,
            watch: None,
        }
    }

    /// Remembers what the next connection begins with.
    pub(crate) const fn remember(&mut self, since: Option<u64>, watch: Option<SessionId>) {
        self.since = since;
        self.watch = watch;
    }

    /// Asks the daemon; the answer comes from [`Link::next`].
    pub(crate) fn ask(&mut self, call: Call) {
        let client = match &self.state {
            State::Up(client, _) => Some(client.clone()),
            State::Recorded(source) => {
                let source = source.clone();
                return self.calls.push(Box::pin(async move {
                    let reply = source.answer(&call).await;
                    (call, reply.map_err(|err| refusal(&err)))
                }));
            }
            _ => None,
        };
        self.calls.push(Box::pin(async move {
            let reply = match client {
                Some(client) => ask(&client, call.clone()).await,
                None => Err(Error::Closed),
            };
            (call, reply.map_err(|err| refusal(&err)))
        }));
    }

    /// Connects anew, because facts were lost on the way.
    pub(crate) fn again(&mut self) {
        if let State::Recorded(_) = self.state {
            return;
        }
        let subscribe = Subscribe {
            since: self.since,
            watch: self.watch,
            only: None,
        };
        self.state = State::Connecting(connect(self.address.clone(), self.access, subscribe));
    }

    /// Returns the next thing that happened. May be cancelled at any time.
    pub(crate) async fn next(&mut self) -> Msg {
        loop {
            match &mut self.state {
                State::Connecting(connecting) => tokio::select! {
                    biased;
                    connected = connecting => match connected {
                        Ok((client, events, reply)) => {
                            let peer = client.welcome().peer.clone();
                            self.pause = PAUSES.0;
                            self.state = State::Up(client, events);
                            return Msg::Link(app::Link::Connected { peer, reply: Box::new(reply) });
                        }
                        Err(err) => {
                            // A daemon that does not run is no news; one that refuses is.
                            let usual = matches!(err, Error::NotRunning { .. } | Error::Closed);
                            return self.lost(err.to_string(), !usual);
                        }
                    },
                    Some(answer) = self.calls.next() => return answered(answer),
                },
                State::Up(_, events) => tokio::select! {
                    biased;
                    told = events.next() => match told {
                        Some(told) => return heard(told),
                        None => {
                            return self.lost("the daemon closed the connection".to_owned(), false);
                        }
                    },
                    Some(answer) = self.calls.next() => return answered(answer),
                },
                State::Recorded(_) => match self.calls.next().await {
                    Some(answer) => return answered(answer),
                    None => std::future::pending().await,
                },
                State::Down(until) => tokio::select! {
                    biased;
                    Some(answer) = self.calls.next() => return answered(answer),
                    () = tokio::time::sleep_until(*until) => self.again(),
                },
            }
        }
    }

    /// Returns what is there already, without waiting.
    pub(crate) fn ready(&mut self) -> Option<Msg> {
        match &mut self.state {
            State::Up(_, events) => events.try_next().map(heard),
            _ => None,
        }
    }

    fn lost(&mut self, reason: String, unusual: bool) -> Msg {
        let retry_after_ms = self.pause;
        self.pause = (self.pause * 2).min(PAUSES.1);
        self.state = State::Down(Instant::now() + Duration::from_millis(retry_after_ms));
        Msg::Link(app::Link::Lost {
            reason,
            unusual,
            retry_after_ms,
        })
    }
}

fn heard(told: Told) -> Msg {
    Msg::Link(match told {
        Told::Event(event) => app::Link::Event(event),
        Told::Terminal(bytes) => app::Link::Bytes(bytes),
    })
}

fn answered((call, reply): (Call, Result<Reply, Refusal>)) -> Msg {
    Msg::Answered(Box::new(call), reply)
}

fn connect(
    address: Address,
    access: Access,
    subscribe: Subscribe,
) -> Later<Result<Connected, Error>> {
    Box::pin(async move {
        let (client, events) = Client::connect(&address, NAME, access).await?;
        let reply = client.call(subscribe).await?;
        Ok((client, events, reply))
    })
}

fn refusal(err: &Error) -> Refusal {
    match err.fault() {
        Some(fault) => Refusal {
            code: Some(fault.code),
            message: fault.message.clone(),
            hint: fault.hint.clone(),
        },
        None => Refusal {
            code: None,
            message: err.to_string(),
            hint: String::new(),
        },
    }
}

/// Returns the window that a question asks for.
pub(crate) fn window(call: &Call) -> Option<session::Show> {
    Some(match *call {
        Call::Show(id) => session::Show::newest(id, 0),
        Call::Page { id, page, at } => match page {
            Page::Older => session::Show::before(id, at, 0),
            Page::Newer => session::Show::after(id, at, 0),
            Page::Around => session::Show::around(id, at, 400),
        },
        _ => return None,
    })
}

/// Returns what a question searches for.
pub(crate) fn search(call: &Call) -> Option<message::Search> {
    match call {
        Call::Search { id, text, before } => Some(message::Search {
            session_id: *id,
            text: text.clone(),
            before: *before,
            after: None,
            limit: 1_000,
        }),
        _ => None,
    }
}

/// Returns true for questions about messages.
pub(crate) fn is_about_messages(call: &Call) -> bool {
    window(call).is_some() || search(call).is_some()
}

async fn ask(client: &Client, call: Call) -> Result<Reply, Error> {
    Ok(match call {
        Call::Status => Reply::Status(Box::new(client.call(daemon::Status {}).await?)),
        Call::Providers => Reply::Providers(client.call(model::ListProviders {}).await?.providers),
        Call::Find { key, workspace } => {
            let workspace = key.is_none().then_some(workspace);
            Reply::Session(Box::new(
                client.call(session::Find { key, workspace }).await?,
            ))
        }
        Call::Create(create) => Reply::Session(Box::new(client.call(create).await?)),
        Call::Show(_) | Call::Page { .. } => {
            let show = window(&call).ok_or(Error::Closed)?;
            Reply::Shown(Box::new(client.call(show).await?))
        }
        Call::Search { .. } => {
            let search = search(&call).ok_or(Error::Closed)?;
            Reply::Found(client.call(search).await?)
        }
        Call::SearchEverywhere(text) => Reply::FoundEverywhere(
            client
                .call(session::Search {
                    text,
                    typing: true,
                    ..session::Search::default()
                })
                .await?,
        ),
        Call::Archive(archive) => Reply::Session(Box::new(client.call(archive).await?)),
        Call::Export { id, path } => {
            let form = plain::export::Form::of(&path);
            let exported = plain::export::to_file(client, id, &path, form, false).await?;
            Reply::Exported(plain::export::told(&exported, &path))
        }
        Call::Whole { id, .. } => {
            let exported = plain::export::whole(client, id).await?;
            Reply::Text(plain::export::markdown(&exported))
        }
        Call::Approvals(id) => {
            let list = approval::List {
                all: true,
                session_id: Some(id),
                limit: 200,
            };
            Reply::Approvals(client.call(list).await?.approvals)
        }
        Call::Watch(id) => Reply::Watched(
            client
                .call(Watch {
                    session_id: Some(id),
                })
                .await?
                .partial,
        ),
        Call::Say(send) => client.call(send).await.map(|_| Reply::Done)?,
        Call::Withdraw { id, .. } => client
            .call(message::Withdraw { id })
            .await
            .map(|()| Reply::Done)?,
        Call::Edit(edit) => client.call(edit).await.map(|_| Reply::Done)?,
        Call::Run(run) => client.call(run).await.map(|_| Reply::Done)?,
        Call::StopCommands(session_id) => {
            let stopped = client.call(command::Stop { session_id }).await?;
            Reply::Stopped(stopped.count > 0)
        }
        Call::Budget(session_id) => {
            let show = user::Show {
                key: None,
                session_id,
            };
            Reply::Budget(Box::new(client.call(show).await?))
        }
        Call::Remember(text) => {
            let add = memory::Add {
                text,
                ..memory::Add::default()
            };
            Reply::Remembered(Box::new(client.call(add).await?))
        }
        Call::Fork(fork) => Reply::Forked(Box::new(client.call(fork).await?)),
        Call::Compact(id) => Reply::Planned(client.call(compaction::Compact { id }).await?),
        Call::Expand(id) => {
            let expanded = client.call(compaction::Expand { id }).await?;
            Reply::Expanded(Box::new(expanded))
        }
        Call::Pin(pin) => Reply::Pinned(Box::new(client.call(pin).await?)),
        Call::Files(id) => Reply::Files(client.call(session::Files { id }).await?),
        Call::Clients => Reply::Clients(client.call(client::List {}).await?),
        Call::Interrupt(session_id) => {
            let stopped = client.call(session::Interrupt { session_id }).await?;
            Reply::Stopped(stopped.turn_id.is_some())
        }
        Call::Continue(session_id) => client
            .call(session::Continue { session_id })
            .await
            .map(|_| Reply::Done)?,
        Call::Lab(lab) => Reply::Lab(Box::new(client.call(lab).await?)),
        Call::TestRule(_, test) => Reply::Tested(client.call(*test).await?.back_test),
        Call::Answer(answer) => Reply::Question(Box::new(client.call(*answer).await?)),
        Call::Decide(decide) => Reply::Approval(Box::new(client.call(*decide).await?)),
        Call::Configure(configure) => Reply::Session(Box::new(client.call(configure).await?)),
        Call::Remove(id) => client
            .call(session::Delete { id })
            .await
            .map(|()| Reply::Done)?,
        Call::Traces { filter, before, .. } => {
            let list = trace::List {
                filter: *filter,
                before,
                limit: 0,
            };
            Reply::Traces(Box::new(client.call(list).await?))
        }
        Call::Mark(mark) => client.call(mark).await.map(|()| Reply::Done)?,
        Call::Turn(id) => Reply::Turn(Box::new(client.call(turn::Show { id }).await?)),
        Call::Everyone => {
            let list = attention::List {
                everyone: true,
                limit: 1_000,
                ..attention::List::default()
            };
            Reply::Everyone(client.call(list).await?.items)
        }
        Call::Resolve(resolve) => Reply::Item(Box::new(client.call(resolve).await?)),
        call => ask_about_jobs(client, call).await?,
    })
}

async fn ask_about_jobs(client: &Client, call: Call) -> Result<Reply, Error> {
    let add = |spec: Box<job::Spec>, check| job::Add { spec: *spec, check };
    Ok(match call {
        Call::Jobs(after) => {
            let list = job::List {
                after,
                limit: 1_000,
            };
            Reply::Jobs(client.call(list).await?)
        }
        Call::Job(id) => {
            let key = id.to_string();
            Reply::JobShown(Box::new(client.call(job::Show { key }).await?))
        }
        Call::Ledger(id) => {
            let history = job::History {
                key: id.to_string(),
                before: None,
                limit: 50,
            };
            Reply::Ledger(client.call(history).await?)
        }
        Call::CheckJob(_, spec) => Reply::JobAdded(Box::new(client.call(add(spec, true)).await?)),
        Call::AddJob(spec) => Reply::JobAdded(Box::new(client.call(add(spec, false)).await?)),
        Call::EditJob(id, spec) => {
            let key = id.to_string();
            let edit = job::Edit {
                key,
                spec: *spec,
                check: false,
            };
            Reply::Job(Box::new(client.call(edit).await?))
        }
        Call::RemoveJob(id) => {
            let key = id.to_string();
            client
                .call(job::Remove { key })
                .await
                .map(|()| Reply::Done)?
        }
        Call::PauseJob(id) => {
            let pause = job::Pause {
                key: id.to_string(),
                reason: String::new(),
            };
            Reply::Job(Box::new(client.call(pause).await?))
        }
        Call::ResumeJob(id) => {
            let key = id.to_string();
            Reply::Job(Box::new(client.call(job::Resume { key }).await?))
        }
        Call::RunJob(id) => {
            let key = id.to_string();
            Reply::Ran(Box::new(client.call(job::RunNow { key }).await?))
        }
        Call::WhyJob(id) => {
            let key = id.to_string();
            Reply::Why(client.call(job::Why { key, at: None }).await?)
        }
        call => ask_about_terminals(client, call).await?,
    })
}

async fn ask_about_terminals(client: &Client, call: Call) -> Result<Reply, Error> {
    Ok(match call {
        Call::Terminals => Reply::Terminals(client.call(terminal::List {}).await?),
        Call::OpenTerminal(open) => Reply::Terminal(Box::new(client.call(open).await?)),
        Call::AttachTerminal(attach) => Reply::Attached(Box::new(client.call(attach).await?)),
        Call::DetachTerminal(id) => client
            .call(terminal::Detach { id })
            .await
            .map(|()| Reply::Done)?,
        Call::ResizeTerminal(resize) => Reply::Sized(client.call(resize).await?.size),
        Call::Type(write) => client.call(write).await.map(|()| Reply::Done)?,
        Call::TakeTerminal(id) => {
            Reply::Terminal(Box::new(client.call(terminal::Take { id }).await?))
        }
        Call::GiveTerminal(id) => {
            Reply::Terminal(Box::new(client.call(terminal::Give { id }).await?))
        }
        Call::KillTerminal(id) => {
            Reply::Terminal(Box::new(client.call(terminal::Kill { id }).await?))
        }
        Call::CloseTerminal(id) => client
            .call(terminal::Close { id })
            .await
            .map(|()| Reply::Done)?,
        call => ask_about_memory(client, call).await?,
    })
}

async fn ask_about_memory(client: &Client, call: Call) -> Result<Reply, Error> {
    Ok(match call {
        Call::Memories {
            text,
            which,
            category,
            of,
            ..
        } if text.trim().is_empty() => {
            let list = memory::List {
                which,
                category,
                of,
                ..memory::List::default()
            };
            Reply::Memories(client.call(list).await?.memories)
        }
        Call::Memories {
            text,
            which,
            category,
            of,
            ..
        } => {
            let search = memory::Search {
                text,
                typing: true,
                which,
                category,
                limit: 100,
                of,
            };
            let hits = client.call(search).await?.hits.into_iter();
            Reply::Memories(hits.map(|hit| hit.memory).collect())
        }
        Call::Topics { text, .. } if text.trim().is_empty() => {
            Reply::Topics(client.call(knowledge::List::default()).await?.topics)
        }
        Call::Topics { text, .. } => {
            let search = knowledge::Search {
                text,
                typing: true,
                limit: 100,
                ..knowledge::Search::default()
            };
            let hits = client.call(search).await?.hits.into_iter();
            Reply::Topics(hits.map(|hit| hit.topic).collect())
        }
        Call::MemoryCounts(of) => {
            let list = memory::List {
                limit: 1,
                of,
                ..memory::List::default()
            };
            let listed = client.call(list).await?;
            Reply::MemoryCounts((listed.current, listed.pending, listed.told))
        }
        Call::HotTopics => Reply::Hot(client.call(knowledge::Hot {}).await?),
        Call::MemoryPage(id, user) => {
            Reply::MemoryShown(Box::new(client.call(show_of(id, Some(user))).await?))
        }
        Call::Waiting { ids, user } => {
            let mut memories = Vec::with_capacity(ids.len());
            for id in ids {
                memories.push(client.call(show_of(id, user)).await?.memory);
            }
            Reply::Waiting(memories)
        }
        Call::Owners => Reply::Owners(client.call(user::List {}).await?.users),
        Call::TopicPage(id) => {
            let key = id.to_string();
            Reply::TopicShown(Box::new(client.call(knowledge::Show { key }).await?))
        }
        Call::EditMemory(edit) => client.call(edit).await.map(|_| Reply::Memory)?,
        Call::DecideMemory(decide) => client.call(decide).await.map(|_| Reply::Memory)?,
        Call::ForgetMemory(id) => {
            let key = id.to_string();
            let forget = client.call(memory::Forget { key }).await;
            forget.map(|_| Reply::Memory)?
        }
        Call::PinTopic(pin) => client.call(pin).await.map(|_| Reply::Memory)?,
        Call::ForgetTopic(id) => {
            let key = id.to_string();
            let forget = client.call(knowledge::Forget { key }).await;
            forget.map(|()| Reply::Memory)?
        }
        call => ask_about_users(client, call).await?,
    })
}

async fn ask_about_users(client: &Client, call: Call) -> Result<Reply, Error> {
    Ok(match call {
        Call::Users(_) => Reply::Users(client.call(user::List {}).await?),
        Call::UserPage(id) => {
            let show = user::Show {
                key: Some(id.to_string()),
                session_id: None,
            };
            Reply::UserShown(Box::new(client.call(show).await?))
        }
        Call::SetUser(set) => client.call(*set).await.map(|_| Reply::User)?,
        Call::LinkCode => Reply::Code(client.call(user::Link {}).await?),
        Call::Unlink(peer) => client
            .call(user::Unlink { peer })
            .await
            .map(|_| Reply::User)?,
        Call::Admit(admit) => client.call(admit).await.map(|_| Reply::User)?,
        _ => return Err(Error::Closed),
    })
}

/// Returns what shows a memory of a user.
fn show_of(id: MemoryId, user: Option<UserId>) -> memory::Show {
    memory::Show {
        key: id.to_string(),
        of: user.map_or(memory::Whose::Own, |id| memory::Whose::User(id.to_string())),
    }
}
