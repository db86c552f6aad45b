//! Secrets that are known by their own form.

use super::anchor::Rule;
use crate::REDACTED;

/// How far a decision may look, in bytes. What is accepted may be longer.
pub(super) const LOOK: usize = 128;

/// Where and how long: a place in the text.
pub(super) type Place = Option<(usize, usize)>;

/// Returns what is left of `text` from a place on.
pub(super) fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// Returns how many bytes of `text` from a place on are of a kind, at most `most`.
pub(super) fn run(text: &str, at: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
    let bytes = from(text, at).bytes().take(most);
    bytes.take_while(|byte| is(*byte)).count()
}

/// Returns true for the characters of keys.
pub(super) fn is_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_token(byte: u8) -> bool {
    is_key(byte) || matches!(byte, b'.' | b'~' | b'+' | b'/' | b'=')
}

/// Returns true where letters and digits are mixed as chance does it.
pub(super) fn is_random(text: &str) -> bool {
    let runs = text.split(|char: char| !char.is_ascii_alphanumeric());
    let mixed = |run: &str| {
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        run.len() >= 10 && digits >= 1 && digits < run.len()
    };
    runs.into_iter().any(mixed)
}

fn begins_word(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(..at).and_then(<[u8]>::last);
    !before.is_some_and(|byte| is_key(*byte) || *byte >= 0x80)
}

/// A key with a known beginning.
pub(super) fn key(text: &str, start: usize, end: usize, rule: Rule) -> Place {
    let begin = text.get(start..end)?;
    if !begins_word(text, start) || rule.exact.is_some_and(|exact| exact != begin) {
        return None;
    }
    let length = run(text, end, usize::MAX, is_key);
    let body = text.get(end..end + length)?;
    let head = body.get(..length.min(LOOK))?;
    let fits = length >= rule.least && (!rule.random || is_random(head));
    fits.then_some((start, end + length))
}

/// A JSON web token: three parts of base64.
pub(super) fn jwt(text: &str, start: usize) -> Place {
    if !begins_word(text, start) || !from(text, start).starts_with("eyJ") {
        return None;
    }
    let mut end = start;
    for (part, least) in [(0, 10), (1, 4), (2, 0)] {
        if part > 0 {
            if !from(text, end).starts_with('.') {
                return None;
            }
            end += 1;
        }
        let length = run(text, end, usize::MAX, is_key);
        if length < least {
            return None;
        }
        end += length;
    }
    Some((start, end))
}

/// A private key, up to its end or the end of the text.
pub(super) fn pem(text: &str, end: usize) -> Place {
    let label = run(text, end, LOOK, |byte| {
        byte == b' ' || byte.is_ascii_alphanumeric()
    });
    let name = text.get(end..end + label)?;
    if !name.to_ascii_uppercase().ends_with("PRIVATE KEY")
        || !from(text, end + label).starts_with("-----")
    {
        return None;
    }
    let start = end + label + 5;
    let rest = from(text, start);
    let length = rest.find("-----").unwrap_or(rest.len());
    let body = rest.get(..length)?;
    let done = body.trim().is_empty() || body.contains(REDACTED);
    (!done).then_some((start, start + length))
}

/// The password in a URL, or a token in the place of a user.
pub(super) fn url(text: &str, start: usize) -> Place {
    let length = run(text, start, LOOK * 8, |byte| {
        !matches!(
            byte,
            b'/' | b'?' | b'#' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'\\'
        ) && !byte.is_ascii_whitespace()
    });
    let authority = text.get(start..start + length)?;
    let at = authority.rfind('@')?;
    let user = authority.get(..at)?;
    let (from, secret) = match user.split_once(':') {
        Some((name, password)) => (start + name.len() + 1, password),
        None if user.len() >= 16 && is_random(user) => (start, user),
        None => return None,
    };
    let variable = secret.starts_with(['$', '{', '%']) && !secret.starts_with("%2");
    let fits = !secret.is_empty() && !variable && secret != REDACTED;
    fits.then_some((from, start + at))
}

/// What follows `Bearer`.
pub(super) fn after_scheme(text: &str, end: usize) -> Place {
    let length = run(text, end, usize::MAX, is_token);
    let head = text.get(end..end + length.min(LOOK))?;
    (length >= 16 && is_random(head)).then_some((end, end + length))
}
