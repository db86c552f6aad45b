//! `README.md` says what is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use smartopol_protocol::envelope::{MAX_FRAME, VERSION};
use smartopol_protocol::{Code, Event, method};

fn here() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(here().join("README.md")).unwrap()
}

fn wire(name: &str) -> String {
    fs::read_to_string(here().join("protocol/tests/wire").join(name)).unwrap()
}

/// The rows of the tables below a heading, each as its cells.
fn rows(readme: &str, heading: &str) -> Vec<Vec<String>> {
    let section = readme.split(heading).nth(1).unwrap();
    section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|row| {
            row.trim_matches('|')
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect()
        })
        .collect()
}

fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(|name| name.trim_end_matches('?').to_owned())
        .collect()
}

#[test]
fn it_contains_the_example_word_for_word() {
    let client = fs::read_to_string(here().join("examples/client.py")).unwrap();
    assert!(readme().contains(&format!("```python\n{client}```\n")));
}

#[test]
fn its_table_of_methods_is_the_table() {
    let readme = readme();
    let rows = rows(&readme, "\n## Methods\n");
    let told: Vec<String> = rows
        .iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect();
    assert_eq!(told, method::NAMES);
    for row in &rows {
        let [name, params, reply, _] = &row[..] else {
            panic!("{row:?}")
        };
        let name = name.trim_matches('`');
        let golden = wire(&format!("method.{}.json", name.replace('/', ".")));
        let golden: Value = serde_json::from_str(&golden).unwrap();
        let known: BTreeSet<String> = golden["params"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(names(params), known, "the parameters of {name}");
        let fields = golden["reply"].as_object();
        assert_eq!(reply == "null", fields.is_none(), "the reply of {name}");
        // Lower case names are fields; a capital letter names a type.
        for field in names(reply)
            .iter()
            .filter(|name| name.starts_with(char::is_lowercase))
        {
            assert!(
                fields.unwrap().contains_key(field),
                "`{field}` in the reply of {name}"
            );
        }
    }
}

#[test]
fn its_table_of_events_is_complete() {
    let readme = readme();
    let mut told = BTreeSet::new();
    for row in rows(&readme, "\n## Events\n") {
        let name = row[0].trim_matches('`').to_owned();
        let event: Event = serde_json::from_str(&wire(&format!("event.{name}.json"))).unwrap();
        assert_eq!(row[1] == "fact", event.news.is_fact(), "{name}");
        told.insert(format!("event.{name}.json"));
    }
    let known: BTreeSet<String> = fs::read_dir(here().join("protocol/tests/wire"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("event."))
        .collect();
    assert_eq!(told, known);
}

#[test]
fn its_codes_and_limits_are_those_of_the_protocol() {
    let readme = readme();
    let codes: Vec<Code> = rows(&readme, "Its `code` is for programs")
        .iter()
        .map(|row| serde_json::from_str(&row[0].replace('`', "\"")).unwrap())
        .collect();
    let known: Vec<Code> = serde_json::from_str(&wire("fault.codes.json")).unwrap();
    assert_eq!(codes, known);
    assert!(readme.contains(&format!("The version is {VERSION}.")));
    assert_eq!(MAX_FRAME, 8_388_608);
}

#[test]
fn what_it_links_to_is_there() {
    let readme = readme();
    for link in readme
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap())
    {
        assert!(Path::new(&here().join(link)).exists(), "{link}");
    }
}
