//! What may be used of models, and what is said where it is used up.

use smartopol_ipc::{Client, Events};
use smartopol_protocol::attention::{self, Kind};
use smartopol_protocol::daemon::Figures;
use smartopol_protocol::event::Watch;
use smartopol_protocol::job::{Action, Add, Run, RunNow, Spec};
use smartopol_protocol::session::{Create, Session};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::user::{self, Budget, Limits, Profile, Set};
use smartopol_testkit::Home;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{MIA, as_peer, json, refused};
use crate::clock::House;
use crate::{eventually, home, listen, outcome, say};

/// Returns how many tokens a user used today.
fn used_by(home: &Home, name: &str) -> u64 {
    let shown = json(home, &["users", "show", name, "--json"]);
    let budgets = shown[0]["budgets"].as_array().unwrap();
    let own = budgets.iter().find(|own| own["of"] == "user").unwrap();
    own["today"]["tokens"].as_u64().unwrap()
}

const HOUR: i64 = 3_600_000;

/// A house by a clock in hand, with a model of which each token costs a thousandth of a dollar.
async fn house(provider: &ScriptedProvider, settings: &str) -> House {
    provider.rule(Rule::any().text("Yes."));
    House::with(&format!(
        "[providers.mine]\nkind = \"anthropic\"\nbase_url = \"{}\"\n\
         api_key = \"sk-ant-test-0123456789\"\nmodel = \"m\"\n\
         [prices.\"mine/m\"]\ninput = \"1000\"\noutput = \"1000\"\n{settings}",
        provider.base_url()
    ))
    .await
}

fn work(house: &House) -> String {
    house.dir.path().join("work").display().to_string()
}

async fn session(house: &House, client: &Client, model: &str) -> Session {
    let mut create = Create::in_folder(work(house));
    create.model = Some(model.to_owned());
    client.call(create).await.unwrap()
}

/// Says something and returns why nothing came of it, and what is to be done about that.
async fn refusal(client: &Client, events: &mut Events, session: &Session) -> (String, String) {
    say(client, session, "hello").await;
    match outcome(events).await {
        Outcome::Failed { message, hint } => (message, hint),
        other => panic!("it was not refused: {other:?}"),
    }
}

async fn waits(client: &Client) -> Vec<attention::Item> {
    let list = attention::List::default();
    client.call(list).await.unwrap().items
}

/// Returns the budget of this name of who owns the daemon.
async fn budget(client: &Client, of: &str, session: Option<&Session>) -> Budget {
    let show = user::Show {
        key: None,
        session_id: session.map(|session| session.id),
    };
    let budgets = client.call(show).await.unwrap().budgets;
    budgets.into_iter().find(|own| own.of == of).unwrap()
}

/// Changes the owner.
async fn set(client: &Client, limits: Limits, profile: Profile) {
    let own = client.call(user::Show::default()).await.unwrap().user;
    let set = Set {
        key: own.id.to_string(),
        limits,
        profile,
        ..Set::default()
    };
    client.call(set).await.unwrap();
}

/// Each key of a budget, with what a refusal says of a limit of one.
const LIMITS: [(&str, &str); 4] = [
    ("daily_tokens", "of 1 tokens a day has 1 tokens left"),
    ("monthly_tokens", "of 1 tokens a month has 1 tokens left"),
    ("daily_cents", "of $0.01 a day has $0.01 left"),
    ("monthly_cents", "of $0.01 a month has $0.01 left"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_of_each_budget_refuses_before_the_model_is_asked() {
    for (of, whose) in [
        ("all", "the budget of all users"),
        ("admin", "'s budget"),
        ("session", "the session's budget"),
    ] {
        for (key, says) in LIMITS {
            let provider = ScriptedProvider::start().await;
            let house = house(&provider, &format!("[budgets.{of}]\n{key} = 1\n")).await;
            let (client, mut events) = house.client().await;
            let own = session(&house, &client, "mine/m").await;
            listen(&client, &own).await;
            let (message, hint) = refusal(&client, &mut events, &own).await;
            let wanted = format!("{whose} {says}, and this request needs about ");
            assert!(message.contains(&wanted), "{of} {key}: {message}");
            assert!(message.contains(": it is full again at 20"), "{message}");
            assert!(hint.contains("an admin can give more"), "{hint}");
            assert!(
                provider.requests().is_empty(),
                "{of} {key}: the model was asked"
            );
            // One thing waits for it, and no more.
            let waiting = waits(&client).await;
            assert_eq!(waiting.len(), 1, "{waiting:?}");
            assert_eq!(waiting[0].kind, Kind::BudgetUsed);
            assert_eq!(waiting[0].title, message);
            house.stop(client).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_of_a_jobs_budget_refuses_its_run_and_others_go_on() {
    for (key, says) in LIMITS {
        let provider = ScriptedProvider::start().await;
        let house = house(&provider, &format!("[budgets.job]\n{key} = 1\n")).await;
        let (client, mut events) = house.client().await;
        let action = Action::Prompt {
            text: "look".into(),
        };
        let spec = Spec {
            name: Some("look".into()),
            model: Some("mine/m".into()),
            workspace: Some(work(&house)),
            ..Spec::new("in 5 hours", action)
        };
        client.call(Add { spec, check: false }).await.unwrap();
        let run = RunNow { key: "look".into() };
        client.call(run).await.unwrap();
        let failed: Run = eventually("the run is over", || async {
            let show = smartopol_protocol::job::Show { key: "look".into() };
            let runs = client.call(show).await.unwrap().runs;
            runs.into_iter().find(|run| run.finished_at.is_some())
        })
        .await;
        let wanted = format!("the job's budget {says}");
        assert!(failed.reason.contains(&wanted), "{key}: {}", failed.reason);
        assert!(provider.requests().is_empty(), "{key}: the model was asked");
        let waiting = waits(&client).await;
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!(waiting[0].kind, Kind::JobFailed);
        assert!(waiting[0].detail.contains(&wanted), "{waiting:?}");
        let own = session(&house, &client, "mine/m").await;
        listen(&client, &own).await;
        say(&client, &own, "hello").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
        house.stop(client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_and_a_month_end_where_the_user_lives_and_then_it_goes_on() {
    let provider = ScriptedProvider::start().await;
    let house = house(&provider, "").await;
    let (client, mut events) = house.client().await;
    let own = session(&house, &client, "mine/m").await;
    listen(&client, &own).await;
    // Midnight is at half past something of everybody else's.
    let zone = Profile {
        time_zone: Some("Asia/Kolkata".into()),
        ..Profile::default()
    };
    set(&client, Limits::default(), zone).await;
    say(&client, &own, "hello").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    let first = budget(&client, "user", None).await;
    let used = first.today.tokens;
    assert!(used > 100, "{first:?}");
    assert_eq!(
        first.today.cost_micros,
        used * 1_000,
        "by the table of prices"
    );
    let of_session = budget(&client, "session", Some(&own)).await;
    assert_eq!(of_session.today, first.today);
    let half_hours = first.day_resets_at.as_millis() % HOUR;
    assert_eq!(half_hours, HOUR / 2, "{}", first.day_resets_at);

    let limits = Limits {
        daily_tokens: Some(used),
        ..Limits::default()
    };
    set(&client, limits, Profile::default()).await;
    let (message, _) = refusal(&client, &mut events, &own).await;
    let says = format!("of {used} tokens a day is used up: {used} tokens were used");
    assert!(message.contains(&says), "{message}");
    assert!(message.ends_with("00:00 Asia/Kolkata"), "{message}");
    let left = first.day_resets_at.millis_since(house.clock.now());
    let left = i64::try_from(left).unwrap();
    house.hands.turn_by(left - 1_000);
    refusal(&client, &mut events, &own).await;
    assert_eq!(waits(&client).await.len(), 1);
    house.hands.turn_by(2_000);
    let fresh = budget(&client, "user", None).await;
    assert_eq!(fresh.today.tokens, 0, "{fresh:?}");
    // The day is new, and has room for a request of the size of the first.
    let limits = Limits {
        daily_tokens: Some(used * 50),
        ..Limits::default()
    };
    set(&client, limits, Profile::default()).await;
    say(&client, &own, "good morning").await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert!(
        waits(&client).await.is_empty(),
        "what goes on waits for nobody"
    );

    let month = budget(&client, "user", None).await;
    let limits = Limits {
        monthly_cost_micros: Some(month.month.cost_micros),
        ..Limits::default()
    };
    set(&client, limits, Profile::default()).await;
    let (message, _) = refusal(&client, &mut events, &own).await;
    assert!(message.contains("a month is used up: $"), "{message}");
    let left = month.month_resets_at.millis_since(house.clock.now());
    let left = i64::try_from(left).unwrap();
    house.hands.turn_by(left - 1_000);
    refusal(&client, &mut events, &own).await;
    let today = budget(&client, "user", None).await;
    house.hands.turn_by(2_000);
    let fresh = budget(&client, "user", None).await;
    assert_eq!(fresh.month.tokens, 0, "{fresh:?}");
    assert!(fresh.month_resets_at > today.month_resets_at);
    // Day by day, all of it is still told.
    let show = user::Show::default();
    let days = client.call(show).await.unwrap().days;
    assert_eq!(days.len(), 30);
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_costs_is_what_the_settings_say() {
    let provider = ScriptedProvider::start().await;
    let settings = "[prices.\"claude-sonnet-5\"]\ninput = \"7\"\noutput = \"7\"\n";
    let house = house(&provider, settings).await;
    let (client, mut events) = house.client().await;
    let mut before = budget(&client, "user", None).await.today;
    // One of the catalogue, one that the settings alone know, one that nobody knows.
    for (model, each) in [
        ("mine/claude-sonnet-5", 7),
        ("mine/m", 1_000),
        ("mine/x", 0),
    ] {
        let own = session(&house, &client, model).await;
        listen(&client, &own).await;
        say(&client, &own, "hello").await;
        assert_eq!(outcome(&mut events).await, Outcome::Done);
        let now = budget(&client, "user", None).await.today;
        let (tokens, cost) = (
            now.tokens - before.tokens,
            now.cost_micros - before.cost_micros,
        );
        assert!(tokens > 100, "{model}");
        assert_eq!(cost, tokens * each, "{model}");
        before = now;
    }
    house.stop(client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_a_peer_is_costs_no_look_into_the_database() {
    let house = House::with("").await;
    let (client, _) = house.client().await;
    let reads = async || client.call(Figures {}).await.unwrap().reads;
    let before = reads().await;
    for _ in 0..1_000 {
        let watch = Watch { session_id: None };
        client.call(watch).await.unwrap();
    }
    // The daemon itself looks at a thing or two meanwhile.
    let looked = reads().await - before;
    assert!(looked < 100, "peers were looked up: {looked} reads");
    house.stop(client).await;
}

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
    assert_eq!(own[0]["without_costs"], true);
    // Nor does she anywhere else, whoever else does.
    let sessions = home.ok(["sessions", "list", "--json"]).unwrap();
    assert!(sessions.contains("cost_micros"), "{sessions}");
    let hers = json(&home, &as_peer(MIA, &["sessions", "list", "--json"]));
    let id = hers[0]["id"].as_str().unwrap();
    for args in [
        vec!["sessions", "list", "--json"],
        vec!["sessions", "show", id, "--json"],
        vec!["sessions", "export", id, "--format", "json"],
        vec!["send", "--json", "hello once more"],
    ] {
        let told = home.ok(as_peer(MIA, &args)).unwrap();
        assert!(!told.contains("cost_micros"), "{args:?}: {told}");
        assert!(told.len() > 100, "{args:?}: {told}");
    }
    let used = used_by(&home, "mia");

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
    assert!(last.contains("mia's budget of money a day"), "{last}");
    assert!(last.contains("users set mia --daily-cents N"), "{last}");
    assert!(!last.contains('$'), "a child reads no money: {last}");
}

#[test]
fn who_has_a_budget_does_not_move_the_midnight_at_which_it_is_full_again() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    let moves = as_peer(MIA, &["users", "set", "mia", "--timezone", "Asia/Tokyo"]);
    home.ok(moves.clone()).unwrap();
    home.ok(["users", "set", "mia", "--daily-tokens", "1000"])
        .unwrap();
    let (code, said) = refused(&home, &moves);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("manage_users"), "{said}");
    // What moves no midnight is still hers, and an admin moves it.
    home.ok(as_peer(
        MIA,
        &["users", "set", "mia", "--language", "German"],
    ))
    .unwrap();
    home.ok(["users", "set", "mia", "--timezone", "Europe/Berlin"])
        .unwrap();
}
