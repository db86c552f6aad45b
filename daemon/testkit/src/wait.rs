//! Waiting for what no event tells: it is asked about again and again, with a limit.

use std::time::{Duration, Instant};

use anyhow::bail;

use crate::home::LIMIT;

/// Asks until there is an answer.
///
/// # Errors
/// Where there is none in time.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> anyhow::Result<T> {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        if Instant::now() > end {
            bail!("never happened: {what}");
        }
        rest(Duration::from_millis(10));
    }
}

/// Lets time pass, where nothing tells that it has.
#[expect(clippy::disallowed_methods, reason = "nothing tells of it")]
pub fn rest(time: Duration) {
    std::thread::sleep(time);
}
