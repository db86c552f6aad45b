//! A budget as a bar: what of it is used.

use ratatui::text::Span;

use crate::theme::Theme;

/// Returns a bar of so many cells: what is used of a limit, and the rest. What is not nothing is
/// seen, and only what is used up is full.
pub(crate) fn bar(used: u64, most: u64, cells: usize, theme: Theme) -> [Span<'static>; 2] {
    let full = match (used, used >= most) {
        (0, _) => 0,
        (_, true) => cells,
        _ => {
            let share = u128::from(used) * cells as u128 / u128::from(most.max(1));
            usize::try_from(share)
                .unwrap_or(cells)
                .clamp(1, cells.saturating_sub(1).max(1))
        }
    };
    let style = match share(used, most) {
        100.. => theme.bad(),
        80.. => theme.strong(),
        _ => theme.good(),
    };
    [
        Span::styled("█".repeat(full), style),
        Span::styled("░".repeat(cells.saturating_sub(full)), theme.quiet()),
    ]
}

/// Returns how much of a limit is used, in hundredths.
pub(crate) fn share(used: u64, most: u64) -> u64 {
    let share = u128::from(used) * 100 / u128::from(most.max(1));
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_is_seen_and_only_all_is_full() {
        let cells = |used, most| {
            let [full, rest] = bar(used, most, 5, Theme::plain());
            format!("{}{}", full.content, rest.content)
        };
        assert_eq!(cells(0, 100), "░░░░░");
        assert_eq!(cells(1, 1_000), "█░░░░");
        assert_eq!(cells(50, 100), "██░░░");
        assert_eq!(cells(999, 1_000), "████░");
        assert_eq!(cells(1_000, 1_000), "█████");
        assert_eq!(cells(7, 0), "█████");
    }
}
