//! Where a text stands in a session's transcript.
//!
//! Owns what is looked into (all that a console shows of a message) and how much of it one look
//! takes: a long session is searched in several, each telling where the next begins.

use rusqlite::params;
use serde_json::Value;
use smartopol_protocol::SessionId;
use smartopol_protocol::message::{Found, Hit, Part, Search, fold};

use crate::column::Key;
use crate::column::{id, time, word};
use crate::reader::bounded;
use crate::{Error, Reader, Result};

/// How many hits a reply has where nothing is said, and at most.
const HITS: (u32, u32) = (100, 1_000);

/// How many messages one look takes at most.
const MESSAGES: u32 = 25_000;

/// How many bytes of them.
const BYTES: usize = 32 * 1024 * 1024;

/// The longest text that is searched for, in bytes.
const TEXT_MAX: usize = 1_000;

/// How many characters of a line stand before the hit, and how many it has in all.
const LINE: (usize, usize) = (40, 120);

impl Reader<'_> {
    /// Returns where a text stands: newest first from the end or from before a position, oldest
    /// first from after one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that is empty or too long, and for two directions at once.
    pub fn search(&self, search: &Search) -> Result<Found> {
        let needle = Needle::new(&search.text)?;
        if search.before.is_some() && search.after.is_some() {
            return Err(Error::Invalid(
                "`before` and `after` are two directions: give one".into(),
            ));
        }
        self.session_exists(search.session_id)?;
        self.look_for(&needle, search, MESSAGES, BYTES)
    }

    fn look_for(
        &self,
        needle: &Needle,
        search: &Search,
        messages: u32,
        bytes: usize,
    ) -> Result<Found> {
        let (bound, order, from) = match (search.before, search.after) {
            (_, Some(after)) => (">", "ASC", after),
            (Some(before), None) => ("<", "DESC", before),
            (None, None) => ("<", "DESC", u64::MAX),
        };
        let mut query = self.prepare(&format!(
            "SELECT position, id, role, created_at, parts FROM messages
             WHERE session_id = ?1 AND position {bound} ?2
             ORDER BY position {order} LIMIT ?3"
        ))?;
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let key: Key<SessionId> = Key(search.session_id);
        let mut rows = query.query(params![key, from, i64::from(messages) + 1])?;
        let limit = usize::try_from(bounded(search.limit, HITS)).unwrap_or(usize::MAX);
        let mut found = Found::default();
        let (mut looked, mut read) = (0, 0);
        let mut last = None;
        while let Some(row) = rows.next()? {
            if looked == messages || read > bytes || found.hits.len() == limit {
                found.next = last;
                break;
            }
            let position: u64 = row.get(0)?;
            let parts = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
            looked += 1;
            read += parts.len();
            last = Some(position);
            if let Some(line) = needle.line_in(parts) {
                found.hits.push(Hit {
                    position,
                    message_id: id(row, 1)?,
                    role: word(row, 2)?,
                    line,
                    created_at: time(row, 3)?,
                });
            }
        }
        Ok(found)
    }
}

/// What is looked for.
struct Needle {
    text: String,
    /// True where JSON writes it as it is, so that most messages need not be parsed.
    plain: bool,
}

impl Needle {
    fn new(text: &str) -> Result<Self> {
        if text.trim().is_empty() || text.len() > TEXT_MAX {
            return Err(Error::Invalid(format!(
                "`text` has {} bytes: 1 to {TEXT_MAX} can be searched for",
                text.len()
            )));
        }
        let text = fold(text);
        let plain =
            text.is_ascii() && !text.contains(['"', '\\']) && !text.contains(char::is_control);
        Ok(Self { text, plain })
    }

    /// Returns true where stored parts cannot hold it. Letters beyond ASCII may fold to ASCII
    /// ones, so such parts are always looked into.
    fn is_not_in(&self, parts: &str) -> bool {
        if !parts.is_ascii() {
            return false;
        }
        if !self.text.is_ascii() {
            return true;
        }
        self.plain && !contains_folded(parts.as_bytes(), self.text.as_bytes())
    }

    /// Returns the line around the first place where parts hold it.
    fn line_in(&self, parts: &str) -> Option<String> {
        if self.is_not_in(parts) {
            return None;
        }
        let parts: Vec<Part> = serde_json::from_str(parts).ok()?;
        parts.iter().find_map(|part| match part {
            Part::Text { text }
            | Part::Notice { text, .. }
            | Part::Reasoning { text, .. }
            | Part::ToolOutput { text, .. } => self.line(text),
            Part::ToolCall { name, input, .. } => {
                self.line(name).or_else(|| self.line_in_value(input))
            }
        })
    }

    fn line_in_value(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => self.line(text),
            Value::Array(values) => values.iter().find_map(|value| self.line_in_value(value)),
            Value::Object(fields) => fields.values().find_map(|value| self.line_in_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    }

    fn line(&self, text: &str) -> Option<String> {
        let at = fold(text).find(&self.text)?;
        // Folding may change lengths, so the place is counted in folded bytes.
        let mut folded = 0;
        let before = text
            .chars()
            .take_while(|c| {
                folded += c.to_lowercase().map(char::len_utf8).sum::<usize>();
                folded <= at
            })
            .count();
        Some(line_of(text, before))
    }
}

/// Returns what stands around the character with this number, as one short line.
pub(crate) fn line_of(text: &str, place: usize) -> String {
    let from = place.saturating_sub(LINE.0);
    let mut line = String::new();
    if from > 0 {
        line.push('…');
    }
    let cut: String = text.chars().skip(from).take(LINE.1 * 4).collect();
    for word in cut.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !line.is_empty() && !line.ends_with('…') {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    match line.char_indices().nth(LINE.1) {
        None => line,
        Some(_) => line.chars().take(LINE.1 - 1).chain(['…']).collect(),
    }
}

/// Returns true where ASCII text holds folded ASCII text.
fn contains_folded(text: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else {
        return true;
    };
    let (low, high) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let mut left = text;
    while let Some(at) = left.iter().position(|byte| *byte == low || *byte == high) {
        left = left.get(at + 1..).unwrap_or_default();
        if left
            .get(..rest.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(rest))
        {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(needle: &str, text: &str) -> Option<String> {
        let parts = vec![Part::Text { text: text.into() }];
        let json = serde_json::to_string(&parts).unwrap();
        Needle::new(needle).unwrap().line_in(&json)
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        assert_eq!(line("grÜßE", "Viele Grüße"), Some("Viele Grüße".into()));
        assert_eq!(line("ПРИВЕТ", "привет, мир"), Some("привет, мир".into()));
        assert_eq!(line("k", "300 \u{212a}"), Some("300 \u{212a}".into()));
        assert_eq!(line("ΌΣΟΣ", "όσοσ"), Some("όσοσ".into()));
        assert_eq!(line("abc", "ab c"), None);
    }

    #[test]
    fn what_json_writes_otherwise_is_found_too() {
        assert_eq!(line("say \"x\"", "I say \"X\""), Some("I say \"X\"".into()));
        assert_eq!(line("c:\\temp", "in C:\\Temp"), Some("in C:\\Temp".into()));
        // The names of JSON's own fields are no text.
        assert_eq!(line("type", "nothing"), None);
    }

    #[test]
    fn a_line_shows_the_place_and_stays_short() {
        let text = format!("{}needle{}", "before ".repeat(50), " after".repeat(50));
        let line = line("NEEDLE", &text).unwrap();
        assert!(line.starts_with('…') && line.ends_with('…'), "{line}");
        assert!(line.contains("before needle after"), "{line}");
        assert_eq!(line.chars().count(), LINE.1);
    }
}
