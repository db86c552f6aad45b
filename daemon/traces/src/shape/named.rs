//! Secrets that are known by the name or the flag before them.

use super::bytes::{LOOK, Place, from, is_random, run};
use crate::REDACTED;
use crate::name::{self, Kind};

/// The longest name, in bytes before and after its telling part.
const NAME_BYTES: usize = 64;

/// How many blanks may stand around `=` and `:`.
const BLANKS: usize = 4;

/// The words of `Authorization` before the secret.
const SCHEMES: &[&str] = &[
    "bearer",
    "basic",
    "token",
    "bot",
    "digest",
    "apikey",
    "negotiate",
];

/// How a name is joined to its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `NAME=value`, no blank.
    Tight,
    /// `name: value`, `name = value`.
    Loose,
    /// `"name": value`: data, not prose.
    Data,
    /// `--name value`.
    Flag,
}

/// The value after a name whose telling part is at `start..end`; nothing before `floor` is read.
pub(super) fn after_name(
    text: &str,
    floor: usize,
    start: usize,
    end: usize,
    keys: &[String],
) -> Place {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let before = text
        .get(floor..start)?
        .bytes()
        .rev()
        .take(NAME_BYTES)
        .take_while(|byte| is_name(*byte))
        .count();
    let begin = start - before;
    let end = end + run(text, end, NAME_BYTES, |byte| is_name(byte) && byte != b'.');
    let name = text.get(begin..end)?;
    let kind = name::secret(name, keys)?;
    // A file called so is no name of a value.
    if text.get(..begin)?.ends_with('/') {
        return None;
    }
    let (join, at) = joined(text, name, end)?;
    let lower = name.to_ascii_lowercase();
    if lower.ends_with("authorization") {
        return authorization(text, at);
    }
    if lower.ends_with("cookie") && join != Join::Data {
        return cookie(text, at);
    }
    value(text, at, join, kind, keys)
}

/// Returns how the name is joined to what follows, and where that begins.
fn joined(text: &str, name: &str, end: usize) -> Option<(Join, usize)> {
    let slashes = run(text, end, BLANKS, |byte| byte == b'\\');
    let quotes = run(text, end + slashes, 1, |byte| matches!(byte, b'"' | b'\''));
    let after = end + if quotes == 1 { slashes + 1 } else { 0 };
    let blanks = run(text, after, BLANKS, is_blank);
    let sign = from(text, after + blanks);
    let length = match sign.as_bytes() {
        [b'=', b'=', ..] => return None,
        [b':', b'=', ..] | [b'=', b'>', ..] => 2,
        [b':', b':', ..] => return None,
        [b'=' | b':', ..] => 1,
        _ if blanks > 0 && quotes == 0 && name.starts_with("--") => {
            return Some((Join::Flag, after + blanks));
        }
        _ => return None,
    };
    let at = after + blanks + length;
    let more = run(text, at, BLANKS, is_blank);
    let tight = blanks == 0 && more == 0 && sign.starts_with('=');
    let join = match (quotes, tight) {
        (1, _) => Join::Data,
        (_, true) => Join::Tight,
        (_, false) => Join::Loose,
    };
    Some((join, at + more))
}

fn value(text: &str, at: usize, join: Join, kind: Kind, keys: &[String]) -> Place {
    let slashes = run(text, at, BLANKS, |byte| byte == b'\\');
    let quote = from(text, at + slashes)
        .bytes()
        .next()
        .filter(|byte| matches!(byte, b'"' | b'\''));
    if let Some(quote) = quote {
        let start = at + slashes + 1;
        let is_inside = |byte: u8| {
            byte != quote && !matches!(byte, b'\r' | b'\n') && (slashes == 0 || byte != b'\\')
        };
        let head = head(text, start, is_inside);
        if head.is_empty() || is_stand_in(head, keys) || !has_meaning(head) {
            return None;
        }
        return Some((start, start + run(text, start, usize::MAX, is_inside)));
    }
    let is_inside = |byte: u8| {
        !byte.is_ascii_whitespace()
            && !matches!(
                byte,
                b'"' | b'\''
                    | b'`'
                    | b'&'
                    | b';'
                    | b'|'
                    | b','
                    | b')'
                    | b'}'
                    | b']'
                    | b'<'
                    | b'>'
                    | b'\\'
            )
    };
    let head = head(text, at, is_inside);
    let digits = head
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_count = kind == Kind::Token && digits;
    let fits = match join {
        Join::Tight | Join::Flag => head.len() >= 4,
        Join::Data | Join::Loose => head.len() >= 6 && is_mixed(head),
    };
    if !fits || is_count || is_stand_in(head, keys) || is_code(head, join) {
        return None;
    }
    Some((at, at + run(text, at, usize::MAX, is_inside)))
}

/// `Authorization: Bearer …`: the scheme may be left out.
fn authorization(text: &str, at: usize) -> Place {
    let at = at + run(text, at, 1, |byte| matches!(byte, b'"' | b'\''));
    let word = run(text, at, LOOK, |byte| byte.is_ascii_alphabetic());
    let scheme = text.get(at..at + word)?.to_ascii_lowercase();
    let blanks = run(text, at + word, BLANKS, is_blank);
    let is_scheme = blanks > 0 && SCHEMES.contains(&scheme.as_str());
    let start = if is_scheme { at + word + blanks } else { at };
    let is_inside = |byte: u8| {
        !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'' | b'`' | b',' | b';' | b'\\')
    };
    let head = head(text, start, is_inside);
    let fits = if is_scheme {
        head.len() >= 6
    } else {
        head.len() >= 8 && is_mixed(head)
    };
    if !fits || is_stand_in(head, &[]) || (is_scheme && !has_meaning(head)) {
        return None;
    }
    Some((start, start + run(text, start, usize::MAX, is_inside)))
}

/// `Cookie: name=value; …`, up to the end of the line or of the quotes.
fn cookie(text: &str, at: usize) -> Place {
    let is_inside = |byte: u8| !matches!(byte, b'"' | b'\'' | b'\r' | b'\n' | b'\\');
    let head = head(text, at, is_inside);
    let name = head.split('=').next().unwrap_or_default();
    let fits = name.len() < head.len() && !name.is_empty() && !name.contains([' ', '[', '(', '$']);
    fits.then(|| (at, at + run(text, at, usize::MAX, is_inside)))
}

/// The password of `curl -u user:password`.
pub(super) fn after_user(text: &str, start: usize, end: usize) -> Place {
    if !follows(text, start, &["curl", "wget", "http"]) || from(text, start + 1).starts_with("-U") {
        return None;
    }
    let blanks = run(text, end, BLANKS, |byte| is_blank(byte) || byte == b'=');
    let quotes = run(text, end + blanks, 1, |byte| matches!(byte, b'"' | b'\''));
    let at = end + blanks + quotes;
    let is_inside = |byte: u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'');
    let head = head(text, at, is_inside);
    let (user, password) = head.split_once(':')?;
    if user.starts_with('-') || password.is_empty() || is_stand_in(password, &[]) {
        return None;
    }
    let start = at + user.len() + 1;
    Some((start, start + run(text, start, usize::MAX, is_inside)))
}

/// The password of `mysql -psecret`, `sshpass -p secret`, `docker login -p secret`.
pub(super) fn after_short_flag(text: &str, start: usize, end: usize) -> Place {
    if !text.get(start..end)?.ends_with('p') {
        return None;
    }
    let blanks = run(text, end, BLANKS, is_blank);
    let programs: &[&str] = if blanks == 0 {
        &["mysql", "mariadb", "sshpass"]
    } else {
        &["sshpass", " login"]
    };
    if !follows(text, start, programs) {
        return None;
    }
    let quotes = run(text, end + blanks, 1, |byte| matches!(byte, b'"' | b'\''));
    let at = end + blanks + quotes;
    let is_inside = |byte: u8| !byte.is_ascii_whitespace() && !matches!(byte, b'"' | b'\'');
    let head = head(text, at, is_inside);
    if head.is_empty() || head.starts_with('-') || is_stand_in(head, &[]) {
        return None;
    }
    Some((at, at + run(text, at, usize::MAX, is_inside)))
}

/// Returns true where one of the programs is called in the command before a place.
fn follows(text: &str, at: usize, programs: &[&str]) -> bool {
    let from = (at.saturating_sub(LOOK)..=at).find(|from| text.is_char_boundary(*from));
    let before = text.get(from.unwrap_or(at)..at).unwrap_or_default();
    let command = before
        .rsplit(['|', ';', '&', '\n'])
        .next()
        .unwrap_or_default();
    programs.iter().any(|program| command.contains(program))
}

/// Returns the beginning of a value, as far as decisions look.
fn head(text: &str, at: usize, is_inside: impl Fn(u8) -> bool) -> &str {
    let length = run(text, at, LOOK, is_inside);
    let end = (at..=at + length)
        .rev()
        .find(|end| text.is_char_boundary(*end));
    text.get(at..end.unwrap_or(at)).unwrap_or_default()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Returns true for what stands for a value: a variable, a mark, a word of a language.
fn is_stand_in(head: &str, keys: &[String]) -> bool {
    const WORDS: &[&str] = &[
        "none",
        "null",
        "nil",
        "true",
        "false",
        "undefined",
        "required",
        "optional",
        "string",
        "str",
        "bytes",
        "some",
        "self",
        "this",
        "xxxx",
        "xxxxxxxx",
    ];
    let bare = head.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    head.starts_with(['$', '<', '{', '%', '*', '(', '[', '&', '@'])
        || head.starts_with(REDACTED)
        || head.starts_with("...")
        || head.starts_with('…')
        || WORDS.iter().any(|word| bare.eq_ignore_ascii_case(word))
        || (bare
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && name::secret(bare, keys).is_some())
}

/// Returns true for what reads as a piece of a program.
fn is_code(head: &str, join: Join) -> bool {
    let path = head.contains('.')
        && head.split('.').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        });
    let typed =
        join != Join::Tight && join != Join::Flag && (head.contains("::") || head.contains('/'));
    head.contains('(') || path || head.contains("::") || typed
}

fn has_meaning(head: &str) -> bool {
    head.bytes()
        .any(|byte| byte.is_ascii_alphanumeric() || byte >= 0x80)
}

fn is_mixed(head: &str) -> bool {
    let digit = head.bytes().any(|byte| byte.is_ascii_digit());
    let letter = head.bytes().any(|byte| byte.is_ascii_alphabetic());
    (digit && letter) || is_random(head)
}
