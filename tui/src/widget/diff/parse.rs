//! A unified diff, read.
//!
//! Owns hunks, their lines, the numbers of the lines, and which removed line an added one stands
//! for. What is no diff at all is kept as notes, so that nothing of it hides.

use std::ops::Range;

use super::words;
use crate::sanitize;
use crate::widget::text::width;

/// How far a tab goes.
const TAB: usize = 4;

/// How many added lines are looked through for the one that a removed line became.
const AHEAD: usize = 24;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Same,
    Removed,
    Added,
    /// A remark of the diff itself.
    Note,
}

/// One line of a hunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct DiffLine {
    pub(super) sign: Sign,
    from: u32,
    to: u32,
    /// Its number before the change; 0 where it was not there.
    pub(super) old: u32,
    /// Its number after the change; 0 where it is gone.
    pub(super) new: u32,
    /// How many cells it takes.
    pub(super) cells: u32,
    /// True where each byte is a cell.
    pub(super) plain: bool,
    /// The line that it stands for, or that stands for it.
    pub(super) partner: Option<u32>,
    /// True where it changed, or stands beside a line that did.
    pub(super) near: bool,
}

/// Changes that lie close together.
#[derive(Clone, Debug, Default)]
pub(super) struct Hunk {
    pub(super) lines: Range<usize>,
    /// What stands on the left and on the right, row by row.
    pub(super) rows: Vec<(Option<u32>, Option<u32>)>,
    pub(super) line: u32,
    pub(super) added: usize,
    pub(super) removed: usize,
    /// What the lines are in, such as a function.
    pub(super) heading: String,
}

/// A diff, read once and laid out as far as it is seen.
#[derive(Debug, Default)]
pub(crate) struct Diff {
    text: String,
    pub(super) lines: Vec<DiffLine>,
    pub(super) hunks: Vec<Hunk>,
    /// How many digits the highest number has.
    pub(super) digits: usize,
}

impl Diff {
    /// Reads a unified diff.
    pub(crate) fn parse(text: &str) -> Self {
        let text = sanitize::exact(text);
        let mut diff = Self::default();
        // The file is named beside the diff; its two header lines say nothing more.
        let headed = text.starts_with("--- ")
            && text
                .lines()
                .nth(1)
                .is_some_and(|line| line.starts_with("+++ "));
        let (mut old, mut new) = (1, 1);
        for line in text.lines().skip(if headed { 2 } else { 0 }) {
            if let Some((starts, heading)) = head(line) {
                (old, new) = starts;
                diff.begin(new.max(1), heading);
                continue;
            }
            if diff.hunks.is_empty() {
                diff.begin(1, "");
            }
            let (sign, rest) = match line.as_bytes().first() {
                Some(b'+') => (Sign::Added, line.get(1..)),
                Some(b'-') => (Sign::Removed, line.get(1..)),
                Some(b' ') => (Sign::Same, line.get(1..)),
                None => (Sign::Same, Some("")),
                _ => (Sign::Note, Some(line)),
            };
            diff.push(sign, rest.unwrap_or_default(), &mut old, &mut new);
        }
        for at in 0..diff.hunks.len() {
            diff.pair(at);
        }
        let highest = diff
            .lines
            .iter()
            .map(|line| line.old.max(line.new))
            .max()
            .unwrap_or(1);
        diff.digits = highest.max(1).ilog10() as usize + 1;
        diff
    }

    fn begin(&mut self, line: u32, heading: &str) {
        let at = self.lines.len();
        self.hunks.push(Hunk {
            lines: at..at,
            line,
            heading: heading.to_owned(),
            ..Hunk::default()
        });
    }

    fn push(&mut self, sign: Sign, rest: &str, old: &mut u32, new: &mut u32) {
        let from = self.text.len();
        for piece in rest.split_inclusive('\t') {
            let words = piece.strip_suffix('\t');
            self.text.push_str(words.unwrap_or(piece));
            if words.is_some() {
                let used = width(self.text.get(from..).unwrap_or_default());
                self.text.extend(std::iter::repeat_n(' ', TAB - used % TAB));
            }
        }
        let own = self.text.get(from..).unwrap_or_default();
        let plain = own.is_ascii();
        let cells = if plain { own.len() } else { width(own) };
        let (before, after) = (*old, *new);
        let (is_old, is_new) = match sign {
            Sign::Same => (true, true),
            Sign::Removed => (true, false),
            Sign::Added => (false, true),
            Sign::Note => (false, false),
        };
        *old = old.saturating_add(u32::from(is_old));
        *new = new.saturating_add(u32::from(is_new));
        let mut line = DiffLine {
            sign,
            from: u32::try_from(from).unwrap_or(u32::MAX),
            to: u32::try_from(self.text.len()).unwrap_or(u32::MAX),
            old: if is_old { before } else { 0 },
            new: if is_new { after } else { 0 },
            cells: u32::try_from(cells).unwrap_or(u32::MAX),
            plain,
            partner: None,
            near: sign != Sign::Same,
        };
        // A remark speaks of the line before it; it is no change.
        let changes = |sign| matches!(sign, Sign::Removed | Sign::Added);
        let own = self.hunks.last().map_or(0, |hunk| hunk.lines.start);
        if let Some(last) = self.lines.get_mut(own..).and_then(<[_]>::last_mut) {
            last.near |= changes(sign);
            line.near |= changes(last.sign);
        }
        self.lines.push(line);
        if let Some(hunk) = self.hunks.last_mut() {
            hunk.lines.end = self.lines.len();
            hunk.added += usize::from(sign == Sign::Added);
            hunk.removed += usize::from(sign == Sign::Removed);
        }
    }

    /// Puts the removed lines of a hunk beside the added ones that follow them.
    fn pair(&mut self, at: usize) {
        let Some(range) = self.hunks.get(at).map(|hunk| hunk.lines.clone()) else {
            return;
        };
        let mut rows = Vec::with_capacity(range.len());
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for number in range {
            let sign = self.lines.get(number).map(|line| line.sign);
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            match sign {
                Some(Sign::Removed) => {
                    if !added.is_empty() {
                        self.join(&mut removed, &mut added, &mut rows);
                    }
                    removed.push(number);
                }
                Some(Sign::Added) => added.push(number),
                // A remark about a line does not part it from the one that stands for it.
                Some(Sign::Note) if !removed.is_empty() && added.is_empty() => {}
                _ => {
                    self.join(&mut removed, &mut added, &mut rows);
                    rows.push((Some(number), Some(number)));
                }
            }
        }
        self.join(&mut removed, &mut added, &mut rows);
        if let Some(hunk) = self.hunks.get_mut(at) {
            hunk.rows = rows;
        }
    }

    /// Puts lines that stand for each other side by side, and between them the others as they come.
    fn join(
        &mut self,
        removed: &mut Vec<u32>,
        added: &mut Vec<u32>,
        rows: &mut Vec<(Option<u32>, Option<u32>)>,
    ) {
        let (mut left, mut right) = (0, 0);
        for (one, other) in self.partners(removed, added) {
            beside(removed, added, (left..one, right..other), rows);
            let pair = (removed.get(one).copied(), added.get(other).copied());
            if let (Some(old), Some(new)) = pair {
                for (own, partner) in [(old, new), (new, old)] {
                    if let Some(line) = self.lines.get_mut(own as usize) {
                        line.partner = Some(partner);
                    }
                }
            }
            rows.push(pair);
            (left, right) = (one + 1, other + 1);
        }
        let rest = (left..removed.len(), right..added.len());
        beside(removed, added, rest, rows);
        removed.clear();
        added.clear();
    }

    /// Returns which removed lines stand for which added ones, in their order.
    fn partners(&self, removed: &[u32], added: &[u32]) -> Vec<(usize, usize)> {
        if removed.len() == added.len() {
            return (0..removed.len()).map(|at| (at, at)).collect();
        }
        let text = |at: u32| self.lines.get(at as usize).map(|line| self.text_of(line));
        let mut pairs = Vec::new();
        let mut next = 0;
        for (at, old) in removed.iter().enumerate() {
            let ahead = added.iter().enumerate().skip(next).take(AHEAD);
            let found = ahead
                .filter_map(|(other, new)| Some((other, text(*old)?, text(*new)?)))
                .find(|(_, old, new)| words::alike(old, new));
            if let Some((other, ..)) = found {
                pairs.push((at, other));
                next = other + 1;
            }
        }
        pairs
    }

    /// Returns the text of a line.
    pub(super) fn text_of(&self, line: &DiffLine) -> &str {
        self.text
            .get(line.from as usize..line.to as usize)
            .unwrap_or_default()
    }
}

/// Puts lines beside each other that do not stand for each other.
fn beside(
    removed: &[u32],
    added: &[u32],
    (lefts, rights): (Range<usize>, Range<usize>),
    rows: &mut Vec<(Option<u32>, Option<u32>)>,
) {
    let mut lefts = removed.get(lefts).unwrap_or_default().iter().copied();
    let mut rights = added.get(rights).unwrap_or_default().iter().copied();
    loop {
        match (lefts.next(), rights.next()) {
            (None, None) => return,
            row => rows.push(row),
        }
    }
}

/// Reads the head of a hunk: where it starts before and after, and what it is in.
fn head(line: &str) -> Option<((u32, u32), &str)> {
    let (ranges, heading) = line.strip_prefix("@@ -")?.split_once(" @@")?;
    let (old, new) = ranges.split_once(" +")?;
    let start = |range: &str| range.split(',').next()?.parse().ok();
    Some(((start(old)?, start(new)?), heading.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_their_numbers_and_partners() {
        let diff = Diff::parse(
            "--- a\n+++ b\n@@ -3,3 +3,4 @@ fn week()\n a\n-b b\n+c b\n+d\n e\n@@ -90 +91 @@\n-x\n",
        );
        let numbers: Vec<_> = diff
            .lines
            .iter()
            .map(|line| (diff.text_of(line), line.old, line.new, line.partner))
            .collect();
        assert_eq!(
            numbers,
            [
                ("a", 3, 3, None),
                ("b b", 4, 0, Some(2)),
                ("c b", 0, 4, Some(1)),
                ("d", 0, 5, None),
                ("e", 5, 6, None),
                ("x", 90, 0, None),
            ]
        );
        assert_eq!(diff.hunks[0].heading, "fn week()");
        assert_eq!((diff.hunks[0].added, diff.hunks[0].removed), (2, 1));
        assert_eq!(
            diff.hunks[0].rows,
            [
                (Some(0), Some(0)),
                (Some(1), Some(2)),
                (None, Some(3)),
                (Some(4), Some(4))
            ]
        );
        assert_eq!(diff.digits, 2);
    }

    #[test]
    fn what_is_no_diff_is_shown_all_the_same() {
        let diff = Diff::parse("nothing\u{202e} like it\n\tat all");
        let texts: Vec<_> = diff.lines.iter().map(|line| diff.text_of(line)).collect();
        assert_eq!(texts, ["nothing⟨U+202E⟩ like it", "    at all"]);
    }
}
