//! What the agent does about jobs, through its tools.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_schedules_is_asked_about_in_every_mode() {
    let provider = ScriptedProvider::start().await;
    let home = home_in(&provider, "anthropic", "auto").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    let input = serde_json::json!({
        "when": "every weekday 8:30", "prompt": "look at the issues", "name": "issues"
    });
    provider.rule(Rule::on("plan it").call("schedule_add", input));
    say(&client, &session, "plan it").await;
    let question = asked(&mut events).await;
    assert!(
        question
            .inspection
            .title
            .starts_with("schedule every Monday, Tuesday, Wednesday"),
        "{}",
        question.inspection.title
    );
    assert!(
        question.reason.contains("runs later"),
        "{}",
        question.reason
    );
    assert_eq!(client.call(List::default()).await.unwrap().jobs, []);
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let made = job(&client, "issues").await;
    assert_eq!(made.session_id, Some(session.id));
    assert_eq!(made.frozen.mode, Mode::Auto);
    let mut home = home;
    home.stop().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_lists_jobs_and_removes_one_after_a_question() {
    let provider = ScriptedProvider::start().await;
    let mut home = home_in(&provider, "anthropic", "auto").await;
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    for name in ["tea", "bread"] {
        let spec = Spec {
            name: Some(name.into()),
            ..Spec::new("every day at 9:00", remind(name, Priority::Low))
        };
        add(&client, spec).await;
    }
    let none = serde_json::json!({});
    provider.rule(Rule::on("what is planned").call("schedule_list", none));
    let input = serde_json::json!({ "name": "tea" });
    provider.rule(Rule::on("no tea").call("schedule_remove", input));
    let wrong = serde_json::json!({ "nmae": "tea" });
    provider.rule(Rule::on("a slip").call("schedule_remove", wrong));
    provider.rule(Rule::any().text("done"));
    let told = || provider.requests().pop().unwrap().body["messages"].to_string();
    say(&client, &session, "what is planned").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert!(told().contains("tea: every day at 09:00"), "{}", told());
    say(&client, &session, "a slip").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert!(told().contains("Did you mean `name`?"), "{}", told());
    say(&client, &session, "no tea").await;
    let question = asked(&mut events).await;
    assert_eq!(question.inspection.title, "remove the job tea");
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let left = client.call(List::default()).await.unwrap().jobs;
    let left: Vec<&str> = left.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(left, ["bread"]);
    home.stop().unwrap();
}
