//! Which names say that their value is a secret.

/// What is a part of such a name, in lower case and without separators.
const PARTS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "authorization",
    "cookie",
    "credential",
];

/// How names end that only speak of a secret.
const ABOUT: &[&str] = &[
    "file",
    "files",
    "path",
    "dir",
    "count",
    "limit",
    "length",
    "size",
    "type",
    "tokenizer",
    "tokenize",
    "tokenized",
    "tokenizing",
    "tokenization",
    "budget",
    "usage",
    "expiry",
    "stdin",
    "prompt",
];

/// How a name is a secret's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Whatever it holds is secret.
    Any,
    /// A number is a count (`max_tokens`), all else is secret.
    Token,
}

/// Returns a name as it is compared: lower case, without separators.
pub(crate) fn normal(name: &str) -> String {
    name.chars()
        .filter(|char| char.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Returns how `name` is a secret's, if it is; `more` are further parts, normal.
pub(crate) fn secret(name: &str, more: &[String]) -> Option<Kind> {
    let name = normal(name);
    let own = more.iter().any(|part| name.contains(part.as_str()));
    if own {
        return Some(Kind::Any);
    }
    if ABOUT.iter().any(|end| name.ends_with(end)) {
        return None;
    }
    let part = PARTS.iter().find(|part| name.contains(**part))?;
    Some(if *part == "token" {
        Kind::Token
    } else {
        Kind::Any
    })
}
