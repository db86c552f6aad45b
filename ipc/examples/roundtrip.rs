//! Measures a call over a real socket, and how many events one client takes in a second.
//!
//! `cargo run --release -p smartopol-ipc --example roundtrip`
#![expect(clippy::print_stdout, reason = "its numbers are what it is for")]

use std::error::Error;
use std::time::{Duration, Instant};

use smartopol_ipc::server::{self, Replies, Requests};
use smartopol_ipc::{Access, Address, Client, Events, Listener, encode};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::{Envelope, Event, News, SessionId, Timestamp, TurnId, session};

const CALLS: usize = 50_000;
const EVENTS: u64 = 1_000_000;

/// How many frames a daemon's outbox would hand over at once.
const BATCH: u64 = 64;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let address = Address::new(home.path().join("run/daemon.sock"));
    let (ready, bound) = std::sync::mpsc::sync_channel(1);
    // Each side has its own thread and runtime, as two programs have.
    let daemon = std::thread::spawn({
        let address = address.clone();
        move || {
            runtime()?.block_on(async {
                let listener = Listener::bind(address).await?;
                ready.send(())?;
                let incoming = listener.accept().await?;
                let peer = incoming.peer.to_string();
                let (requests, replies, _) = server::handshake(incoming.stream, &peer, "0").await?;
                serve(requests, replies).await
            })
        }
    });
    if bound.recv().is_ok() {
        runtime()?.block_on(async {
            let (client, events) = Client::connect(&address, "roundtrip", Access::Full).await?;
            measure(client, events).await
        })?;
    }
    daemon.join().map_err(|_| "the daemon's side panicked")?
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

/// Answers every call; after `event/subscribe` it tells events as fast as they are taken.
async fn serve(mut requests: Requests, mut replies: Replies) -> Outcome<()> {
    while let Some(Ok(request)) = requests.next().await {
        if request.method == "event/subscribe" {
            let subscribed = Subscribed::Replay {
                seq: 0,
                missed: EVENTS,
            };
            replies
                .send(server::reply(request.id, &Ok(subscribed)))
                .await?;
            flood(&mut replies).await?;
        } else {
            replies
                .send(server::reply(request.id, &Ok(session::Listed::default())))
                .await?;
        }
    }
    Ok(())
}

async fn flood(replies: &mut Replies) -> Outcome<()> {
    for number in 1..=EVENTS {
        replies.queue(encode(&Envelope::Event(delta(number)))?);
        if number % BATCH == 0 {
            replies.flush().await?;
        }
    }
    Ok(replies.flush().await?)
}

async fn measure(client: Client, mut events: Events) -> Outcome<()> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let began = Instant::now();
        client.call(session::List::default()).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| {
        times
            .get((CALLS as f64 * share) as usize)
            .copied()
            .unwrap_or_default()
    };
    println!(
        "call, one at a time: p50 {:.1?}, p99 {:.1?}",
        at(0.50),
        at(0.99)
    );

    let began = Instant::now();
    client.call(Subscribe::default()).await?;
    for _ in 0..EVENTS {
        events.recv().await.ok_or("the connection ended")?;
    }
    let took = began.elapsed().max(Duration::from_nanos(1));
    let rate = EVENTS as f64 / took.as_secs_f64();
    println!("events to one client: {rate:.0} a second ({EVENTS} in {took:.2?})");
    Ok(())
}

fn delta(offset: u64) -> Event {
    let turn_id = TurnId::from_bytes([1; 16]);
    Event {
        seq: None,
        at: Timestamp::from_millis(1_790_000_000_000),
        session_id: Some(SessionId::from_bytes([1; 16])),
        news: News::TextDelta {
            turn_id,
            step: 1,
            offset,
            text: "a word ".into(),
        },
    }
}
