//! Counts over time in one line.

use ratatui::style::Style;
use ratatui::text::Span;
use smartopol_protocol::job::{Run, RunState};

use crate::theme::Theme;

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

/// Returns runs of a job, each as a sign: as tall as it took long where it ran, and else by what
/// became of it, so that it is read without colours too.
pub(crate) fn runs(runs: &[Run], theme: Theme) -> Vec<Span<'static>> {
    let took = |run: &Run| {
        let span = run.started_at.zip(run.finished_at);
        span.map_or(0, |(from, to)| to.millis_since(from))
    };
    let most = runs.iter().map(took).max().unwrap_or(0).max(1);
    let sign = |run: &Run| match run.state {
        RunState::Ran | RunState::Late => {
            let tall = usize::try_from(took(run).saturating_mul(7) / most).unwrap_or(7);
            let style = if run.state == RunState::Ran {
                theme.good()
            } else {
                theme.strong()
            };
            (BARS.get(tall).copied().unwrap_or("█"), style)
        }
        RunState::Failed | RunState::Blocked => ("✗", theme.bad()),
        RunState::Missed => ("○", theme.strong()),
        RunState::Skipped => ("·", theme.quiet()),
        RunState::Running | RunState::Waiting => ("●", theme.good()),
    };
    runs.iter()
        .map(|run| {
            let (sign, style) = sign(run);
            Span::styled(sign, style)
        })
        .collect()
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
