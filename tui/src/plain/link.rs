//! The way to the daemon and to the session that a person means.

use clap::Args;
use smartopol_config::Paths;
use smartopol_ipc::{Access, Address, Client, Error, Events};
use smartopol_protocol::session::{Find, Session};
use smartopol_protocol::{Code, Fault};

/// What these commands call themselves to the daemon.
const NAME: &str = "smartopol-cli";

/// Which session is meant.
#[derive(Debug, Args)]
pub struct Which {
    /// A session's name, its id, the beginning of its id, or its key [default: the latest of this folder]
    #[arg(short, long, value_name = "KEY")]
    pub session: Option<String>,
}

/// Connects to the daemon.
pub(super) async fn connect(paths: &Paths) -> Result<(Client, Events), Error> {
    Client::connect(&Address::new(paths.socket()), NAME, Access::Full).await
}

/// Connects for calls alone.
pub(super) async fn client(paths: &Paths) -> Result<Client, Error> {
    connect(paths).await.map(|(client, _)| client)
}

/// Returns true where a daemon answers.
pub(super) async fn is_running(paths: &Paths) -> bool {
    client(paths).await.is_ok()
}

/// Returns the session that `key` names; without a key the latest of this folder.
pub(super) async fn find(client: &Client, key: Option<&str>) -> Result<Session, Error> {
    let find = match key {
        Some(key) => Find {
            key: Some(key.to_owned()),
            workspace: None,
        },
        None => Find {
            key: None,
            workspace: Some(folder()?),
        },
    };
    client.call(find).await
}

/// Returns the folder that a new session works in: the current one.
pub(crate) fn folder() -> Result<String, Error> {
    let gone = |why: String| {
        let fault = Fault::new(Code::BadRequest, format!("the current folder {why}"));
        Error::Fault(fault.hint("change to another folder"))
    };
    let folder = std::env::current_dir().map_err(|err| gone(format!("cannot be read: {err}")))?;
    let text = folder.to_str();
    text.map(str::to_owned)
        .ok_or_else(|| gone("has a name that is not UTF-8".into()))
}

/// Returns true where the daemon knows no such thing.
pub(super) fn is_not_found(err: &Error) -> bool {
    err.fault()
        .is_some_and(|fault| fault.code == Code::NotFound)
}
