//! The window of a model: known beforehand, learned from a refusal, another one for each model.

use super::*;

/// A question of about 2,000 tokens.
fn long(number: usize) -> String {
    format!("question {number}: {}", "some words ".repeat(730))
}

/// Says long questions; every turn has an answer.
async fn talk_long(
    client: &Client,
    events: &mut Events,
    session: &Session,
    numbers: std::ops::Range<usize>,
) {
    for number in numbers {
        say(client, session, &long(number)).await;
        assert_eq!(outcome(events).await, Outcome::Done, "question {number}");
    }
}

/// Returns the newest question of a request, from its number on.
fn whole_question(request: &Received) -> String {
    let newest = words(said(request).last().unwrap());
    newest[newest.rfind("question ").unwrap()..].to_owned()
}

/// Returns how many requests the service refused as too long.
fn refusals(provider: &ScriptedProvider) -> usize {
    let requests = provider.requests();
    requests.iter().filter(|own| own.refused.is_some()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_refused_as_too_long_folds_is_asked_again_and_the_window_is_learned() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.set_window("", 30_000);
        provider.rule(Rule::on(ASKED).text("SUMMARY: all went well."));
        provider.rule(Rule::any().text("An answer."));
        let home = with(&provider, format, "auto", "").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        talk_long(&client, &mut events, &session, 0..30).await;

        let made = folded(&client, &session).await;
        assert!(made.len() >= 2, "{format}: {made:?}");
        for own in &made {
            assert!(
                matches!(own.made_by, MadeBy::Model { .. }),
                "{format}: {own:?}"
            );
        }
        assert_eq!(
            refusals(&provider),
            1,
            "{format}: the second time it folds in time"
        );
        let told = notices(&client, &session).await;
        assert!(
            told.len() == made.len() && told[0].1.contains("folded"),
            "{format}: {told:?}"
        );
        let requests = provider.requests();
        let refused = requests
            .iter()
            .position(|own| own.refused.is_some())
            .unwrap();
        let alone = said(&requests[refused + 1]);
        assert!(asks_for_summary(&requests[refused + 1]), "{format}");
        let newest = whole_question(&requests[refused]);
        assert!(
            !alone.iter().any(|own| words(own).contains(&newest)),
            "{format}: the summary is asked for without what did not fit"
        );
        let again = &requests[refused + 2];
        assert_eq!(whole_question(again), newest, "{format}: the same question");
        assert!(words(&said(again)[0]).contains("SUMMARY"), "{format}");

        // What was learned holds for the model, in every session.
        let other = home.session(&client).await.unwrap();
        listen(&client, &other).await;
        talk_long(&client, &mut events, &other, 0..14).await;
        assert!(!folded(&client, &other).await.is_empty(), "{format}");
        assert_eq!(refusals(&provider), 1, "{format}: nothing is refused again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_by_itself_is_told_with_its_remedy_and_the_session_goes_on() {
    for format in FORMATS {
        let provider = ScriptedProvider::start().await;
        provider.set_window("", 30_000);
        provider.rule(Rule::on(ASKED).text("SUMMARY: a text was given."));
        provider.rule(Rule::any().text("An answer."));
        let home = with(&provider, format, "auto", "").await;
        let (client, mut events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        talk_long(&client, &mut events, &session, 0..2).await;
        let huge = "a word of a huge text ".repeat(7_000);
        say(&client, &session, &huge).await;
        let Outcome::Failed { message, hint } = outcome(&mut events).await else {
            panic!("{format}: it cannot be answered");
        };
        assert!(
            message.contains("the conversation is too long for"),
            "{format}: {message}"
        );
        assert!(
            hint.contains("say it in pieces") && hint.contains("models set"),
            "{format}: {hint}"
        );
        assert_eq!(
            refusals(&provider),
            2,
            "{format}: one more try, not one more"
        );
        say(&client, &session, "never mind").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done, "{format}");
        let whole = messages(&client, &session).await;
        assert!(
            whole.iter().any(|own| own.text() == huge),
            "{format}: it stays"
        );
        let problems = client.call(daemon::Check {}).await.unwrap().problems;
        assert!(problems.is_empty(), "{problems:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_first_message_is_too_long_there_is_nothing_to_fold_and_no_second_try() {
    let provider = ScriptedProvider::start().await;
    provider.set_window("", 30_000);
    let home = with(&provider, "anthropic", "auto", "").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, &"a word of a huge text ".repeat(7_000)).await;
    let Outcome::Failed { hint, .. } = outcome(&mut events).await else {
        panic!("it cannot be answered");
    };
    assert!(hint.contains("say it in pieces"), "{hint}");
    assert_eq!(provider.requests().len(), 1, "nothing would change");
    assert!(folded(&client, &session).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_model_folds_near_its_own_window() {
    let provider = ScriptedProvider::start().await;
    provider
        .set_window("small", 24_000)
        .set_window("large", 60_000);
    provider.rule(Rule::on(ASKED).text("SUMMARY: all went well."));
    provider.rule(Rule::any().text("An answer."));
    let settings = "[approvals]\nmode = \"auto\"\n[agent]\nmodel = \"anthropic/large\"\n\
                    [providers.anthropic.windows]\nsmall = 24000\nlarge = 60000\n";
    let home = home_as(&provider, "anthropic", settings).await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    // About 14,000 tokens of messages, and the tools: too much for the small one alone.
    talk_long(&client, &mut events, &session, 0..7).await;
    assert!(
        folded(&client, &session).await.is_empty(),
        "the large one has room"
    );
    let key = session.name.as_str();
    home.ok(["models", "set", "anthropic/small", "--session", key])
        .unwrap();
    talk_long(&client, &mut events, &session, 7..8).await;
    let made = folded(&client, &session).await;
    assert_eq!(made.len(), 1, "{made:?}");
    let MadeBy::Model { model, .. } = &made[0].made_by else {
        panic!("{made:?}");
    };
    assert_eq!(model, "small");

    home.ok(["models", "set", "anthropic/large", "--session", key])
        .unwrap();
    talk_long(&client, &mut events, &session, 8..16).await;
    assert_eq!(
        folded(&client, &session).await.len(),
        1,
        "the large one has room again"
    );
    talk_long(&client, &mut events, &session, 16..26).await;
    let made = folded(&client, &session).await;
    assert_eq!(made.len(), 2, "near its own window it folds too: {made:?}");
    assert_eq!(refusals(&provider), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_counts_decides_and_not_what_was_estimated() {
    for format in FORMATS {
        let mut folds = Vec::new();
        for counts in [1_000, 2_500] {
            let provider = ScriptedProvider::start().await;
            provider.rule(Rule::on(ASKED).text("SUMMARY: all went well."));
            provider.rule(Rule::any().text("An answer.").counts(counts));
            let home = with(&provider, format, "auto", "context_tokens = 16000").await;
            let (client, mut events) = home.client().await.unwrap();
            let session = home.session(&client).await.unwrap();
            listen(&client, &session).await;
            let mut number = 0;
            while folded(&client, &session).await.is_empty() {
                talk_long(&client, &mut events, &session, number..number + 1).await;
                number += 1;
                assert!(number < 20, "{format}: it folds");
            }
            folds.push(number);
        }
        assert!(
            folds[1] * 2 <= folds[0],
            "{format}: where more is counted, it folds sooner: {folds:?}"
        );
    }
}
