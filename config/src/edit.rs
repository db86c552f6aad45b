//! Changes keys of the config file and leaves the rest as the person wrote it.
//!
//! Owns: the edits, their check, and the swap, which is whole or not at all. A file that would be
//! wrong is never written.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, Value};

use crate::check::{quoted, unknown};
use crate::problem::{Problem, Problems};
use crate::section::{self, Config};
use crate::shape::{Holds, Shape};

const PLACE: &str = "command line";

/// Why a key was not set.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key or the value is wrong, or the file is.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The file cannot be read or written.
    #[error("`{}` cannot be changed: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Sets keys, such as `agent.max_steps`, in the config file at `path` to values, written as TOML
/// or, where a key takes a text, as it is. All of them or none: some only go together.
///
/// # Errors
/// A key, a value, or what the file would be then is wrong; nothing is changed.
pub fn set(path: &Path, changes: &[(&str, &str)]) -> Result<(), Error> {
    let io_error = |source| Error::Io {
        path: path.to_owned(),
        source,
    };
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(err) if err.kind() == io::ErrorKind::NotFound => String::new(),
        Err(err) => return Err(io_error(err)),
    };
    let text = changes
        .iter()
        .try_fold(text, |text, (key, value)| edited(&text, key, value))?;
    Config::parse(&text)?;
    swap(path, &text).map_err(io_error)
}

/// Returns settings with one key set; no file is changed. For settings without secrets.
pub(crate) fn with(config: &Config, key: &str, value: &str) -> Result<Config, Problems> {
    let text = toml::to_string(config).unwrap_or_default();
    Config::parse(&edited(&text, key, value)?)
}

/// Says whether there is such a key that holds a value.
///
/// # Errors
/// Where there is none, with the nearest one.
pub fn known(key: &str) -> Result<(), Problem> {
    parsed(key).map(|_| ())
}

/// Returns the parts of a key and its shape.
fn parsed(key: &str) -> Result<(Vec<String>, &'static Shape), Problem> {
    let parts = toml_edit::Key::parse(key).map_err(|_| {
        let message = format!("`{}` is not a key", key.escape_debug());
        Problem::new(PLACE, message).hint("a key is like `agent.max_steps`")
    })?;
    let parts: Vec<String> = parts.iter().map(|part| part.get().to_owned()).collect();
    let shape =
        shape_of(&parts).map_err(|(message, hint)| Problem::new(PLACE, message).hint(hint))?;
    Ok((parts, shape))
}

/// Returns `text` with `key` set to `value`; not yet checked as a whole.
fn edited(text: &str, key: &str, value: &str) -> Result<String, Problems> {
    let wrong =
        |message: String, hint: String| Problems(vec![Problem::new(PLACE, message).hint(hint)]);
    let (parts, shape) = parsed(key).map_err(|problem| Problems(vec![problem]))?;
    let value = new_value(shape, value).ok_or_else(|| {
        wrong(
            format!("the value for {} is not TOML", quoted(&parts)),
            value_hint(shape),
        )
    })?;
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        Config::parse(text)?;
        return Err(wrong("the config file is not TOML".into(), String::new()));
    };
    let Some((last, parents)) = parts.split_last() else {
        return Err(wrong("the key is empty".into(), String::new()));
    };
    let mut at: &mut dyn toml_edit::TableLike = document.as_table_mut();
    for (n, parent) in parents.iter().enumerate() {
        let entry = at.entry(parent).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(n + 1 < parents.len());
            Item::Table(table)
        });
        at = entry
            .as_table_like_mut()
            .ok_or_else(|| wrong(format!("{} is not a table", quoted(parents)), String::new()))?;
    }
    match at.get_mut(last) {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor; // The comment at the end of the line stays.
        }
        _ => {
            at.insert(last, Item::Value(value));
        }
    }
    Ok(document.to_string())
}

/// Returns the shape of a key that can be set.
fn shape_of(key: &[String]) -> Result<&'static Shape, (String, String)> {
    let mut shape = &section::SHAPE;
    for (n, part) in key.iter().enumerate() {
        let before = key.get(..n).unwrap_or_default();
        shape = match shape {
            Shape::Table(fields) => match fields.iter().find(|(name, _)| name == part) {
                Some((_, inner)) => inner,
                None => return Err(unknown(before, part, fields)),
            },
            Shape::Named(test, inner) => match test(part) {
                Ok(()) => inner,
                Err(why) => return Err((format!("{} {why}", quoted(key)), String::new())),
            },
            Shape::List(_) | Shape::Value(_) => {
                return Err((
                    format!("{} has no keys in it", quoted(before)),
                    String::new(),
                ));
            }
        };
    }
    match shape {
        Shape::Value(_) | Shape::List(_) => Ok(shape),
        Shape::Table(fields) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            let hint = format!("name one of its keys: {}", names.join(", "));
            Err((format!("{} is a table", quoted(key)), hint))
        }
        Shape::Named(..) => Err((
            format!("{} is a table", quoted(key)),
            "name one of its entries".into(),
        )),
    }
}

fn new_value(shape: &Shape, value: &str) -> Option<Value> {
    if let Shape::Value(Holds::Text(_) | Holds::Secret(_) | Holds::Choice(_)) = shape {
        return Some(match value.parse::<Value>() {
            Ok(Value::String(text)) => Value::from(text.into_value()),
            _ => Value::from(value),
        });
    }
    value.trim().parse::<Value>().ok()
}

fn value_hint(shape: &Shape) -> String {
    match shape {
        Shape::Value(Holds::Texts(_)) => "write a list: '[\"A\", \"B\"]'".into(),
        Shape::Value(Holds::Words) | Shape::List(_) => "write a list as TOML".into(),
        _ => String::new(),
    }
}

/// Replaces the file whole: whoever reads it sees the old text or the new one.
fn swap(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: many keep their settings in a folder of their own.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut maker = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(maker.recursive(true), 0o700);
    maker.create(folder)?;
    let mode = match fs::metadata(&path) {
        Ok(about) => about.permissions().mode() & 0o777,
        Err(_) => 0o600, // It may hold a key.
    };
    let temporary = folder.join(format!(".smartopol.toml.{}", std::process::id()));
    let result = write_new(&temporary, text, mode).and_then(|()| fs::rename(&temporary, &path));
    if result.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    result?;
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let _ = fs::remove_file(path); // Left by a process of the same number that was killed here.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
