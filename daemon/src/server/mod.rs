//! The door: who comes in, and what each client is told.
//!
//! Owns: connections. What a request does is in `handler/`, one file per noun.

mod connection;
mod dispatch;
mod handler;
mod outbox;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use smartopol_ipc::{Error, Listener};

use crate::House;
use connection::Visitor;

/// The most clients at once.
const MAX_CLIENTS: u64 = 1024;

/// How many clients are attached.
#[derive(Debug, Default)]
pub(crate) struct Clients(AtomicU64);

impl Clients {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts a client for as long as it lives.
struct Counted(House);

impl Counted {
    fn new(house: &House) -> Option<Self> {
        let before = house.clients.0.fetch_add(1, Ordering::Relaxed);
        let counted = Self(house.clone());
        (before < MAX_CLIENTS).then_some(counted)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.clients.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets clients in until the daemon stops.
pub(crate) async fn serve(house: House, listener: Arc<Listener>) {
    let stop = house.supervisor.stopping().clone();
    loop {
        let incoming = tokio::select! {
            () = stop.cancelled() => return,
            incoming = listener.accept() => incoming,
        };
        match incoming {
            Ok(incoming) => {
                let Some(counted) = Counted::new(&house) else {
                    tracing::warn!("more than {MAX_CLIENTS} clients: one was turned away");
                    continue;
                };
                let visitor = Visitor {
                    house: house.clone(),
                    peer: incoming.peer.to_string(),
                };
                house.supervisor.spawn("client", async move {
                    let _counted = counted;
                    connection::run(visitor, incoming.stream).await;
                });
            }
            Err(Error::Stranger { .. }) => {
                tracing::warn!("a client of another account was turned away");
            }
            Err(err) => tracing::warn!("a client could not come in: {err}"),
        }
    }
}
