//! Putting older messages into the index by which they are found.
//!
//! New ones are put there as they are stored. What was there before the index, what a fork copied
//! and what got another user is done here, in bites between which the writer is everybody's: a
//! start with a hundred thousand messages waits for none of it.

use std::time::Duration;

use crate::House;

/// How long the writer is left to others between two bites.
const PAUSE: Duration = Duration::from_millis(20);

/// How long after a failure it is tried again, in milliseconds.
const AGAIN: i64 = 60_000;

/// Indexes what is to be indexed until the daemon stops.
pub(crate) async fn run(house: House) {
    let stop = house.supervisor.stopping().clone();
    loop {
        let done = tokio::select! {
            () = stop.cancelled() => return,
            done = catch_up(&house) => done,
        };
        if let Err(err) = &done {
            tracing::warn!("older messages could not be made ready to be found: {err}");
        }
        let now = house.clock.now();
        tokio::select! {
            () = stop.cancelled() => return,
            () = house.upkeep.unindexed.notified() => {}
            () = house.clock.between(now, now.plus_millis(AGAIN)), if done.is_err() => {}
        }
    }
}

async fn catch_up(house: &House) -> smartopol_store::Result<()> {
    while house.store.write(|w| w.index_messages()).await? {
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
