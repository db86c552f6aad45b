//! What stops a folding: a person, and the end of the daemon.

use super::*;

/// Lets the first summary stop half way, until the gate is opened.
fn stops_half_way(provider: &ScriptedProvider, gate: &Gate) {
    provider.rule(
        Rule::on(ASKED)
            .times(1)
            .text("half a summary")
            .hold_after(1, gate),
    );
    provider.rule(Rule::on(ASKED).text("SUMMARY: a whole one."));
    provider.rule(Rule::any().text("An answer."));
}

/// Asks until a question makes it fold; returns how many were asked.
async fn ask_until_it_folds(client: &Client, session: &Session, events: &mut Events) -> usize {
    for number in 0.. {
        say(client, session, &question(number)).await;
        let folds = until(events, |news| match news {
            News::Compacting { .. } => Some(true),
            News::TurnChanged(turn) if turn.finished_at.is_some() => Some(false),
            _ => None,
        });
        if folds.await {
            return number + 1;
        }
    }
    unreachable!("numbers do not end")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_the_folding_at_once_and_the_turn_can_be_continued() {
    let provider = ScriptedProvider::start().await;
    let gate = Gate::new();
    stops_half_way(&provider, &gate);
    let home = short(&provider, "anthropic").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let asked = ask_until_it_folds(&client, &session, &mut events).await;
    gate.reached().await;
    let id = session.id;
    let stopped = client.call(Interrupt { session_id: id }).await.unwrap();
    assert!(stopped.turn_id.is_some());
    assert_eq!(outcome(&mut events).await, Outcome::Interrupted);
    assert!(folded(&client, &session).await.is_empty());
    client
        .call(Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let made = folded(&client, &session).await;
    assert_eq!(made[0].summary, "SUMMARY: a whole one.");
    let last = said(provider.requests().last().unwrap());
    let all: String = last.iter().map(words).collect();
    let newest = format!("question {}:", asked - 1);
    assert!(all.contains(&newest), "the newest question is carried");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_while_it_folds_loses_nothing() {
    let provider = ScriptedProvider::start().await;
    let gate = Gate::new();
    stops_half_way(&provider, &gate);
    let mut home = short(&provider, "anthropic").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let number = ask_until_it_folds(&client, &session, &mut events).await;
    gate.reached().await;
    home.kill().unwrap();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    listen(&client, &session).await;
    let whole = messages(&client, &session).await;
    let asked = whole
        .iter()
        .filter(|own| own.text().starts_with("question "));
    assert_eq!(asked.count(), number);
    assert!(folded(&client, &session).await.is_empty());
    client
        .call(Continue {
            session_id: session.id,
        })
        .await
        .unwrap();
    // How the killed turn ended may be told late.
    while outcome(&mut events).await != Outcome::Done {}
    assert_eq!(folded(&client, &session).await.len(), 1);
    let problems = client.call(daemon::Check {}).await.unwrap().problems;
    assert!(problems.is_empty(), "{problems:?}");
}
