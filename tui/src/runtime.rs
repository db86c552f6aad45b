//! The console at work: waits for keys, news and deadlines, and draws. The one async file, with
//! [`crate::link`] that it polls.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustix::process::{Signal, kill_current_process_group};
use smartopol_config::{Paths, edit};
use smartopol_protocol::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{self, App, Cmd, Msg, Now};
use crate::clipboard::{self, Copy, Surroundings, Way};
use crate::drafts;
use crate::external::{self, External, Outside, Returned};
use crate::link::Link;
use crate::links::Links;
use crate::notice::Caller;
use crate::paint::{Painted, Painter};
use crate::redraw::{Redraw, Urgency};
use crate::sanitize;
use crate::terminal::{Ground, Heard, Screen};

/// How long the first frame waits for all that it shows, in milliseconds.
const FIRST: u64 = 60;

/// How many pieces of news are taken in one go before a key gets its turn.
const BATCH: usize = 512;

/// So many bytes of a terminal are as much work as one of them.
const BYTES: usize = 4_096;

/// The present, counted from the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Now {
        let ms = u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            ms,
            wall: Timestamp::now(),
        }
    }

    fn at(self, ms: u64) -> tokio::time::Instant {
        (self.0 + Duration::from_millis(ms)).into()
    }
}

/// Something that is under way beside the console and ends in words for the person.
type Work = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// The terminal, or who has it meanwhile.
enum Stage {
    Ours(Screen, EventStream),
    Lent(Outside),
}

impl Stage {
    fn enter(links: Links) -> io::Result<Self> {
        Ok(Self::Ours(Screen::enter(links)?, EventStream::new()))
    }

    /// Gives the terminal to the shell until that calls the console again.
    fn suspend(self, links: Links) -> io::Result<Self> {
        if let Self::Lent(_) = self {
            return Ok(self);
        }
        drop(self);
        // All of the job, as the terminal itself would: the shell waits for the whole of it. Where
        // there is no shell that could call it again, the system lets the signal do nothing.
        kill_current_process_group(Signal::TSTP)?;
        Self::enter(links)
    }

    /// Takes the terminal over as if anew: somebody had it in between.
    fn again(self, links: Links) -> io::Result<Self> {
        if let Self::Lent(_) = self {
            return Ok(self);
        }
        drop(self);
        Self::enter(links)
    }

    /// Lends the terminal to another program.
    fn lend(self, external: External, links: Links) -> io::Result<(Self, Option<Returned>)> {
        let purpose = external.purpose;
        let failed = |why: String| Returned {
            purpose,
            text: Err(why),
        };
        let (line, file) = match (&self, external::prepare(&external)) {
            (Self::Ours(..), Ok(prepared)) => prepared,
            (Self::Ours(..), Err(why)) => return Ok((self, Some(failed(why)))),
            (Self::Lent(_), _) => return Ok((self, None)),
        };
        // Nobody else reads the keys, and the terminal is as it was before us.
        drop(self);
        match external::start(line, file, purpose) {
            Ok(outside) => Ok((Self::Lent(outside), None)),
            Err(err) => Ok((Self::enter(links)?, Some(failed(err.to_string())))),
        }
    }
}

/// Runs the console until a person leaves, or the terminal goes away. Whatever ends it, what was
/// written and not sent is kept.
pub(crate) async fn run(mut app: App, link: Link, clock: Clock, paths: &Paths) -> io::Result<()> {
    let ended = serve(&mut app, link, clock, paths).await;
    for (id, kept) in app.drafts_to_keep() {
        drafts::keep(&paths.drafts(), id, &kept)?;
    }
    ended
}

async fn serve(app: &mut App, mut link: Link, clock: Clock, paths: &Paths) -> io::Result<()> {
    let around = Surroundings::look();
    let caller = Caller::look();
    let screen = Screen::enter(app.links.clone())?;
    let mut ground = match app.theme.is_open() {
        true => Screen::ask_ground(clock.now().ms)?,
        false => Ground::default(),
    };
    let mut stage = Stage::Ours(screen, EventStream::new());
    let mut painter: Option<Painter> = None;
    let mut works: FuturesUnordered<Work> = FuturesUnordered::new();
    let mut ends = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
        signal(SignalKind::interrupt())?,
    ];
    let [terminate, hangup, interrupt] = &mut ends;
    let mut called = signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
    let mut suspended = false;
    let mut redraw = Redraw::starting(FIRST);
    let mut drawn = false;
    let mut furnished = false;
    loop {
        let tick = app.next_tick();
        let drawing = redraw.due_at().filter(|_| matches!(stage, Stage::Ours(..)));
        let due = [tick, drawing, ground.due()].into_iter().flatten().min();
        let (mut cmds, mut keyed) = (Vec::new(), Vec::new());
        tokio::select! {
            biased;
            _ = terminate.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
            // Who has the terminal meanwhile gets the same signal, and it is theirs.
            _ = interrupt.recv() => if let Stage::Ours(..) = stage { return Ok(()) },
            // Stopped from outside, it comes back to a terminal that is in nobody's order.
            _ = called.recv() => {
                if !std::mem::take(&mut suspended) {
                    stage = stage.again(app.links.clone())?;
                }
                redraw.ask(Urgency::Now);
            }
            happened = stage.next() => match happened {
                Happened::Key(event) => {
                    suspended = false;
                    let mut next = Some(event);
                    while let Some(event) = next {
                        let Some(event) = event.transpose()? else { return Ok(()) };
                        match ground.take(event, clock.now().ms) {
                            Heard::Events(events) => keyed.extend(events),
                            Heard::Answer(look) => {
                                app.theme = look.map_or(app.theme, |look| app.theme.with(look));
                                // The first frame waits for more.
                                redraw.ask(if drawn { Urgency::Now } else { Urgency::Soon });
                            }
                        }
                        next = stage.ready().await;
                    }
                }
                Happened::Back(ended) => {
                    let was = std::mem::replace(&mut stage, Stage::enter(app.links.clone())?);
                    if let Stage::Lent(outside) = was {
                        let msg = Msg::Returned(outside.close(ended));
                        cmds.extend(app.update(msg, clock.now()));
                    }
                    redraw.ask(Urgency::Now);
                }
            },
            (key, painted) = painted(&mut painter) => {
                cmds.extend(app.update(Msg::Painted(key, painted), clock.now()));
                redraw.ask(Urgency::Soon);
            }
            Some(words) = works.next() => {
                cmds.extend(app.update(Msg::Told(words), clock.now()));
                redraw.ask(Urgency::Now);
            }
            () = until(clock, due) => {
                keyed.extend(ground.late(clock.now().ms));
                if tick.is_some_and(|tick| tick <= clock.now().ms) {
                    cmds.extend(app.update(Msg::Tick, clock.now()));
                    redraw.ask(Urgency::Now);
                }
            }
            msg = link.next() => {
                let mut next = Some(msg);
                let mut taken = 0;
                while let Some(msg) = next {
                    if let Msg::Link(app::Link::Bytes(bytes)) = &msg {
                        taken += bytes.bytes.len() / BYTES;
                    }
                    cmds.extend(app.update(msg, clock.now()));
                    taken += 1;
                    next = if taken < BATCH { link.ready() } else { None };
                }
                redraw.ask(if app.is_echo() { Urgency::Now } else { Urgency::Soon });
                if !furnished && app.is_furnished() {
                    furnished = true;
                    redraw.ask(Urgency::Now);
                }
            }
        }
        for event in keyed {
            if let Event::Resize(width, height) = event {
                stage.resize(width, height);
            }
            cmds.extend(app.update(understand(event), clock.now()));
            // What a program is typed changes nothing until it answers.
            if !app.take_passed() {
                redraw.ask(Urgency::Now);
            }
        }
        if !drawn && app.transcript().is_some() && !ground.is_awaited() {
            // All that the first frame waited for is here.
            redraw.ask(Urgency::Now);
        }
        if let Stage::Ours(screen, _) = &mut stage {
            screen.grant(app.wishes())?;
        }
        if let Stage::Ours(screen, _) = &mut stage
            && redraw.due_at().is_some_and(|due| due <= clock.now().ms)
        {
            drawn = true;
            screen.draw(|area, buf| {
                app.now = clock.now();
                app.draw(area, buf)
            })?;
            redraw.drawn(clock.now().ms);
            cmds.extend(app.drawn(clock.now()));
        }
        link.remember(app.model.seq(), app.current);
        let mut cmds = VecDeque::from(cmds);
        while let Some(cmd) = cmds.pop_front() {
            let told = match cmd {
                Cmd::Ask(call) => {
                    link.ask(call);
                    continue;
                }
                Cmd::Resubscribe => {
                    link.again();
                    continue;
                }
                Cmd::Call(notice) => {
                    let bytes = caller.call(notice, app.console.notify);
                    if let (Stage::Ours(..), false) = (&stage, bytes.is_empty()) {
                        Screen::send(&bytes)?;
                    }
                    continue;
                }
                Cmd::Keep { id, kept } => match drafts::keep(&paths.drafts(), id, &kept) {
                    Ok(()) => continue,
                    Err(err) => Msg::Told(Err(format!("the draft cannot be kept: {err}"))),
                },
                Cmd::Save { key, value } => Msg::Told(save(&paths.config_file(), &key, &value)),
                Cmd::Suspend => {
                    suspended = true;
                    stage = stage.suspend(app.links.clone())?;
                    redraw.ask(Urgency::Now);
                    continue;
                }
                Cmd::Leave => return Ok(()),
                Cmd::Paint(job) => {
                    let key = job.key;
                    let own = match painter.take() {
                        Some(own) => own,
                        None => Painter::start()?,
                    };
                    let taken = own.ask(job);
                    painter = Some(own);
                    if taken {
                        continue;
                    }
                    Msg::Painted(key, Painted::new())
                }
                Cmd::Copy(copy) => match around.way(&copy.text) {
                    Way::Terminal(bytes) => {
                        Screen::send(&bytes)?;
                        Msg::Told(Ok(clipboard::sent(&copy)))
                    }
                    Way::Tool(_) | Way::File => {
                        works.push(carry(copy, &around, paths.data()));
                        continue;
                    }
                },
                Cmd::External(external) => {
                    let (next, failed) = stage.lend(external, app.links.clone())?;
                    stage = next;
                    match failed {
                        Some(returned) => Msg::Returned(returned),
                        None => continue,
                    }
                }
            };
            cmds.extend(app.update(told, clock.now()));
            redraw.ask(Urgency::Now);
        }
    }
}

fn carry(copy: Copy, around: &Surroundings, data: &std::path::Path) -> Work {
    Box::pin(clipboard::carry(copy, around.clone(), data.to_owned()))
}

/// Waits for a painted block; for ever where nobody paints.
async fn painted(painter: &mut Option<Painter>) -> (u64, Painted) {
    if let Some(own) = painter
        && let Some(done) = own.next().await
    {
        return done;
    }
    std::future::pending().await
}

/// What the terminal tells, or whoever has it.
enum Happened {
    Key(Option<io::Result<Event>>),
    Back(Result<(), String>),
}

impl Stage {
    /// Waits for a key, or for the terminal to come back. May be cancelled at any time.
    async fn next(&mut self) -> Happened {
        match self {
            Self::Ours(_, keys) => Happened::Key(keys.next().await),
            Self::Lent(outside) => Happened::Back(outside.ended().await),
        }
    }

    async fn ready(&mut self) -> Option<Option<io::Result<Event>>> {
        match self {
            Self::Ours(_, keys) => ready(keys).await,
            Self::Lent(_) => None,
        }
    }

    fn resize(&mut self, width: u16, height: u16) {
        if let Self::Ours(screen, _) = self {
            screen.resize(width, height);
        }
    }
}

/// Changes a setting in the config file, and says what became of it.
fn save(config: &Path, key: &str, value: &str) -> Result<String, String> {
    match edit::set(config, &[(key, value)]) {
        Ok(()) if key.starts_with("console.") => Ok(format!("{key} is kept in the config file")),
        Ok(()) => Ok(format!(
            "{key} is kept in the config file; smartopol daemon restart takes it up"
        )),
        Err(err) => Err(sanitize::line(&err.to_string()).into_owned()),
    }
}

/// Returns the next event of the terminal where one is there already.
///
/// It is polled with this task's waker: the stream keeps the waker it was last polled with, and
/// with any other it would never wake this task again.
async fn ready(keys: &mut EventStream) -> Option<Option<io::Result<Event>>> {
    std::future::poll_fn(|context| match keys.poll_next_unpin(context) {
        Poll::Ready(event) => Poll::Ready(Some(event)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

fn understand(event: Event) -> Msg {
    match event {
        Event::Key(key) => Msg::Key(key),
        Event::Paste(text) => Msg::Paste(text),
        Event::Resize(..) => Msg::Resized,
        Event::FocusGained => Msg::WindowFocus(true),
        Event::FocusLost => Msg::WindowFocus(false),
        Event::Mouse(event) => Msg::Mouse(event),
    }
}

/// Waits for a deadline; for ever where there is none.
pub(crate) async fn until(clock: Clock, due: Option<u64>) {
    match due {
        Some(due) => tokio::time::sleep_until(clock.at(due)).await,
        None => std::future::pending().await,
    }
}
