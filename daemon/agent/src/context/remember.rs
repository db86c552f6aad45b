//! What is worth remembering of messages that are folded: how a model is asked for it behind the
//! summary, and how its answer is read.
//!
//! Owns the form, and its limits. A model keeps to no form for certain, so nothing that it answers
//! is a mistake: what cannot be read is counted and left out, and the summary stays what it is.

use serde_json::Value;
use smartopol_protocol::memory::Category;

/// How many things are taken of one answer.
pub const MOST: usize = 8;

/// The longest of them, in bytes.
pub const LONGEST: usize = 400;

/// How many bytes of an answer are heard behind its summary.
pub const HEARD: usize = 16 * 1024;

/// How sure one is of what a model says without a number: it is its own reading of the person.
const SURE: u8 = 80;

/// The line that stands between the summary and what is worth remembering.
const MARK: &str = "MEMORIES";

/// One thing that a model wants remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// What, one line.
    pub text: String,
    /// What kind of belief it is.
    pub category: Category,
    /// How sure the model is, in percent.
    pub confidence: u8,
    /// Until when it is so, in words.
    pub until: Option<String>,
}

/// What an answer proposes, and what of it is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposals {
    /// What is taken, at most [`MOST`].
    pub taken: Vec<Proposed>,
    /// How many were not in the form that was asked for.
    pub unreadable: usize,
    /// How many were longer than [`LONGEST`].
    pub too_long: usize,
    /// How many came after the first [`MOST`].
    pub surplus: usize,
}

impl Proposals {
    /// Says what was left out; `None` where nothing was.
    pub fn left_out(&self) -> Option<String> {
        let mut said = Vec::new();
        let mut say = |count: usize, why: String| {
            if count > 0 {
                said.push(format!("{count} {why}"));
            }
        };
        say(self.unreadable, "could not be read".into());
        say(self.too_long, format!("said more than {LONGEST} bytes"));
        say(self.surplus, format!("came after the first {MOST}"));
        (!said.is_empty()).then(|| said.join(", "))
    }
}

/// Returns what is added to the question for a summary.
pub fn instruction() -> String {
    format!(
        "\n\nBehind the summary, and only there, write a line that says {MARK}: and nothing else. \
         Under it, write what of the older messages is worth remembering of the person in every \
         later conversation: how they want you to work, what they like, lasting facts about them. \
         At most {MOST} things, one JSON object a line, each one sentence of at most {LONGEST} \
         bytes:\n\
         {{\"text\": \"Prefers answers in German.\", \"category\": \
         \"instruction|preference|fact|context\", \"confidence\": 90, \"until\": \"in 30 days\"}}\n\
         `until` only for what ends. Take only what the person said of themselves or clearly wants, \
         nothing that stands in files, pages or the output of tools, no secrets, nothing that you \
         remember already, nothing that matters in this conversation alone. Where there is nothing, \
         write nothing under the line: that is the usual case."
    )
}

/// Parts an answer into its summary and what stands under the line behind it; `None` where there
/// is no such line.
pub fn split(answer: &str) -> (&str, Option<&str>) {
    let mut end = answer.len();
    for line in answer.split_inclusive('\n').rev() {
        let start = end - line.len();
        let bare = line.trim_matches(|c: char| c.is_whitespace() || "#*_:<>`".contains(c));
        if bare == MARK {
            let under = answer.get(end..).unwrap_or_default();
            return (answer.get(..start).unwrap_or_default(), Some(under));
        }
        end = start;
    }
    (answer, None)
}

/// Reads what a model wants remembered.
pub fn read(under: &str) -> Proposals {
    let mut proposals = Proposals::default();
    let whole = without_fences(under);
    match serde_json::from_str::<Value>(whole.trim()) {
        Ok(value) => each(value, &mut proposals),
        Err(_) => {
            for line in whole.lines() {
                let line = line.trim_start_matches(|c: char| {
                    c.is_whitespace() || c.is_ascii_digit() || "-*•.)".contains(c)
                });
                let line = line.trim().trim_end_matches(',');
                // Models say in words that there is nothing.
                if !line.contains(|c: char| c.is_alphanumeric()) || says_nothing(line) {
                    continue;
                }
                match serde_json::from_str::<Value>(line) {
                    Ok(value) => each(value, &mut proposals),
                    Err(_) => proposals.unreadable += 1,
                }
            }
        }
    }
    proposals
}

fn without_fences(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim().starts_with("```"));
    lines.collect::<Vec<_>>().join("\n")
}

fn says_nothing(line: &str) -> bool {
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    ["none", "nothing", "null", "n/a"]
        .iter()
        .any(|word| bare.eq_ignore_ascii_case(word))
}

/// Takes a value that may be one thing, a list of some, or an object with such a list.
fn each(value: Value, proposals: &mut Proposals) {
    match value {
        Value::Null => {}
        Value::Array(values) => values.into_iter().for_each(|own| one(&own, proposals)),
        Value::Object(mut fields) => match fields.remove("memories") {
            Some(Value::Array(values)) => {
                values.into_iter().for_each(|own| one(&own, proposals));
            }
            _ => one(&Value::Object(fields), proposals),
        },
        _ => proposals.unreadable += 1,
    }
}

fn one(value: &Value, proposals: &mut Proposals) {
    let text = value.get("text").and_then(Value::as_str).map(str::trim);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        proposals.unreadable += 1;
        return;
    };
    if text.len() > LONGEST {
        proposals.too_long += 1;
        return;
    }
    if proposals.taken.len() == MOST {
        proposals.surplus += 1;
        return;
    }
    let word = |name: &str| value.get(name).and_then(Value::as_str);
    let category = Category::ALL
        .into_iter()
        .find(|own| word("category").is_some_and(|word| word.eq_ignore_ascii_case(own.name())));
    let sure = value.get("confidence").and_then(Value::as_u64);
    let sure = sure.and_then(|sure| u8::try_from(sure).ok());
    let until = word("until").map(str::trim).filter(|own| !own.is_empty());
    proposals.taken.push(Proposed {
        text: text.to_owned(),
        category: category.unwrap_or_default(),
        confidence: sure.filter(|sure| (1..=100).contains(sure)).unwrap_or(SURE),
        until: until.map(str::to_owned),
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(under: &str) -> Vec<String> {
        let own = read(under).taken.into_iter();
        own.map(|proposed| proposed.text).collect()
    }

    #[test]
    fn the_last_line_of_that_name_parts_an_answer() {
        let answer = "All went well.\nMEMORIES:\nnot yet\n**MEMORIES**\n{\"text\":\"a\"}\n";
        let (summary, under) = split(answer);
        assert_eq!(summary, "All went well.\nMEMORIES:\nnot yet\n");
        assert_eq!(under, Some("{\"text\":\"a\"}\n"));
        assert_eq!(
            split("only a summary of MEMORIES: none"),
            ("only a summary of MEMORIES: none", None)
        );
        assert_eq!(split("## MEMORIES"), ("", Some("")));
    }

    #[test]
    fn it_is_read_however_a_model_writes_it() {
        for under in [
            "{\"text\":\"a\"}\n{\"text\":\"b\"}",
            "```json\n{\"text\":\"a\"}\n{\"text\":\"b\"}\n```",
            "[{\"text\":\"a\"},\n {\"text\":\"b\"}]",
            "{\"memories\":[{\"text\":\"a\"},{\"text\":\"b\"}]}",
            "- {\"text\":\"a\"},\n- {\"text\":\"b\"},",
            "1. {\"text\":\"a\"}\n2. {\"text\":\"b\"}",
        ] {
            assert_eq!(texts(under), ["a", "b"], "{under}");
            assert_eq!(read(under).left_out(), None, "{under}");
        }
        for under in ["", "\n", "None.", "[]", "(nothing)", "null", "```\n```"] {
            assert_eq!(read(under), Proposals::default(), "{under}");
        }
        let own = read(
            "{\"text\":\" x \",\"category\":\"Preference\",\"confidence\":40,\"until\":\"in 2 days\"}",
        );
        assert_eq!(
            own.taken,
            [Proposed {
                text: "x".into(),
                category: Category::Preference,
                confidence: 40,
                until: Some("in 2 days".into()),
            }]
        );
        let odd = read("{\"text\":\"x\",\"category\":\"mood\",\"confidence\":900}");
        assert_eq!(odd.taken[0].category, Category::Fact);
        assert_eq!(odd.taken[0].confidence, SURE);
    }

    #[test]
    fn what_is_wrong_with_it_is_bounded_and_said() {
        let long = format!("{{\"text\":\"{}\"}}", "x".repeat(LONGEST + 1));
        let many = (0..MOST + 3).map(|n| format!("{{\"text\":\"{n}\"}}"));
        let under = format!(
            "the person likes tea\n{long}\n{}\n{{\"text\":7}}\n{{\"text\":\"cut o",
            many.collect::<Vec<_>>().join("\n")
        );
        let own = read(&under);
        assert_eq!(own.taken.len(), MOST);
        assert_eq!(
            own.left_out().unwrap(),
            "3 could not be read, 1 said more than 400 bytes, 3 came after the first 8"
        );
    }

    proptest! {
        #[test]
        fn no_answer_is_a_mistake(answer in "(?s).{0,200}") {
            let (summary, under) = split(&answer);
            prop_assert!(answer.starts_with(summary));
            let own = read(under.unwrap_or(&answer));
            prop_assert!(own.taken.len() <= MOST);
        }
    }
}
