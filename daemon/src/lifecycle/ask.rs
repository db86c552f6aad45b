//! Asking a running daemon one thing.

use std::future::Future;

use smartopol_config::Paths;
use smartopol_ipc::{Access, Address, Client, Error};
use smartopol_protocol::{Code, Fault, Method};

use super::lock::holder;

/// What we call ourselves to the daemon.
const NAME: &str = "smartopol-cli";

/// Runs `work` to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Says hello to the daemon.
pub(super) async fn connect(paths: &Paths) -> Result<Client, Error> {
    let address = Address::new(paths.socket());
    let (client, _) = Client::connect(&address, NAME, Access::Full).await?;
    Ok(client)
}

/// Asks the daemon one thing.
pub(crate) async fn ask<M: Method>(paths: &Paths, params: M) -> anyhow::Result<M::Reply> {
    let client = connect(paths).await.map_err(|err| explained(paths, err))?;
    client.call(params).await.map_err(|err| match err {
        Error::Fault(fault) => fault.into(),
        err => err.into(),
    })
}

/// Says more about why nobody answers, where the lock knows it.
pub(super) fn explained(paths: &Paths, err: Error) -> anyhow::Error {
    match (&err, holder(&paths.lock())) {
        (Error::NotRunning { .. } | Error::Closed | Error::TimedOut { .. }, Some(pid)) => {
            Fault::new(
                Code::Unavailable,
                format!("the daemon (pid {pid}) runs, but does not answer"),
            )
            .hint("it may be starting or stopping: `smartopol daemon logs` tells, `smartopol daemon restart` begins anew")
            .into()
        }
        _ => err.into(),
    }
}
