//! The methods about prompts, users and models.

use smartopol_protocol::{model, prompt, user};

use super::{All, golden};
use crate::sample;

pub(super) fn all() -> All {
    vec![
        golden(
            prompt::Show {
                session_id: sample::SESSION,
                text: true,
            },
            prompt::Shown {
                parts: vec![prompt::PromptPart {
                    name: "SOUL.md".into(),
                    tier: prompt::Tier::Fixed,
                    source: "/home/ada/.local/share/smartopol/workspace/SOUL.md".into(),
                    bytes: 16_384,
                    tokens: 4_096,
                    cut: 120,
                    text: "You are useful before you are pleasant.".into(),
                }],
                context_tokens: 120_000,
            },
        ),
        golden(prompt::Skip {}, prompt::Skipped { skipped: true }),
        golden(
            user::List {},
            user::Listed {
                users: vec![sample::user()],
                budgets: vec![sample::budget()],
            },
        ),
        golden(
            user::Show {
                key: Some("ada".into()),
                session_id: Some(sample::SESSION),
            },
            user::Shown {
                user: sample::user(),
                grants: [(user::Capability::Network, user::Grant::Allow)].into(),
                filter: user::Filter::Off,
                time_zone: "Europe/Berlin".into(),
                budgets: vec![sample::budget()],
                days: vec![user::Day {
                    at: sample::at(0),
                    spent: sample::budget().today,
                }],
                without_costs: true,
            },
        ),
        golden(
            user::Add {
                name: "mia".into(),
                role: user::Role::Child,
                peers: vec![sample::peer("telegram:5")],
            },
            sample::user(),
        ),
        golden(
            user::Set {
                key: "mia".into(),
                name: Some("Mia".into()),
                role: Some(user::Role::User),
                disabled: Some(false),
                grants: [
                    (user::Capability::Network, Some(user::Grant::Ask)),
                    (user::Capability::SeeCosts, None),
                ]
                .into(),
                limits: sample::user().limits,
                profile: sample::user().profile,
            },
            sample::user(),
        ),
        golden(user::Remove { key: "mia".into() }, ()),
        golden(
            user::Link {},
            user::Code {
                code: "ABCD-2345".into(),
                expires_at: sample::at(600_000),
            },
        ),
        golden(
            user::Redeem {
                code: "ABCD-2345".into(),
            },
            sample::user(),
        ),
        golden(
            user::Unlink {
                peer: sample::peer("telegram:4711"),
            },
            sample::user(),
        ),
        golden(
            user::Admit {
                peer: sample::peer("telegram:5"),
                allow: true,
                role: Some(user::Role::Child),
                name: Some("mia".into()),
            },
            user::Admitted {
                user: Some(sample::user()),
            },
        ),
        golden(
            model::ListProviders {},
            model::ListedProviders {
                providers: vec![provider()],
            },
        ),
        golden(
            model::TestProvider {
                name: "anthropic".into(),
                model: Some("claude".into()),
            },
            model::TestedProvider {
                model: "claude".into(),
                said: "Hello".into(),
                first_ms: 310,
                total_ms: 420,
            },
        ),
    ]
}

fn provider() -> model::ProviderInfo {
    model::ProviderInfo {
        name: "anthropic".into(),
        found_by: "ANTHROPIC_API_KEY is set".into(),
        base_url: "https://api.anthropic.com".into(),
        default_model: "claude".into(),
        models: vec!["claude".into()],
        chosen: true,
    }
}
