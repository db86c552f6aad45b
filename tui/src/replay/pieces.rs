//! Where a text is parted when it is said step by step.

/// A piece of text that is said at once is at least so long, in bytes.
const PIECE: usize = 120;

/// The most pieces of a text.
const PIECES: usize = 48;

/// Returns where the pieces of a text end: paragraphs, and what is shorter together with the next.
pub(super) fn ends(text: &str) -> Vec<usize> {
    let least = PIECE.max(text.len() / PIECES);
    let mut ends: Vec<usize> = Vec::new();
    // A block of code is one piece: half of it would be drawn as something else.
    let (mut at, mut from, mut in_code) = (0, 0, false);
    for line in text.split_inclusive('\n') {
        at += line.len();
        in_code ^= line.trim_start().starts_with("```");
        let rests = text.get(at..).is_some_and(|rest| !rest.trim().is_empty());
        if line.trim().is_empty() && !in_code && at - from >= least && rests {
            ends.push(at);
            from = at;
        }
    }
    ends.push(text.len());
    ends
}

#[cfg(test)]
mod tests {
    use super::ends;

    fn pieces(text: &str) -> Vec<&str> {
        let mut from = 0;
        let mut pieces = Vec::new();
        for end in ends(text) {
            pieces.push(&text[from..end]);
            from = end;
        }
        pieces
    }

    #[test]
    fn a_text_comes_by_paragraphs_and_a_block_of_code_at_once() {
        let long = "words ".repeat(30);
        let code = format!("```\n{long}\n\n{long}\n```\n\n");
        let text = format!("Short.\n\n{long}\n\n{code}The end.\n");
        let first = format!("Short.\n\n{long}\n\n");
        assert_eq!(pieces(&text), [first.as_str(), code.as_str(), "The end.\n"]);
        for whole in [
            "",
            "one line",
            "two\n\nshort ones",
            "```\nnever closed\n\nat all",
        ] {
            assert_eq!(pieces(whole), [whole]);
        }
        let huge = format!("{long}\n\n").repeat(10_000);
        assert!(ends(&huge).len() <= 49);
    }
}
