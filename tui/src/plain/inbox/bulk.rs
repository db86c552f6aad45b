//! All items of a sort at once.

use smartopol_protocol::attention::Kind;

use super::sort_of;

/// A sort of items, as the list calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sort {
    /// How the list calls it.
    pub(super) words: &'static str,
    /// What it has.
    pub(super) kinds: Vec<Kind>,
}

/// What can be seen to without an answer, or ended without one.
const KINDS: [Kind; 12] = [
    Kind::Reminder,
    Kind::TurnFailed,
    Kind::JobFailed,
    Kind::JobMissed,
    Kind::JobPaused,
    Kind::TerminalEnded,
    Kind::ApprovalExpired,
    Kind::QuestionExpired,
    Kind::BudgetUsed,
    Kind::Memory,
    Kind::Stranger,
    Kind::Question,
];

/// Reads the name of a sort.
pub(super) fn sort(text: &str) -> Result<Sort, String> {
    let name = |words: &str| words.trim().to_lowercase().replace([' ', '_'], "-");
    let said = name(text);
    let said = said.strip_suffix("-used").unwrap_or(&said);
    let is = |kind: &Kind| {
        let own = name(sort_of(*kind));
        own == said || own.strip_suffix("-used-up") == Some(said)
    };
    let kinds: Vec<Kind> = KINDS.into_iter().filter(is).collect();
    match kinds.first() {
        Some(first) => Ok(Sort {
            words: sort_of(*first),
            kinds,
        }),
        None => {
            let mut names: Vec<String> = KINDS.iter().map(|kind| name(sort_of(*kind))).collect();
            names.dedup();
            Err(format!("one of: {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sort_is_called_as_the_list_calls_it() {
        for text in ["job-missed", "job missed", "job_missed"] {
            assert_eq!(sort(text).unwrap().kinds, [Kind::JobMissed], "{text}");
        }
        for text in ["budget", "budget-used", "budget used up"] {
            assert_eq!(sort(text).unwrap().kinds, [Kind::BudgetUsed], "{text}");
        }
        let expired = [Kind::ApprovalExpired, Kind::QuestionExpired];
        assert_eq!(sort("expired").unwrap().kinds, expired);
        assert!(sort("approval").unwrap_err().contains("reminder"));
    }
}
