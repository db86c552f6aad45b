//! The wire, held against golden files: `tests/wire/*.json`.
//!
//! A changed file must be meant: `UPDATE_GOLDEN=1 cargo test -p smartopol-protocol` rewrites them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod envelopes;
mod events;
mod golden;
mod methods;
mod pieces;
mod sample;

use std::collections::BTreeSet;
use std::fs;

use smartopol_protocol::method;

use crate::golden::Golden;

fn all() -> Vec<Golden> {
    [
        methods::goldens(),
        events::goldens(),
        envelopes::goldens(),
        pieces::goldens(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn the_wire_is_as_the_golden_files_say() {
    let changed: Vec<String> = all()
        .iter()
        .filter_map(|golden| golden.check().err())
        .collect();
    assert!(
        changed.is_empty(),
        "{}\n\nWhere this is meant: UPDATE_GOLDEN=1 cargo test -p smartopol-protocol",
        changed.join("\n\n")
    );
}

#[test]
fn every_method_has_a_golden_file_and_is_understood_from_it() {
    let names: Vec<&str> = methods::all().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, method::NAMES);
}

#[test]
fn every_event_has_a_golden_file() {
    let told: BTreeSet<&str> = events::all().iter().map(events::name).collect();
    assert_eq!(told, BTreeSet::from_iter(events::NAMES.iter().copied()));
}

#[test]
fn no_golden_file_is_left_over() {
    let expected: BTreeSet<String> = all().iter().map(Golden::file).collect();
    let found: BTreeSet<String> = fs::read_dir(golden::folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected);
}
