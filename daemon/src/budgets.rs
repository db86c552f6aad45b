//! Budgets: what was used, what may still be used.
//!
//! Owns: which budgets a request belongs to, and when days and months begin; the words of a refusal
//! are `refusal`. What was used is counted by the store, in the transaction of each step.

mod refusal;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use smartopol_protocol::session::Session;
use smartopol_protocol::user::{Budget, Capability, Day, Grant, Limits, Spent, User};
use smartopol_protocol::{JobId, SessionId, Timestamp};
use smartopol_store::{Of, Reader};

use crate::House;
use crate::users::{self, rights};

pub(crate) use refusal::UsedUp;

/// How many days are told of, with today.
const DAYS: i32 = 30;

/// Returns why a model may not be asked now; `None` where it may. `needs` is what the request will
/// use at the least, as far as that can be told before.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn check(
    house: &House,
    session: &Session,
    job: Option<JobId>,
    needs: Spent,
) -> Result<Option<UsedUp>, smartopol_store::Error> {
    let user = house.users.acting("", session.user_id);
    let plan: Vec<_> = plan(house, &user, Some(session.id), job)
        .into_iter()
        .filter(|(_, _, limits)| !limits.is_empty())
        .collect();
    if plan.is_empty() {
        return Ok(None);
    }
    let (zone, now) = (zone(house, &user), house.clock.now());
    let budgets = house
        .store
        .read(move |r| {
            plan.into_iter()
                .map(|(name, of, limits)| budget(r, (name, of, limits), &zone, now))
                .collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let zone = self::zone(house, &user);
    let roles = &house.config.users.roles;
    let costs = rights::grant(roles, &user, Capability::SeeCosts) == Grant::Allow;
    Ok(budgets
        .iter()
        .find_map(|own| refusal::used_up(own, &user, needs, &zone, costs)))
}

/// Returns the budgets that a person may see of a user: how many tokens are left to everybody,
/// what it costs only to who may see costs.
pub(crate) async fn shown(
    house: &House,
    user: &User,
    session: Option<SessionId>,
    costs: bool,
) -> Result<Vec<Budget>, smartopol_store::Error> {
    let plan = plan(house, user, session, None);
    let (zone, now) = (zone(house, user), house.clock.now());
    house
        .store
        .read(move |r| {
            plan.into_iter()
                // What everybody used together is nobody's but who may see it.
                .filter(|(_, of, _)| costs || *of != Of::All)
                .map(|own| budget(r, own, &zone, now).map(|own| without_costs(own, costs)))
                .collect()
        })
        .await
}

/// Returns the budget of each user, in their order, as far as a person may see it.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn of_each(
    house: &House,
    users: &[User],
    costs: bool,
) -> Result<Vec<Budget>, smartopol_store::Error> {
    let now = house.clock.now();
    let plans: Vec<_> = users
        .iter()
        .map(|user| {
            let own = ("user", Of::User(user.id), limits(house, user));
            (own, zone(house, user))
        })
        .collect();
    house
        .store
        .read(move |r| {
            plans
                .into_iter()
                .map(|(own, zone)| budget(r, own, &zone, now).map(|own| without_costs(own, costs)))
                .collect()
        })
        .await
}

/// Returns what a user used on each of the last days, in their time zone; today comes last.
///
/// # Errors
/// Where the store fails.
pub(crate) async fn days(
    house: &House,
    user: &User,
    costs: bool,
) -> Result<Vec<Day>, smartopol_store::Error> {
    let mut days = last_days(house.clock.now(), &zone(house, user));
    let since = days.first().map_or_else(|| house.clock.now(), |day| day.at);
    let id = user.id;
    let used = house
        .store
        .read(move |r| r.spent_by_quarter(id, since))
        .await?;
    for (at, mut spent) in used {
        if !costs {
            spent.cost_micros = 0;
        }
        if let Some(day) = days.iter_mut().rev().find(|day| day.at <= at) {
            day.spent.calls += spent.calls;
            day.spent.tokens += spent.tokens;
            day.spent.cost_micros += spent.cost_micros;
        }
    }
    Ok(days)
}

/// Returns the days before now and today, without what was used.
fn last_days(now: Timestamp, zone: &TimeZone) -> Vec<Day> {
    let at = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let today = at.to_zoned(zone.clone()).date();
    let begin = |back: i32| {
        let date = today.checked_sub(jiff::Span::new().days(back)).ok()?;
        let at = date.to_zoned(zone.clone()).ok()?.timestamp();
        Some(Day {
            at: Timestamp::from_millis(at.as_millisecond()),
            spent: Spent::default(),
        })
    };
    (0..DAYS).rev().filter_map(begin).collect()
}

/// Returns a budget without what is money for one who may not see that.
fn without_costs(mut budget: Budget, costs: bool) -> Budget {
    if !costs {
        budget.today.cost_micros = 0;
        budget.month.cost_micros = 0;
        budget.limits.daily_cost_micros = None;
        budget.limits.monthly_cost_micros = None;
    }
    budget
}

/// Returns the name of the time zone in which a user's days begin.
pub(crate) fn zone_name(house: &House, user: &User) -> String {
    users::zone::of(house, user).0
}

/// Returns the time zone in which a user's days begin.
pub(crate) fn zone(house: &House, user: &User) -> TimeZone {
    users::zone::of(house, user).1
}

/// Returns true where anything limits what a user may use.
pub(crate) fn is_limited(house: &House, user: &User) -> bool {
    let budgets = &house.config.budgets;
    let shared = [&budgets.all, &budgets.session, &budgets.job];
    let mut shared = shared.into_iter().map(|own| own.limits());
    !limits(house, user).is_empty() || shared.any(|own| !own.is_empty())
}

/// Returns the budgets that a request belongs to, with what each allows.
fn plan(
    house: &House,
    user: &User,
    session: Option<SessionId>,
    job: Option<JobId>,
) -> Vec<(&'static str, Of, Limits)> {
    let budgets = &house.config.budgets;
    let mut plan = vec![
        ("all", Of::All, budgets.all.limits()),
        ("user", Of::User(user.id), limits(house, user)),
    ];
    plan.extend(session.map(|id| ("session", Of::Session(id), budgets.session.limits())));
    plan.extend(job.map(|id| ("job", Of::Job(id), budgets.job.limits())));
    plan
}

/// Returns the most that a user may use: their own limits, then those of their role.
fn limits(house: &House, user: &User) -> Limits {
    let of_role = house.config.budgets.of(user.role).limits();
    let own = user.limits;
    Limits {
        daily_tokens: own.daily_tokens.or(of_role.daily_tokens),
        monthly_tokens: own.monthly_tokens.or(of_role.monthly_tokens),
        daily_cost_micros: own.daily_cost_micros.or(of_role.daily_cost_micros),
        monthly_cost_micros: own.monthly_cost_micros.or(of_role.monthly_cost_micros),
    }
}

fn budget(
    r: &Reader<'_>,
    (name, of, limits): (&str, Of, Limits),
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Budget, smartopol_store::Error> {
    let span = span(now, zone);
    Ok(Budget {
        of: name.to_owned(),
        limits,
        today: r.spent(of, span.day)?,
        month: r.spent(of, span.month)?,
        day_resets_at: span.next_day,
        month_resets_at: span.next_month,
    })
}

/// The day and the month that a moment is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    day: Timestamp,
    month: Timestamp,
    next_day: Timestamp,
    next_month: Timestamp,
}

fn span(now: Timestamp, zone: &TimeZone) -> Span {
    let start = |date: Option<Date>| {
        let begins = date
            .and_then(|date| date.to_zoned(zone.clone()).ok())
            .map(|at| Timestamp::from_millis(at.timestamp().as_millisecond()));
        // Before the year 1 and after the year 9999 no day begins any more.
        begins.unwrap_or(now)
    };
    let at = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let today = at.to_zoned(zone.clone()).date();
    let first = today.first_of_month();
    Span {
        day: start(Some(today)),
        month: start(Some(first)),
        next_day: start(today.tomorrow().ok()),
        next_month: start(today.last_of_month().tomorrow().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_months_begin_at_the_users_midnight() {
        let zone = TimeZone::get("Asia/Kathmandu").unwrap();
        // 23:30 on the last of the month there, at 17:45 UTC.
        let span = super::span(at("2026-11-30T17:45:00.000Z"), &zone);
        assert_eq!(
            span,
            Span {
                day: at("2026-11-29T18:15:00.000Z"),
                month: at("2026-10-31T18:15:00.000Z"),
                next_day: at("2026-11-30T18:15:00.000Z"),
                next_month: at("2026-11-30T18:15:00.000Z"),
            }
        );
    }
}
