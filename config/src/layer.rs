//! Layers: the defaults, over them the file, over it the environment.
//!
//! Our own walk over `toml`'s spanned tables instead of figment: it tells every mistake at once
//! and not the first, with line and column, and where each value came from falls out of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::agree;
use crate::check::{self, Findings, Key, Source, quoted, shown, unknown, written};
use crate::paths::Paths;
use crate::problem::{Problem, Problems};
use crate::section::{self, Config};
use crate::shape::{Holds, Shape};

/// The largest config file that is read, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

const PREFIX: &str = "SMARTOPOL_";

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In the config file.
    File {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// In this environment variable.
    Environment(String),
}

impl Origin {
    pub(crate) fn place(&self, file: &str) -> String {
        match self {
            Self::Default => "default".into(),
            Self::File { line, column } => format!("{file}:{line}:{column}"),
            Self::Environment(name) => format!("environment {}", shown(name)),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { line, .. } => write!(f, "line {line}"),
            Self::Environment(name) => f.write_str(name),
        }
    }
}

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key, such as `agent.max_steps`.
    pub key: String,
    /// Its value as TOML; secrets are not shown.
    pub value: String,
    /// Where it was set.
    pub origin: Origin,
}

impl Entry {
    /// Returns the value for scripts: a text without its quotes, all else as TOML.
    pub fn bare(&self) -> String {
        match toml::de::DeValue::parse(&self.value) {
            Ok(value) => match value.get_ref().as_str() {
                Some(text) => text.to_owned(),
                None => self.value.clone(),
            },
            Err(_) => self.value.clone(),
        }
    }
}

/// The settings in force, and where they came from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The config file; `None` where there is none.
    pub file: Option<PathBuf>,
    origins: BTreeMap<Key, Origin>,
}

impl Config {
    /// Reads the settings: the defaults, over them the config file, over it the variables
    /// `SMARTOPOL_SECTION__KEY` of `env`.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn load(
        paths: &Paths,
        env: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Loaded, Problems> {
        let path = paths.config_file();
        let text = match read(&path) {
            Ok(text) => text,
            Err(problem) => return Err(Problems(vec![problem])),
        };
        let file = text.is_some().then(|| path.clone());
        let (config, origins) = layered(&file_name(&path), text.as_deref().unwrap_or(""), env)?;
        Ok(Loaded {
            config,
            file,
            origins,
        })
    }

    /// Reads a config file's text alone.
    ///
    /// # Errors
    /// Every mistake at once.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        layered("smartopol.toml", text, []).map(|(config, _)| config)
    }
}

impl Loaded {
    /// Returns every setting in force, by key.
    pub fn entries(&self) -> Vec<Entry> {
        let table = Table::try_from(&self.config).unwrap_or_default();
        let mut entries = Vec::new();
        self.collect(
            &section::SHAPE,
            &Value::Table(table),
            &mut Vec::new(),
            &mut entries,
        );
        entries
    }

    fn collect(&self, shape: &Shape, value: &Value, path: &mut Key, entries: &mut Vec<Entry>) {
        match (shape, value) {
            (Shape::Table(fields), Value::Table(table)) => {
                for (name, shape) in *fields {
                    if let Some(value) = table.get(*name) {
                        path.push((*name).to_owned());
                        self.collect(shape, value, path, entries);
                        path.pop();
                    }
                }
            }
            (Shape::Named(_, shape), Value::Table(table)) => {
                for (name, value) in table {
                    path.push(name.clone());
                    self.collect(shape, value, path, entries);
                    path.pop();
                }
            }
            _ => entries.push(Entry {
                key: written(path),
                value: self
                    .named_variable(path)
                    .unwrap_or_else(|| value.to_string()),
                origin: self.origins.get(path).cloned().unwrap_or(Origin::Default),
            }),
        }
    }

    /// A key that names a variable is no secret, and seeing the name is what one looks for.
    fn named_variable(&self, path: &[String]) -> Option<String> {
        let [section, name, key] = path else {
            return None;
        };
        if section != "providers" || key != "api_key" {
            return None;
        }
        let key = self.config.providers.get(name)?.api_key.as_ref()?.expose();
        key.starts_with("env:")
            .then(|| Value::from(key).to_string())
    }
}

/// Reads the file; `None` where there is none.
fn read(path: &Path) -> Result<Option<String>, Problem> {
    let place = file_name(path);
    let cannot = |err: &std::io::Error| {
        Problem::new(
            place.clone(),
            format!("`{}` cannot be read: {err}", path.display()),
        )
    };
    match fs::metadata(path) {
        Err(err) if err.kind() == ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(cannot(&err)),
        Ok(about) if about.is_dir() => {
            return Err(cannot(&std::io::Error::from(ErrorKind::IsADirectory)));
        }
        Ok(about) if about.len() > MAX_FILE => {
            return Err(Problem::new(place, "the file is larger than 1 MiB")
                .hint("settings are a page or two: this is another file"));
        }
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|err| cannot(&err))?;
    String::from_utf8(bytes).map(Some).map_err(|err| {
        let good = err.utf8_error().valid_up_to();
        let line = err
            .as_bytes()
            .iter()
            .take(good)
            .filter(|b| **b == b'\n')
            .count()
            + 1;
        Problem::new(format!("{place}:{line}:1"), "this line is not UTF-8")
            .hint("save the file as UTF-8")
    })
}

pub(crate) fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || "smartopol.toml".into(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn layered(
    name: &str,
    text: &str,
    env: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(Config, BTreeMap<Key, Origin>), Problems> {
    let mut found = Findings::default();
    let mut table = check::file(name, text, &mut found);
    let mut in_file = std::mem::take(&mut found.problems);
    for (name, value) in variables(env, &mut found) {
        set_variable(&name, &value, &mut table, &mut found);
    }
    let in_env = std::mem::take(&mut found.problems);
    match Value::Table(table).try_into::<Config>() {
        Ok(config) => {
            agree::check(&config, name, &mut found);
            in_file.append(&mut found.problems);
            in_file.sort_by_key(|(at, _)| *at);
            in_file.extend(in_env);
            if in_file.is_empty() {
                return Ok((config, found.origins));
            }
        }
        Err(err) => {
            in_file.sort_by_key(|(at, _)| *at);
            in_file.extend(in_env);
            if in_file.is_empty() {
                in_file.push((0, Problem::new(name, err.message().to_owned())));
            }
        }
    }
    Err(Problems(
        in_file.into_iter().map(|(_, problem)| problem).collect(),
    ))
}

/// Returns the variables that are meant for us, sorted by name.
fn variables(
    env: impl IntoIterator<Item = (OsString, OsString)>,
    found: &mut Findings,
) -> BTreeMap<String, String> {
    let mut ours = BTreeMap::new();
    for (name, value) in env {
        let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else {
            continue;
        };
        let rest = name.get(PREFIX.len()..).unwrap_or_default();
        if !rest.contains("__") {
            if let Some(section) = section_of(rest) {
                let key = rest.get(section.len() + 1..).unwrap_or_default();
                let right = format!("{PREFIX}{}__{key}", section.to_uppercase());
                let problem = Problem::new(place(name), "this names no key")
                    .hint(format!("two underscores part section and key: `{right}`"));
                found.problems.push((0, problem));
            }
            continue; // `SMARTOPOL_HOME` and what other programs call their own.
        }
        match value.into_string() {
            Ok(value) => {
                ours.insert(name.to_owned(), value);
            }
            Err(_) => {
                let problem = Problem::new(place(name), "its value is not UTF-8");
                found.problems.push((0, problem));
            }
        }
    }
    ours
}

fn place(variable: &str) -> String {
    Origin::Environment(variable.to_owned()).place("")
}

fn section_of(rest: &str) -> Option<&'static str> {
    let Shape::Table(sections) = &section::SHAPE else {
        return None;
    };
    let rest = rest.to_lowercase();
    let mut names = sections.iter().map(|(name, _)| *name);
    names.find(|name| {
        rest.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('_'))
    })
}

fn set_variable(name: &str, value: &str, table: &mut Table, found: &mut Findings) {
    let mut key: Key = Vec::new();
    let mut shape = &section::SHAPE;
    for part in name.get(PREFIX.len()..).unwrap_or_default().split("__") {
        let part = part.to_lowercase();
        shape = match shape {
            Shape::Table(fields) => {
                let Some((_, inner)) = fields.iter().find(|(own, _)| *own == part) else {
                    let (message, hint) = unknown(&key, &part, fields);
                    let problem = Problem::new(place(name), message).hint(hint);
                    found.problems.push((0, problem));
                    return;
                };
                key.push(part);
                inner
            }
            Shape::Named(test, inner) => {
                let own = existing(table, &key, &part, inner);
                if let Err(why) = test(&own) {
                    let message = format!("`{own}` {why}");
                    found.problems.push((0, Problem::new(place(name), message)));
                    return;
                }
                key.push(own);
                inner
            }
            Shape::List(_) | Shape::Value(_) => {
                let message = format!("{} is a value, and has no keys in it", quoted(&key));
                found.problems.push((0, Problem::new(place(name), message)));
                return;
            }
        };
    }
    if matches!(shape, Shape::Table(_) | Shape::Named(..)) {
        let problem = Problem::new(place(name), format!("{} is a table", quoted(&key)))
            .hint(format!("name one of its keys: `{name}__KEY`"));
        found.problems.push((0, problem));
        return;
    }
    if let Some(value) = check::value(&Source::Variable(name), shape, &key, value, found) {
        insert(table, &key, value, found, name);
    }
}

/// Returns the name that `part` of a variable means: variables have neither `-` nor lower case.
fn existing(table: &Table, key: &[String], part: &str, inner: &Shape) -> String {
    let mut at = Some(table);
    for name in key {
        at = at
            .and_then(|table| table.get(name))
            .and_then(Value::as_table);
    }
    let same = |name: &&String| name.to_lowercase().replace('-', "_") == part;
    if let Some(name) = at.and_then(|table| table.keys().find(same)) {
        return name.clone();
    }
    match inner {
        Shape::Value(Holds::Secret(_)) => part.replace('_', "-"), // A header.
        _ => part.to_owned(),
    }
}

fn insert(table: &mut Table, key: &[String], value: Value, found: &mut Findings, name: &str) {
    let Some((last, parents)) = key.split_last() else {
        return;
    };
    let mut at = table;
    for (n, parent) in parents.iter().enumerate() {
        let path = key.get(..=n).unwrap_or_default().to_vec();
        found
            .origins
            .entry(path)
            .or_insert_with(|| Origin::Environment(name.to_owned()));
        let entry = at
            .entry(parent.clone())
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else { return };
        at = inner;
    }
    at.insert(last.clone(), value);
}
