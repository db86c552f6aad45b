//! What the settings promise, through the crate's public face.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod defaults;
mod edits;
mod mistakes;

use std::ffi::OsString;
use std::fs;

use smartopol_config::{Config, Loaded, Paths, Problems};
use tempfile::TempDir;

/// A house of its own with `text` as its config file.
fn house(text: &str) -> (TempDir, Paths) {
    let home = tempfile::tempdir().unwrap();
    let paths = Paths::under(home.path());
    fs::write(paths.config_file(), text).unwrap();
    (home, paths)
}

fn load(text: &str, env: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let (_home, paths) = house(text);
    let env = env
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::load(&paths, env)
}

/// Returns all mistakes, each as one line.
fn mistakes(text: &str, env: &[(&str, &str)]) -> String {
    let problems = load(text, env).unwrap_err();
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
