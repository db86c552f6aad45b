//! `[budgets]`: the most that may be used of models.

use serde::{Deserialize, Serialize};
use smartopol_protocol::user::{Limits, Role};

use crate::shape::{Holds, Shape};

/// The most that may be used of models. Each budget that a request belongs to must hold.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budgets {
    /// All users together.
    pub all: Budget,
    /// Each admin.
    pub admin: Budget,
    /// Each user.
    pub user: Budget,
    /// Each child.
    pub child: Budget,
    /// Each session.
    pub session: Budget,
    /// Each job.
    pub job: Budget,
}

/// One budget; 0 sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// Tokens from midnight to midnight.
    pub daily_tokens: u64,
    /// Tokens from the first of the month to the next.
    pub monthly_tokens: u64,
    /// Hundredths of a US dollar from midnight to midnight.
    pub daily_cents: u64,
    /// Hundredths of a US dollar from the first of the month to the next.
    pub monthly_cents: u64,
}

impl Budgets {
    /// Returns what each user of a role may use.
    pub const fn of(&self, role: Role) -> Budget {
        match role {
            Role::Admin => self.admin,
            Role::User => self.user,
            Role::Child => self.child,
        }
    }
}

impl Budget {
    /// Returns it as limits.
    pub fn limits(self) -> Limits {
        let some = |own: u64| (own > 0).then_some(own);
        Limits {
            daily_tokens: some(self.daily_tokens),
            monthly_tokens: some(self.monthly_tokens),
            daily_cost_micros: some(self.daily_cents.saturating_mul(10_000)),
            monthly_cost_micros: some(self.monthly_cents.saturating_mul(10_000)),
        }
    }
}

const MOST: i64 = 1_000_000_000_000;

const BUDGET: Shape = Shape::Table(&[
    ("daily_tokens", Shape::Value(Holds::Whole(0, MOST))),
    ("monthly_tokens", Shape::Value(Holds::Whole(0, MOST))),
    ("daily_cents", Shape::Value(Holds::Whole(0, MOST))),
    ("monthly_cents", Shape::Value(Holds::Whole(0, MOST))),
]);

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("all", BUDGET),
    ("admin", BUDGET),
    ("user", BUDGET),
    ("child", BUDGET),
    ("session", BUDGET),
    ("job", BUDGET),
]);
