//! The outputs that every tool gives, in one voice.

use serde_json::Value;
use smartopol_protocol::tool::{OutputStatus, ToolOutput};

/// How similar two names must be for one to be offered for the other, from 0 to 1.
const SIMILAR: f64 = 0.75;

/// Returns the output of a call that did what was asked.
pub(crate) fn done(text: impl Into<String>, details: Value) -> ToolOutput {
    ToolOutput {
        status: OutputStatus::Ok,
        text: text.into(),
        details,
    }
}

/// Returns the output of a call that failed.
pub(crate) fn failed(text: impl Into<String>) -> ToolOutput {
    ToolOutput {
        status: OutputStatus::Error,
        text: text.into(),
        details: Value::Null,
    }
}

/// Returns the output of a call that was stopped.
pub(crate) fn interrupted(text: impl Into<String>) -> ToolOutput {
    ToolOutput {
        status: OutputStatus::Interrupted,
        text: text.into(),
        details: Value::Null,
    }
}

/// Returns those of `names` that `name` may have meant, the likeliest first.
pub(crate) fn nearest<'a>(name: &str, names: &[&'a str]) -> Vec<&'a str> {
    let short: String = name.to_lowercase().chars().take(64).collect();
    let mut near: Vec<(f64, &str)> = names
        .iter()
        .map(|own| (strsim::jaro_winkler(&short, own), *own))
        .filter(|(score, _)| *score >= SIMILAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.into_iter().map(|(_, own)| own).take(3).collect()
}

/// Returns names as a list for a sentence.
pub(crate) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// Returns `text` cut to at most `limit` bytes, on a character boundary.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    text.get(..floor(text, limit)).unwrap_or(text)
}

/// Returns the last character boundary of `text` that is not after `at`.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Returns the first character boundary of `text` that is not before `at`.
pub(crate) fn ceil(text: &str, at: usize) -> usize {
    (at..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len())
}

/// Returns a size as people read it.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut amount = bytes as f64 / 1024.0;
    let mut unit = UNITS[0];
    for next in UNITS.iter().skip(1) {
        if amount < 1024.0 {
            break;
        }
        amount /= 1024.0;
        unit = next;
    }
    format!("{amount:.1} {unit}")
}
