//! Tool calls while they are written, and their arguments in both directions.

use serde_json::{Map, Value, json};
use smartopol_protocol::model::ModelEvent;

use super::Flaw;

/// The most calls of one answer; more end the request, for no one would carry them out.
pub(crate) const MOST: usize = 128;
/// Bytes of arguments between two tellings of progress.
const TELL_EVERY: usize = 256;

/// One call whose arguments are still coming.
#[derive(Debug)]
pub(crate) struct Call {
    index: u32,
    name: String,
    arguments: String,
    told: usize,
}

impl Call {
    /// Begins the call that comes after `before` others of this answer.
    pub(crate) fn begin(
        before: usize,
        name: &str,
        out: &mut Vec<ModelEvent>,
    ) -> Result<Self, Flaw> {
        let index = u32::try_from(before).unwrap_or(u32::MAX);
        if before >= MOST {
            return Err(Flaw::TooMany(MOST));
        }
        let call = Self {
            index,
            name: name.to_owned(),
            arguments: String::new(),
            told: 0,
        };
        out.push(call.progress());
        Ok(call)
    }

    /// Takes the next piece of the arguments.
    pub(crate) fn push(&mut self, piece: &str, out: &mut Vec<ModelEvent>) {
        self.arguments.push_str(piece);
        if self.arguments.len() - self.told >= TELL_EVERY {
            self.told = self.arguments.len();
            out.push(self.progress());
        }
    }

    /// Returns true while no arguments came.
    pub(crate) fn is_bare(&self) -> bool {
        self.arguments.is_empty()
    }

    /// The call is complete.
    pub(crate) fn end(self) -> ModelEvent {
        ModelEvent::Call {
            index: self.index,
            name: self.name,
            input: read(self.arguments),
        }
    }

    fn progress(&self) -> ModelEvent {
        ModelEvent::CallProgress {
            index: self.index,
            name: self.name.clone(),
            bytes: u64::try_from(self.arguments.len()).unwrap_or(u64::MAX),
        }
    }
}

/// Reads arguments: an object, or the text itself where it is none.
fn read(text: String) -> Value {
    if text.trim().is_empty() {
        return Value::Object(Map::new());
    }
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => value,
        _ => Value::String(text),
    }
}

/// Returns arguments as an object, which is all that services take back.
pub(crate) fn object(input: &Value) -> Value {
    match input {
        Value::Object(_) => input.clone(),
        broken => json!({ "invalid_arguments": broken }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_at_the_start_and_then_about_every_256_bytes() {
        let mut out = Vec::new();
        let mut call = Call::begin(0, "write_file", &mut out).unwrap();
        for _ in 0..1_000 {
            call.push("\"", &mut out);
        }
        let bytes: Vec<u64> = out
            .iter()
            .map(|event| match event {
                ModelEvent::CallProgress { bytes, .. } => *bytes,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(bytes, [0, 256, 512, 768]);
    }

    #[test]
    fn arguments_are_an_object_or_the_text_itself() {
        assert_eq!(read(r#" {"a":1}"#.into()), json!({"a": 1}));
        assert_eq!(read(String::new()), json!({}));
        for text in [r#"{"a":"#, "[1]", "ls -la", "null", "\"text\""] {
            assert_eq!(read(text.into()), Value::String(text.into()));
        }
        let deep = "[".repeat(100_000);
        assert_eq!(read(deep.clone()), Value::String(deep));
        assert_eq!(object(&json!("ls")), json!({"invalid_arguments": "ls"}));
    }
}
