//! The console against a played daemon, for looking at it without a model.
//!
//! `cargo run -p smartopol-tui --example fake_daemon -- DIR [SCENE] [--linear]` with the scene
//! `empty`, `morning`, `asks` or `stream`. The socket lies under DIR.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, missing_docs)]

mod house;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use house::House;
use serde_json::json;
use smartopol_config::{Config, Paths};
use smartopol_ipc::{Address, Listener, encode, server};
use smartopol_protocol::approval::Scope;
use smartopol_protocol::event::{Subscribed, Watched};
use smartopol_protocol::message::Sent;
use smartopol_protocol::session::{Continued, Interrupted, Partial};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{
    Code, Envelope, Event, Fault, Request, SessionId, approval, model, session, trace,
};
use tokio::sync::broadcast;

type Shared = Arc<(Mutex<House>, broadcast::Sender<Event>)>;

const ANSWER: &str = "Here is what I found.\n\n## The folder\n\nIt holds a small **Rust** program: `src/main.rs` reads \
    its arguments, and `src/date.rs` counts weeks.\n\n1. Build it with `cargo build`.\n2. Run the tests with \
    `cargo test`; there are 12 of them.\n3. Read the [book](https://doc.rust-lang.org/book) for the rest.\n\n\
    ```rust\nfn main() {\n    println!(\"{}\", week(8));\n}\n```\n\nSay so if I should go on with the *other* modules, too.";

fn main() -> anyhow::Result<std::process::ExitCode> {
    let mut args = std::env::args().skip(1);
    let home = args.next().unwrap_or_else(|| "fake-home".to_owned());
    let scene = args.next().unwrap_or_else(|| "morning".to_owned());
    let linear = std::env::args().any(|arg| arg == "--linear");
    let paths = Paths::under(&home);
    let address = Address::new(paths.socket());
    let (ready, opened) = std::sync::mpsc::sync_channel(1);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(serve(address, &scene, ready));
    });
    opened.recv()?;
    let args = smartopol_tui::Args {
        session: None,
        linear,
        observe: false,
    };
    let loaded = Config::load(&paths, [])?;
    smartopol_tui::run(args, &paths, &loaded)
}

async fn serve(address: Address, scene: &str, ready: std::sync::mpsc::SyncSender<()>) {
    let listener = Listener::bind(address).await.unwrap();
    let mut house = House::new();
    // The played clock is the real one, so that what is counted from it is right.
    house.now =
        smartopol_protocol::Timestamp::now().as_millis() - house::BEGAN.as_millis() - 180_000;
    if scene != "empty" {
        let app = house::morning(&mut house);
        house.now = smartopol_protocol::Timestamp::now().as_millis() - house::BEGAN.as_millis();
        if scene == "asks" {
            house::asks(
                &mut house,
                app,
                "cargo fmt && git commit -am \"weeks begin on monday\" \\\n  && git push origin main",
            );
        }
    }
    let shared: Shared = Arc::new((Mutex::new(house), broadcast::channel(4_096).0));
    ready.send(()).unwrap();
    loop {
        let incoming = listener.accept().await.unwrap();
        tokio::spawn(client(incoming.stream, Arc::clone(&shared)));
    }
}

async fn client(stream: smartopol_ipc::Stream, shared: Shared) {
    let (mut requests, mut replies, _) = server::handshake(stream, "cli:1000", "0.1.0")
        .await
        .unwrap();
    let mut events = shared.1.subscribe();
    let mut told = false;
    loop {
        tokio::select! {
            event = events.recv() => if let (Ok(event), true) = (event, told) {
                replies.send(encode(&Envelope::Event(event)).unwrap()).await.unwrap();
            },
            request = requests.next() => {
                let Some(Ok(request)) = request else { return };
                let params = request.params.as_deref();
                let answer = Request::parse(&request.method, params).and_then(|own| {
                    told |= matches!(own, Request::EventSubscribe(_));
                    answer(own, &shared)
                });
                tell(&shared);
                replies.send(server::reply(request.id, &answer)).await.unwrap();
            }
        }
    }
}

fn tell(shared: &Shared) {
    let events = shared.0.lock().unwrap().take();
    for event in events {
        let _ = shared.1.send(event);
    }
}

fn answer(request: Request, shared: &Shared) -> Result<serde_json::Value, Fault> {
    let mut house = shared.0.lock().unwrap();
    house.now = smartopol_protocol::Timestamp::now().as_millis() - house::BEGAN.as_millis();
    let offline = house.messages.is_empty();
    Ok(match request {
        Request::DaemonStatus(_) => {
            let mut status = house::status();
            if offline {
                (status.provider, status.model) = ("offline".into(), "offline".into());
            }
            json!(status)
        }
        Request::ProviderList(_) => json!(model::ListedProviders {
            providers: house::providers(offline)
        }),
        Request::EventSubscribe(_) => json!(Subscribed::Snapshot(Box::new(house.snapshot()))),
        Request::EventWatch(watch) => {
            let partial: Option<Partial> = house
                .partial
                .clone()
                .filter(|(own, _)| Some(*own) == watch.session_id)
                .map(|(_, partial)| partial);
            json!(Watched { partial })
        }
        Request::SessionFind(_) => match house.sessions.iter().find(|own| own.name == "app") {
            Some(session) => json!(session),
            None => {
                return Err(Fault::new(
                    Code::NotFound,
                    "there is no session of this folder",
                ));
            }
        },
        Request::SessionCreate(create) => {
            let name = create
                .workspace
                .rsplit('/')
                .next()
                .unwrap_or("new")
                .to_owned();
            let id = house.session(&name, &create.workspace);
            json!(house.sessions.iter().find(|own| own.id == id))
        }
        Request::SessionShow(show) => json!(house.window(&show)),
        Request::SessionConfigure(change) => {
            house.change(change.id, |own| {
                own.mode = change.mode.or(own.mode);
                if let Some(name) = change.name {
                    own.name = name;
                }
            });
            json!(house.sessions.iter().find(|own| own.id == change.id))
        }
        Request::ApprovalList(list) => {
            let approvals = house
                .approvals
                .iter()
                .filter(|own| Some(own.session_id) == list.session_id)
                .cloned()
                .collect();
            json!(approval::Listed { approvals })
        }
        Request::ApprovalDecide(decide) => {
            let approval = house.decide(
                decide.id,
                decide.allow,
                decide.scope,
                &decide.note,
                "smartopol-tui",
            );
            let (id, turn, call) = (approval.session_id, approval.turn_id, approval.call_id);
            let shared = Arc::clone(shared);
            tokio::spawn(async move { run(shared, id, turn, call, decide.allow).await });
            json!(approval)
        }
        Request::MessageSend(send) => {
            let id = send.session_id;
            let words = send.text.strip_prefix("run: ").map(str::to_owned);
            let turn_id = match words {
                Some(words) => house::asks(&mut house, id, &words).0,
                None => {
                    let turn = house.user(id, &send.text);
                    tokio::spawn(stream(Arc::clone(shared), id, turn));
                    turn
                }
            };
            let message_id = send.id.unwrap_or_default_id();
            json!(Sent {
                message_id,
                turn_id: Some(turn_id)
            })
        }
        Request::TurnInterrupt(interrupt) => {
            let turn_id = house
                .turns
                .iter()
                .rev()
                .find(|own| own.session_id == interrupt.session_id)
                .map(|own| own.id);
            if let Some(turn) = turn_id {
                house.end(interrupt.session_id, turn, Outcome::Interrupted);
            }
            json!(Interrupted { turn_id })
        }
        Request::TurnContinue(go_on) => {
            let turn = house.user(go_on.session_id, "go on");
            tokio::spawn(stream(Arc::clone(shared), go_on.session_id, turn));
            json!(Continued { turn_id: turn })
        }
        Request::SessionDelete(session::Delete { .. }) => json!(null),
        Request::TraceList(_) => json!(trace::Listed::default()),
        other => {
            return Err(Fault::new(
                Code::Internal,
                format!("{} is not played", other.method()),
            ));
        }
    })
}

trait OrNew {
    fn unwrap_or_default_id(self) -> smartopol_protocol::MessageId;
}

impl OrNew for Option<smartopol_protocol::MessageId> {
    fn unwrap_or_default_id(self) -> smartopol_protocol::MessageId {
        self.unwrap_or_else(smartopol_protocol::MessageId::new)
    }
}

async fn stream(shared: Shared, id: SessionId, turn: smartopol_protocol::TurnId) {
    for word in "I should look at the folder first and then say what it holds.".split_inclusive(' ')
    {
        tokio::time::sleep(Duration::from_millis(60)).await;
        {
            let mut house = shared.0.lock().unwrap();
            house.now += 60;
            house.think(id, turn, word);
        }
        tell(&shared);
    }
    for word in ANSWER.split_inclusive(' ') {
        tokio::time::sleep(Duration::from_millis(30)).await;
        shared.0.lock().unwrap().delta(id, turn, word);
        tell(&shared);
    }
    {
        let mut house = shared.0.lock().unwrap();
        let parts = vec![
            house::thought("I should look at the folder first and then say what it holds."),
            house::text(ANSWER),
        ];
        house.agent(id, turn, parts);
        house.end(id, turn, Outcome::Done);
    }
    tell(&shared);
}

async fn run(
    shared: Shared,
    id: SessionId,
    turn: smartopol_protocol::TurnId,
    call: smartopol_protocol::CallId,
    allow: bool,
) {
    let _: Scope = Scope::Once;
    if allow {
        shared.0.lock().unwrap().run(call);
        tell(&shared);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
    }
    {
        let mut house = shared.0.lock().unwrap();
        if allow {
            house.now += 1_200;
            house.finish(
                call,
                OutputStatus::Ok,
                "Cargo.toml  README.md  src  target",
                json!({"exit_code": 0}),
            );
            house.agent(
                id,
                turn,
                vec![house::text("Done: the folder holds four things.")],
            );
        } else {
            house.finish(
                call,
                OutputStatus::Denied,
                "a person denied this call",
                json!(null),
            );
            house.agent(
                id,
                turn,
                vec![house::text("You denied it, so nothing was run.")],
            );
        }
        house.end(id, turn, Outcome::Done);
    }
    tell(&shared);
}
