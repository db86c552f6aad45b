//! What is wrong and what to do about it: a healthy house, and one whose database is damaged.

use std::path::PathBuf;

use serde_json::Value;
use smartopol_testkit::Home;

use super::home;

fn told(home: &Home) -> (Value, Option<i32>) {
    let output = home.run(["doctor", "--json"]).unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap();
    (told, output.status.code())
}

fn finding<'a>(told: &'a Value, what: &str) -> &'a Value {
    let findings = told["findings"].as_array().unwrap();
    findings.iter().find(|one| one["what"] == what).unwrap()
}

/// Breaks the first page, where every look begins.
fn tear(home: &Home) -> Vec<u8> {
    let path = home.path().join("smartopol.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[..4096].fill(0x5a);
    std::fs::write(&path, &bytes).unwrap();
    bytes
}

/// A backup under a name as the daemon gives it.
fn backup(home: &Home) -> PathBuf {
    let folder = home.path().join("backup");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("smartopol-2026-11-24T10-00-00Z-12.db");
    home.ok(["daemon", "backup", file.to_str().unwrap()])
        .unwrap();
    file
}

#[test]
fn a_healthy_house_is_told_to_be_well_with_and_without_its_daemon() {
    let home = home();
    let (empty, code) = told(&home);
    assert_eq!(
        (empty["well"].as_bool(), code),
        (Some(true), Some(0)),
        "{empty}"
    );
    assert!(
        !home.path().join("smartopol.db").exists(),
        "it looks and makes nothing"
    );

    home.ok(["send", "say: hello"]).unwrap();
    for running in [true, false] {
        if !running {
            home.ok(["daemon", "stop"]).unwrap();
        }
        let (told, code) = told(&home);
        assert_eq!(
            (told["well"].as_bool(), code),
            (Some(true), Some(0)),
            "{told}"
        );
        let daemon = finding(&told, "daemon")["state"].as_str();
        assert_eq!(daemon, Some(if running { "good" } else { "note" }));
        let said = finding(&told, "database")["said"].as_str().unwrap();
        assert!(
            said.contains("is sound") && said.contains("2 messages"),
            "{said}"
        );
    }
    let words = home.ok(["doctor"]).unwrap();
    assert!(words.contains("✓ database"), "{words}");
    assert!(words.contains("→ smartopol daemon start"), "{words}");
}

#[test]
fn a_damaged_database_starts_nothing_is_named_and_a_backup_takes_its_place() {
    let home = home();
    home.ok(["send", "say: keep me"]).unwrap();
    let newest = backup(&home);
    home.ok(["daemon", "stop"]).unwrap();
    let broken = tear(&home);

    for args in [
        &["daemon", "start"][..],
        &["daemon", "run"],
        &["send", "say: more"],
    ] {
        let output = home.run(args).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("smartopol.db is damaged"), "{args:?}: {said}");
        assert!(said.contains("smartopol doctor"), "{args:?}: {said}");
        assert!(said.contains(newest.to_str().unwrap()), "{args:?}: {said}");
    }
    let database = home.path().join("smartopol.db");
    assert!(
        broken == std::fs::read(&database).unwrap(),
        "it was changed"
    );

    let (sick, code) = told(&home);
    assert_eq!(
        (sick["well"].as_bool(), code),
        (Some(false), Some(1)),
        "{sick}"
    );
    let steps = finding(&sick, "database")["remedy"].to_string();
    assert!(steps.contains(newest.to_str().unwrap()), "{steps}");

    let said = home
        .ok(["doctor", "--restore", newest.to_str().unwrap()])
        .unwrap();
    let aside = std::fs::read_dir(home.path()).unwrap().flatten();
    let aside = aside
        .map(|file| file.path())
        .find(|path| path.display().to_string().contains("db.broken-"))
        .unwrap();
    assert!(said.contains(aside.to_str().unwrap()), "{said}");
    assert!(
        broken == std::fs::read(&aside).unwrap(),
        "what was damaged is kept as it was"
    );
    home.ok(["daemon", "start"]).unwrap();
    assert!(home.ok(["sessions", "show"]).unwrap().contains("keep me"));
    assert_eq!(told(&home).1, Some(0));
}

#[test]
fn no_backup_takes_the_place_under_a_daemon_or_where_it_is_none() {
    let home = home();
    home.ok(["send", "say: keep me"]).unwrap();
    let newest = backup(&home);
    let refused = |backup: &str, expected: &str| {
        let output = home.run(["doctor", "--restore", backup]).unwrap();
        assert_eq!(output.status.code(), Some(1), "{backup}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(expected), "{backup}: {said}");
    };
    refused(newest.to_str().unwrap(), "smartopol daemon stop");
    home.ok(["daemon", "stop"]).unwrap();
    let before = std::fs::read(home.path().join("smartopol.db")).unwrap();
    let none = home.path().join("none.db");
    refused(none.to_str().unwrap(), "cannot read");
    std::fs::write(&none, "no database at all, whatever its name says").unwrap();
    refused(none.to_str().unwrap(), "no sound backup");
    assert!(before == std::fs::read(home.path().join("smartopol.db")).unwrap());
}
