//! A box with a title and a foot.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::text::{clip_spans, width};

/// Words in an edge of a box, from the left and from the right.
#[derive(Debug, Default)]
pub(crate) struct Edge {
    pub(crate) left: Vec<Span<'static>>,
    pub(crate) right: Vec<Span<'static>>,
}

impl Edge {
    pub(crate) const fn left(left: Vec<Span<'static>>) -> Self {
        Self {
            left,
            right: Vec::new(),
        }
    }

    fn line(
        self,
        corners: (&'static str, &'static str),
        room: usize,
        style: Style,
    ) -> Line<'static> {
        let measure =
            |spans: &[Span<'_>]| spans.iter().map(|span| width(&span.content)).sum::<usize>();
        let mut right = self.right;
        if measure(&right) + 8 > room {
            right.clear();
        }
        let reserved = if right.is_empty() {
            2
        } else {
            measure(&right) + 5
        };
        let left = clip_spans(self.left, room.saturating_sub(reserved + 2));
        let mut spans = vec![Span::styled(corners.0, style)];
        let mut used = 0;
        if !left.is_empty() {
            used += measure(&left) + 3;
            spans.push(Span::styled("─ ", style));
            spans.extend(left);
            spans.push(Span::raw(" "));
        }
        if !right.is_empty() {
            used += measure(&right) + 3;
        }
        spans.push(Span::styled("─".repeat(room.saturating_sub(used)), style));
        if !right.is_empty() {
            spans.push(Span::raw(" "));
            spans.extend(right);
            spans.push(Span::styled(" ─", style));
        }
        spans.push(Span::styled(corners.1, style));
        Line::from(spans)
    }
}

/// Draws a box, and returns what is inside it.
pub(crate) fn boxed(area: Rect, top: Edge, bottom: Edge, style: Style, buf: &mut Buffer) -> Rect {
    if area.width < 6 || area.height < 3 {
        return Rect {
            width: 0,
            height: 0,
            ..area
        };
    }
    let room = usize::from(area.width) - 2;
    buf.set_line(
        area.x,
        area.y,
        &top.line(("┌", "┐"), room, style),
        area.width,
    );
    let last = area.bottom() - 1;
    buf.set_line(
        area.x,
        last,
        &bottom.line(("└", "┘"), room, style),
        area.width,
    );
    for y in area.y + 1..last {
        buf.set_string(area.x, y, "│", style);
        buf.set_string(area.right() - 1, y, "│", style);
    }
    Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width - 4,
        height: area.height - 2,
    }
}
