//! What a topic may be called, say and be tagged with.

use smartopol_protocol::TopicId;

use super::folded_name;
use crate::{Error, Result};

/// The longest name, in characters.
pub(super) const NAME_MAX: usize = 80;

/// The longest text, in bytes.
const TEXT_MAX: usize = 64 * 1024;

/// How many tags a topic has at most, and how long each is, in characters.
const TAGS: (usize, usize) = (16, 32);

pub(super) fn checked_name(name: &str) -> Result<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = name.chars().count();
    if !(1..=NAME_MAX).contains(&length) {
        return Err(Error::Invalid(format!(
            "`name` has {length} characters: 1 to {NAME_MAX} are possible"
        )));
    }
    if name.chars().any(char::is_control) || name.starts_with(TopicId::PREFIX) {
        return Err(Error::Invalid(
            "`name` may not hold control characters, nor begin with `top_`, as ids do".into(),
        ));
    }
    Ok(name)
}

pub(super) fn check_text(text: &str) -> Result<()> {
    match text.len() {
        1..=TEXT_MAX => Ok(()),
        bytes => Err(Error::Invalid(format!(
            "`text` has {bytes} bytes: 1 to {TEXT_MAX} are possible"
        ))),
    }
}

pub(super) fn checked_tags(tags: Vec<String>) -> Result<Vec<String>> {
    let mut tags: Vec<String> = tags.iter().map(|tag| folded_name(tag)).collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort();
    tags.dedup();
    let wrong = tags.iter().find(|tag| {
        tag.chars().count() > TAGS.1 || tag.contains(|c: char| c == ',' || c.is_control())
    });
    if let Some(tag) = wrong {
        return Err(Error::Invalid(format!(
            "`{tag}` is not a tag: up to {} characters, no comma",
            TAGS.1
        )));
    }
    if tags.len() > TAGS.0 {
        return Err(Error::Invalid(format!(
            "`tags` has {}: up to {} are possible",
            tags.len(),
            TAGS.0
        )));
    }
    Ok(tags)
}
