//! Finds the secrets that the daemon knows, in the forms they travel in.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};
use smartopol_config::Secret;

use crate::REDACTED;

/// The shortest text that is looked for: a shorter one would spoil ordinary text.
pub(crate) const SECRET_BYTES: usize = 8;

/// The known secrets; the machine that finds them is made when it is first needed.
pub(crate) struct Known {
    secrets: Vec<Secret>,
    finder: OnceLock<Option<AhoCorasick>>,
}

impl Known {
    pub(crate) fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        Self {
            secrets: secrets.into_iter().collect(),
            finder: OnceLock::new(),
        }
    }

    /// Returns the places of secrets in `text`, in order.
    pub(crate) fn find(&self, text: &str) -> Vec<(usize, usize)> {
        let finder = self.finder.get_or_init(|| self.finder());
        finder
            .iter()
            .flat_map(|finder| finder.find_iter(text))
            .map(|found| (found.start(), found.end()))
            .collect()
    }

    fn finder(&self) -> Option<AhoCorasick> {
        let mut forms: Vec<String> = self
            .secrets
            .iter()
            .flat_map(|secret| forms(secret.expose()))
            .collect();
        forms.retain(|form| form.len() >= SECRET_BYTES && !REDACTED.contains(form.as_str()));
        forms.sort();
        forms.dedup();
        if forms.is_empty() {
            return None;
        }
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(forms)
            .ok()
    }
}

/// Returns the forms that a secret may have: itself, in JSON, in a URL, in base64.
fn forms(secret: &str) -> Vec<String> {
    let secret = secret.trim();
    if secret.len() < SECRET_BYTES {
        return Vec::new();
    }
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        secret.to_string(),
        json.trim_matches('"').to_string(),
        percent(secret, &[]),
        percent(secret, b"/"),
    ];
    // A header's value is known with the word before it, and without.
    if let Some((_, token)) = secret.split_once(' ') {
        forms.push(token.trim().to_string());
    }
    for (alphabet, before) in [STANDARD, URL_SAFE]
        .into_iter()
        .flat_map(|a| [(a, 0), (a, 1), (a, 2)])
    {
        forms.push(base64(secret.as_bytes(), before, alphabet));
    }
    forms
}

fn percent(text: &str, more: &[u8]) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            byte if byte.is_ascii_alphanumeric() || more.contains(&byte) => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the part of a base64 text that is the same whatever stands around `bytes`, where
/// `before` bytes (modulo 3) come before them.
fn base64(bytes: &[u8], before: usize, alphabet: &[u8; 64]) -> String {
    let mut padded = vec![0; before];
    padded.extend_from_slice(bytes);
    let bits = padded.len() * 8;
    let first = (before * 8).div_ceil(6);
    (first..bits / 6)
        .filter_map(|at| {
            let bit = at * 6;
            let high = u16::from(*padded.get(bit / 8)?) << 8;
            let low = u16::from(padded.get(bit / 8 + 1).copied().unwrap_or(0));
            let index = ((high | low) >> (10 - bit % 8)) & 63;
            alphabet
                .get(usize::from(index))
                .map(|byte| char::from(*byte))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_found_wherever_the_secret_stands_in_it() {
        assert_eq!(
            base64(b"hunter2-hunter2", 0, STANDARD),
            "aHVudGVyMi1odW50ZXIy"
        );
        // "u:hunter2hunter2" is dTpodW50ZXIyaHVudGVyMg==
        assert!("dTpodW50ZXIyaHVudGVyMg==".contains(&base64(b"hunter2hunter2", 2, STANDARD)));
    }
}
