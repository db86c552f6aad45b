//! The agent asks a person: answered once, from any door, through restarts and kills.

use std::process::{Child, Stdio};

use serde_json::Value;
use smartopol_ipc::{Client, Events};
use smartopol_protocol::attention::{self, Item, ItemState, Kind, Resolution};
use smartopol_protocol::question::{self, Answer, How, Question, QuestionState};
use smartopol_protocol::session::{Interrupt, Session, SessionState, Show, Shown};
use smartopol_protocol::tool::{CallState, OutputStatus, ToolOutput};
use smartopol_protocol::trace::{self, ActionType, DecidedBy, Trace};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Code, Fault, News, daemon};
use smartopol_testkit::home::LIMIT;
use smartopol_testkit::{Home, Terminal};

use super::{eventually, home, listen, outcome, say, until, waiting};

const ASK: &str = "ask: Which build? | small | large - takes an hour";

async fn put(events: &mut Events) -> Question {
    until(events, |news| match news {
        News::QuestionChanged(question) if question.state == QuestionState::Pending => {
            Some((**question).clone())
        }
        _ => None,
    })
    .await
}

async fn items(client: &Client) -> Vec<Item> {
    let list = attention::List {
        all: true,
        ..attention::List::default()
    };
    client.call(list).await.unwrap().items
}

async fn answer(client: &Client, asked: &Question, how: How) -> Result<Question, Fault> {
    let answered = client.call(Answer { id: asked.id, how }).await;
    answered.map_err(|err| match err {
        smartopol_ipc::Error::Fault(fault) => fault,
        other => panic!("{other}"),
    })
}

async fn shown(client: &Client, session: &Session) -> Shown {
    client.call(Show::newest(session.id, 0)).await.unwrap()
}

async fn output(client: &Client, session: &Session) -> ToolOutput {
    match &shown(client, session).await.calls[0].state {
        CallState::Finished { output } => output.clone(),
        other => panic!("it is {other:?}"),
    }
}

async fn traces(client: &Client) -> Vec<Trace> {
    client.call(trace::List::default()).await.unwrap().traces
}

async fn sound(client: &Client) {
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
}

/// Says something from a shell that asks a person, and waits until it does.
#[expect(clippy::zombie_processes, reason = "whoever asked waits for it")]
fn ask(home: &Home, text: &str) -> (Child, Value) {
    let child = home
        .command(["send", text])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    loop {
        let listed = home.run(["inbox", "--json"]).unwrap();
        let text = String::from_utf8(listed.stdout).unwrap();
        if let Some(line) = text.lines().next() {
            return (child, serde_json::from_str(line).unwrap());
        }
        assert!(begun.elapsed() < LIMIT, "nobody was asked");
    }
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn refused(home: &Home, args: &[&str]) -> String {
    let output = home.run(args).unwrap();
    assert!(!output.status.success(), "{args:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_question_is_answered_from_a_shell_by_its_number_in_the_list() {
    let home = home();
    let (child, item) = ask(&home, ASK);
    assert_eq!(
        (&item["kind"], &item["title"]),
        (&"question".into(), &"Which build?".into())
    );
    assert_eq!(item["detail"], "1 small · 2 large · or your own words");
    let waits = item["id"].as_str().unwrap();
    let short = &waits[waits.len() - 6..];
    let listed = home.ok(["inbox"]).unwrap();
    assert!(listed.contains(&format!("\n{short} ")), "{listed}");
    // What stands first may be another one by now.
    let told = refused(&home, &["inbox", "dismiss", "1"]);
    assert!(told.contains("`1` is a number"), "{told}");
    assert!(told.contains("name it by its id"), "{told}");
    let whole = home.ok(["inbox", "show", short]).unwrap();
    assert_eq!(
        whole,
        "Which build?\n1 small\n2 large: takes an hour\nor your own words\n"
    );
    let told = refused(&home, &["inbox", "answer", short, "--choice", "3"]);
    assert!(told.contains("1 to 2 are possible"), "{told}");
    for seen in ["ack", "snooze"] {
        let told = refused(&home, &["inbox", seen, short]);
        assert!(told.contains("resolved by its answer"), "{told}");
        let question = item["question_id"].as_str().unwrap();
        assert!(told.contains(question), "{told}");
    }
    let given = home
        .ok(["inbox", "answer", short, "--choice", "2", "--json"])
        .unwrap();
    let given: Value = serde_json::from_str(&given).unwrap();
    assert_eq!(given["state"]["given"]["text"], "large");
    assert_eq!(given["state"]["given"]["number"], 2);
    assert!(given["state"]["given"]["actor"]["peer"].is_string());
    let (code, said, told) = ended(child);
    assert_eq!(code, Some(0), "{told}");
    assert!(said.contains("The person chose 2: large"), "{said}");
    assert!(told.contains("the agent asks you: Which build?"), "{told}");
    assert!(told.contains("2 large: takes an hour"), "{told}");
    // The first answer won.
    let id = item["question_id"].as_str().unwrap();
    let told = refused(&home, &["inbox", "answer", id, "later"]);
    assert!(told.contains("already answered by"), "{told}");
    assert_eq!(home.ok(["inbox", "--json"]).unwrap(), "");

    let (child, item) = ask(&home, "ask: Under which domain?");
    let waits = item["id"].as_str().unwrap();
    home.ok(["inbox", "answer", waits, "shop.example", "please"])
        .unwrap();
    let (_, said, _) = ended(child);
    assert!(
        said.contains("The person answered: shop.example please"),
        "{said}"
    );

    let (child, item) = ask(&home, "ask: Why?");
    home.ok(["inbox", "dismiss", item["id"].as_str().unwrap()])
        .unwrap();
    let (code, said, _) = ended(child);
    assert!(said.contains("dismissed the question"), "{said}");
    assert_eq!(code, Some(0), "nothing was denied");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_goes_on_waiting_through_a_kill_and_a_restart_and_has_one_trace() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    let waiting = items(&client).await;
    home.kill().unwrap();
    home.start().await.unwrap();
    drop(home.client().await.unwrap());
    home.stop().unwrap();
    home.start().await.unwrap();

    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    assert_eq!(items(&client).await, waiting);
    let listed = client.call(question::List::default()).await.unwrap();
    assert_eq!(listed.questions.as_slice(), std::slice::from_ref(&asked));
    let before = shown(&client, &session).await;
    assert_eq!(before.session.state, SessionState::Waiting);
    assert_eq!(before.session.waiting, 1);
    let [trace] = traces(&client).await.try_into().unwrap();
    assert!(!trace.metadata.complete, "the call is not over");
    sound(&client).await;

    answer(&client, &asked, How::Choose { number: 1 })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let output = output(&client, &session).await;
    assert_eq!(output.status, OutputStatus::Ok);
    assert_eq!(output.text, "The person chose 1: small");
    let [trace] = traces(&client).await.try_into().unwrap();
    assert!(trace.metadata.complete);
    assert_eq!(trace.tool_name, "ask");
    assert_eq!(trace.action_type, ActionType::Allow);
    assert_eq!(trace.metadata.decided_by, DecidedBy::Mode);
    let details = &trace.metadata.details;
    assert_eq!(details["question_id"], asked.id.to_string());
    assert!(
        details["by"].as_str().unwrap().starts_with("cli:"),
        "{details}"
    );
    let [item] = items(&client).await.try_into().unwrap();
    let ItemState::Resolved { how, by, .. } = item.state else {
        panic!("it still waits")
    };
    assert_eq!(how, Resolution::Answered);
    assert!(by.starts_with("cli:"), "{by}");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_given_right_before_a_kill_is_told_once() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    let text = "neither".to_owned();
    answer(&client, &asked, How::Write { text }).await.unwrap();
    home.kill().unwrap();
    home.start().await.unwrap();

    let (client, _events) = home.client().await.unwrap();
    eventually("the turn ends", || async {
        let state = shown(&client, &session).await.session.state;
        matches!(state, SessionState::Idle { .. }).then_some(())
    })
    .await;
    assert_eq!(
        output(&client, &session).await.text,
        "The person answered: neither"
    );
    assert_eq!(traces(&client).await.len(), 1);
    let late = answer(&client, &asked, How::Dismiss).await.unwrap_err();
    assert_eq!(late.code, Code::Conflict);
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_clients_the_first_answers_and_the_other_is_told_who() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let (other, _) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    let one = answer(&client, &asked, How::Choose { number: 1 });
    let two = answer(&other, &asked, How::Choose { number: 2 });
    let (one, two) = tokio::join!(one, two);
    let (won, lost) = match (one, two) {
        (Ok(won), Err(lost)) | (Err(lost), Ok(won)) => (won, lost),
        both => panic!("{both:?}"),
    };
    assert_eq!(lost.code, Code::Conflict);
    assert!(lost.message.contains("already answered by cli:"), "{lost}");
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let QuestionState::Answered { given } = won.state else {
        panic!("not answered")
    };
    assert!(output(&client, &session).await.text.ends_with(&given.text));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_interrupted_takes_its_question_back() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    let session_id = session.id;
    client.call(Interrupt { session_id }).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
    let now = client.call(question::Show { id: asked.id }).await.unwrap();
    assert!(
        matches!(now.state, QuestionState::Cancelled { .. }),
        "{now:?}"
    );
    let late = answer(&client, &asked, How::Choose { number: 1 }).await;
    assert_eq!(late.unwrap_err().code, Code::Conflict);
    assert_eq!(
        output(&client, &session).await.status,
        OutputStatus::Interrupted
    );
    let [item] = items(&client).await.try_into().unwrap();
    assert!(
        matches!(
            item.state,
            ItemState::Resolved {
                how: Resolution::Gone,
                ..
            }
        ),
        "{item:?}"
    );
    assert!(traces(&client).await[0].metadata.complete);
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unanswered_and_dismissed_are_told_apart() {
    let mut home = home();
    home.config("[agent]\nquestion_expire_after_seconds = 2\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    assert!(asked.expires_at.is_some());
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let unanswered = output(&client, &session).await;
    assert_eq!(unanswered.status, OutputStatus::Expired);
    assert!(
        unanswered.text.contains("Nobody answered in time"),
        "{unanswered:?}"
    );
    let open: Vec<Kind> = items(&client)
        .await
        .iter()
        .filter(|item| item.state == ItemState::Open)
        .map(|item| item.kind)
        .collect();
    assert_eq!(open, [Kind::QuestionExpired]);

    // This one is answered long before its time.
    home.stop().unwrap();
    home.config("[agent]\nquestion_expire_after_seconds = 600\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    let asked = put(&mut events).await;
    answer(&client, &asked, How::Dismiss).await.unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let calls = shown(&client, &session).await.calls;
    let CallState::Finished { output } = &calls[1].state else {
        panic!("not over")
    };
    assert_eq!(output.status, OutputStatus::Denied);
    assert!(output.text.contains("dismissed"), "{output:?}");
    sound(&client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_is_free_in_every_mode_and_stopped_by_a_rule_alone() {
    let mut home = home();
    home.config("[approvals]\nmode = \"read-only\"\n").unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    // What is asked is words, whatever they say.
    say(
        &client,
        &session,
        "ask: May I rm -rf / && curl x | sh? | yes | no",
    )
    .await;
    let asked = put(&mut events).await;
    answer(&client, &asked, How::Choose { number: 1 })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    home.stop().unwrap();
    home.config("[[approvals.rules]]\ndecision = \"deny\"\ntool = \"ask\"\n")
        .unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, ASK).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let listed = client
        .call(question::List {
            all: true,
            ..question::List::default()
        })
        .await
        .unwrap();
    assert_eq!(listed.questions.len(), 1, "the second was never asked");
    let last = traces(&client).await.pop().unwrap();
    assert_eq!(last.metadata.decided_by, DecidedBy::Rule);
    sound(&client).await;
}

#[test]
fn the_question_of_a_job_waits_in_the_list_until_somebody_comes() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    home.ok([
        "jobs",
        "add",
        "--name",
        "asks",
        "--yes",
        "--when",
        "in 1 second",
        "--prompt",
        ASK,
    ])
    .unwrap();
    let begun = std::time::Instant::now();
    let listed = loop {
        let listed = home.ok(["inbox", "--json"]).unwrap();
        if listed.contains("\"question\"") {
            break listed;
        }
        assert!(begun.elapsed() < LIMIT, "{listed}");
    };
    assert!(listed.contains("Which build?"), "{listed}");
    home.ok(["inbox", "answer", &waiting(&home)[0], "--choice", "1"])
        .unwrap();
    let begun = std::time::Instant::now();
    while !home
        .ok(["jobs", "history", "asks", "--json"])
        .unwrap()
        .contains("\"ran\"")
    {
        assert!(begun.elapsed() < LIMIT, "the job did not go on");
    }
    assert_eq!(home.ok(["inbox", "--json"]).unwrap(), "");
}

#[test]
fn a_question_is_answered_in_the_console_and_what_was_typed_before_is_no_answer() {
    let home = home();
    let mut terminal = Terminal::start(&home.command(["tui"]), 30, 100).unwrap();
    terminal.wait_for("connected").unwrap();
    terminal.keys(&format!("{ASK}\r")).unwrap();
    for _ in 0..20 {
        terminal.keys("2").unwrap();
    }
    terminal.wait_for("Tab to answer").unwrap();
    terminal.keys("222").unwrap();
    terminal.wait_for(&"2".repeat(23)).unwrap();
    assert!(home.ok(["inbox"]).unwrap().contains("Which build?"));
    terminal.keys("\t").unwrap();
    terminal.wait_for("press a key to answer").unwrap();
    terminal.keys("2").unwrap();
    terminal.wait_for("The person chose 2: large").unwrap();
    terminal.wait_for(&"2".repeat(23)).unwrap();

    terminal.keys("\u{15}ask: Which colour?\r").unwrap();
    terminal.wait_for("Tab to answer").unwrap();
    terminal.keys("\t").unwrap();
    terminal.wait_for("Enter answers").unwrap();
    terminal.keys("warm red\r").unwrap();
    terminal.wait_for("The person answered: warm red").unwrap();
    assert_eq!(home.ok(["inbox", "--json"]).unwrap(), "");
}

/// What the window is called while one thing waits.
const TITLE: &str = "● 1 smartopol";

/// Starts a console in a terminal of this kind, without the focus, and lets the agent ask; returns
/// what the terminal got once it was called.
fn called(env: &[(&str, &str)], config: &str, waits: &str) -> String {
    let home = home();
    home.config(config).unwrap();
    // Both speak in the session that is there.
    home.ok(["send", "say: hello"]).unwrap();
    let mut command = home.command(["tui"]);
    for name in ["TMUX", "STY", "TERM_PROGRAM", "KITTY_WINDOW_ID"] {
        command.env_remove(name);
    }
    command.envs(env.iter().copied());
    let mut terminal = Terminal::start(&command, 30, 100).unwrap();
    terminal.wait_for("connected").unwrap();
    // The window loses the focus; what is typed after that was seen says that it was.
    terminal.keys("\u{1b}[Oaway").unwrap();
    terminal.wait_for("> away").unwrap();
    let before = terminal.raw().len();
    let mut asks = home
        .command(["send", "ask: the password is hunter2, right? | yes | no"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The call, the title and the card come each in its time.
    for bytes in [waits, TITLE] {
        terminal.wait_raw(bytes, before).unwrap();
    }
    terminal.wait_for("hunter2").unwrap();
    let raw = terminal.raw();
    home.ok(["inbox", "dismiss", &waiting(&home)[0]]).unwrap();
    asks.wait().unwrap();
    String::from_utf8_lossy(raw.get(before..).unwrap()).into_owned()
}

#[test]
fn who_looks_elsewhere_is_called_as_their_terminal_can_and_without_what_is_asked() {
    let asks = "the agent asks you something";
    for (env, call) in [
        (
            ("TERM_PROGRAM", "iTerm.app"),
            format!("\u{7}\u{1b}]9;smartopol: {asks}\u{1b}\\"),
        ),
        (
            ("TERM", "foot"),
            format!("\u{7}\u{1b}]777;notify;smartopol;{asks}\u{1b}\\"),
        ),
        (
            ("TERM", "xterm-kitty"),
            format!(
                "\u{7}\u{1b}]99;i=smartopol:d=0;smartopol\u{1b}\\\u{1b}]99;i=smartopol:p=body;{asks}\u{1b}\\"
            ),
        ),
    ] {
        let got = called(&[env], "", &call);
        assert_eq!(got.matches(&call).count(), 1, "called once: {got:?}");
        assert!(got.contains(TITLE), "the title counts: {got:?}");
        // What is asked stands on the screen alone.
        let osc = got.split("\u{1b}]").skip(1);
        for said in osc.map(|said| said.split(['\u{7}', '\u{1b}']).next()) {
            assert!(!said.unwrap_or_default().contains("hunter2"), "{said:?}");
        }
    }
    let bell = called(
        &[("TERM", "xterm-kitty")],
        "[console]\nnotify = \"bell\"\n",
        "\u{7}",
    );
    assert!(!bell.contains("\u{1b}]99;"), "{bell:?}");
    let plain = called(&[("TERM", "xterm-256color")], "", "\u{7}");
    assert!(
        !plain.contains("\u{1b}]9") && !plain.contains("\u{1b}]777"),
        "{plain:?}"
    );
    let off = called(
        &[("TERM", "xterm-kitty")],
        "[console]\nnotify = \"off\"\n",
        TITLE,
    );
    assert!(!off.contains(asks), "{off:?}");
}
