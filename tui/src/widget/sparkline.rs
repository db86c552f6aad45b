//! Counts over time in one line.

use ratatui::style::Style;
use ratatui::text::Span;

/// The bars, from nothing to the highest.
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Returns counts as bars, against the highest among them; what is not nothing is seen.
pub(crate) fn sparkline(counts: &[u32], style: Style) -> Span<'static> {
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bars: String = counts
        .iter()
        .map(|count| {
            let tall = usize::try_from((u64::from(*count) * 7).div_ceil(u64::from(most)));
            BARS.get(tall.unwrap_or(7)).copied().unwrap_or("█")
        })
        .collect();
    Span::styled(bars, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_among_many_is_still_seen() {
        let bars = |counts: &[u32]| sparkline(counts, Style::new()).content.into_owned();
        assert_eq!(bars(&[0, 1, 100, 50]), "▁▂█▅");
        assert_eq!(bars(&[0, 0]), "▁▁");
        assert_eq!(bars(&[]), "");
    }
}
