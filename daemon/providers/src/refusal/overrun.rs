//! What services say where a request is too long: how to know it, and which numbers they name.

use crate::error::Overrun;

/// Parts of the names that services have for it.
pub(super) const NAMES: [&str; 3] = [
    "context_length_exceeded",
    "request_too_large",
    "exceed_context_size",
];

/// Parts of the words that they say, in lower case.
pub(super) const WORDS: [&str; 11] = [
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "context window",
    "context length",
    "context limit",
    "context size",
    "maximum prompt length",
    "max context length",
    "maximum number of tokens",
    "too large for model with",
];

/// What stands right before the number of a window.
const BEFORE: [&str; 9] = [
    "maximum context length is ",
    "maximum context length of ",
    "maximum prompt length is ",
    "max context length of ",
    "tokens allowed (",
    "context size (",
    "context length (",
    "too large for model with ",
    "> ",
];

/// No model has less; a smaller number counts something else.
const LEAST: u64 = 1_024;

/// Reads what the words say of lengths.
pub(super) fn of(words: &str) -> Overrun {
    let words = words.to_ascii_lowercase();
    let window = BEFORE
        .iter()
        .find_map(|before| {
            let (_, rest) = words.split_once(before)?;
            number(rest)
        })
        .filter(|window| *window >= LEAST)
        .and_then(|window| u32::try_from(window).ok());
    let asked = window.and_then(|window| {
        let starts = words.char_indices().filter(|(at, c)| {
            let before = words.get(..*at).and_then(|head| head.chars().next_back());
            c.is_ascii_digit() && !before.is_some_and(|c| c.is_ascii_digit() || c == ',')
        });
        starts
            .filter_map(|(at, _)| number(words.get(at..)?))
            .find(|asked| *asked > u64::from(window))
    });
    Overrun { window, asked }
}

/// Reads the number that a text begins with, with or without commas between its thousands.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != ',');
    let digits = text.get(..end.unwrap_or(text.len()))?.replace(',', "");
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_services_say_is_read() {
        for (words, window, asked) in [
            (
                "prompt is too long: 215000 tokens > 200000 maximum",
                Some(200_000),
                Some(215_000),
            ),
            (
                "input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, \
                 decrease input length or `max_tokens` and try again",
                Some(200_000),
                None,
            ),
            (
                "This model's maximum context length is 8192 tokens. However, your messages \
                 resulted in 9000 tokens. Please reduce the length of the messages.",
                Some(8_192),
                Some(9_000),
            ),
            (
                "This model's maximum prompt length is 131,072 but the request contains 537,812 \
                 tokens.",
                Some(131_072),
                Some(537_812),
            ),
            (
                "The input token count (1196265) exceeds the maximum number of tokens allowed \
                 (1048575).",
                Some(1_048_575),
                Some(1_196_265),
            ),
            (
                "request (66202 tokens) exceeds the available context size (65536 tokens), try \
                 increasing it",
                Some(65_536),
                Some(66_202),
            ),
            (
                "Prompt contains 40000 tokens, too large for model with 32768 maximum context \
                 length",
                Some(32_768),
                Some(40_000),
            ),
            (
                "prompt too long; exceeded max context length by 4096 tokens",
                None,
                None,
            ),
            (
                "Your input exceeds the context window of this model.",
                None,
                None,
            ),
            ("prompt is too long: 9 > 8", None, None),
        ] {
            assert_eq!(of(words), Overrun { window, asked }, "{words}");
            let words = words.to_ascii_lowercase();
            assert!(WORDS.iter().any(|part| words.contains(part)), "{words}");
        }
    }
}
