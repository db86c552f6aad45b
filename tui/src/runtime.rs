//! The console at work: waits for keys, news and deadlines, and draws. The one async file, with
//! [`crate::link`] that it polls.

use std::io;
use std::task::Poll;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use smartopol_protocol::Timestamp;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::{App, Cmd, Msg, Now};
use crate::link::Link;
use crate::redraw::{Redraw, Urgency};
use crate::terminal::Screen;

/// How long the first frame waits for all that it shows, in milliseconds.
const FIRST: u64 = 60;

/// How many pieces of news are taken in one go before a key gets its turn.
const BATCH: usize = 512;

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

/// Runs the console until a person leaves, or the terminal goes away.
pub(crate) async fn run(mut app: App, mut link: Link, clock: Clock) -> io::Result<()> {
    let mut screen = Screen::enter()?;
    let mut keys = EventStream::new();
    let mut ends = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::hangup())?,
        signal(SignalKind::interrupt())?,
    ];
    let [terminate, hangup, interrupt] = &mut ends;
    let mut redraw = Redraw::starting(FIRST);
    let mut drawn = false;
    let mut furnished = false;
    loop {
        let tick = app.next_tick();
        let drawing = redraw.due_at();
        let due = [tick, drawing].into_iter().flatten().min();
        let mut cmds = Vec::new();
        tokio::select! {
            biased;
            _ = terminate.recv() => return Ok(()),
            _ = hangup.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            event = keys.next() => {
                let mut next = Some(event);
                while let Some(event) = next {
                    let Some(event) = event.transpose()? else { return Ok(()) };
                    if let Event::Resize(width, height) = event {
                        screen.resize(width, height);
                    }
                    if let Some(msg) = understand(event) {
                        cmds.extend(app.update(msg, clock.now()));
                        redraw.ask(Urgency::Now);
                    }
                    next = ready(&mut keys).await;
                }
            }
            () = until(clock, due) => {
                if tick.is_some_and(|tick| tick <= clock.now().ms) {
                    cmds.extend(app.update(Msg::Tick, clock.now()));
                    redraw.ask(Urgency::Now);
                }
            }
            msg = link.next() => {
                let mut next = Some(msg);
                let mut taken = 0;
                while let Some(msg) = next {
                    cmds.extend(app.update(msg, clock.now()));
                    taken += 1;
                    next = if taken < BATCH { link.ready() } else { None };
                }
                redraw.ask(Urgency::Soon);
                if !furnished && app.is_furnished() {
                    furnished = true;
                    redraw.ask(Urgency::Now);
                }
            }
        }
        if !drawn && app.transcript().is_some() {
            // All that the first frame waited for is here.
            redraw.ask(Urgency::Now);
        }
        if redraw.due_at().is_some_and(|due| due <= clock.now().ms) {
            drawn = true;
            screen.draw(|area, buf| {
                app.now = clock.now();
                app.draw(area, buf)
            })?;
            redraw.drawn(clock.now().ms);
            cmds.extend(app.drawn(clock.now()));
        }
        link.remember(app.model.seq(), app.current);
        for cmd in cmds {
            match cmd {
                Cmd::Ask(call) => link.ask(call),
                Cmd::Resubscribe => link.again(),
                Cmd::Bell => Screen::bell()?,
                Cmd::Leave => return Ok(()),
            }
        }
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

fn understand(event: Event) -> Option<Msg> {
    Some(match event {
        Event::Key(key) => Msg::Key(key),
        Event::Paste(text) => Msg::Paste(text),
        Event::Resize(..) => Msg::Resized,
        Event::FocusGained => Msg::WindowFocus(true),
        Event::FocusLost => Msg::WindowFocus(false),
        Event::Mouse(_) => return None,
    })
}

/// Waits for a deadline; for ever where there is none.
pub(crate) async fn until(clock: Clock, due: Option<u64>) {
    match due {
        Some(due) => tokio::time::sleep_until(clock.at(due)).await,
        None => std::future::pending().await,
    }
}
