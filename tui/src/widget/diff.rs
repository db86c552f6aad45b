//! A unified diff as lines.

use ratatui::text::Line;

use super::text::{Indent, chop};
use crate::sanitize;
use crate::theme::Theme;

/// Returns a unified diff as lines of at most `room` cells; its signs stay, so that it reads
/// without colours.
pub(crate) fn diff(text: &str, room: usize, indent: &Indent, theme: Theme) -> Vec<Line<'static>> {
    let text = sanitize::text(text);
    let mut lines = Vec::new();
    // The file is named beside the diff; its two header lines say nothing more.
    let headed = text.starts_with("--- ")
        && text
            .lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("+++ "));
    for line in text.lines().skip(if headed { 2 } else { 0 }) {
        let style = match line.as_bytes().first() {
            Some(b'@') => theme.quiet(),
            Some(b'+') => theme.good(),
            Some(b'-') => theme.bad(),
            _ => theme.text(),
        };
        lines.extend(chop(line, style, room, indent));
    }
    lines
}
