//! Who comes in, who is kept out, and what each sees.

use serde_json::Value;
use smartopol_testkit::wait;

use super::{BEN, MIA, as_peer, ask, ask_as, end, family, json, owner, refused};
use crate::home;

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
    let status = |args: &[&str]| json(&home, args).remove(0);
    let mut job = vec!["jobs", "add", "--when", "every monday 9:00"];
    job.extend(["--remind", "x", "--name", "secret", "--yes"]);
    home.ok(job).unwrap();
    let whole = status(&["daemon", "status", "--json"]);
    assert_eq!(whole["sessions"], 3, "{whole}");
    assert_eq!(whole["jobs"]["next"]["name"], "secret", "{whole}");
    let hers = status(&as_peer(MIA, &["daemon", "status", "--json"]));
    assert_eq!(hers["sessions"], 1, "{hers}");
    assert_eq!(hers["jobs"]["active"], 0, "{hers}");
    assert_eq!(hers["jobs"]["next"], Value::Null, "{hers}");
    // An admin is told whose each is; who sees only their own is not.
    let listed = home.ok(["sessions", "list"]).unwrap();
    for word in ["USER", "owner", "ben", "mia"] {
        assert!(listed.contains(word), "{word}: {listed}");
    }
    let listed = home.ok(as_peer(MIA, &["sessions", "list"])).unwrap();
    assert!(!listed.contains("USER"), "{listed}");
    // In one folder each goes on in their own session, under the same name.
    let name = all[0]["name"].as_str().unwrap();
    let shown = json(&home, &as_peer(MIA, &["sessions", "show", name, "--json"]));
    assert_eq!(shown[0]["session"]["id"], mias[0]["id"]);
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
fn one_who_is_disabled_is_kept_out_and_loses_nothing() {
    let home = family("");
    home.ok(as_peer(BEN, &["send", "say: before"])).unwrap();
    let job = [
        "jobs",
        "add",
        "--when",
        "in 5 hours",
        "--name",
        "tea",
        "--prompt",
        "say: tea",
        "--yes",
    ];
    home.ok(as_peer(BEN, &job)).unwrap();
    home.ok(["users", "disable", "ben"]).unwrap();
    let listed = home.ok(["users", "list"]).unwrap();
    assert!(listed.contains("user (disabled)"), "{listed}");
    for args in [
        vec!["send", "say: still here"],
        vec!["sessions", "list"],
        vec!["users", "link"],
        vec!["users", "link", "ABCD-2345"],
        vec!["send", "/link ABCD-2345"],
    ] {
        let (code, said) = refused(&home, &as_peer(BEN, &args));
        assert_eq!(code, Some(4), "{args:?}: {said}");
        assert!(said.contains("ben (user) is disabled for now"), "{said}");
    }
    // Nobody is asked to let in who is known.
    assert!(json(&home, &["inbox", "--json"]).is_empty());
    // What they planned rests.
    let _ = home.run(["jobs", "run", "tea"]).unwrap();
    let runs = wait::until("the run is blocked", || {
        let runs = json(&home, &["jobs", "history", "tea", "--json"]);
        let blocked = runs.first().is_some_and(|run| run["state"] == "blocked");
        blocked.then_some(runs)
    })
    .unwrap();
    let reason = runs[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("ben (user), who made it, is disabled"),
        "{reason}"
    );
    // Others are as before, and the owner and oneself cannot be kept out.
    home.ok(as_peer(MIA, &["send", "say: hello"])).unwrap();
    let own = owner(&home)["name"].as_str().unwrap().to_owned();
    let (_, said) = refused(&home, &["users", "disable", &own]);
    assert!(said.contains("owns the daemon"), "{said}");
    refused(&home, &as_peer(MIA, &["users", "disable", "ben"]));
    home.ok(["users", "enable", "ben"]).unwrap();
    let sessions = json(&home, &as_peer(BEN, &["sessions", "list", "--json"]));
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    home.ok(as_peer(BEN, &["send", "say: again"])).unwrap();
}

#[test]
fn an_admin_speaks_in_sessions_of_others_where_they_may_send_to_others() {
    let home = family("");
    home.ok(["users", "add", "eve", "api:eve", "--role", "admin"])
        .unwrap();
    home.ok(as_peer(BEN, &["send", "say: mine"])).unwrap();
    let bens = json(&home, &as_peer(BEN, &["sessions", "list", "--json"]));
    let id = bens[0]["id"].as_str().unwrap();
    home.ok(as_peer(
        "api:eve",
        &["send", "--session", id, "say: from eve"],
    ))
    .unwrap();
    home.ok(["users", "deny", "eve", "send_to_others"]).unwrap();
    let remind = [
        "jobs",
        "add",
        "--when",
        "in 1 hour",
        "--remind",
        "tea",
        "--session",
        id,
        "--yes",
    ];
    for args in [vec!["send", "--session", id, "say: again"], remind.to_vec()] {
        let (code, said) = refused(&home, &as_peer("api:eve", &args));
        assert_eq!(code, Some(4), "{args:?}: {said}");
        assert!(said.contains("it takes `send_to_others`"), "{said}");
    }
    // In her own she does, and so does the owner everywhere.
    home.ok(as_peer("api:eve", &["send", "say: to myself"]))
        .unwrap();
    home.ok(["send", "--session", id, "say: from the owner"])
        .unwrap();
}

#[test]
fn a_page_of_a_list_is_full_of_what_is_theirs() {
    let home = family("");
    let own = owner(&home)["peers"][0].as_str().unwrap().to_owned();
    let mut waiting = Vec::new();
    // What the others wait for came first, so it would fill a page of one.
    for (number, peer) in [own.as_str(), MIA, BEN].into_iter().enumerate() {
        waiting.push(ask_as(&home, peer, "run: touch x", number + 1));
    }
    for peer in [BEN, MIA] {
        let waits = json(&home, &as_peer(peer, &["inbox", "-n", "1", "--json"]));
        assert_eq!(waits.len(), 1, "{peer}: {waits:?}");
        let sessions = json(&home, &as_peer(peer, &["sessions", "list", "--json"]));
        assert_eq!(waits[0]["session_id"], sessions[0]["id"], "{peer}");
        let mine = json(&home, &as_peer(peer, &["approvals", "list", "--json"]));
        assert_eq!(mine.len(), 1, "{peer}: {mine:?}");
    }
    for approval in json(&home, &["approvals", "list", "--json"]) {
        let id = approval["id"].as_str().unwrap();
        home.ok(["approvals", "deny", id]).unwrap();
    }
    waiting.into_iter().for_each(|child| drop(end(child)));
}

#[test]
fn what_a_capability_is_without_effect_for_is_said() {
    let home = family("");
    let shown = home.ok(["users", "show", "ben"]).unwrap();
    let line = shown.lines().find(|line| line.contains("install_plugins"));
    assert!(line.unwrap().contains("of no effect yet"), "{shown}");
    let others = shown.lines().filter(|line| line.contains("of no effect"));
    assert_eq!(others.count(), 1, "{shown}");
}

#[test]
fn a_turn_of_one_who_is_disabled_meanwhile_goes_no_further() {
    let home = family("");
    let (child, approval) = ask(&home, BEN, "run: touch bens");
    home.ok(["users", "disable", "ben"]).unwrap();
    assert_ne!(end(child).0, Some(0));
    let id = approval["id"].as_str().unwrap();
    let (_, said) = refused(&home, &["approvals", "allow", id]);
    assert!(said.contains("already"), "{said}");
    // Nor does an admin go on with it for them.
    let sessions = json(&home, &["sessions", "list", "--json"]);
    let session = sessions[0]["id"].as_str().unwrap();
    let output = home.run(["send", "--session", session, "say: go on"]);
    let said = String::from_utf8_lossy(&output.unwrap().stderr).into_owned();
    assert!(said.contains("ben (user) is disabled for now"), "{said}");
    assert!(!home.workspace().join("bens").exists());
}

#[test]
fn who_is_no_admin_cannot_work_among_the_daemons_own_files() {
    let home = family("");
    let work = home.workspace();
    let data = work.parent().unwrap().to_str().unwrap();
    let status = json(&home, &["daemon", "status", "--json"]);
    let log = std::path::Path::new(status[0]["log"].as_str().unwrap());
    let log = log.parent().unwrap().to_str().unwrap();
    for peer in [BEN, MIA] {
        for folder in ["/", data, log] {
            let args = ["sessions", "new", "--in", folder];
            let (code, said) = refused(&home, &as_peer(peer, &args));
            assert_eq!(code, Some(4), "{folder}: {said}");
            assert!(said.contains("files of the daemon itself"), "{said}");
        }
        let args = ["sessions", "new", "--in", work.to_str().unwrap()];
        home.ok(as_peer(peer, &args)).unwrap();
    }
    for folder in ["/etc", "/proc/self"] {
        let (code, said) = refused(&home, &as_peer(MIA, &["sessions", "new", "--in", folder]));
        assert_eq!(code, Some(4), "{folder}: {said}");
        assert!(said.contains("the system's"), "{said}");
        home.ok(["sessions", "new", "--in", folder]).unwrap();
    }
    // A job is no way around it.
    let job = work.join("job.json");
    let spec = serde_json::json!({
        "when": "every monday 9:00",
        "workspace": data,
        "action": { "do": "prompt", "text": "read what others said" },
    });
    std::fs::write(&job, spec.to_string()).unwrap();
    let add = ["jobs", "add", "--yes", "--file", job.to_str().unwrap()];
    let (_, said) = refused(&home, &as_peer(BEN, &add));
    assert!(said.contains("files of the daemon itself"), "{said}");
    home.ok(["sessions", "new", "--in", data]).unwrap();
}

#[test]
fn who_is_no_admin_works_in_the_folders_that_are_named() {
    let named = tempfile::tempdir().unwrap();
    let named = named.path().canonicalize().unwrap();
    let home = family(&format!("users.folders = [{:?}]", named));
    let below = named.join("below");
    std::fs::create_dir(&below).unwrap();
    let below = below.to_str().unwrap();
    home.ok(as_peer(MIA, &["sessions", "new", "--in", below]))
        .unwrap();
    let other = home.workspace();
    let args = ["sessions", "new", "--in", other.to_str().unwrap()];
    let (code, said) = refused(&home, &as_peer(MIA, &args));
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("`users.folders`"), "{said}");
    home.ok(args).unwrap();
}

#[test]
fn acting_as_a_peer_is_a_mistake_where_nobody_asks_who_does_it() {
    let home = family("");
    for args in [
        vec!["config", "set", "approvals.mode", "auto"],
        vec!["config", "show"],
        vec!["models", "set", "offline"],
        vec!["completions", "bash"],
    ] {
        let (code, said) = refused(&home, &as_peer(MIA, &args));
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains("leave `--as` away"), "{args:?}: {said}");
    }
    let set = home.ok(["config", "get", "approvals.mode"]).unwrap();
    assert!(set.contains("ask"), "{set}");
    home.ok(as_peer(MIA, &["models", "list"])).unwrap();
}

#[test]
fn what_would_be_done_with_a_command_is_said_for_the_one_who_asks() {
    let home = family("");
    let check = ["approvals", "check", "--json", "cargo test"];
    let own = json(&home, &check).pop().unwrap();
    let reason = |checked: &Value| checked["reasons"][0].as_str().unwrap().to_owned();
    assert!(reason(&own).contains("asks before commands"), "{own}");
    let childs = json(&home, &as_peer(MIA, &check)).pop().unwrap();
    assert!(reason(&childs).contains("waits for an admin"), "{childs}");
    let as_role = [
        "approvals",
        "check",
        "--json",
        "--role",
        "child",
        "cargo test",
    ];
    assert_eq!(json(&home, &as_role).pop().unwrap(), childs);
}

#[test]
fn the_doctor_finds_no_fault_with_what_one_may_not_know() {
    let home = family("");
    let told = home.ok(as_peer(MIA, &["doctor"])).unwrap();
    assert!(told.contains("only an admin is told of it"), "{told}");
    assert!(!told.contains("the daemon cannot tell"), "{told}");
}
