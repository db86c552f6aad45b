//! The door: who comes in, and what each client is told.
//!
//! Owns: connections. What a request does is in `handler/`, one file per noun.

mod access;
mod clients;
mod connection;
mod dispatch;
mod handler;
mod looking;
mod outbox;
mod right;
mod view;

use std::sync::Arc;

use smartopol_ipc::{Error, Listener};

use crate::House;
pub(crate) use clients::Clients;
use clients::Seat;
use connection::Visitor;

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
                let Some(seat) = Seat::take(&house) else {
                    tracing::warn!("too many clients at once: one was turned away");
                    continue;
                };
                let visitor = Visitor {
                    house: house.clone(),
                    peer: incoming.peer.to_string(),
                    seat,
                };
                house.supervisor.spawn("client", async move {
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
