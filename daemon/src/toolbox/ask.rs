//! `ask`: puts a question to the person and waits for the answer.
//!
//! Owns: what a question may be. How it waits is the session's, who answers first the desk's.

use serde::Deserialize;
use serde_json::{Value, json};
use smartopol_protocol::question::{CHOICES, Choice};
use smartopol_protocol::tool::{ToolOutput, ToolSpec};

use super::{arguments, failed};

/// The name of the tool.
pub(crate) const NAME: &str = "ask";

/// The longest question, in bytes.
const TEXT: usize = 4_096;

/// The longest label and the longest explanation of a choice, in characters.
const LABEL: (usize, usize) = (80, 300);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    question: String,
    #[serde(default)]
    choices: Vec<Offered>,
    free_text: Option<bool>,
}

/// A choice as models write it: a label alone is one too.
#[derive(Deserialize)]
#[serde(untagged)]
enum Offered {
    Label(String),
    Choice(Choice),
}

/// A question as the model asks it.
pub(crate) struct Asked {
    pub(crate) text: String,
    pub(crate) choices: Vec<Choice>,
    pub(crate) free_text: bool,
}

pub(super) fn spec() -> ToolSpec {
    let (fewest, most) = CHOICES;
    ToolSpec {
        name: NAME.into(),
        description: "Asks the person something and waits for the answer, which may take long: \
                      they may be away. Use it where only they can decide or know, not for what \
                      you can find out, and not to be allowed to do something: calls that need \
                      that are shown to them anyway."
            .into(),
        input_schema: json!({
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "description": "What you ask, with all that is needed to answer it."
                },
                "choices": {
                    "type": "array",
                    "minItems": fewest,
                    "maxItems": most,
                    "description": "The answers that you see, the one you would take first.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "label": { "type": "string", "description": "A few words." },
                            "explanation": {
                                "type": "string",
                                "description": "What it would mean, one line."
                            }
                        },
                        "required": ["label"],
                        "additionalProperties": false
                    }
                },
                "free_text": {
                    "type": "boolean",
                    "description": "False where nothing but one of the choices is an answer. \
                                    Default: true."
                }
            },
            "required": ["question"],
            "additionalProperties": false
        }),
    }
}

pub(super) fn title(input: &Value) -> Result<String, ToolOutput> {
    let asked = read(input)?;
    let words: Vec<&str> = asked.text.split_whitespace().collect();
    Ok(words.join(" "))
}

/// Reads what is asked; the error is the answer for the model.
pub(crate) fn read(input: &Value) -> Result<Asked, ToolOutput> {
    let arguments: Arguments = arguments(NAME, input)?;
    let wrong = |why: String| {
        Err(failed(&format!(
            "The arguments of `{NAME}` are wrong: {why}."
        )))
    };
    let text = arguments.question.trim().to_owned();
    if text.is_empty() {
        return wrong("`question` asks nothing".into());
    }
    if text.len() > TEXT {
        return wrong(format!(
            "`question` has {} bytes and at most {TEXT} are possible",
            text.len()
        ));
    }
    let choices: Vec<Choice> = arguments.choices.into_iter().map(choice).collect();
    let (fewest, most) = CHOICES;
    if !choices.is_empty() && !(fewest..=most).contains(&choices.len()) {
        return wrong(format!(
            "`choices` has {} and {fewest} to {most} are possible, or none",
            choices.len()
        ));
    }
    for (place, own) in choices.iter().enumerate() {
        let number = place + 1;
        if own.label.is_empty() {
            return wrong(format!("choice {number} has no `label`"));
        }
        let long = |text: &str, most: usize| text.chars().count() > most;
        if long(&own.label, LABEL.0) || long(&own.explanation, LABEL.1) {
            return wrong(format!(
                "choice {number} is too long: a `label` has at most {} characters, an \
                 `explanation` {}",
                LABEL.0, LABEL.1
            ));
        }
        if choices
            .iter()
            .take(place)
            .any(|other| other.label == own.label)
        {
            return wrong(format!("two choices are `{}`", own.label));
        }
    }
    let free_text = arguments.free_text.unwrap_or(true);
    if choices.is_empty() && !free_text {
        return wrong("without `choices` the answer is free text, and `free_text` is false".into());
    }
    Ok(Asked {
        text,
        choices,
        free_text,
    })
}

fn choice(offered: Offered) -> Choice {
    let Choice { label, explanation } = match offered {
        Offered::Choice(choice) => choice,
        Offered::Label(label) => Choice {
            label,
            explanation: String::new(),
        },
    };
    let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Choice {
        label: line(label),
        explanation: line(explanation),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_no_choices_or_some_that_can_be_told_apart() {
        let asked = read(&json!({"question": " Which one? ", "choices": [
            "small", {"label": "large\n", "explanation": "takes  longer"}]}))
        .unwrap_or_else(|output| panic!("{}", output.text));
        assert_eq!(asked.text, "Which one?");
        assert_eq!(asked.choices[1].label, "large");
        assert_eq!(asked.choices[1].explanation, "takes longer");
        assert!(asked.free_text);
        for (input, why) in [
            (json!({"question": " "}), "asks nothing"),
            (
                json!({"question": "a?", "choices": ["b"]}),
                "has 1 and 2 to 8",
            ),
            (json!({"question": "a?", "choices": vec!["b"; 9]}), "has 9"),
            (
                json!({"question": "a?", "choices": ["b", "b "]}),
                "two choices",
            ),
            (
                json!({"question": "a?", "choices": ["b", ""]}),
                "choice 2 has no",
            ),
            (
                json!({"question": "a?", "choices": ["b", "c".repeat(81)]}),
                "too long",
            ),
            (
                json!({"question": "a?", "free_text": false}),
                "without `choices`",
            ),
            (json!({"question": "a?", "options": []}), "unknown field"),
            (json!({"question": "é".repeat(2_049)}), "4098 bytes"),
        ] {
            let output = read(&input)
                .err()
                .unwrap_or_else(|| panic!("{input} was taken"));
            assert!(output.text.contains(why), "{input}: {}", output.text);
        }
    }
}
