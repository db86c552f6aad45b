//! The methods about clients, approvals, questions and traces.

use std::collections::BTreeMap;

use smartopol_protocol::approval::{Mode, Scope};
use smartopol_protocol::trace::{ActionType, DecidedBy, Filter};
use smartopol_protocol::{approval, client, question, trace};

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    let filter = Filter {
        user_id: Some(sample::USER),
        tool: Some("exec".into()),
        outcome: Some(ActionType::Deny),
        session_id: Some(sample::SESSION),
        since: Some(sample::at(0)),
        text: "build".into(),
        marked: true,
    };
    vec![
        golden(
            client::List {},
            client::Listed {
                clients: vec![sample::client()],
                own: 4,
            },
        ),
        golden(
            approval::List {
                all: true,
                session_id: Some(sample::SESSION),
                limit: 10,
            },
            approval::Listed {
                approvals: vec![sample::approval()],
            },
        ),
        golden(
            approval::Show {
                id: sample::APPROVAL,
            },
            sample::approval(),
        ),
        golden(
            approval::Decide {
                id: sample::APPROVAL,
                allow: true,
                scope: Scope::Session,
                note: "only this once".into(),
                word: "delete".into(),
                rule: Some(sample::pattern()),
                expire_after_seconds: Some(3_600),
            },
            approval::Approval {
                state: approval::ApprovalState::Allowed {
                    decision: sample::decision(),
                },
                ..sample::approval()
            },
        ),
        golden(
            approval::Lab {
                id: sample::APPROVAL,
            },
            lab(),
        ),
        golden(
            approval::Check {
                command: "sudo rm -r build".into(),
                cwd: "/home/ada/project".into(),
                mode: Some(Mode::Auto),
                session_id: Some(sample::SESSION),
                role: Some("admin".into()),
            },
            checked(),
        ),
        golden(
            question::List {
                all: true,
                session_id: Some(sample::SESSION),
                limit: 10,
            },
            question::Listed {
                questions: vec![sample::question()],
            },
        ),
        golden(
            question::Show {
                id: sample::QUESTION,
            },
            sample::question(),
        ),
        golden(
            question::Answer {
                id: sample::QUESTION,
                how: question::How::Choose { number: 2 },
            },
            question::Question {
                state: question::QuestionState::Answered {
                    given: sample::given(),
                },
                ..sample::question()
            },
        ),
        golden(
            approval::ListRules {},
            approval::ListedRules {
                rules: vec![sample::rule()],
            },
        ),
        golden(approval::RevokeRule { id: sample::RULE }, ()),
        golden(
            approval::TestRule {
                pattern: sample::pattern(),
                examples: vec!["rm -r build".into()],
                cwd: "/home/ada/project".into(),
            },
            approval::TestedRule {
                back_test: sample::back_test(),
                examples: vec![approval::Example {
                    command: "rm -r build".into(),
                    covered: true,
                    caught: true,
                }],
            },
        ),
        golden(
            trace::List {
                filter: filter.clone(),
                before: Some(sample::TRACE),
                limit: 20,
            },
            trace::Listed {
                traces: vec![sample::trace()],
                more: true,
                next: Some(sample::TRACE),
                marked: vec![sample::TRACE],
            },
        ),
        golden(
            trace::Show {
                id: sample::TRACE.to_string(),
            },
            sample::trace(),
        ),
        golden(trace::Stats { filter }, stats()),
        golden(sample::mark(), ()),
    ]
}

fn lab() -> approval::LabShown {
    approval::LabShown {
        why: vec![approval::Reason {
            text: "a rule about exec `rm -r src …` comes near: its word 3 is `src`".into(),
            rule: Some(sample::pattern()),
            missed_at: Some(2),
        }],
        candidates: vec![approval::Candidate {
            pattern: sample::pattern(),
            text: sample::pattern().to_string(),
            back_test: sample::back_test(),
        }],
    }
}

fn checked() -> approval::Checked {
    let inspection = sample::inspection();
    approval::Checked {
        verdict: approval::Verdict::Ask,
        by: DecidedBy::Mode,
        reasons: vec!["it runs with other rights: sudo".into()],
        commands: vec![vec!["rm".into(), "-r".into(), "build".into()]],
        effects: inspection.effects,
        danger: Some(sample::danger()),
        removal: inspection.removal,
        rule: Some(sample::pattern()),
    }
}

fn stats() -> trace::StatsShown {
    trace::StatsShown {
        outcomes: BTreeMap::from([("allow".into(), 2), ("deny".into(), 1)]),
        tools: vec![trace::ToolStats {
            tool: "exec".into(),
            calls: 3,
            denied: 1,
            errors: 0,
            p50_ms: Some(7),
            p95_ms: Some(12),
        }],
    }
}
