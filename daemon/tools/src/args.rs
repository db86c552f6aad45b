//! Reads a tool's arguments; a mistake is answered with the field, the value and the remedy.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};
use smartopol_protocol::tool::ToolOutput;

use crate::answer;

/// How much of a wrong value is shown, in bytes.
const SHOWN_BYTES: usize = 120;

/// The arguments of one call.
pub(crate) struct Args<'a> {
    tool: &'static str,
    fields: &'a Map<String, Value>,
}

impl<'a> Args<'a> {
    /// Takes the arguments of `tool`, which may have the fields `known`.
    pub(crate) fn of(
        tool: &'static str,
        input: &'a Value,
        known: &[&str],
    ) -> Result<Self, ToolOutput> {
        let Some(fields) = input.as_object() else {
            return Err(answer::failed(format!(
                "The arguments of `{tool}` must be a JSON object, but they are {}. \
                 Send an object with the fields {}.",
                shown(input),
                answer::listed(known)
            )));
        };
        if let Some(name) = fields.keys().find(|name| !known.contains(&name.as_str())) {
            let near = answer::nearest(name, known);
            let hint = near
                .first()
                .map_or_else(String::new, |own| format!(" Did you mean `{own}`?"));
            return Err(answer::failed(format!(
                "`{tool}` has no field `{}`.{hint} Its fields are {}.",
                answer::head(name, SHOWN_BYTES),
                answer::listed(known)
            )));
        }
        Ok(Self { tool, fields })
    }

    /// Returns a text that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, ToolOutput> {
        self.optional_text(name)?.ok_or_else(|| {
            answer::failed(format!(
                "`{}` needs the field `{name}`, a string, and it is missing. Send it.",
                self.tool
            ))
        })
    }

    /// Returns a text that may be left out.
    pub(crate) fn optional_text(&self, name: &str) -> Result<Option<&'a str>, ToolOutput> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong(name, other, "a string")),
        }
    }

    /// Returns a whole number that may be left out; one written as a string is taken too.
    pub(crate) fn number(
        &self,
        name: &str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ToolOutput> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_u64().or_else(|| whole(other.as_f64()?)),
        };
        match number {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let wanted = format!("a whole number from {} to {}", range.start(), range.end());
                Err(self.wrong(name, value, &wanted))
            }
        }
    }

    /// Returns a yes or no; no where it is left out.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ToolOutput> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(other) => Err(self.wrong(name, other, "true or false")),
        }
    }

    /// Returns a list of texts that may be left out.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, ToolOutput> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let texts = value.as_array().and_then(|items| {
            let texts = items.iter().map(|item| item.as_str().map(String::from));
            texts.collect::<Option<Vec<String>>>()
        });
        texts
            .map(Some)
            .ok_or_else(|| self.wrong(name, value, "a list of strings"))
    }

    /// Returns an object of texts, sorted by name; empty where it is left out.
    pub(crate) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>, ToolOutput> {
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let wrong = || self.wrong(name, value, "an object whose values are strings");
        let fields = value.as_object().ok_or_else(wrong)?;
        let pairs = fields.iter().map(|(key, value)| match value {
            Value::String(text) => Ok((key.clone(), text.clone())),
            Value::Number(number) => Ok((key.clone(), number.to_string())),
            _ => Err(wrong()),
        });
        let mut pairs: Vec<_> = pairs.collect::<Result<_, _>>()?;
        pairs.sort();
        Ok(pairs)
    }

    /// Returns the answer to a value that is of the right kind and still wrong.
    pub(crate) fn refuse(&self, name: &str, why: &str) -> ToolOutput {
        answer::failed(format!("`{}` cannot use `{name}`: {why}", self.tool))
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&self, name: &str, value: &Value, wanted: &str) -> ToolOutput {
        answer::failed(format!(
            "`{}` takes {wanted} as `{name}`, but got {}. Send {wanted}.",
            self.tool,
            shown(value)
        ))
    }
}

fn whole(number: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked"
    )]
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let head = answer::head(&text, SHOWN_BYTES);
    let more = if head.len() < text.len() { "…" } else { "" };
    format!("`{head}{more}`")
}
