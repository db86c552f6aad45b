//! What changed inside of a line: words, not letters.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

/// The longest line that is compared word by word, in bytes.
const LONG: usize = 2_000;

/// Two lines of which less than this share is equal have nothing to do with each other.
const ALIKE: (usize, usize) = (1, 3);

/// Returns which bytes of two lines differ; nothing where the whole lines do.
pub(super) fn changed(old: &str, new: &str) -> (Vec<Range<usize>>, Vec<Range<usize>>) {
    let nothing = (Vec::new(), Vec::new());
    if old.len() > LONG || new.len() > LONG {
        return nothing;
    }
    let (before, after) = (words(old), words(new));
    let ends = |words: &[&str]| -> Vec<usize> {
        let mut at = 0;
        std::iter::once(0)
            .chain(words.iter().map(|word| {
                at += word.len();
                at
            }))
            .collect()
    };
    let (old_ends, new_ends) = (ends(&before), ends(&after));
    let bytes = |ends: &[usize], at: usize, len: usize| {
        let place = |at: usize| ends.get(at).copied().unwrap_or_default();
        place(at)..place(at + len)
    };
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let mut equal = 0;
    for op in capture_diff_slices(Algorithm::Myers, &before, &after) {
        match op {
            DiffOp::Equal { old_index, len, .. } => {
                let own = bytes(&old_ends, old_index, len);
                let said = old.get(own).unwrap_or_default();
                equal += said.chars().filter(|c| !c.is_whitespace()).count();
            }
            DiffOp::Delete {
                old_index, old_len, ..
            } => push(&mut left, bytes(&old_ends, old_index, old_len), old),
            DiffOp::Insert {
                new_index, new_len, ..
            } => push(&mut right, bytes(&new_ends, new_index, new_len), new),
            DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            } => {
                push(&mut left, bytes(&old_ends, old_index, old_len), old);
                push(&mut right, bytes(&new_ends, new_index, new_len), new);
            }
        }
    }
    let signs = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    let longer = signs(old).max(signs(new));
    if equal * ALIKE.1 < longer * ALIKE.0 {
        return nothing;
    }
    (left, right)
}

/// Returns true where one line may well stand for another: they share half of their words.
pub(super) fn alike(old: &str, new: &str) -> bool {
    if old.len() > LONG || new.len() > LONG {
        return false;
    }
    let own = |text| -> Vec<&str> {
        let words = words(text).into_iter();
        words.filter(|word| !word.trim().is_empty()).collect()
    };
    let (before, mut after) = (own(old), own(new));
    let all = before.len() + after.len();
    let mut shared = 0;
    for word in before {
        if let Some(at) = after.iter().position(|other| *other == word) {
            after.swap_remove(at);
            shared += 2;
        }
    }
    shared * 2 >= all
}

/// Splits a line into names, numbers, gaps, and the single signs between them.
fn words(text: &str) -> Vec<&str> {
    let class = |c: char| match c {
        '_' => 1,
        c if c.is_alphanumeric() => 1,
        c if c.is_whitespace() => 2,
        _ => 0,
    };
    let mut words = Vec::new();
    let mut from = 0;
    let mut before = None;
    for (at, grapheme) in text.grapheme_indices(true) {
        let own = grapheme.chars().next().map_or(0, class);
        if before.is_some_and(|before| before != own || own == 0) {
            words.extend(text.get(from..at));
            from = at;
        }
        before = Some(own);
    }
    words.extend(text.get(from..).filter(|rest| !rest.is_empty()));
    words
}

/// Adds a range; what only a space parts from the one before joins it.
fn push(ranges: &mut Vec<Range<usize>>, range: Range<usize>, text: &str) {
    if range.is_empty() {
        return;
    }
    if let Some(last) = ranges.last_mut() {
        let between = text.get(last.end..range.start).unwrap_or_default();
        if between.trim().is_empty() {
            last.end = range.end;
            return;
        }
    }
    ranges.push(range);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
        let (left, right) = changed(old, new);
        let cut = |ranges: Vec<Range<usize>>, text: &str| {
            ranges
                .into_iter()
                .map(|range| text[range].to_owned())
                .collect()
        };
        (cut(left, old), cut(right, new))
    }

    #[test]
    fn only_the_words_that_differ_are_named() {
        let (left, right) = shown("    let week = day / 7;", "    let week = day.div_ceil(7);");
        assert_eq!(left, [" / "]);
        assert_eq!(right, [".div_ceil(", ")"]);
        let (left, right) = shown("fn run(a: u32) {", "fn run(a: u64, b: u8) {");
        assert_eq!(left, ["u32"]);
        assert_eq!(right, ["u64, b: u8"]);
    }

    #[test]
    fn lines_that_share_nothing_are_not_compared() {
        assert_eq!(shown("return None;", "// done"), (vec![], vec![]));
        let long = "x".repeat(LONG + 1);
        assert_eq!(shown(&long, "x"), (vec![], vec![]));
    }
}
