//! Takes secrets out of values and texts.

use std::borrow::Cow;

use serde_json::{Map, Value};
use smartopol_config::Secret;

use crate::known::Known;
use crate::name::{self, Kind};
use crate::{REDACTED, shape};

/// The longest flag in a list of words, in bytes.
const FLAG_BYTES: usize = 64;

/// How often a text is looked through at most.
const ROUNDS: usize = 4;

/// Takes secrets out: by the name they stand under, by what they look like, and those that the
/// daemon knows wherever they are.
pub struct Redactor {
    known: Known,
    /// Further parts of names, normal.
    keys: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

impl Redactor {
    /// Returns one that knows these secrets, and these parts of names besides the built-in ones.
    pub fn new(known: impl IntoIterator<Item = Secret>, keys: &[String]) -> Self {
        let keys = keys.iter().map(|key| name::normal(key));
        Self {
            known: Known::new(known),
            keys: keys.filter(|key| !key.is_empty()).collect(),
        }
    }

    /// Returns `value` without secrets, and how many were in it.
    pub fn value(&self, value: &Value) -> (Value, u64) {
        let mut count = 0;
        let clean = self.clean(value, &mut count);
        (clean, count)
    }

    /// Returns `text` without secrets, and how many were in it.
    pub fn text<'a>(&self, text: &'a str) -> (Cow<'a, str>, u64) {
        let (mut clean, mut count) = self.known(text);
        // One that was hidden by another shows once that is gone.
        for _ in 0..ROUNDS {
            let found = shape::find(&clean, &self.keys);
            if found.is_empty() {
                break;
            }
            count += found.len() as u64;
            clean = Cow::Owned(replaced(&clean, &found));
        }
        (clean, count)
    }

    /// Returns `text` without the secrets that the daemon knows, and how many were in it.
    pub fn known<'a>(&self, text: &'a str) -> (Cow<'a, str>, u64) {
        let found = self.known.find(text);
        if found.is_empty() {
            return (Cow::Borrowed(text), 0);
        }
        (Cow::Owned(replaced(text, &found)), found.len() as u64)
    }

    fn clean(&self, value: &Value, count: &mut u64) -> Value {
        match value {
            Value::String(text) => Value::String(self.clean_text(text, count)),
            Value::Array(items) => self.clean_list(items, count),
            Value::Object(fields) => {
                let fields = fields.iter().map(|(key, value)| {
                    let key = self.clean_text(key, count);
                    let value = match self.is_secret(&key, value) {
                        true => redacted(count),
                        false => self.clean(value, count),
                    };
                    (key, value)
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
            other => other.clone(),
        }
    }

    /// In a list of words, the one after `--password` is a secret.
    fn clean_list(&self, items: &[Value], count: &mut u64) -> Value {
        let mut after_flag = false;
        let items = items.iter().map(|item| {
            let text = item.as_str().unwrap_or_default();
            let is_secret =
                after_flag && !text.is_empty() && !text.starts_with('-') && text != REDACTED;
            let item = match is_secret {
                true => redacted(count),
                false => self.clean(item, count),
            };
            after_flag = item.as_str().is_some_and(|text| self.is_flag(text));
            item
        });
        Value::Array(items.collect())
    }

    fn is_flag(&self, text: &str) -> bool {
        text.len() <= FLAG_BYTES
            && text.starts_with("--")
            && !text.contains(['=', ' '])
            && name::secret(text, &self.keys).is_some()
    }

    fn clean_text(&self, text: &str, count: &mut u64) -> String {
        let (clean, found) = self.text(text);
        *count += found;
        clean.into_owned()
    }

    fn is_secret(&self, key: &str, value: &Value) -> bool {
        let Some(kind) = name::secret(key, &self.keys) else {
            return false;
        };
        match value {
            Value::Null | Value::Bool(_) => false,
            Value::Number(_) => kind == Kind::Any,
            Value::String(text) => !text.is_empty() && text != REDACTED,
            Value::Array(items) => !items.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
        }
    }
}

fn redacted(count: &mut u64) -> Value {
    *count += 1;
    Value::from(REDACTED)
}

/// Returns `text` with a mark in each of the places, which are in order.
fn replaced(text: &str, places: &[(usize, usize)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (start, end) in places {
        out.push_str(text.get(from..*start).unwrap_or_default());
        out.push_str(REDACTED);
        from = *end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}
