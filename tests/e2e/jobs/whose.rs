//! Whose a job is: what its owner may, who sees it, who changes it, how many there may be.

use serde_json::Value;
use smartopol_testkit::Home;
use smartopol_testkit::home::LIMIT;

use super::*;

const ANN: &str = "telegram:1";
const BOB: &str = "telegram:2";
const MIA: &str = "telegram:3";

/// A house with its owner, Ann (an admin), Bob (a user) and Mia (a child).
fn family() -> Home {
    let home = home();
    home.ok(["daemon", "start"]).unwrap();
    for (name, peer, role) in [
        ("ann", ANN, "admin"),
        ("bob", BOB, "user"),
        ("mia", MIA, "child"),
    ] {
        home.ok(["users", "add", name, peer, "--role", role])
            .unwrap();
    }
    home
}

fn by<'a>(peer: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--as", peer], words].concat()
}

fn json(home: &Home, words: &[&str]) -> Vec<Value> {
    let told = home.ok(words).unwrap();
    let lines = told.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

fn refused(home: &Home, words: &[&str]) -> String {
    let output = home.run(words).unwrap();
    assert!(!output.status.success(), "{words:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

fn shown(home: &Home, words: &[&str]) -> Job {
    let mut shown = json(home, &[words, &["--json"]].concat());
    serde_json::from_value(shown.remove(0)["job"].take()).unwrap()
}

/// Runs a job and returns what became of it.
fn ran(home: &Home, job: &str) -> (String, String) {
    let rows = || json(home, &["jobs", "history", job, "--json"]);
    let before = rows().len();
    home.ok(["jobs", "run", job]).unwrap();
    let until = std::time::Instant::now() + LIMIT;
    loop {
        let rows = rows();
        assert!(rows.len() <= before + 1, "{rows:?}");
        let row = &rows[rows.len() - 1];
        let state = row["state"].as_str().unwrap();
        if rows.len() > before && !["waiting", "running"].contains(&state) {
            let reason = row["reason"].as_str().unwrap_or_default();
            return (state.to_owned(), reason.to_owned());
        }
        assert!(std::time::Instant::now() < until, "{job} never ended");
    }
}

/// The owner says something, and what the session is called is returned.
fn notes(home: &Home) -> String {
    home.ok(["send", "say: a secret"]).unwrap();
    let session = json(home, &["sessions", "list", "--json"]).remove(0);
    session["name"].as_str().unwrap().to_owned()
}

#[test]
fn a_job_has_no_more_rights_than_its_owner_has_now() {
    let home = family();
    let notes = notes(&home);
    let add = ["jobs", "add", "--when", "in 2 hours", "--yes", "--name"];
    let in_notes = ["--pause-after", "0", "-s", &notes];
    for (name, does) in [
        ("says", ["--prompt", "say: what was said"]),
        ("tells", ["--message", "a notice"]),
        ("reminds", ["--remind", "a tea"]),
    ] {
        let words = [&add[..], &[name], &does, &in_notes].concat();
        home.ok(by(ANN, &words)).unwrap();
    }
    // A folder in which only an admin works.
    let file = home.workspace().join("reads.json");
    let spec = serde_json::json!({
        "name": "reads", "when": "in 2 hours", "workspace": "/etc", "policy": { "pause_after": 0 },
        "action": { "do": "call", "tool": "read_file", "input": { "path": "hostname" } },
    });
    std::fs::write(&file, spec.to_string()).unwrap();
    let words = ["jobs", "add", "--yes", "--file", file.to_str().unwrap()];
    home.ok(by(ANN, &words)).unwrap();
    let said = || home.ok(["sessions", "show", &notes]).unwrap();
    let before = said();
    let blocked = |job: &str, why: &str| {
        let (state, reason) = ran(&home, job);
        assert_eq!(state, "blocked", "{job}: {reason}");
        assert!(reason.contains(why), "{job}: {reason}");
    };
    for role in ["user", "child"] {
        home.ok(["users", "role", "ann", role]).unwrap();
        for job in ["says", "tells", "reminds"] {
            blocked(job, "its session is somebody else's");
        }
        blocked("reads", "may not work in /etc");
    }
    assert_eq!(said(), before);
    let inbox = json(&home, &["inbox", "--json"]);
    assert!(
        inbox.iter().all(|item| item["kind"] != "reminder"),
        "{inbox:?}"
    );
    // An admin who may not send to others.
    home.ok(["users", "role", "ann", "admin"]).unwrap();
    home.ok(["users", "deny", "ann", "send_to_others"]).unwrap();
    for job in ["says", "tells", "reminds"] {
        blocked(job, "`send_to_others`");
    }
    assert_eq!(said(), before);
    home.ok(["users", "allow", "ann", "send_to_others"])
        .unwrap();
    for job in ["says", "tells", "reminds"] {
        assert_eq!(ran(&home, job).0, "ran", "{job}");
    }
    let after = said();
    assert!(
        after.contains("what was said") && after.contains("a notice"),
        "{after}"
    );
}

#[test]
fn an_admin_who_changes_a_job_does_not_become_its_owner() {
    let home = family();
    let notes = notes(&home);
    for (name, peer) in [("bobs", BOB), ("mias", MIA)] {
        let add = ["jobs", "add", "--when", "in 2 hours", "--name", name];
        let does = ["--prompt", "say: one", "--yes"];
        home.ok(by(peer, &[&add[..], &does].concat())).unwrap();
    }
    let own = shown(&home, &["jobs", "show", "mias"]);
    assert_eq!(own.frozen.mode, Mode::ReadOnly);
    for (name, peer) in [("bobs", BOB), ("mias", MIA)] {
        let before = shown(&home, &["jobs", "show", name]);
        home.ok(["jobs", "edit", name, "--prompt", "say: two", "--yes"])
            .unwrap();
        let after = shown(&home, &by(peer, &["jobs", "show", name]));
        assert_eq!(after.action, prompt("say: two"));
        assert_eq!(after.frozen, before.frozen);
        assert_eq!(
            (after.id, after.frozen.user.as_str()),
            (before.id, peer),
            "{after:?}"
        );
    }
    // Nor does it get what its owner may not.
    for (words, why) in [
        (["--mode", "auto"], "may do no more than"),
        (["-s", &notes], "there is no session"),
    ] {
        for name in ["bobs", "mias"] {
            let edit = [&["jobs", "edit", name, "--yes"], &words[..]].concat();
            let said = refused(&home, &edit);
            assert!(said.contains(why), "{edit:?}: {said}");
        }
    }
    let words = ["jobs", "edit", "mias", "--may-schedule", "--yes"];
    let said = refused(&home, &words);
    assert!(said.contains("`may_schedule`"), "{said}");
    // What it says in their session is said to them.
    home.ok(by(BOB, &["send", "say: hello"])).unwrap();
    let session = json(&home, &by(BOB, &["sessions", "list", "--json"])).remove(0);
    let session = session["id"].as_str().unwrap();
    home.ok(by(BOB, &["jobs", "edit", "bobs", "-s", session, "--yes"]))
        .unwrap();
    home.ok(["users", "deny", "ann", "send_to_others"]).unwrap();
    let edit = ["jobs", "edit", "bobs", "--prompt", "say: three", "--yes"];
    let said = refused(&home, &by(ANN, &edit));
    assert!(said.contains("`send_to_others`"), "{said}");
    // Of one who is gone nothing is changed.
    home.ok(["users", "disable", "bob"]).unwrap();
    let said = refused(&home, &edit);
    assert!(
        said.contains("bob (user), who made it, is disabled"),
        "{said}"
    );
}

#[test]
fn nobody_hears_of_the_jobs_of_others_and_names_are_each_users_own() {
    let home = family();
    let add = |name: &'static str| {
        let add = ["jobs", "add", "--when", "in 2 hours", "--name", name];
        [&add[..], &["--remind", "x", "--yes"]].concat()
    };
    home.ok(add("pz")).unwrap();
    home.ok(add("salary")).unwrap();
    let own = shown(&home, &["jobs", "show", "pz"]);
    let (whole, begun) = (own.id.to_string(), own.id.to_string()[4..6].to_owned());
    for peer in [BOB, MIA] {
        for key in ["pz", &whole, &begun, &whole[..6]] {
            for verb in [
                "show", "edit", "remove", "pause", "resume", "run", "history", "why",
            ] {
                let mut words = by(peer, &["jobs", verb, key]);
                words.extend(match verb {
                    "edit" => &["--prompt", "x", "--yes"][..],
                    _ => &[],
                });
                let said = refused(&home, &words);
                let wanted = format!("there is no job `{key}`");
                assert!(said.contains(&wanted), "{words:?}: {said}");
                assert!(!said.contains("salary"), "{words:?}: {said}");
            }
            let said = refused(&home, &by(peer, &["jobs", "next", key]));
            assert!(!said.contains("salary"), "{said}");
        }
        // The name is free.
        home.ok(by(peer, &add("pz"))).unwrap();
        let said = refused(&home, &by(peer, &add("pz")));
        assert!(said.contains("already a job named `pz`"), "{said}");
        let theirs = shown(&home, &by(peer, &["jobs", "show", "pz"]));
        assert_eq!(theirs.frozen.user, peer);
    }
    // One's own comes first; an admin with none is asked which.
    assert_eq!(shown(&home, &["jobs", "show", "pz"]), own);
    let said = refused(&home, &by(ANN, &["jobs", "remove", "pz"]));
    assert!(said.contains(&whole) && said.contains(BOB), "{said}");
    home.ok(by(ANN, &["jobs", "remove", &whole])).unwrap();
    // Paused and taken up, it keeps the name that others have too.
    let paused = home
        .ok(by(BOB, &["jobs", "pause", "pz", "--json"]))
        .unwrap();
    let paused: Job = serde_json::from_str(&paused).unwrap();
    assert!(matches!(paused.state, JobState::Paused { .. }));
    let resumed = home
        .ok(by(BOB, &["jobs", "resume", "pz", "--json"]))
        .unwrap();
    let resumed: Job = serde_json::from_str(&resumed).unwrap();
    assert_eq!(
        (&resumed.name, resumed.state),
        (&paused.name, JobState::Active)
    );
    let removed = home
        .ok(by(BOB, &["jobs", "remove", "pz", "--json"]))
        .unwrap();
    let removed: Job = serde_json::from_str(&removed).unwrap();
    assert_eq!(removed.id, paused.id);
    home.ok(by(MIA, &["jobs", "show", "pz"])).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_hears_of_no_jobs_but_those_of_whom_it_speaks_with() {
    let provider = ScriptedProvider::start().await;
    let mut home = home_in(&provider, "anthropic", "auto").await;
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    let add = ["jobs", "add", "--when", "in 2 hours", "--remind", "x"];
    for name in ["salary", "bonus"] {
        home.ok([&add[..], &["--name", name, "--yes"]].concat())
            .unwrap();
    }
    let (client, mut events) = home.client().await.unwrap();
    let own = job(&client, "salary").await;
    let digits = own.id.to_string()[4..6].to_owned();
    let input = serde_json::json!({ "name": digits });
    provider.rule(Rule::on("remove it").call("schedule_remove", input));
    provider.rule(Rule::any().text("done"));
    home.ok(by(MIA, &["sessions", "new", "hers"])).unwrap();
    let sessions = json(&home, &by(MIA, &["sessions", "list", "--json"]));
    let session: Session = serde_json::from_value(sessions[0].clone()).unwrap();
    listen(&client, &session).await;
    let child = home
        .command(by(MIA, &["send", "--session", "hers", "remove it"]))
        .spawn()
        .unwrap();
    let question = asked(&mut events).await;
    decide(&client, &question, true).await;
    assert_eq!(outcome(&mut events).await, Outcome::Done);
    assert!(child.wait_with_output().unwrap().status.success());
    let told = provider.requests().pop().unwrap().body["messages"].to_string();
    assert!(told.contains("there is no job"), "{told}");
    assert!(
        !told.contains("salary") && !told.contains("bonus"),
        "{told}"
    );
    home.stop().unwrap();
}

#[test]
fn a_child_cannot_take_the_room_of_all() {
    let home = family();
    let words = [
        "jobs",
        "add",
        "--when",
        "in 2 hours",
        "--remind",
        "x",
        "--yes",
    ];
    for _ in 0..50 {
        home.ok(by(MIA, &words)).unwrap();
    }
    let said = refused(&home, &by(MIA, &words));
    assert!(
        said.contains("mia (child) has 50 jobs with times to come, and may have no more"),
        "{said}"
    );
    let checked = [&words[..6], &["--check"]].concat();
    let said = refused(&home, &by(MIA, &checked));
    assert!(said.contains("may have no more"), "{said}");
    // Others are not held up, and what she has she may change.
    home.ok(by(BOB, &words)).unwrap();
    home.ok(words).unwrap();
    let jobs = json(&home, &by(MIA, &["jobs", "list", "--json"]));
    let id = jobs[0]["id"].as_str().unwrap();
    home.ok(by(
        MIA,
        &["jobs", "edit", id, "--when", "in 3 hours", "--yes"],
    ))
    .unwrap();
    home.ok(by(MIA, &["jobs", "remove", id])).unwrap();
    home.ok(by(MIA, &words)).unwrap();
}
