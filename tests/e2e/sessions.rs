//! Sessions as people keep them, through the command line: written out, found again, named,
//! forked, put away, and removed when they are old.

use serde_json::Value;
use smartopol_testkit::Home;

use super::home;

const BEN: &str = "discord:ben";
const MIA: &str = "telegram:4711";

/// A home whose agent asks nobody.
fn free() -> Home {
    let home = home();
    home.config("[approvals]\nmode = \"auto\"\n").unwrap();
    home.ok(["daemon", "start"]).unwrap();
    home
}

fn json(home: &Home, args: &[&str]) -> Vec<Value> {
    let text = home.ok(args).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|err| panic!("{err}: {line}")))
        .collect()
}

fn refused(home: &Home, args: &[&str]) -> String {
    let output = home.run(args).unwrap();
    assert!(!output.status.success(), "{args:?} was not refused");
    String::from_utf8(output.stderr).unwrap()
}

/// Makes a session with a name and says something in it.
fn talk(home: &Home, name: &str, texts: &[&str]) {
    home.ok(["sessions", "new", name]).unwrap();
    for text in texts {
        home.ok(["send", "--session", name, text]).unwrap();
    }
}

#[test]
fn an_export_is_read_by_people_and_by_programs_and_holds_no_secret() {
    let home = free();
    let said = "the deploy key is GITHUB_TOKEN=x9k2m4n6p8q0r2 and it stays secret";
    talk(&home, "notes", &[said, "run: printf 'one\\n```\\ntwo\\n'"]);
    home.ok(["sessions", "pin", "notes", "never touch the archive"])
        .unwrap();

    let read = home.ok(["sessions", "export", "notes"]).unwrap();
    for wanted in [
        "# notes\n",
        "- **rule**: never touch the archive",
        "GITHUB_TOKEN=[REDACTED]",
        "**exec** ```` printf 'one",
        "*ok after",
        "````\none\n```\ntwo\n[exit code 0]\n````",
        "| secrets taken out |",
    ] {
        assert!(read.contains(wanted), "{wanted} is not in:\n{read}");
    }
    assert!(!read.contains("x9k2m4n6p8q0r2"), "{read}");
    // The output stands with its call, and the message of the tools is not told again.
    assert!(!read.contains("## tools"), "{read}");

    let text = home
        .ok(["sessions", "export", "notes", "--format", "json"])
        .unwrap();
    assert!(!text.contains("x9k2m4n6p8q0r2"), "{text}");
    let exported: Value = serde_json::from_str(&text).unwrap();
    let shown = &json(&home, &["sessions", "show", "notes", "--json", "-n", "100"])[0];
    assert_eq!(exported["version"], 1);
    assert_eq!(exported["key"], shown["key"]);
    assert_eq!(exported["turns"], shown["turns"]);
    assert_eq!(exported["calls"], shown["calls"]);
    assert_eq!(exported["pins"][0]["text"], "never touch the archive");
    let texts = |of: &Value| of["messages"].as_array().unwrap().len();
    assert_eq!(texts(&exported), texts(shown));
    assert_eq!(exported.get("next"), None);
}

#[test]
fn an_export_overwrites_no_file_that_is_not_meant() {
    let home = free();
    talk(&home, "notes", &["say: hello"]);
    let file = home.workspace().join("notes.json");
    let path = file.to_str().unwrap();
    let told = home
        .ok(["sessions", "export", "notes", "-o", path])
        .unwrap();
    assert!(told.contains("`notes` with 2 messages is in"), "{told}");
    let text = std::fs::read_to_string(&file).unwrap();
    // The file's name says which form is wanted.
    let exported: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(exported["messages"].as_array().unwrap().len(), 2);

    std::fs::write(&file, "mine").unwrap();
    let said = refused(&home, &["sessions", "export", "notes", "-o", path]);
    assert!(
        said.contains("is there already") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    home.ok([
        "sessions", "export", "notes", "-o", path, "--force", "--format", "markdown",
    ])
    .unwrap();
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("# notes")
    );
}

#[test]
fn what_was_said_is_found_in_all_own_sessions_and_in_nobody_elses() {
    let home = free();
    home.ok(["users", "add", "ben", BEN]).unwrap();
    talk(&home, "garden", &["say: the roses need water"]);
    talk(
        &home,
        "house",
        &["say: paint the wall", "say: water the roses, too"],
    );
    let as_ben = |args: &[&str]| {
        let mut all = vec!["--as", BEN];
        all.extend(args);
        home.run(all).unwrap()
    };
    // Two people each have a session of this name.
    assert!(as_ben(&["sessions", "new", "garden"]).status.success());
    let sent = as_ben(&["send", "--session", "garden", "say: my roses are secret"]);
    assert!(
        sent.status.success(),
        "{}",
        String::from_utf8_lossy(&sent.stderr)
    );

    let hits = json(&home, &["sessions", "search", "ROSES", "water", "--json"]);
    let places: Vec<_> = hits
        .iter()
        .map(|hit| {
            (
                hit["session"].as_str().unwrap(),
                hit["position"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [("house", 4), ("house", 3), ("garden", 2), ("garden", 1)]
    );
    assert_eq!(hits[3]["line"], "say: the roses need water");
    let table = home.ok(["sessions", "search", "wall"]).unwrap();
    assert!(
        table.contains("house") && table.contains("paint the wall"),
        "{table}"
    );

    // An admin sees all, and yet searches what is their own.
    let output = home.run(["sessions", "search", "secret"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let output = as_ben(&["sessions", "search", "roses", "--json"]);
    let own = String::from_utf8(output.stdout).unwrap();
    assert_eq!(own.lines().count(), 2, "{own}");
    assert!(own.lines().all(|line| line.contains("secret")), "{own}");

    // Inside one session a text is found as it stands.
    let inside = json(
        &home,
        &[
            "sessions",
            "search",
            "--session",
            "house",
            "the wa",
            "--json",
        ],
    );
    assert_eq!(inside.len(), 2);
    home.ok(["sessions", "delete", "house", "--yes"]).unwrap();
    assert_eq!(
        json(&home, &["sessions", "search", "water", "--json"]).len(),
        2
    );
}

#[test]
fn a_key_names_a_session_in_the_whole_house() {
    let home = free();
    home.ok(["users", "add", "ben", BEN]).unwrap();
    home.ok(["users", "add", "mia", MIA, "--role", "child"])
        .unwrap();
    for peer in [BEN, MIA] {
        home.ok(["--as", peer, "sessions", "new", "notes"]).unwrap();
    }
    // To the owner both are possible, and the keys say which.
    let said = refused(&home, &["sessions", "show", "notes"]);
    assert_eq!(said.matches("user:usr_").count(), 2, "{said}");
    let shown = home
        .ok(["--as", BEN, "sessions", "show", "notes", "--json"])
        .unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let key = shown["key"].as_str().unwrap().to_owned();
    let id = shown["session"]["id"].as_str().unwrap();
    assert!(key.ends_with(":agent:main:notes"), "{key}");
    for named in [key.as_str(), "user:ben:agent:main:notes", id] {
        let found = json(&home, &["sessions", "show", named, "--json"]);
        assert_eq!(found[0]["session"]["id"], id, "{named}");
    }
    let said = refused(&home, &["--as", MIA, "sessions", "show", &key]);
    assert!(said.contains("there is no session"), "{said}");
    // The owner's own comes first.
    home.ok(["sessions", "new", "notes"]).unwrap();
    let own = json(&home, &["sessions", "show", "notes", "--json"]);
    assert_ne!(own[0]["session"]["id"], id);
    // Whoever inherits a session of a name that they have gets it under another.
    home.ok(["users", "remove", "ben", "--yes"]).unwrap();
    let names: Vec<_> = json(&home, &["sessions", "list", "--json"])
        .iter()
        .map(|session| session["name"].as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains(&"notes-2".to_owned()), "{names:?}");
}

#[test]
fn an_archived_session_leaves_the_lists_and_comes_back_when_somebody_speaks() {
    let home = free();
    talk(&home, "old", &["say: apples"]);
    talk(&home, "new", &["say: pears"]);
    let names = |args: &[&str]| -> Vec<String> {
        let mut all = vec!["sessions", "list", "--json"];
        all.extend(args);
        let listed = json(&home, &all);
        listed
            .iter()
            .map(|session| session["name"].as_str().unwrap().to_owned())
            .collect()
    };
    home.ok(["sessions", "archive", "new"]).unwrap();
    assert_eq!(names(&[]), ["old"]);
    assert_eq!(names(&["--archived"]), ["new"]);
    assert_eq!(names(&["--all"]), ["new", "old"]);
    // Without a name it is never meant, though it was used last.
    let meant = json(&home, &["sessions", "show", "--json"]);
    assert_eq!(meant[0]["session"]["name"], "old");
    let found = home.ok(["sessions", "search", "pears"]).unwrap();
    assert!(found.contains("new (archived)"), "{found}");
    assert!(
        home.ok(["sessions", "show", "new"])
            .unwrap()
            .contains("archived")
    );
    home.ok(["send", "--session", "new", "say: plums"]).unwrap();
    assert_eq!(names(&[]), ["new", "old"]);
    home.ok(["sessions", "archive", "old"]).unwrap();
    home.ok(["sessions", "unarchive", "old"]).unwrap();
    assert_eq!(names(&["--archived"]), [""; 0]);
}
