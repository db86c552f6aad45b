//! What may be used of models, and what is said where it is used up.

use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{MIA, as_peer, json, refused};
use crate::home;

#[tokio::test(flavor = "multi_thread")]
async fn what_would_pass_a_budget_is_refused_with_what_is_left_and_when_it_is_full_again() {
    let provider = ScriptedProvider::start().await;
    provider.rule(Rule::any().text("Yes."));
    let mut home = home();
    home.env("ANTHROPIC_API_KEY", "sk-ant-test-0123456789");
    home.env("ANTHROPIC_BASE_URL", &provider.base_url());
    home.config(
        "[users]\ntimezone = \"Europe/Berlin\"\n[budgets.child]\ndaily_tokens = 1000000\n\
         [prices.\"anthropic/some-model\"]\ninput = \"3.00\"\noutput = \"15.00\"\n\
         [agent]\nmodel = \"anthropic/some-model\"\n",
    )
    .unwrap();
    home.start().await.unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    home.ok(as_peer(MIA, &["send", "hello"])).unwrap();
    let shown = json(&home, &["users", "show", "mia", "--json"]);
    let budget = &shown[0]["budgets"][1];
    assert_eq!(budget["of"], "user");
    let used = budget["today"]["tokens"].as_u64().unwrap();
    assert!(used > 100, "{budget}");
    assert!(budget["today"]["cost_micros"].as_u64().unwrap() > 0);
    // The child sees what is left, and not what it costs.
    let own = json(&home, &as_peer(MIA, &["users", "show", "--json"]));
    assert_eq!(own[0]["budgets"][0]["today"]["tokens"], used);
    assert_eq!(own[0]["budgets"][0]["today"]["cost_micros"], 0);

    let asked = provider.requests().len();
    let limit = (used + 10).to_string();
    home.ok(["users", "set", "mia", "--daily-tokens", &limit])
        .unwrap();
    let (_, said) = refused(&home, &as_peer(MIA, &["send", "and now"]));
    assert!(said.contains("has 10 tokens left"), "{said}");
    assert!(said.contains("00:00 Europe/Berlin"), "{said}");
    assert_eq!(provider.requests().len(), asked, "the model was asked");
    let waits = json(&home, &["inbox", "--json"]);
    assert!(
        waits.iter().any(|item| item["kind"] == "budget_used"),
        "{waits:?}"
    );
    // Others go on.
    home.ok(["send", "hello"]).unwrap();
    // Money is a budget too, and one for all.
    home.ok([
        "users",
        "set",
        "mia",
        "--daily-tokens",
        "0",
        "--daily-cents",
        "1",
    ])
    .unwrap();
    let mut last = String::new();
    for _ in 0..200 {
        let output = home.run(as_peer(MIA, &["send", "more"])).unwrap();
        last = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            break;
        }
    }
    assert!(last.contains("mia's budget of $0.01 a day"), "{last}");
}
