//! Finds secrets by what they look like, or by the name before them, in any text.
//!
//! One pass finds anchors (`token`, `ghp_`, `://`, …); each anchor's surroundings are then read,
//! a bounded stretch unless they are a secret, so the whole is linear in the text.

mod anchor;
mod bytes;
mod named;

use anchor::{ANCHORS, Anchor};

/// Returns the places of secrets in `text`, in order; `keys` are further parts of names, normal.
pub(crate) fn find(text: &str, keys: &[String]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    let mut floor = 0;
    while let Some((anchor, start, end)) = ANCHORS.next(text, from) {
        let place = match anchor {
            Anchor::Name => named::after_name(text, floor, start, end, keys),
            Anchor::Scheme => bytes::after_scheme(text, end),
            Anchor::Key(rule) => bytes::key(text, start, end, rule),
            Anchor::Jwt => bytes::jwt(text, start),
            Anchor::Pem => bytes::pem(text, end),
            Anchor::Url => bytes::url(text, end),
            Anchor::User => named::after_user(text, start, end),
            Anchor::ShortPassword => named::after_short_flag(text, start, end),
        };
        from = match place {
            Some((start, end)) if end > start => {
                found.push((start, end));
                floor = end;
                end
            }
            // Another anchor may begin in this one. Anchors begin with one byte.
            _ => start + 1,
        };
    }
    found
}
