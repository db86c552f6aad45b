//! What people write while a turn runs, beside it and about it.

use smartopol_ipc::{Access, Client, Events};
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::{Session, SessionState, Show, Shown};
use smartopol_protocol::tool::{CallState, OutputStatus};
use smartopol_protocol::trace::{ActionType, DecidedBy};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{
    CallId, Code, MessageId, News, client, command, daemon, event, memory, message, session, trace,
};
use smartopol_testkit::Home;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{STORY, asked, decide, eventually, home, listen, outcome, say, until};

async fn begun() -> (Home, Client, Events, Session) {
    let mut home = home();
    home.start().await.unwrap();
    let (client, events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    (home, client, events, session)
}

async fn show(client: &Client, session: &Session) -> Shown {
    client.call(Show::newest(session.id, 0)).await.unwrap()
}

async fn steer(client: &Client, session: &Session, text: &str) -> MessageId {
    let send = message::Send {
        session_id: session.id,
        text: text.into(),
        id: None,
        steer: true,
    };
    client.call(send).await.unwrap().message_id
}

async fn run(client: &Client, session: &Session, line: &str) -> command::Running {
    client
        .call(command::Run {
            session_id: session.id,
            command: line.into(),
        })
        .await
        .unwrap()
}

async fn sound(client: &Client) {
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
}

/// Who says what, in the order of the transcript; `!` for a person's command.
fn roles(shown: &Shown) -> String {
    let role = |message: &message::Message| match message.role {
        Role::User if message.is_command() => '!',
        Role::User => 'u',
        Role::Agent => 'a',
        Role::Tool => 't',
        Role::System => 's',
    };
    shown
        .messages
        .iter()
        .filter(|message| message.position.is_some())
        .map(role)
        .collect()
}

async fn command_ended(events: &mut Events, id: CallId) -> smartopol_protocol::tool::ToolOutput {
    until(events, |news| match news {
        News::CallChanged(call) if call.id == id => match &call.state {
            CallState::Finished { output } => Some(output.clone()),
            _ => None,
        },
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_steers_joins_the_running_turn_behind_the_outputs_of_its_tools() {
    let (_home, client, mut events, session) = begun().await;
    say(&client, &session, "run: echo one").await;
    let question = asked(&mut events).await;
    let id = steer(&client, &session, "and then say: hello").await;
    let waits = show(&client, &session).await;
    let own = waits
        .messages
        .iter()
        .find(|message| message.id == id)
        .unwrap();
    assert!(own.steer && own.position.is_none(), "{own:?}");

    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let shown = show(&client, &session).await;
    assert_eq!(
        roles(&shown),
        "uatua",
        "one turn, with the person in the middle"
    );
    assert_eq!(shown.turns.len(), 1);
    let own = shown
        .messages
        .iter()
        .find(|message| message.id == id)
        .unwrap();
    assert_eq!((own.turn_id, own.steer), (Some(shown.turns[0].id), false));
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_steer_a_turn_that_ends_first_gets_the_next_one() {
    let (_home, client, mut events, session) = begun().await;
    say(
        &client,
        &session,
        "slow: 60 words and words, as many as it takes to say two things before they are over",
    )
    .await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    say(&client, &session, "say: second").await;
    steer(&client, &session, "say: first").await;
    for _ in 0..3 {
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    let shown = show(&client, &session).await;
    assert_eq!(roles(&shown), "uauaua");
    assert_eq!(
        shown.messages[2].text(),
        "say: first",
        "it does not wait behind the others"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wire_takes_a_person_between_outputs_and_answer() {
    for format in super::models::FORMATS {
        let provider = ScriptedProvider::start().await;
        let call = serde_json::json!({"command": "ls"});
        provider.rule(Rule::on("begin").times(1).call("exec", call));
        provider.rule(Rule::on("turn left").text("left it is"));
        let home = super::models::home_in(&provider, format, "ask").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        run(&client, &session, "echo mine").await;
        // It has its place once it has its output.
        until(&mut events, |news| match news {
            News::MessageChanged(message) => {
                (message.is_command() && message.position.is_some()).then_some(())
            }
            _ => None,
        })
        .await;
        say(&client, &session, "begin").await;
        let question = asked(&mut events).await;
        steer(&client, &session, "turn left").await;
        decide(&client, &question, true).await;
        // The strict provider refuses whatever a real one would.
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        let shown = show(&client, &session).await;
        assert_eq!(
            shown.messages.last().unwrap().text(),
            "left it is",
            "{format}"
        );
        let requests = provider.requests();
        let last = requests.last().unwrap().body.to_string();
        assert!(last.contains("turn left"), "{format}: {last}");
        assert!(last.contains("echo mine"), "{format}: {last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_and_what_waits_goes_on_when_the_person_says_so() {
    let (home, client, mut events, session) = begun().await;
    say(&client, &session, STORY).await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    let waiting = say(&client, &session, "say: later").await;
    assert_eq!(waiting.turn_id, None);
    let stop = session::Interrupt {
        session_id: session.id,
    };
    client.call(stop).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
    let shown = show(&client, &session).await;
    assert!(matches!(shown.session.state, SessionState::Idle { .. }));
    assert_eq!(
        shown.messages.last().unwrap().position,
        None,
        "it still waits"
    );

    let queue = home
        .ok(["sessions", "queue", &session.name, "--json"])
        .unwrap();
    assert!(queue.contains("say: later"), "{queue}");
    client
        .call(session::Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let shown = show(&client, &session).await;
    assert_eq!(shown.messages.last().unwrap().text(), "later");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_after_an_interrupt_still_waits_after_a_crash() {
    let (mut home, client, mut events, session) = begun().await;
    say(&client, &session, STORY).await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    say(&client, &session, "say: later").await;
    let stop = session::Interrupt {
        session_id: session.id,
    };
    client.call(stop).await.unwrap();
    home.kill().unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    let shown = show(&client, &session).await;
    assert_eq!(shown.messages.last().unwrap().text(), "say: later");
    assert_eq!(shown.messages.last().unwrap().position, None);
    // Whoever speaks lets it go on, in the order it was said.
    say(&client, &session, "say: last").await;
    for _ in 0..2 {
        assert_eq!(outcome(&mut events).await, Outcome::Done);
    }
    let shown = show(&client, &session).await;
    let texts: Vec<String> = shown.messages.iter().map(message::Message::text).collect();
    assert_eq!(
        texts[texts.len() - 4..],
        ["say: later", "later", "say: last", "last"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_is_changed_and_steered_and_one_that_began_is_not() {
    let (_home, client, mut events, session) = begun().await;
    let first = say(&client, &session, "run: echo one").await;
    let question = asked(&mut events).await;
    let waiting = say(&client, &session, "say: wrnog").await;
    let edit = message::Edit {
        id: waiting.message_id,
        text: Some("say: right".into()),
        steer: None,
    };
    let edited = client.call(edit).await.unwrap();
    assert_eq!(edited.text(), "say: right");
    let late = message::Edit {
        id: first.message_id,
        text: Some("other".into()),
        steer: None,
    };
    let fault = client.call(late).await.unwrap_err();
    assert!(fault.to_string().contains("has begun its turn"), "{fault}");
    decide(&client, &question, false).await;
    for _ in 0..2 {
        outcome(&mut events).await;
    }
    let shown = show(&client, &session).await;
    assert_eq!(shown.messages.last().unwrap().text(), "right");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_command_runs_at_once_with_a_trace_and_the_model_hears_of_it() {
    let (_home, client, mut events, session) = begun().await;
    let running = run(&client, &session, "echo out; exit 3").await;
    let output = command_ended(&mut events, running.call_id).await;
    assert_eq!(output.status, OutputStatus::Error);
    assert!(output.text.contains("out"), "{}", output.text);
    let shown = show(&client, &session).await;
    assert_eq!(roles(&shown), "!");
    assert!(shown.turns.is_empty(), "no turn is started");
    assert_eq!(shown.session.last_line, "! echo out; exit 3");
    let traces = client.call(trace::List::default()).await.unwrap().traces;
    assert_eq!(traces.len(), 1);
    let about = &traces[0].metadata;
    assert_eq!(about.decided_by, DecidedBy::Person);
    assert!(about.complete && about.turn_id.is_none());
    assert!(about.actor.starts_with("cli:"), "{about:?}");
    say(&client, &session, "say: hello").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(roles(&show(&client, &session).await), "!ua");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_during_a_turn_gets_its_place_behind_what_stands_open() {
    let (_home, client, mut events, session) = begun().await;
    say(&client, &session, "run: echo agent").await;
    let question = asked(&mut events).await;
    let running = run(&client, &session, "echo person").await;
    command_ended(&mut events, running.call_id).await;
    let shown = show(&client, &session).await;
    assert_eq!(roles(&shown), "ua", "not between calls and their outputs");
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(roles(&show(&client, &session).await), "uat!a");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_floor_holds_for_a_person_too() {
    let (home, client, mut events, session) = begun().await;
    let line = format!("rm -rf {}", home.path().display());
    let fault = client
        .call(command::Run {
            session_id: session.id,
            command: line,
        })
        .await
        .unwrap_err();
    assert_eq!(
        fault.fault().map(|fault| fault.code),
        Some(Code::Denied),
        "{fault}"
    );
    let traced = until(&mut events, |news| match news {
        News::TraceChanged(trace) => Some((**trace).clone()),
        _ => None,
    })
    .await;
    assert_eq!(traced.action_type, ActionType::Deny);
    assert_eq!(traced.metadata.decided_by, DecidedBy::Floor);
    assert!(home.path().join("work").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_stopped_and_its_process_with_it() {
    let (_home, client, mut events, session) = begun().await;
    let running = run(&client, &session, "echo began; sleep 600").await;
    until(&mut events, |news| {
        matches!(news, News::OutputDelta { .. }).then_some(())
    })
    .await;
    let stop = command::Stop {
        session_id: session.id,
    };
    assert_eq!(client.call(stop).await.unwrap().count, 1);
    let output = command_ended(&mut events, running.call_id).await;
    assert_eq!(output.status, OutputStatus::Interrupted);
    assert_eq!(roles(&show(&client, &session).await), "!");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_a_crash_cuts_off_is_closed_with_its_trace() {
    let (mut home, client, mut events, session) = begun().await;
    let running = run(&client, &session, "echo began; sleep 600").await;
    until(&mut events, |news| {
        matches!(news, News::OutputDelta { .. }).then_some(())
    })
    .await;
    home.kill().unwrap();
    home.start().await.unwrap();
    let (client, _events) = home.client().await.unwrap();
    let shown = eventually("the command is closed", || async {
        let shown = show(&client, &session).await;
        (roles(&shown) == "!").then_some(shown)
    })
    .await;
    let Some(Part::ToolOutput { status, .. }) = shown.messages[0].parts.get(1) else {
        panic!("no output: {shown:?}")
    };
    assert_eq!(*status, OutputStatus::Interrupted);
    let traces = client.call(trace::List::default()).await.unwrap().traces;
    assert_eq!(traces.len(), 1);
    assert!(traces[0].metadata.complete);
    assert_eq!(traces[0].metadata.call_id, running.call_id);
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_steers_and_waits_survives_a_crash() {
    let (mut home, client, mut events, session) = begun().await;
    say(&client, &session, "run: echo one").await;
    let question = asked(&mut events).await;
    steer(&client, &session, "and say: hello").await;
    home.kill().unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(roles(&show(&client, &session).await), "uatua");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_told_from_the_next_turn_on() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::any().text("yes"));
    let mut home = home();
    home.env("ANTHROPIC_API_KEY", "key")
        .env("ANTHROPIC_BASE_URL", &provider.base_url());
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let added = home
        .ok([
            "memory",
            "add",
            "the tests need sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789 and a database",
        ])
        .unwrap();
    assert!(!added.contains("abcdefghij"), "a secret was kept: {added}");
    say(&client, &session, "hello").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let asked = provider.requests().last().unwrap().body.to_string();
    assert!(asked.contains("and a database"), "{asked}");
    let listed = home.ok(["memory", "list", "--json"]).unwrap();
    assert!(listed.contains("and a database"), "{listed}");
    // What a person writes by hand is told too.
    let file = home.path().join("workspace/MEMORY.md");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, "- the moon is far\n").unwrap();
    say(&client, &session, "hello again").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let asked = provider.requests().last().unwrap().body.to_string();
    assert!(asked.contains("the moon is far"), "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_goes_its_own_way() {
    let (home, client, mut events, session) = begun().await;
    say(&client, &session, "say: one").await;
    outcome(&mut events).await;
    say(&client, &session, "say: two").await;
    outcome(&mut events).await;
    let told = home
        .ok([
            "sessions",
            "fork",
            &session.name,
            "--at",
            "2",
            "--name",
            "other",
            "--json",
        ])
        .unwrap();
    let forked: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
    assert_eq!(forked["at"], 2);
    let key = session::Find {
        key: Some("other".into()),
        workspace: None,
    };
    let fork = client.call(key).await.unwrap();
    assert_eq!(fork.workspace, session.workspace);
    listen(&client, &fork).await;
    say(&client, &fork, "say: three").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert_eq!(roles(&show(&client, &fork).await), "uaua");
    assert_eq!(roles(&show(&client, &session).await), "uaua");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_listen_see_each_other_come_turn_and_leave() {
    let (home, client, mut events, session) = begun().await;
    let (other, other_events) = Client::connect(
        &smartopol_ipc::Address::new(home.socket()),
        "a-watcher",
        Access::Observe,
    )
    .await
    .unwrap();
    listen(&other, &session).await;
    let came = until(&mut events, |news| match news {
        News::ClientChanged(client) if client.name == "a-watcher" => Some(client.clone()),
        _ => None,
    })
    .await;
    assert!(
        came.observes && came.watches == Some(session.id),
        "{came:?}"
    );
    let listed = client.call(client::List::default()).await.unwrap();
    assert_eq!(listed.clients.len(), 2);
    assert_ne!(listed.own, came.id);
    let status = home.ok(["daemon", "status"]).unwrap();
    assert!(status.contains("a-watcher"), "{status}");
    let sessions = home.ok(["sessions", "list", "--json"]).unwrap();
    assert!(sessions.contains("\"attached\":2"), "{sessions}");
    drop((other, other_events));
    let left = until(&mut events, |news| match news {
        News::ClientLeft(id) => Some(*id),
        _ => None,
    })
    .await;
    assert_eq!(left, came.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_without_what_is_ignored() {
    let (home, client, _events, session) = begun().await;
    std::fs::create_dir_all(home.workspace().join("src")).unwrap();
    std::fs::write(home.workspace().join("src/main.rs"), "").unwrap();
    std::fs::write(home.workspace().join(".gitignore"), "*.log\n").unwrap();
    std::fs::write(home.workspace().join("a.log"), "").unwrap();
    let listed = client
        .call(session::Files { id: session.id })
        .await
        .unwrap();
    assert_eq!(listed.files, [".gitignore", "src/", "src/main.rs"]);
    assert!(!listed.more);
}

/// Every method that changes something, with parameters that would do it.
fn changes(session: &Session, message: MessageId) -> Vec<(&'static str, serde_json::Value)> {
    let id = serde_json::json!(session.id);
    let some = |value: serde_json::Value| value;
    vec![
        (
            "daemon/backup",
            some(serde_json::json!({"path": "/tmp/never"})),
        ),
        (
            "session/create",
            some(serde_json::json!({"workspace": "/tmp"})),
        ),
        (
            "session/configure",
            some(serde_json::json!({"id": id, "name": "x"})),
        ),
        ("session/fork", some(serde_json::json!({"id": id}))),
        ("session/delete", some(serde_json::json!({"id": id}))),
        (
            "message/send",
            some(serde_json::json!({"session_id": id, "text": "x"})),
        ),
        (
            "message/edit",
            some(serde_json::json!({"id": message, "text": "x"})),
        ),
        ("message/withdraw", some(serde_json::json!({"id": message}))),
        (
            "command/run",
            some(serde_json::json!({"session_id": id, "command": "ls"})),
        ),
        ("command/stop", some(serde_json::json!({"session_id": id}))),
        (
            "turn/interrupt",
            some(serde_json::json!({"session_id": id})),
        ),
        ("turn/continue", some(serde_json::json!({"session_id": id}))),
        ("memory/add", some(serde_json::json!({"text": "x"}))),
        ("daemon/stop", some(serde_json::json!({}))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_observes_can_touch_nothing() {
    let (home, client, mut events, session) = begun().await;
    say(&client, &session, "run: echo one").await;
    asked(&mut events).await;
    let waiting = say(&client, &session, "say: two").await;
    let before = show(&client, &session).await;
    let mut raw = super::bad_input::Raw::observing(&home);
    for (method, params) in changes(&session, waiting.message_id) {
        let fault = raw.refused(method, params);
        assert_eq!(fault["code"], "denied", "{method}: {fault}");
    }
    let after = show(&client, &session).await;
    assert_eq!(before.messages, after.messages);
    // Looking is free.
    let watching = event::Subscribe {
        watch: Some(session.id),
        ..event::Subscribe::default()
    };
    let (observer, _events) = Client::connect(
        &smartopol_ipc::Address::new(home.socket()),
        "a-watcher",
        Access::Observe,
    )
    .await
    .unwrap();
    observer.call(watching).await.unwrap();
    observer.call(memory::List::default()).await.unwrap();
    observer
        .call(session::Files { id: session.id })
        .await
        .unwrap();
    assert_eq!(
        show(&observer, &session).await.messages.len(),
        after.messages.len()
    );
}
