//! SIGKILL at the worst moments: nothing acknowledged is lost or doubled, nothing is stuck.

use smartopol_ipc::Client;
use smartopol_protocol::approval::ApprovalState;
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::{Session, SessionState, Show, Shown};
use smartopol_protocol::tool::{CallState, OutputStatus};
use smartopol_protocol::turn::{Outcome, TurnState};
use smartopol_protocol::{News, approval, daemon, session, trace};

use super::{STORY, asked, decide, eventually, home, listen, outcome, say, until};

async fn show(client: &Client, session: &Session) -> Shown {
    client.call(Show::newest(session.id, 0)).await.unwrap()
}

/// What must hold after every crash.
async fn sound(client: &Client, session: &Session, said: &[&str]) {
    let checked = client.call(daemon::Check::default()).await.unwrap();
    assert_eq!(checked.problems, Vec::<String>::new());
    let shown = show(client, session).await;
    let users: Vec<String> = shown
        .messages
        .iter()
        .filter(|m| m.role == Role::User)
        .map(|m| m.text())
        .collect();
    assert_eq!(users, said, "every message once, in its order");
    let traces = client
        .call(trace::List {
            limit: 1000,
            ..trace::List::default()
        })
        .await
        .unwrap();
    for call in &shown.calls {
        let of_call = traces
            .traces
            .iter()
            .filter(|t| t.metadata.call_id == call.id)
            .count();
        let expected = usize::from(!matches!(call.state, CallState::Waiting { .. }));
        assert_eq!(of_call, expected, "traces of {}", call.inspection.title);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_waits_for_an_approval_goes_on_waiting() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "run: echo kept").await;
    let question = asked(&mut events).await;

    home.kill().unwrap();
    home.start().await.unwrap();

    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    let waiting = client
        .call(approval::List::default())
        .await
        .unwrap()
        .approvals;
    assert_eq!(waiting.as_slice(), std::slice::from_ref(&question));
    sound(&client, &session, &["run: echo kept"]).await;
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let shown = show(&client, &session).await;
    let CallState::Finished { output } = &shown.calls[0].state else {
        panic!("not finished")
    };
    assert!(output.text.contains("kept"), "{}", output.text);
    sound(&client, &session, &["run: echo kept"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_given_while_nobody_listened_is_carried_out_once() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "run: echo x >> made; echo y >> made").await;
    let question = asked(&mut events).await;
    decide(&client, &question, true).await;

    home.kill().unwrap();
    home.start().await.unwrap();

    let (client, _events) = home.client().await.unwrap();
    eventually("the turn ends", || async {
        let state = show(&client, &session).await.session.state;
        matches!(state, SessionState::Idle { .. }).then_some(())
    })
    .await;
    let answer = client
        .call(approval::Show { id: question.id })
        .await
        .unwrap();
    assert!(matches!(answer.state, ApprovalState::Allowed { .. }));
    let made = std::fs::read_to_string(home.workspace().join("made")).unwrap_or_default();
    assert!(
        made.is_empty() || made == "x\n" || made == "x\ny\n",
        "ran twice: {made:?}"
    );
    sound(&client, &session, &["run: echo x >> made; echo y >> made"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_cut_is_closed_and_can_be_continued() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, STORY).await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;

    home.kill().unwrap();
    home.start().await.unwrap();

    let (client, mut events) = home.client().await.unwrap();
    let turns = eventually("the turn is closed", || async {
        let shown = show(&client, &session).await;
        matches!(shown.session.state, SessionState::Idle { .. }).then_some(shown.turns)
    })
    .await;
    assert_eq!(
        turns[0].state,
        TurnState::Finished {
            outcome: Outcome::CutOff
        }
    );
    sound(&client, &session, &[STORY]).await;
    listen(&client, &session).await;
    client
        .call(session::Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    client
        .call(session::Interrupt {
            session_id: session.id,
        })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_was_cut_is_answered_for_and_its_process_is_gone() {
    let mut home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "run: sleep 4321").await;
    until(&mut events, |news| match news {
        News::CallChanged(call) if call.state == CallState::Running => Some(()),
        _ => None,
    })
    .await;
    eventually("the command runs", || async {
        running("sleep 4321").then_some(())
    })
    .await;

    home.kill().unwrap();
    eventually("the command is gone", || async {
        (!running("sleep 4321")).then_some(())
    })
    .await;
    home.start().await.unwrap();

    let (client, mut events) = home.client().await.unwrap();
    let shown = eventually("the turn is closed", || async {
        let shown = show(&client, &session).await;
        matches!(shown.session.state, SessionState::Idle { .. }).then_some(shown)
    })
    .await;
    assert_eq!(
        shown.turns[0].state,
        TurnState::Finished {
            outcome: Outcome::CutOff
        }
    );
    let last = shown.messages.last().unwrap();
    let Part::ToolOutput { status, .. } = &last.parts[0] else {
        panic!("no output stored")
    };
    assert_eq!(
        (last.role, *status),
        (Role::Tool, OutputStatus::Interrupted)
    );
    sound(&client, &session, &["run: sleep 4321"]).await;
    listen(&client, &session).await;
    client
        .call(session::Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    sound(&client, &session, &["run: sleep 4321"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waited_for_its_turn_gets_it_after_a_crash() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, STORY).await;
    until(&mut events, |news| {
        matches!(news, News::TextDelta { .. }).then_some(())
    })
    .await;
    say(&client, &session, "say: second").await;

    home.kill().unwrap();
    home.start().await.unwrap();

    let (client, _events) = home.client().await.unwrap();
    eventually("the second message is answered", || async {
        let shown = show(&client, &session).await;
        let last = shown.messages.last()?;
        (last.role == Role::Agent && last.text().contains("second")).then_some(())
    })
    .await;
    sound(&client, &session, &[STORY, "say: second"]).await;
}

/// Looks whether a process with this command line is alive.
fn running(command: &str) -> bool {
    let wanted: Vec<u8> = command
        .split(' ')
        .flat_map(|word| word.bytes().chain(std::iter::once(0)))
        .collect();
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| line == wanted)
}
