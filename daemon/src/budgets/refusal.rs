//! The words in which a budget refuses a request.

use jiff::tz::TimeZone;
use smartopol_protocol::user::{Budget, Limits, Spent, User};
use smartopol_protocol::{Timestamp, suggest};

/// A budget that is used up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp {
    /// What happened, one sentence.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
}

/// Returns why a budget does not allow a request. The words are kept with the turn and read by the
/// user: without `costs` they name no money, nor what everybody used together.
pub(super) fn used_up(
    budget: &Budget,
    user: &User,
    needs: Spent,
    zone: &TimeZone,
    costs: bool,
) -> Option<UsedUp> {
    let Limits {
        daily_tokens,
        monthly_tokens,
        daily_cost_micros,
        monthly_cost_micros,
    } = budget.limits;
    let whose = match budget.of.as_str() {
        "user" => format!("{}'s budget", user.name),
        "all" => "the budget of all users".to_owned(),
        other => format!("the {other}'s budget"),
    };
    let told = |limit: u64, used: u64, need: u64, kind: Kind, day: bool| {
        let (per, resets) = match day {
            true => ("day", budget.day_resets_at),
            false => ("month", budget.month_resets_at),
        };
        let resets = local(resets, zone);
        let unit = |count: u64| kind.says(count);
        let (limit_, used_) = (unit(limit), unit(used));
        let seen = costs || (kind == Kind::Tokens && budget.of != "all");
        UsedUp {
            message: match limit.saturating_sub(used) {
                0 if !seen => format!(
                    "{whose} of {} a {per} is used up: nothing is left until {resets}",
                    kind.name()
                ),
                _ if !seen => format!(
                    "{whose} of {} a {per} has less left than this request needs: it is full \
                     again at {resets}",
                    kind.name()
                ),
                0 => format!(
                    "{whose} of {limit_} a {per} is used up: {used_} were used, and nothing is \
                     left until {resets}"
                ),
                left => format!(
                    "{whose} of {limit_} a {per} has {} left, and this request needs about {}: \
                     it is full again at {resets}",
                    unit(left),
                    unit(need)
                ),
            },
            hint: match budget.of.as_str() {
                "user" => format!(
                    "an admin can give more: smartopol users set {} --{}-{} N",
                    suggest::word(&user.name),
                    if day { "daily" } else { "monthly" },
                    kind.option()
                ),
                other => {
                    format!("an admin can give more: [budgets.{other}] in the settings")
                }
            },
        }
    };
    let (count, cost) = (needs.tokens, needs.cost_micros);
    let (today, month) = (budget.today, budget.month);
    let checks = [
        (daily_tokens, today.tokens, count, Kind::Tokens, true),
        (monthly_tokens, month.tokens, count, Kind::Tokens, false),
        (
            daily_cost_micros,
            today.cost_micros,
            cost,
            Kind::Money,
            true,
        ),
        (
            monthly_cost_micros,
            month.cost_micros,
            cost,
            Kind::Money,
            false,
        ),
    ];
    checks
        .into_iter()
        .find_map(|(limit, used, need, kind, day)| {
            let over = |limit: &u64| used >= *limit || used.saturating_add(need) > *limit;
            let limit = limit.filter(over)?;
            Some(told(limit, used, need, kind, day))
        })
}

/// What a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tokens,
    Money,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Money => "money",
        }
    }

    /// Returns the end of the option that sets it.
    const fn option(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Money => "cents",
        }
    }

    fn says(self, count: u64) -> String {
        match self {
            Self::Tokens => format!("{count} tokens"),
            Self::Money => dollars(count),
        }
    }
}

/// Says an amount of money: `$1.25`, and small ones with what they have behind the cents.
fn dollars(micros: u64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    match rest % 10_000 {
        0 => format!("${whole}.{:02}", rest / 10_000),
        _ => format!("${whole}.{rest:06}"),
    }
}

/// Says a moment as a clock on the wall has it.
fn local(at: Timestamp, zone: &TimeZone) -> String {
    let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or_default();
    let zoned = at.to_zoned(zone.clone());
    let name = zone.iana_name().unwrap_or("UTC");
    format!("{} {name}", zoned.strftime("%Y-%m-%d %H:%M"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::users::made;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A budget of two dollars a day, of which a millionth is left.
    fn nearly_used() -> Budget {
        Budget {
            of: "user".into(),
            limits: Limits {
                daily_cost_micros: Some(2_000_000),
                ..Limits::default()
            },
            today: Spent {
                calls: 3,
                tokens: 5_000,
                cost_micros: 1_999_999,
            },
            month: Spent::default(),
            day_resets_at: at("2026-06-01T22:00:00.000Z"),
            month_resets_at: at("2026-06-30T22:00:00.000Z"),
        }
    }

    #[test]
    fn a_refusal_says_whose_budget_what_was_used_and_when_it_goes_on() {
        let mut user = made("cli:7".parse().unwrap(), at("2026-01-01T00:00:00.000Z"));
        user.name = "mia".into();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let mut budget = nearly_used();
        let needs = |cost_micros| Spent {
            cost_micros,
            ..Spent::default()
        };
        assert_eq!(used_up(&budget, &user, needs(1), &zone, true), None);
        assert_eq!(
            used_up(&budget, &user, needs(20_000), &zone, true)
                .unwrap()
                .message,
            "mia's budget of $2.00 a day has $0.000001 left, and this request needs about $0.02: \
             it is full again at 2026-06-02 00:00 Europe/Berlin"
        );
        budget.today.cost_micros = 2_123_456;
        assert_eq!(
            used_up(&budget, &user, needs(0), &zone, true)
                .unwrap()
                .message,
            "mia's budget of $2.00 a day is used up: $2.123456 were used, and nothing is left \
             until 2026-06-02 00:00 Europe/Berlin"
        );
        let said = used_up(&budget, &user, needs(0), &zone, true).unwrap();
        assert_eq!(
            said.hint,
            "an admin can give more: smartopol users set mia --daily-cents N"
        );
    }

    #[test]
    fn who_may_not_see_costs_reads_no_money_and_no_sum_of_all_users_in_a_refusal() {
        let mut user = made("cli:7".parse().unwrap(), at("2026-01-01T00:00:00.000Z"));
        user.name = "little mia".into();
        let mut budget = nearly_used();
        let needs = Spent {
            cost_micros: 20_000,
            ..Spent::default()
        };
        let told = |budget: &Budget| used_up(budget, &user, needs, &TimeZone::UTC, false).unwrap();
        let said = told(&budget);
        assert_eq!(
            said.message,
            "little mia's budget of money a day has less left than this request needs: it is full \
             again at 2026-06-01 22:00 UTC"
        );
        assert_eq!(
            said.hint,
            "an admin can give more: smartopol users set 'little mia' --daily-cents N"
        );
        budget.today.cost_micros = 2_000_000;
        assert_eq!(
            told(&budget).message,
            "little mia's budget of money a day is used up: nothing is left until 2026-06-01 22:00 \
             UTC"
        );
        budget.of = "all".into();
        budget.limits = Limits {
            daily_tokens: Some(5_000),
            ..Limits::default()
        };
        let said = told(&budget);
        assert_eq!(
            said.message,
            "the budget of all users of tokens a day is used up: nothing is left until \
             2026-06-01 22:00 UTC"
        );
        assert_eq!(
            said.hint,
            "an admin can give more: [budgets.all] in the settings"
        );
    }
}
