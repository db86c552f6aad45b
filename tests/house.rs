//! The laws of the house: who may depend on whom, and who alone may touch what.
//!
//! Read from `cargo metadata`, so that the manifests are the truth and this file is the law.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// The level of each crate: a crate depends only on lower ones.
const LEVELS: &[(&str, u8)] = &[
    ("smartopol-protocol", 0),
    ("smartopol-config", 1),
    ("smartopol-ipc", 1),
    ("smartopol-agent", 1),
    ("smartopol-store", 1),
    ("smartopol-traces", 2),
    ("smartopol-providers", 2),
    ("smartopol-tools", 2),
    ("smartopol-tui", 2),
    ("smartopol-daemon", 3),
    ("smartopol-testkit", 3),
    ("smartopol", 4),
];

/// Organs never depend on each other.
const ORGANS: &[&str] = &["agent", "providers", "tools", "store", "traces"];

/// Who alone may have these dependencies.
const ALONE: &[(&str, &[&str])] = &[
    ("rusqlite", &["smartopol-store"]),
    ("ratatui", &["smartopol-tui"]),
    ("crossterm", &["smartopol-tui"]),
    ("reqwest", &["smartopol-providers"]),
    ("interprocess", &["smartopol-ipc"]),
    ("alacritty_terminal", &["smartopol-tools", "smartopol-tui"]),
    ("portable-pty", &["smartopol-testkit", "smartopol-tools"]),
];

/// What thinks does no I/O.
const THINKERS: &[(&str, &[&str])] = &[
    (
        "smartopol-protocol",
        &["tokio", "reqwest", "rusqlite", "rustix"],
    ),
    (
        "smartopol-agent",
        &["tokio", "reqwest", "rusqlite", "rustix", "smartopol-config"],
    ),
];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "core", "common", "utils", "util", "helpers", "helper", "manager", "service", "misc", "types",
];

/// Direct dependencies of every crate of the workspace, those for tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    metadata
        .packages
        .iter()
        .map(|package| {
            let normal = package
                .dependencies
                .iter()
                .filter(|dependency| dependency.kind != DependencyKind::Development)
                .map(|dependency| dependency.name.clone())
                .collect();
            (package.name.to_string(), normal)
        })
        .collect()
}

fn level(name: &str) -> Option<u8> {
    LEVELS
        .iter()
        .find(|(own, _)| *own == name)
        .map(|(_, level)| *level)
}

#[test]
fn every_crate_depends_only_on_lower_levels() {
    for (name, dependencies) in dependencies() {
        let own = level(&name).unwrap_or_else(|| panic!("{name} has no level: give it one here"));
        for dependency in &dependencies {
            if let Some(other) = level(dependency) {
                assert!(
                    other < own,
                    "{name} (level {own}) depends on {dependency} (level {other})"
                );
            }
        }
    }
}

#[test]
fn organs_do_not_know_each_other() {
    let dependencies = dependencies();
    for organ in ORGANS {
        let own = format!("smartopol-{organ}");
        for other in ORGANS.iter().filter(|other| *other != organ) {
            let other = format!("smartopol-{other}");
            let tools_may = own == "smartopol-tools" && other == "smartopol-traces";
            assert!(
                tools_may || !dependencies[&own].contains(&other),
                "{own} depends on {other}"
            );
        }
    }
}

#[test]
fn the_console_reaches_the_daemon_only_through_the_door() {
    let dependencies = dependencies();
    for inner in [
        "smartopol-daemon",
        "smartopol-store",
        "smartopol-agent",
        "smartopol-tools",
    ] {
        assert!(
            !dependencies["smartopol-tui"].contains(inner),
            "tui depends on {inner}"
        );
    }
}

#[test]
fn some_things_have_one_room() {
    for (name, dependencies) in dependencies() {
        for (what, rooms) in ALONE {
            assert!(
                !dependencies.contains(*what) || rooms.contains(&name.as_str()),
                "{name} depends on {what}, which belongs in {rooms:?}"
            );
        }
    }
}

#[test]
fn what_thinks_does_no_io() {
    let dependencies = dependencies();
    for (thinker, hands) in THINKERS {
        for hand in *hands {
            assert!(
                !dependencies[*thinker].contains(*hand),
                "{thinker} depends on {hand}"
            );
        }
    }
}

#[test]
fn the_test_kit_is_for_tests() {
    for (name, dependencies) in dependencies() {
        assert!(
            !dependencies.contains("smartopol-testkit"),
            "{name} ships the test kit"
        );
    }
}

#[test]
fn no_crate_has_features() {
    for package in MetadataCommand::new().no_deps().exec().unwrap().packages {
        assert!(
            package.features.is_empty(),
            "{} has features: settings decide at run time",
            package.name
        );
    }
}

#[test]
fn every_name_says_something() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ["src", "ipc", "config", "daemon", "tui"]
        .map(|dir| root.join(dir))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                !EMPTY_NAMES.contains(&stem.as_str()),
                "{} says nothing",
                path.display()
            );
            if path.is_dir() && stem != "target" {
                folders.push(path);
            }
        }
    }
}

#[test]
fn every_source_file_says_what_it_owns() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = ["src", "tests", "ipc", "config", "daemon", "tui"]
        .map(|dir| root.join(dir))
        .into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(text.starts_with("//!"), "{} has no head", path.display());
            }
        }
    }
}
