//! What a person looks for among the traces, as text and as what it means. Pure.
//!
//! `tool=exec outcome=deny session=app since=1h marked cargo test`: names with `=`, the word
//! `marked`, and words that must all stand in a trace. A word with a space or a sign of its own
//! stands in double quotes.

use std::fmt;

use smartopol_protocol::Timestamp;
use smartopol_protocol::trace::ActionType;

/// The names, for a suggestion.
const NAMES: [&str; 4] = ["tool", "outcome", "session", "since"];

/// One condition; all of a query must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Term {
    Tool(String),
    Outcome(ActionType),
    /// The session's name, or the beginning of its id.
    Session(String),
    /// Not older than so many milliseconds, as it was written.
    Since(u64, String),
    Marked,
    Word(String),
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(tool) => write!(f, "tool={}", Quoted(tool)),
            Self::Outcome(outcome) => write!(f, "outcome={}", outcome.name()),
            Self::Session(session) => write!(f, "session={}", Quoted(session)),
            Self::Since(_, text) => write!(f, "since={text}"),
            Self::Marked => f.write_str("marked"),
            Self::Word(word) if word == "marked" => f.write_str("\"marked\""),
            Self::Word(word) => write!(f, "{}", Quoted(word)),
        }
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| !c.is_whitespace() && c != '"' && c != '=';
        if !self.0.is_empty() && self.0.chars().all(plain) {
            f.write_str(self.0)
        } else {
            write!(f, "\"{}\"", self.0.replace('"', ""))
        }
    }
}

/// What a person looks for; without terms everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) terms: Vec<Term>,
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, term) in self.terms.iter().enumerate() {
            let gap = if at == 0 { "" } else { " " };
            write!(f, "{gap}{term}")?;
        }
        Ok(())
    }
}

impl Query {
    /// Reads a query; what is wrong is said with what would be right.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut terms = Vec::new();
        for (name, value, quoted) in pieces(text)? {
            let term = match name.as_deref() {
                None if value == "marked" && !quoted => Term::Marked,
                None => Term::Word(value),
                Some("tool") => Term::Tool(value),
                Some("session") => Term::Session(value),
                Some("outcome") => Term::Outcome(outcome(&value)?),
                Some("since") => Term::Since(millis(&value)?, value),
                Some(other) => {
                    let near = NAMES
                        .into_iter()
                        .find(|name| name.starts_with(other.get(..1).unwrap_or("?")));
                    let hint = near.map_or_else(
                        || format!("the names are {}", NAMES.join(", ")),
                        |near| format!("do you mean {near}?"),
                    );
                    return Err(format!("there is no {other}=: {hint}"));
                }
            };
            let named = |own: &Term| std::mem::discriminant(own) == std::mem::discriminant(&term);
            let once = !matches!(term, Term::Word(_));
            if once && terms.iter().any(named) {
                return Err(format!("{term}: this stands twice; all must hold at once"));
            }
            terms.push(term);
        }
        Ok(Self { terms })
    }

    /// Puts a term in the place of the one of its kind, or at the end.
    pub(crate) fn put(&mut self, term: Term) {
        self.take(&term);
        self.terms.push(term);
    }

    /// Removes the term of this kind; returns true where there was one.
    pub(crate) fn take(&mut self, like: &Term) -> bool {
        let before = self.terms.len();
        let kind = std::mem::discriminant(like);
        self.terms.retain(|own| std::mem::discriminant(own) != kind);
        self.terms.len() < before
    }

    /// Returns the words that must stand in a trace, one after the other.
    pub(crate) fn text(&self) -> String {
        let words: Vec<&str> = self
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::Word(word) => Some(word.as_str()),
                _ => None,
            })
            .collect();
        words.join(" ")
    }

    pub(crate) fn outcome(&self) -> Option<ActionType> {
        self.terms.iter().find_map(|term| match term {
            Term::Outcome(outcome) => Some(*outcome),
            _ => None,
        })
    }

    pub(crate) fn tool(&self) -> Option<&str> {
        self.terms.iter().find_map(|term| match term {
            Term::Tool(tool) => Some(tool.as_str()),
            _ => None,
        })
    }

    pub(crate) fn session(&self) -> Option<&str> {
        self.terms.iter().find_map(|term| match term {
            Term::Session(key) => Some(key.as_str()),
            _ => None,
        })
    }

    /// Returns since when traces are meant.
    pub(crate) fn since(&self, now: Timestamp) -> Option<Timestamp> {
        self.terms.iter().find_map(|term| match term {
            Term::Since(ms, _) => Some(now.plus_millis(-i64::try_from(*ms).unwrap_or(i64::MAX))),
            _ => None,
        })
    }

    pub(crate) fn marked(&self) -> bool {
        self.terms.contains(&Term::Marked)
    }
}

/// Splits a text: the name before a `=`, the value, and whether that stood in quotes.
fn pieces(text: &str) -> Result<Vec<(Option<String>, String, bool)>, String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| c.is_whitespace() || c == '=' || c == '"')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let (name, after) = match after.strip_prefix('=') {
            Some(after) => (Some(word.to_owned()), after),
            None => (None, after),
        };
        let start = if name.is_some() { after } else { rest };
        let (value, quoted, after) = if let Some(inside) = start.strip_prefix('"') {
            let Some((value, after)) = inside.split_once('"') else {
                return Err("a quote is opened and never closed".to_owned());
            };
            (value, true, after)
        } else {
            let end = start
                .find(|c: char| c.is_whitespace() || c == '"')
                .unwrap_or(start.len());
            let (value, after) = start.split_at(end);
            (value, false, after)
        };
        if let Some(name) = &name
            && value.is_empty()
        {
            return Err(format!("{name}= has no value"));
        }
        if !value.is_empty() {
            pieces.push((name, value.to_owned(), quoted));
        }
        rest = after.trim_start();
    }
    Ok(pieces)
}

fn outcome(value: &str) -> Result<ActionType, String> {
    let all = [ActionType::Allow, ActionType::Deny, ActionType::Error];
    let found = all.into_iter().find(|own| own.name() == value);
    found.ok_or_else(|| format!("outcome={value}: it is allow, deny or error"))
}

fn millis(value: &str) -> Result<u64, String> {
    let wrong = || format!("since={value}: a number and s, m, h, d or w, such as 15m");
    let unit = value.chars().next_back().ok_or_else(wrong)?;
    let unit_ms = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        'w' => 604_800_000,
        _ => return Err(wrong()),
    };
    let count: u64 = value
        .strip_suffix(unit)
        .and_then(|count| count.parse().ok())
        .ok_or_else(wrong)?;
    count.checked_mul(unit_ms).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_query_is_read_and_written() {
        let text = "tool=exec outcome=deny session=\"my app\" since=90m marked cargo \"a=b c\"";
        let query = Query::parse(text).unwrap();
        assert_eq!(
            query.terms,
            [
                Term::Tool("exec".into()),
                Term::Outcome(ActionType::Deny),
                Term::Session("my app".into()),
                Term::Since(5_400_000, "90m".into()),
                Term::Marked,
                Term::Word("cargo".into()),
                Term::Word("a=b c".into()),
            ]
        );
        assert_eq!(query.to_string(), text);
        assert_eq!(query.text(), "cargo a=b c");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let said = |text: &str| Query::parse(text).unwrap_err();
        assert_eq!(said("outcome=no"), "outcome=no: it is allow, deny or error");
        assert_eq!(said("toll=exec"), "there is no toll=: do you mean tool?");
        assert_eq!(
            said("colour=red"),
            "there is no colour=: the names are tool, outcome, session, since"
        );
        assert_eq!(
            said("since=soon"),
            "since=soon: a number and s, m, h, d or w, such as 15m"
        );
        assert_eq!(said("tool="), "tool= has no value");
        assert_eq!(said("\"x"), "a quote is opened and never closed");
        assert!(said("tool=a tool=b").contains("stands twice"));
    }

    proptest! {
        #[test]
        fn what_is_read_reads_the_same_when_it_is_written(text in "[a-z=\" 0-9]{0,40}") {
            if let Ok(query) = Query::parse(&text) {
                prop_assert_eq!(Query::parse(&query.to_string()), Ok(query));
            }
        }
    }
}
