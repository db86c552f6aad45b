//! The methods about what is remembered and known.

use smartopol_protocol::{knowledge, memory};

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    vec![
        golden(
            memory::Add {
                text: "lives in Bonn".into(),
                category: Some(memory::Category::Fact),
                confidence: Some(80),
                from: Some("tomorrow 9:00".into()),
                until: Some("in 30 days".into()),
                supersedes: Some("mem_0f0f".into()),
            },
            memory::Added {
                memory: sample::memory(),
                known: true,
            },
        ),
        golden(
            memory::List {
                which: memory::Which::All,
                category: Some(memory::Category::Preference),
                limit: 10,
                skip: 20,
                of: memory::Whose::User("mia".into()),
            },
            memory::Listed {
                memories: vec![sample::memory()],
                more: true,
                current: 31,
                pending: 1,
                told: 30,
                file: memory::File {
                    path: "/home/ada/.local/share/smartopol/workspace/MEMORY.md".into(),
                    lines: 2,
                    cut: 120,
                },
            },
        ),
        golden(
            memory::Search {
                text: "bonn".into(),
                typing: true,
                which: memory::Which::Current,
                category: Some(memory::Category::Fact),
                limit: 5,
                of: memory::Whose::Everybody,
            },
            memory::Found {
                hits: vec![memory::Hit {
                    memory: sample::memory(),
                    score: 4.5,
                }],
            },
        ),
        golden(
            memory::Show {
                key: "mem_0d0d".into(),
                of: memory::Whose::User("mia".into()),
            },
            memory::Shown {
                memory: sample::memory(),
                history: vec![sample::memory()],
            },
        ),
        golden(
            memory::Edit {
                key: "mem_0d0d".into(),
                text: Some("lives in Ulm".into()),
                category: Some(memory::Category::Context),
                confidence: Some(50),
                from: Some("2026-12-01 00:00".into()),
                until: Some("".into()),
            },
            sample::memory(),
        ),
        golden(
            memory::Forget {
                key: "mem_0d0d".into(),
            },
            memory::Forgotten {
                ids: vec![sample::MEMORY],
            },
        ),
        golden(
            memory::Decide {
                key: "mem_0d0d".into(),
                verdict: memory::Verdict::Approve,
                text: Some("lives in Bonn".into()),
            },
            sample::memory(),
        ),
        golden(
            knowledge::List {
                tag: Some("server".into()),
                limit: 10,
                skip: 20,
            },
            knowledge::Listed {
                topics: vec![sample::topic()],
                more: true,
            },
        ),
        golden(
            knowledge::Search {
                text: "deploy".into(),
                typing: true,
                tag: Some("server".into()),
                limit: 5,
            },
            knowledge::Found {
                hits: vec![knowledge::Hit {
                    topic: sample::topic(),
                    excerpt: "make deploy, from main only".into(),
                    score: 3.25,
                }],
            },
        ),
        golden(
            knowledge::Show {
                key: "deploy".into(),
            },
            knowledge::Shown {
                topic: sample::topic(),
                text: "make deploy, from main only".into(),
                linked_from: vec!["Server".into()],
            },
        ),
        golden(
            knowledge::Write {
                name: "Deploy".into(),
                text: "make deploy, from main only".into(),
                tags: Some(vec!["server".into()]),
                links: Some(vec!["Server".into()]),
                how: knowledge::How::Append,
                owner: knowledge::Owner::House,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Link {
                from: "deploy".into(),
                to: "server".into(),
                linked: true,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Pin {
                key: "deploy".into(),
                pinned: true,
            },
            sample::topic(),
        ),
        golden(
            knowledge::Forget {
                key: "deploy".into(),
            },
            (),
        ),
        golden(
            knowledge::Hot {},
            knowledge::HotShown {
                topics: vec![knowledge::HotTopic {
                    topic: sample::topic(),
                    told: "Deploy [server]: make deploy, from main only".into(),
                    warmth: 2.5,
                }],
            },
        ),
    ]
}
