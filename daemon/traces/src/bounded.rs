//! How much of a value a record keeps. The numbers and the form are those trace collectors know.

use serde_json::{Map, Value, json};

/// The largest result, in bytes of JSON.
const RESULT_BYTES: usize = 50_000;

/// The largest single parameter, in bytes of JSON.
const PARAM_BYTES: usize = 10_000;

/// How much of what is too large is shown, in bytes.
const PREVIEW_BYTES: usize = 1_000;

/// Returns `result`, or a preview of it where it is larger than 50,000 bytes.
pub fn bounded(result: Value) -> Value {
    within(result, RESULT_BYTES)
}

/// Returns `params` with a preview in the place of each that is larger than 10,000 bytes.
pub fn bounded_params(params: Value) -> Value {
    let params = match params {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, within(value, PARAM_BYTES)))
                .collect::<Map<_, _>>(),
        ),
        other => other,
    };
    within(params, RESULT_BYTES)
}

fn within(value: Value, limit: usize) -> Value {
    // A string is mostly as long as its JSON, and needs no second copy.
    if matches!(&value, Value::String(text) if text.len() + 2 <= limit / 6) {
        return value;
    }
    let json = value.to_string();
    if json.len() <= limit {
        return value;
    }
    let shown = match &value {
        Value::String(text) => text,
        _ => &json,
    };
    let end = (0..=PREVIEW_BYTES)
        .rev()
        .find(|at| shown.is_char_boundary(*at));
    json!({
        "_truncated": true,
        "_original_size": json.len(),
        "_preview": shown.get(..end.unwrap_or(0)),
    })
}
