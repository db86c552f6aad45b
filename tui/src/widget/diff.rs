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
    for line in text.lines() {
        let style = match line.as_bytes().first() {
            _ if line.starts_with("+++") || line.starts_with("---") || line.starts_with("@@") => {
                theme.quiet()
            }
            Some(b'+') => theme.good(),
            Some(b'-') => theme.bad(),
            _ => theme.text(),
        };
        lines.extend(chop(line, style, room, indent));
    }
    lines
}
