//! A family through the command line: its owner, a user, a child, strangers.

use std::process::{Child, Output, Stdio};

use serde_json::Value;
use smartopol_protocol::News;
use smartopol_protocol::message::{Part, Role};
use smartopol_protocol::session::Show;
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;
use smartopol_testkit::provider::{Rule, ScriptedProvider};

use super::{home, listen, say, until};

const MIA: &str = "telegram:4711";
const BEN: &str = "discord:ben";

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}")))
        .collect()
}

fn json(home: &Home, args: &[&str]) -> Vec<Value> {
    lines(&home.ok(args).unwrap())
}

/// The same as another peer.
fn as_peer<'a>(peer: &'a str, args: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["--as", peer];
    all.extend(args);
    all
}

fn refused(home: &Home, args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = home.run(args).unwrap();
    assert!(!status.success(), "{args:?} was not refused");
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn owner(home: &Home) -> Value {
    let users = json(home, &["users", "list", "--json"]);
    users
        .into_iter()
        .find(|user| user["owner"] == true)
        .unwrap()
}

/// A house with an owner, Ben (a user) and Mia (a child).
fn family(config: &str) -> Home {
    let home = home();
    home.config(config).unwrap();
    home.ok(["daemon", "start"]).unwrap();
    home.ok(["users", "add", "ben", BEN]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    home
}

/// Says something that asks a person, and waits until it does.
#[expect(clippy::zombie_processes, reason = "whoever asked waits for it")]
fn ask(home: &Home, peer: &str, text: &str) -> (Child, Value) {
    let child = home
        .command(as_peer(peer, &["send", text]))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = std::time::Instant::now();
    loop {
        if let Some(approval) = json(home, &["approvals", "list", "--json"]).pop() {
            return (child, approval);
        }
        assert!(begun.elapsed() < LIMIT, "nobody was asked");
    }
}

fn end(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), text)
}

#[test]
fn the_owner_is_an_admin_from_the_first_start_and_stays_one() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    let users = json(&home, &["users", "list", "--json"]);
    assert_eq!(users.len(), 1);
    assert_eq!(users[0]["role"], "admin");
    let peer = users[0]["peers"][0].as_str().unwrap().to_owned();
    assert!(peer.starts_with("cli:"), "{peer}");
    let name = users[0]["name"].as_str().unwrap().to_owned();
    for args in [
        vec!["users", "role", &name, "child"],
        vec!["users", "remove", &name, "--yes"],
        vec!["users", "unlink", &peer],
    ] {
        refused(&home, &args);
    }
    let shown = home.ok(["users", "show"]).unwrap();
    assert!(shown.contains("manage_users      yes"), "{shown}");
    home.ok(["daemon", "stop"]).unwrap();
    home.ok(["daemon", "start"]).unwrap();
    assert_eq!(json(&home, &["users", "list", "--json"]), users);
}

#[test]
fn a_stranger_waits_for_an_admin_who_is_asked_once_and_is_let_in_or_turned_away() {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    for _ in 0..2 {
        let (code, said) = refused(&home, &["--as", MIA, "send", "say: hello"]);
        assert_eq!(code, Some(4), "{said}");
        assert!(said.contains("an admin was asked to let you in"), "{said}");
    }
    let waits = json(&home, &["inbox", "--json"]);
    assert_eq!(waits.len(), 1, "{waits:?}");
    assert_eq!(
        (&waits[0]["kind"], &waits[0]["peer"]),
        (&"stranger".into(), &MIA.into())
    );
    home.ok(["users", "admit", MIA, "--role", "child", "--name", "mia"])
        .unwrap();
    assert!(json(&home, &["inbox", "--json"]).is_empty());
    let said = home.ok(["--as", MIA, "send", "say: hello"]).unwrap();
    assert!(said.contains("hello"), "{said}");

    refused(&home, &["--as", "telegram:666", "sessions", "list"]);
    home.ok(["users", "admit", "telegram:666", "--deny"])
        .unwrap();
    let (code, said) = refused(&home, &["--as", "telegram:666", "sessions", "list"]);
    assert_eq!(code, Some(4));
    assert!(said.contains("is not known here"), "{said}");
    assert!(json(&home, &["inbox", "--json"]).is_empty());
    // Nobody is a job but a job.
    refused(&home, &["--as", "job:x", "sessions", "list"]);
}

#[test]
fn what_is_done_with_strangers_is_set_for_each_channel() {
    let home = home();
    home.config(
        "[users]\nunknown = \"refuse\"\n[users.channels.discord]\nunknown = \"create\"\nrole = \"child\"\n",
    )
    .unwrap();
    home.ok(["daemon", "start"]).unwrap();
    let (_, said) = refused(&home, &["--as", MIA, "sessions", "list"]);
    assert!(said.contains("is not known here"), "{said}");
    assert!(json(&home, &["inbox", "--json"]).is_empty());
    home.ok(["--as", BEN, "send", "say: hello"]).unwrap();
    let shown = json(&home, &["users", "show", BEN, "--json"]);
    assert_eq!(shown[0]["user"]["role"], "child");
    assert_eq!(shown[0]["user"]["name"], "discord-ben");
}

#[test]
fn everybody_sees_what_is_theirs_and_an_admin_sees_all() {
    let home = family("");
    home.ok(["send", "say: of the owner"]).unwrap();
    home.ok(as_peer(BEN, &["send", "say: of ben"])).unwrap();
    home.ok(as_peer(MIA, &["send", "say: of mia"])).unwrap();
    home.ok(as_peer(MIA, &["send", "list: ."])).unwrap();
    let all = json(&home, &["sessions", "list", "--json"]);
    assert_eq!(all.len(), 3, "{all:?}");
    let mias = json(&home, &as_peer(MIA, &["sessions", "list", "--json"]));
    assert_eq!(mias.len(), 1);
    // In one folder each goes on in their own session.
    assert_ne!(mias[0]["user_id"], owner(&home)["id"]);
    let others: Vec<&Value> = all
        .iter()
        .filter(|own| own["id"] != mias[0]["id"])
        .collect();
    for other in others {
        let id = other["id"].as_str().unwrap();
        for args in [
            vec!["sessions", "show", id],
            vec!["sessions", "delete", id, "--yes"],
            vec!["send", "--session", id, "say: x"],
            vec!["sessions", "show", other["name"].as_str().unwrap()],
        ] {
            let (code, said) = refused(&home, &as_peer(MIA, &args));
            assert_eq!(code, Some(1), "{args:?}: {said}");
            assert!(said.contains("no session"), "{args:?}: {said}");
        }
    }
    home.ok(as_peer(BEN, &["send", "list: ."])).unwrap();
    let traces = json(&home, &["traces", "list", "--json"]);
    let bens = json(&home, &as_peer(BEN, &["traces", "list", "--json"]));
    assert_eq!((traces.len(), bens.len()), (2, 1));
    let mias = traces.iter().find(|trace| trace["id"] != bens[0]["id"]);
    let id = mias.unwrap()["id"].as_str().unwrap();
    refused(&home, &as_peer(BEN, &["traces", "show", id]));
    home.ok(["traces", "show", id]).unwrap();
    let users = json(&home, &as_peer(BEN, &["users", "list", "--json"]));
    assert_eq!(users.len(), 1);
}

#[test]
fn who_runs_the_house_does_what_others_may_not() {
    let home = family("");
    for peer in [BEN, MIA] {
        for args in [
            vec!["daemon", "stop"],
            vec!["users", "add", "eve", "telegram:1"],
            vec!["users", "role", "mia", "admin"],
            vec!["users", "remove", "ben", "--yes"],
            vec!["approvals", "rules"],
            vec!["terminals", "new", "--", "true"],
        ] {
            let output = home.run(as_peer(peer, &args)).unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let code = output.status.code();
            assert!(matches!(code, Some(1 | 4)), "{peer} {args:?}: {said}");
            assert!(!said.is_empty(), "{args:?}");
        }
    }
    assert_eq!(json(&home, &["users", "list", "--json"]).len(), 3);
    // One who may manage users manages those who are no more than they are.
    home.ok(["users", "allow", "ben", "manage_users"]).unwrap();
    home.ok(as_peer(BEN, &["users", "add", "eve", "telegram:1"]))
        .unwrap();
    home.ok(as_peer(BEN, &["users", "role", "eve", "child"]))
        .unwrap();
    for args in [
        vec!["users", "role", "eve", "admin"],
        vec!["users", "role", "ben", "admin"],
        vec!["users", "add", "root", "telegram:2", "--role", "admin"],
        vec!["users", "allow", "eve", "execute_commands"],
    ] {
        let (code, said) = refused(&home, &as_peer(BEN, &args));
        assert_eq!(code, Some(4), "{args:?}: {said}");
    }
    home.ok(["users", "allow", "ben", "manage_users", "--how", "role"])
        .unwrap();
    refused(&home, &as_peer(BEN, &["users", "add", "x", "telegram:3"]));
}

#[test]
fn a_childs_call_is_answered_by_an_admin_and_never_by_the_child() {
    let home = family("[approvals]\nmode = \"auto\"\n");
    // Nobody asks the owner, in this mode.
    home.ok(["send", "run: touch owners"]).unwrap();
    let (child, approval) = ask(&home, MIA, "run: touch mias");
    let id = approval["id"].as_str().unwrap();
    assert_eq!(approval["terms"]["approvers"], "admins");
    assert!(
        approval["reason"]
            .as_str()
            .unwrap()
            .contains("waits for an admin"),
        "{approval}"
    );
    let (code, said) = refused(&home, &as_peer(MIA, &["approvals", "allow", id]));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("others answer for a child"), "{said}");
    // A user who may answer for others may not answer what waits for an admin.
    home.ok(["users", "allow", "ben", "approve_requests"])
        .unwrap();
    let (_, said) = refused(&home, &as_peer(BEN, &["approvals", "allow", id]));
    assert!(said.contains("only an admin may answer this"), "{said}");
    home.ok(["approvals", "allow", id]).unwrap();
    assert_eq!(end(child).0, Some(0));
    assert!(home.workspace().join("mias").exists());
    // It ended once.
    let (_, said) = refused(&home, &["approvals", "allow", id]);
    assert!(said.contains("already"), "{said}");

    // What is denied is not asked about; what the settings open for all is not opened for a child.
    home.ok(["users", "deny", "mia", "execute_commands"])
        .unwrap();
    let denied = home
        .run(as_peer(MIA, &["send", "run: touch never"]))
        .unwrap();
    assert_eq!(denied.status.code(), Some(4));
    assert!(!home.workspace().join("never").exists());
    let traces = json(&home, &["traces", "list", "--outcome", "deny", "--json"]);
    assert_eq!(traces[0]["metadata"]["decided_by"], "role");
}

#[test]
fn a_rule_for_everybody_is_not_for_those_whom_others_answer_for() {
    let rule = |more: &str| {
        format!(
            "[[approvals.rules]]\ndecision = \"allow\"\ntool = \"exec\"\ncommand = [\"touch\"]\n{more}"
        )
    };
    let home = family(&rule(""));
    home.ok(["send", "run: touch owners"]).unwrap();
    let (child, approval) = ask(&home, MIA, "run: touch mias");
    let id = approval["id"].as_str().unwrap();
    // The child may take it back.
    home.ok(as_peer(MIA, &["approvals", "deny", id])).unwrap();
    assert_eq!(end(child).0, Some(4));
    drop(home);
    let home = family(&rule("role = \"child\"\n"));
    home.ok(as_peer(MIA, &["send", "run: touch mias"])).unwrap();
    assert!(home.workspace().join("mias").exists());
}

#[test]
fn two_of_three_admins_must_allow_it_and_not_the_one_who_asked() {
    let home = family(
        "[[approvals.quorums]]\nquorum = 2\napprovers = \"admins\"\nnot_asker = true\ntool = \"exec\"\n",
    );
    home.ok(["users", "role", "ben", "admin"]).unwrap();
    home.ok(["users", "add", "eve", "api:eve", "--role", "admin"])
        .unwrap();
    let (child, approval) = ask(&home, BEN, "run: touch both");
    let id = approval["id"].as_str().unwrap();
    assert_eq!(approval["terms"]["quorum"], 2);
    let (_, said) = refused(&home, &as_peer(BEN, &["approvals", "allow", id]));
    assert!(said.contains("who asked may not answer this"), "{said}");
    let (_, said) = refused(&home, &["approvals", "allow", id, "--session"]);
    assert!(said.contains("2 answers are needed"), "{said}");
    home.ok(["approvals", "allow", id]).unwrap();
    assert!(!home.workspace().join("both").exists());
    let waits = json(&home, &["approvals", "list", "--json"]);
    assert_eq!(waits[0]["votes"].as_array().unwrap().len(), 1);
    let (_, said) = refused(&home, &["approvals", "allow", id]);
    assert!(said.contains("somebody else must allow it too"), "{said}");
    home.ok(as_peer("api:eve", &["approvals", "allow", id]))
        .unwrap();
    assert_eq!(end(child).0, Some(0));
    assert!(home.workspace().join("both").exists());
    // One who denies it denies it for all.
    let (child, approval) = ask(&home, BEN, "run: touch none");
    let id = approval["id"].as_str().unwrap();
    home.ok(as_peer("api:eve", &["approvals", "deny", id]))
        .unwrap();
    assert_eq!(end(child).0, Some(4));
}

#[test]
fn a_code_said_on_another_channel_makes_two_peers_one_person() {
    let home = family("");
    home.ok(as_peer(BEN, &["send", "say: from discord"]))
        .unwrap();
    let code = |peer: Option<&str>| {
        let args = ["users", "link", "--json"];
        let given = match peer {
            None => json(&home, &args),
            Some(peer) => json(&home, &as_peer(peer, &args)),
        };
        given[0]["code"].as_str().unwrap().to_owned()
    };
    // A stranger becomes the owner by the owner's code, once.
    let owners = code(None);
    home.ok(as_peer("telegram:1", &["users", "link", &owners]))
        .unwrap();
    let own = owner(&home);
    assert!(own["peers"].to_string().contains("telegram:1"), "{own}");
    assert_eq!(
        json(&home, &as_peer("telegram:1", &["users", "list", "--json"])).len(),
        3
    );
    let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", &owners]));
    assert!(said.contains("was used before"), "{said}");
    // As a message too, also by one who is a user already: their sessions come with them.
    let bens = code(Some(BEN));
    home.ok(["users", "add", "ben2", "telegram:22"]).unwrap();
    home.ok(as_peer("telegram:22", &["send", "say: from telegram"]))
        .unwrap();
    home.ok(as_peer("telegram:22", &["send", &format!("/link {bens}")]))
        .unwrap();
    let sessions = json(&home, &as_peer(BEN, &["sessions", "list", "--json"]));
    assert_eq!(sessions.len(), 2, "{sessions:?}");
    assert_eq!(json(&home, &["users", "list", "--json"]).len(), 3);
    // Nobody becomes less than they are by saying a code.
    let mias = code(Some(MIA));
    let (code_, said) = refused(&home, &["users", "link", &mias]);
    assert_eq!(code_, Some(4));
    assert!(
        said.contains("nobody is joined to one who may do less"),
        "{said}"
    );
    // Parted again, it is a stranger.
    home.ok(as_peer(BEN, &["users", "unlink", "telegram:22"]))
        .unwrap();
    let (_, said) = refused(&home, &as_peer("telegram:22", &["sessions", "list"]));
    assert!(said.contains("an admin was asked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_given_and_said_as_a_message_too() {
    let mut home = home();
    home.start().await.unwrap();
    let (client, mut events) = home.client().await.unwrap();
    let session = home.session(&client).await.unwrap();
    listen(&client, &session).await;
    say(&client, &session, "/link").await;
    let told = until(&mut events, |news| match news {
        News::MessageChanged(message) if message.role == Role::System => {
            match message.parts.first() {
                Some(Part::Notice { text, .. }) => Some(text.clone()),
                _ => None,
            }
        }
        _ => None,
    })
    .await;
    let (_, code) = told.rsplit_once("/link ").unwrap();
    home.ok(as_peer("telegram:1", &["send", &format!("/link {code}")]))
        .unwrap();
    assert!(owner(&home)["peers"].to_string().contains("telegram:1"));
    // What was said to link is said to nobody else.
    let shown = client.call(Show::newest(session.id, 0)).await.unwrap();
    assert!(
        shown
            .messages
            .iter()
            .all(|message| message.role == Role::System)
    );
}

#[test]
fn one_who_guesses_codes_is_not_listened_to() {
    let home = family("");
    for _ in 0..5 {
        let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", "AAAA-AAAA"]));
        assert!(said.contains("wrong"), "{said}");
    }
    let given = json(&home, &["users", "link", "--json"]);
    let code = given[0]["code"].as_str().unwrap();
    let (_, said) = refused(&home, &as_peer(MIA, &["users", "link", code]));
    assert!(said.contains("no more are looked at"), "{said}");
}

#[test]
fn who_really_acted_is_kept_with_whom_they_acted_as() {
    let home = family("");
    home.ok(as_peer(BEN, &["send", "list: ."])).unwrap();
    let own = owner(&home)["peers"][0].as_str().unwrap().to_owned();
    let traces = json(&home, &["traces", "list", "--json"]);
    let about = &traces[0]["metadata"];
    assert_eq!((&about["actor"], &about["by"]), (&BEN.into(), &own.into()));
    let session = json(&home, &as_peer(BEN, &["sessions", "list", "--json"]));
    let id = session[0]["id"].as_str().unwrap();
    let shown = home.ok(["sessions", "show", id, "--json"]).unwrap();
    assert!(shown.contains("\"by\":\"cli:"), "{shown}");
    // What is done as oneself has no second name.
    home.ok(["send", "list: ."]).unwrap();
    let traces = json(&home, &["traces", "list", "--json"]);
    assert!(traces[1]["metadata"].get("by").is_none());
}

#[test]
fn a_child_is_spoken_with_as_one_and_a_line_with_a_listed_word_is_left_out() {
    let home = family("[users]\nblocked_words = [\"brussels sprouts\"]\n");
    let said = home
        .ok(as_peer(MIA, &["send", "say: look at this porn"]))
        .unwrap();
    assert!(said.contains("[left out: not for children]"), "{said}");
    assert!(!said.contains("porn"), "{said}");
    let said = home
        .ok(as_peer(MIA, &["send", "say: Brussels  Sprouts are fine"]))
        .unwrap();
    assert!(said.contains("left out"), "{said}");
    let said = home.ok(as_peer(BEN, &["send", "say: porn"])).unwrap();
    assert!(said.contains("porn"), "{said}");
    // A tool's output is looked at too.
    std::fs::write(home.workspace().join("note"), "fine\nporn\n").unwrap();
    home.ok(as_peer(MIA, &["send", "read: note"])).unwrap();
    let session = json(&home, &as_peer(MIA, &["sessions", "list", "--json"]));
    let id = session[0]["id"].as_str().unwrap();
    let shown = json(&home, &as_peer(MIA, &["sessions", "show", id, "--json"]));
    let output = shown[0]["calls"][0]["state"]["output"]["text"].as_str();
    assert_eq!(output, Some("fine\n[left out: not for children]\n"));
    let agents = shown[0]["messages"].as_array().unwrap().iter();
    for said in agents.filter(|message| message["role"] != "user") {
        assert!(!said.to_string().contains("porn"), "{said}");
    }
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
