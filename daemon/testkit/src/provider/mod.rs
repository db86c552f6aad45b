//! A model server without a model: it answers by rules, on loopback, and keeps what it was asked.
//!
//! It speaks Anthropic Messages, OpenAI Chat Completions and Ollama, streaming, and refuses what
//! the real services would refuse. It never sleeps unless a rule says so, and runs on a thread of
//! its own, so a test may block.

#![expect(
    clippy::indexing_slicing,
    reason = "a JSON value gives null where there is nothing to index"
)]

mod answer;
mod check;
mod gate;
mod http;
mod rule;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::home::LIMIT;

pub use gate::Gate;
pub use rule::Rule;

/// Returns why the service of this name would refuse the body of a request; `None` where it would
/// not. The names are `anthropic`, `openai` and `ollama`.
pub fn refusal(service: &str, body: &Value) -> Option<String> {
    let (wire, headers) = match service {
        "anthropic" => (check::Wire::Anthropic, ["x-api-key", "anthropic-version"]),
        "openai" => (check::Wire::Openai, ["authorization", "accept"]),
        _ => (check::Wire::Ollama, ["accept", "host"]),
    };
    let headers = headers.map(|name| (name.to_owned(), "2023-06-01".to_owned()));
    let refused = check::check(wire, &headers.into(), body).err()?;
    Some(refused.1)
}

/// One request as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The path, without a query.
    pub path: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Value,
    /// Why it was refused, where it was: the words of the check, not of a rule.
    pub refused: Option<String>,
    /// True once the client left before the answer was complete.
    pub client_gone: bool,
}

/// What the server and the test share.
struct Shared {
    script: Mutex<Script>,
    /// Counts every change of the log.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Script {
    rules: Vec<Rule>,
    log: Vec<Received>,
    models: Vec<String>,
    windows: Vec<(String, u64)>,
    calls: u64,
    connections: usize,
}

impl Shared {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the script and wakes who waits for that.
    fn change<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        let result = change(&mut self.script());
        self.changed.send_modify(|count| *count += 1);
        result
    }
}

/// A model server that answers by rules; dropping it closes all its connections.
pub struct ScriptedProvider {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// Dropping it ends the thread.
    _alive: watch::Sender<()>,
}

impl ScriptedProvider {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// Where loopback cannot be listened on.
    #[expect(clippy::panic, reason = "a test without its server fails")]
    pub async fn start() -> Self {
        match Self::try_start() {
            Ok(provider) => provider,
            Err(err) => panic!("the scripted provider cannot start: {err}"),
        }
    }

    fn try_start() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let script = Script {
            models: vec!["scripted:latest".into()],
            ..Script::default()
        };
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            changed: watch::Sender::new(0),
        });
        let (alive, mut ended) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let serving = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("scripted-provider".into())
            .spawn(move || {
                runtime.block_on(async {
                    let Ok(listener) = TcpListener::from_std(listener) else {
                        return;
                    };
                    tokio::select! {
                        () = http::serve(listener, serving) => {}
                        _ = ended.changed() => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            shared,
            _alive: alive,
        })
    }

    /// Returns what `ANTHROPIC_BASE_URL` and `OLLAMA_HOST` take: `http://127.0.0.1:PORT`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns what `OPENAI_BASE_URL` takes: the same with `/v1`.
    pub fn openai_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Adds a rule; the first rule that matches a request and is not used up answers it. Without
    /// one the answer is `echo: ` and the newest text.
    pub fn rule(&self, rule: Rule) -> &Self {
        self.shared.change(|script| script.rules.push(rule));
        self
    }

    /// Forgets all rules.
    pub fn clear_rules(&self) {
        self.shared.change(|script| script.rules.clear());
    }

    /// Says which models `/api/tags` names.
    pub fn set_models(&self, models: &[&str]) {
        self.shared.change(|script| {
            script.models = models.iter().map(|model| (*model).to_owned()).collect();
        });
    }

    /// Refuses, from now on, requests of more tokens for the models whose name contains `part`: a
    /// token is four bytes of the messages, the system prompt and the tools.
    pub fn set_window(&self, part: &str, tokens: u64) -> &Self {
        self.shared.change(|script| {
            script.windows.retain(|(own, _)| own != part);
            script.windows.push((part.to_owned(), tokens));
        });
        self
    }

    /// Returns all requests for answers so far, in the order they came.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.script().log.clone()
    }

    /// Returns how many connections were made so far.
    pub fn connections(&self) -> usize {
        self.shared.script().connections
    }

    /// Waits until so many requests came, and returns all.
    ///
    /// # Panics
    /// After a minute.
    pub async fn wait_for_requests(&self, count: usize) -> Vec<Received> {
        self.wait_until("requests", |log| log.len() >= count).await
    }

    /// Waits until the client of the request at this place (from 0) left before its answer was
    /// complete.
    ///
    /// # Panics
    /// After a minute.
    pub async fn wait_for_client_gone(&self, place: usize) -> Vec<Received> {
        let gone = |log: &[Received]| log.get(place).is_some_and(|one| one.client_gone);
        self.wait_until("a client to leave", gone).await
    }

    #[expect(clippy::panic, reason = "a test that waits in vain fails")]
    async fn wait_until(
        &self,
        what: &str,
        is_so: impl Fn(&[Received]) -> bool + Send,
    ) -> Vec<Received> {
        let mut changed = self.shared.changed.subscribe();
        let waiting = changed.wait_for(|_| is_so(&self.shared.script().log));
        match tokio::time::timeout(LIMIT, waiting).await {
            Ok(_) => self.requests(),
            Err(_) => panic!("waited for {what} in vain; came: {:?}", self.requests()),
        }
    }
}
