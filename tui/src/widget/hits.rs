//! What was searched for, made to stand out in rows that are drawn already.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use smartopol_protocol::message::fold;

/// Gives a style to each place in a row of cells that reads like the folded text.
pub(crate) fn mark(needle: &str, row: Rect, style: Style, buf: &mut Buffer) {
    if needle.is_empty() {
        return;
    }
    // What the row reads folded, and where in it each cell begins.
    let (mut text, mut cells) = (String::new(), Vec::new());
    let mut x = row.x;
    while x < row.right() {
        let Some(cell) = buf.cell((x, row.y)) else {
            break;
        };
        cells.push((text.len(), x));
        text.push_str(&fold(cell.symbol()));
        x += u16::try_from(super::text::width(cell.symbol()).max(1)).unwrap_or(1);
    }
    cells.push((text.len(), x.min(row.right())));
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(needle)) {
        let (start, end) = (from + found, from + found + needle.len());
        let first = cells
            .partition_point(|(at, _)| *at <= start)
            .saturating_sub(1);
        let last = cells.partition_point(|(at, _)| *at < end);
        if let (Some((_, from)), Some((_, to))) = (cells.get(first), cells.get(last)) {
            let place = Rect {
                x: *from,
                width: to - from,
                height: 1,
                ..row
            };
            buf.set_style(place, style);
        }
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::*;

    fn marked(text: &str, needle: &str) -> String {
        let row = Rect::new(0, 0, 24, 1);
        let mut buf = Buffer::empty(row);
        buf.set_string(0, 0, text, Style::new());
        mark(
            &fold(needle),
            row,
            Style::new().add_modifier(Modifier::REVERSED),
            &mut buf,
        );
        let cells = (0..24).filter_map(|x| buf.cell((x, 0)));
        cells
            .map(|cell| match cell.modifier.contains(Modifier::REVERSED) {
                true => '^',
                false => '.',
            })
            .collect::<String>()
            .trim_end_matches('.')
            .to_owned()
    }

    #[test]
    fn every_place_stands_out_in_any_case_and_width() {
        assert_eq!(marked("one ONE two", "One"), "^^^.^^^");
        assert_eq!(marked("漢字 and 漢字", "漢字"), "^^^^.....^^^^");
        assert_eq!(marked("straße", "SSE"), "");
        assert_eq!(marked("GRÜẞE grüße", "ü"), "..^.....^");
        assert_eq!(marked("aaa", "aa"), "^^");
    }
}
