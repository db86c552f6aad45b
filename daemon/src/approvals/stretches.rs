//! A command line as mere text, for where it was not understood.
//!
//! Owns: the stretches between separators, as words without their quotes. It errs on finding
//! commands: a quoted text may hold a line of its own.

/// How many words are looked at from each that may be a program: a command that hides farther
/// back in its own arguments is the grammar's to find.
const REACH: usize = 512;

/// Returns every stretch between separators, and last the whole, as bare words.
pub(super) fn of(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.split(['\n', ';', '|', '&', '(', ')', '`'])
        .chain(std::iter::once(text))
        .map(words)
}

fn words(stretch: &str) -> Vec<String> {
    stretch
        .split_whitespace()
        .map(|word| word.replace(['"', '\'', '\\'], ""))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Returns the words from each place where a command may begin, which is every one.
pub(super) fn starts<T>(words: &[T]) -> impl Iterator<Item = &[T]> {
    (0..words.len()).filter_map(|start| {
        let end = words.len().min(start.saturating_add(REACH));
        words.get(start..end)
    })
}
