//! One client: hears its requests in order, tells it events, and is never held up by it.
//!
//! Owns: what this client subscribed to, and its outbox. A task of its own writes, so that a
//! client that does not read stops nobody but itself.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use smartopol_ipc::server::{self, Replies, Requests, Unreadable};
use smartopol_ipc::{Bytes, Stream};
use smartopol_protocol::approval::Actor;
use smartopol_protocol::envelope::RawRequest;
use smartopol_protocol::event::{Snapshot, Subscribe, Subscribed, Watch, Watched};
use smartopol_protocol::terminal::{Attach, Attached, Detach, Resize, Resized};
use smartopol_protocol::user::User;
use smartopol_protocol::{Code, Envelope, Event, Fault, News, Request, SessionId};
use smartopol_protocol::{TerminalId, terminal};
use smartopol_tools::terminals::Viewer;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use super::access;
use super::clients::Seat;
use super::dispatch;
use super::looking::{Look, Looking};
use super::outbox::{Next, OUTBOX, Outbox};
use super::right::Right;
use super::view;
use crate::bus::Item;
use crate::{Clock, House, terminals};

/// The most missed facts that are told one by one; beyond it a snapshot is shorter.
const REPLAY: u32 = 2_000;

/// How long the last frames may take to a client that leaves, or does not read.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// How many facts are read from the store at once.
const AT_ONCE: u32 = 256;

/// Who came in.
pub(crate) struct Visitor {
    pub(crate) house: House,
    pub(crate) peer: String,
    pub(crate) seat: Seat,
}

/// A client that said hello.
pub(crate) struct Client {
    pub(crate) house: House,
    /// Who acts.
    pub(crate) actor: Actor,
    /// It may look and not touch.
    pub(crate) observes: bool,
    seat: Seat,
    line: Arc<Line>,
    news: Option<broadcast::Receiver<Arc<Item>>>,
    /// Facts up to this number were told.
    told: u64,
    /// True while facts from before the subscription are still to be told.
    behind: bool,
    /// Whose passing news is wanted.
    watch: Option<SessionId>,
    /// Whose facts are wanted; `None` for everybody's.
    only: Option<SessionId>,
    /// What it begins to look at, once it was told so.
    entering: Option<Look>,
}

/// The way to the client, shared with the task that writes.
struct Line {
    outbox: Mutex<Outbox>,
    looking: Looking,
    /// Something to write.
    filled: Arc<Notify>,
    /// Something was written.
    drained: Notify,
    closed: CancellationToken,
}

impl Line {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends what must arrive, when there is room.
    async fn must(&self, frame: Bytes) {
        loop {
            let drained = self.drained.notified();
            {
                let mut outbox = self.outbox();
                if outbox.has_room() {
                    outbox.must(frame);
                    break;
                }
            }
            tokio::select! {
                () = drained => {}
                () = self.closed.cancelled() => return,
            }
        }
        self.filled.notify_one();
    }

    /// Lets the client go. Why is its last word, a reply to nothing, as where one is not let in.
    fn refuse(&self, fault: Fault) {
        self.outbox().must(server::reply::<()>(0, &Err(fault)));
        self.closed.cancel();
    }
}

/// Serves one client until it leaves or the daemon stops.
pub(crate) async fn run(visitor: Visitor, stream: Stream) {
    let Visitor { house, peer, seat } = visitor;
    let version = env!("CARGO_PKG_VERSION");
    let (mut requests, replies, hello) = match server::handshake(stream, &peer, version).await {
        Ok(greeted) => greeted,
        Err(err) => {
            tracing::debug!("a client did not say hello: {err}");
            return;
        }
    };
    let line = Arc::new(Line {
        outbox: Mutex::new(Outbox::new(OUTBOX)),
        looking: Looking::default(),
        filled: Arc::default(),
        drained: Notify::new(),
        closed: house.supervisor.stopping().child_token(),
    });
    house.supervisor.spawn(
        "client writer",
        write(replies, line.clone(), house.clock.clone()),
    );
    let _closing = line.closed.clone().drop_guard();
    let acts_as = hello.acts_as.as_ref().map(ToString::to_string);
    let actor = Actor {
        by: acts_as.is_some().then(|| peer.clone()),
        peer: acts_as.unwrap_or(peer),
        client: hello.client,
    };
    if let Some(by) = &actor.by {
        tracing::info!("{by} acts as {} with {}", actor.peer, actor.client);
    }
    let observes = hello.observe;
    let mut client = Client {
        house,
        actor,
        observes,
        seat,
        line,
        news: None,
        told: 0,
        behind: false,
        watch: None,
        only: None,
        entering: None,
    };
    client.serve(&mut requests).await;
}

impl Client {
    /// Hears requests and news. Requests are answered in their order; one that may take long is
    /// answered when it is done and holds up nobody.
    async fn serve(&mut self, requests: &mut Requests) {
        let closed = self.line.closed.clone();
        loop {
            tokio::select! {
                biased;
                () = closed.cancelled() => return,
                item = next(&mut self.news) => self.hear(item).await,
                request = requests.next() => {
                    let Some(request) = request else { return };
                    if let Some(reply) = self.answer(request).await {
                        self.line.must(self.seen(reply)).await;
                    }
                    if let Some(look) = self.entering.take() {
                        self.line.looking.at(look);
                        self.line.filled.notify_one();
                    }
                    if std::mem::take(&mut self.behind) {
                        self.replay().await;
                    }
                }
            }
        }
    }

    /// Returns the reply, or `None` where it comes later.
    async fn answer(&mut self, request: Result<RawRequest, Unreadable>) -> Option<Bytes> {
        let raw = match request {
            Ok(raw) => raw,
            Err(Unreadable { id, fault }) => return Some(server::reply::<()>(id, &Err(fault))),
        };
        let id = raw.id;
        let request = match Request::parse(&raw.method, raw.params.as_deref()) {
            Ok(request) => request,
            Err(fault) => return Some(server::reply::<()>(id, &Err(fault))),
        };
        if self.observes && dispatch::changes(&request) {
            let fault = Fault::new(Code::Denied, "this client only observes")
                .hint("attach without --observe to act");
            return Some(server::reply::<()>(id, &Err(fault)));
        }
        let user = match access::check(&self.house, &self.actor, &request).await {
            Ok(user) => user,
            Err(fault) => return Some(server::reply::<()>(id, &Err(fault))),
        };
        Some(match request {
            Request::EventSubscribe(subscribe) => {
                server::reply(id, &self.subscribe(subscribe, &user).await)
            }
            Request::EventWatch(watch) => server::reply(id, &self.watch(watch).await),
            Request::ClientList(_) => {
                let clients = dispatch::clients(&self.house, &user, self.seat.id());
                server::reply(id, &Ok(clients))
            }
            Request::TerminalAttach(attach) => server::reply(id, &self.attach(attach).await),
            Request::TerminalDetach(detach) => server::reply(id, &self.detach(detach)),
            Request::TerminalResize(resize) => server::reply(id, &self.resize(resize).await),
            request if dispatch::takes_long(&request) => {
                let (house, actor) = (self.house.clone(), self.actor.clone());
                let line = self.line.clone();
                let stops = matches!(request, Request::DaemonStop(_));
                // Who only looks is told what they may see when there is something to see.
                let looks = (!dispatch::changes(&request)).then(|| request.clone());
                self.house.supervisor.spawn("long request", async move {
                    let closed = line.closed.clone();
                    let reply = dispatch::dispatch(&house, (&actor, &user), id, request);
                    if let Some(reply) = closed.run_until_cancelled(reply).await {
                        let may = match &looks {
                            Some(request) => access::still(&house, &actor, request).await,
                            None => Ok(Arc::clone(&user)),
                        };
                        let reply = match may {
                            Ok(user) => view::without_costs(&house, &user, reply),
                            Err(fault) => server::reply::<()>(id, &Err(fault)),
                        };
                        line.must(reply).await;
                    }
                    if stops {
                        // Its reply is on its way: the end closes no line before what lies there
                        // is written.
                        house.leave.notify_one();
                    }
                });
                return None;
            }
            request => dispatch::dispatch(&self.house, (&self.actor, &user), id, request).await,
        })
    }

    /// Looks at a terminal from now on; what there is to see follows the reply.
    async fn attach(&mut self, attach: Attach) -> Result<Attached, Fault> {
        let size = match attach.size {
            // One who may not touch does not make it smaller for others.
            Some(_) if self.observes => None,
            Some(size) => Some(terminals::checked(size)?),
            None => None,
        };
        // Heard from before they are looked at, so that no change falls between.
        let news = self.house.bus.listen();
        let right = self.right(attach.id);
        let types = right.types().await;
        let (mut terminal, there) = terminals::get(&self.house, attach.id).await?;
        let told = terminal::Viewer {
            client: self.seat.id(),
            name: self.actor.client.clone(),
            size,
        };
        let viewer = Viewer::new(told, attach.view, Arc::clone(&self.line.filled));
        viewer.let_type(types);
        let seen = there.attach(viewer).await?;
        let (line, follows) = (Arc::clone(&self.line), self.line.closed.child_token());
        self.entering = Some(Look {
            id: attach.id,
            viewer: Arc::clone(&seen.viewer),
            _follows: follows.clone().drop_guard(),
        });
        // Whom the holder sends out comes back by themselves and hears why. Others would go on with
        // a picture that stands still, so they are made to.
        let comes_back = seen.door.is_some();
        self.house
            .supervisor
            .spawn("rights at a terminal", async move {
                let refused = right.follow(seen.viewer, news);
                let refused = follows.run_until_cancelled(refused).await.flatten();
                if let Some(fault) = refused.filter(|_| !comes_back) {
                    line.refuse(fault);
                }
            });
        terminal.size = seen.size;
        Ok(Attached {
            terminal,
            offset: seen.offset,
            door: seen.door,
        })
    }

    /// Returns what this client may do at a terminal.
    fn right(&self, id: TerminalId) -> Right {
        Right {
            house: self.house.clone(),
            actor: self.actor.clone(),
            observes: self.observes,
            id,
        }
    }

    fn detach(&self, detach: Detach) -> Result<(), Fault> {
        if self.line.looking.away(detach.id) {
            return Ok(());
        }
        Err(not_attached(detach.id))
    }

    async fn resize(&self, resize: Resize) -> Result<Resized, Fault> {
        if !self.line.looking.is_at(resize.id) {
            return Err(not_attached(resize.id));
        }
        let size = terminals::checked(resize.size)?;
        let (_, there) = terminals::get(&self.house, resize.id).await?;
        let size = there.resize(self.seat.id(), size).await?;
        Ok(Resized { size })
    }

    /// Begins to listen before it reads the store, so nothing falls between.
    async fn subscribe(&mut self, subscribe: Subscribe, user: &User) -> Result<Subscribed, Fault> {
        let news = self.house.bus.listen();
        let since = subscribe.since;
        let whose = view::whose(&self.house, user);
        let items = view::whose_items(&self.house, user);
        let read = self.house.store.read(move |r| {
            if let Some(since) = since {
                let seq = r.seq()?;
                // A number from before a restored backup, or one that was pruned, cannot be met.
                if since <= seq
                    && seq - since <= u64::from(REPLAY)
                    && since + 1 >= r.oldest_seq()?
                {
                    return Ok(Err((seq, since)));
                }
            }
            Ok(Ok(r.snapshot_of(whose, items)?))
        });
        let subscribed = match read.await? {
            Ok(mut snapshot) => {
                let Snapshot { seq, .. } = snapshot;
                // As they are now: it was read meanwhile.
                let user = self.house.users.acting(&self.actor.peer, None);
                view::cut(&self.house, &user, &mut snapshot);
                self.told = seq;
                Subscribed::Snapshot(Box::new(snapshot))
            }
            Err((seq, since)) => {
                self.told = since;
                self.behind = true;
                Subscribed::Replay {
                    seq,
                    missed: seq - since,
                }
            }
        };
        self.news = Some(news);
        self.watch = subscribe.watch;
        self.only = subscribe.only;
        self.listens();
        Ok(subscribed)
    }

    /// Lets the others know that this client listens, and to what.
    fn listens(&self) {
        if self.news.is_some() {
            let who = (self.actor.client.as_str(), self.actor.peer.as_str());
            self.seat.listens(who, self.observes, self.watch);
        }
    }

    /// Tells the facts between what the client knows and what the store has.
    async fn replay(&mut self) {
        loop {
            let told = self.told;
            let missed = self.house.store.read(move |r| {
                if r.seq()? == told {
                    Ok(Vec::new())
                } else {
                    r.events_since(told, AT_ONCE)
                }
            });
            let missed = match missed.await {
                Ok(missed) if missed.is_empty() => return,
                Ok(missed) => missed,
                Err(err) => return self.lose(&err),
            };
            for event in missed {
                if let Some(seq) = event.seq {
                    self.told = seq;
                }
                if self.only.is_some() && event.session_id != self.only || !self.may_hear(&event) {
                    continue;
                }
                if let Some(frame) = Item::new(event).frame() {
                    self.line.must(self.seen(frame)).await;
                }
            }
        }
    }

    async fn watch(&mut self, watch: Watch) -> Result<Watched, Fault> {
        self.watch = watch.session_id;
        self.listens();
        match watch.session_id {
            None => Ok(Watched::default()),
            Some(id) => Ok(Watched {
                partial: dispatch::partial(&self.house, id).await?,
            }),
        }
    }

    /// Tells the facts that passed by unseen; never waits for the client.
    async fn catch_up(&mut self) {
        while self.news.is_some() {
            let told = self.told;
            let missed = self
                .house
                .store
                .read(move |r| r.events_since(told, AT_ONCE))
                .await;
            let missed = match missed {
                Ok(missed) if missed.is_empty() => return,
                Ok(missed) => missed,
                Err(err) => return self.lose(&err),
            };
            for event in missed {
                if self.news.is_some() {
                    self.tell(&Item::new(event));
                }
            }
        }
    }

    /// What the client missed cannot be read now: it is told so, and may subscribe again.
    fn lose(&mut self, err: &smartopol_store::Error) {
        tracing::warn!("what a client missed cannot be read: {err}");
        self.line.outbox().miss();
        self.news = None;
        self.line.filled.notify_one();
    }

    /// Hears one event of the bus.
    async fn hear(&mut self, item: Result<Arc<Item>, broadcast::error::RecvError>) {
        match item {
            Ok(item) => self.tell(&item),
            // Not the client was too slow, but this task: what it missed is in the store.
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                self.line.outbox().drop_passing(missed);
                self.catch_up().await;
            }
            Err(broadcast::error::RecvError::Closed) => self.news = None,
        }
    }

    /// Returns a frame as the one who listens may see it.
    fn seen(&self, frame: Bytes) -> Bytes {
        let user = self.house.users.acting(&self.actor.peer, None);
        view::without_costs(&self.house, &user, frame)
    }

    /// Returns true for what is told to the one who listens, as they are right now.
    fn may_hear(&self, event: &Event) -> bool {
        let user = self.house.users.acting(&self.actor.peer, None);
        view::may_hear(&self.house, &user, event)
    }

    /// Tells one event. Never waits.
    fn tell(&mut self, item: &Item) {
        let event = &item.event;
        if matches!(event.news, News::UserChanged(_) | News::UserRemoved(_))
            && let Err(fault) = access::let_in(&self.house, &self.actor)
        {
            // With the line goes all that it looks at.
            self.news = None;
            return self.line.refuse(fault);
        }
        let kept = match event.seq {
            Some(seq) if seq <= self.told => return,
            Some(seq)
                if self.only.is_some() && event.session_id != self.only
                    || !self.may_hear(event) =>
            {
                self.told = seq;
                return;
            }
            None if !self.may_hear(event) => return,
            Some(seq) => {
                let Some(frame) = item.frame() else { return };
                let kept = self.line.outbox().fact(self.seen(frame));
                self.told = seq;
                kept
            }
            None => {
                let for_all = matches!(
                    event.news,
                    News::Stopping
                        | News::TerminalSized { .. }
                        | News::ClientChanged(_)
                        | News::ClientLeft(_)
                );
                if !for_all && (event.session_id.is_none() || event.session_id != self.watch) {
                    return;
                }
                let Some(frame) = item.frame() else { return };
                self.line.outbox().passing(frame);
                true
            }
        };
        if kept {
            self.line.filled.notify_one();
        } else {
            // The outbox counted it. The client gets no more until it subscribes again.
            self.news = None;
            self.line.filled.notify_one();
        }
    }
}

async fn next(
    news: &mut Option<broadcast::Receiver<Arc<Item>>>,
) -> Result<Arc<Item>, broadcast::error::RecvError> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}

/// Writes what is in the outbox, as much at once as there is.
async fn write(mut replies: Replies, line: Arc<Line>, clock: Clock) {
    let _closing = line.closed.clone().drop_guard();
    loop {
        let filled = line.filled.notified();
        let mut any = false;
        {
            let mut outbox = line.outbox();
            while let Some(next) = outbox.pop() {
                any = true;
                match next {
                    Next::Frame(frame) => replies.queue(frame),
                    Next::Missed(missed) => queue_news(&mut replies, &clock, News::Gap { missed }),
                    Next::Dropped(deltas) => {
                        queue_news(&mut replies, &clock, News::Dropped { deltas })
                    }
                }
            }
        }
        line.drained.notify_waiters();
        any |= line.looking.queue(&mut replies);
        let closed = line.closed.cancelled();
        if any {
            // What the system's buffer does not take waits here; the outbox fills behind it.
            tokio::select! {
                sent = replies.flush() => match sent {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                () = closed => break,
            }
        }
        tokio::select! {
            biased;
            () = filled => {}
            () = closed => break,
        }
    }
    // The last words of one who said no more, but still hears.
    while let Some(Next::Frame(frame)) = { line.outbox().pop() } {
        replies.queue(frame);
    }
    let _ = tokio::time::timeout(LAST_WORDS, replies.flush()).await;
}

fn not_attached(id: TerminalId) -> Fault {
    Fault::new(
        Code::Conflict,
        format!("this client is not attached to {id}"),
    )
    .hint("ask `terminal/attach` first")
}

fn queue_news(replies: &mut Replies, clock: &Clock, news: News) {
    let event = Event {
        seq: None,
        at: clock.now(),
        session_id: None,
        news,
    };
    match smartopol_ipc::encode(&Envelope::Event(event)) {
        Ok(frame) => replies.queue(frame),
        Err(err) => tracing::error!("news cannot be encoded: {err}"),
    }
}
