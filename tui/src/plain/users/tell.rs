//! Users, told as text.

use std::io;

use ratatui::style::Style;
use smartopol_protocol::user::{Budget, Code, Day, Grant, Listed, Shown, Spent, User};

use crate::plain::out::{Out, Tone};
use crate::plain::table::{self, Cell, cell, toned};
use crate::plain::time;
use crate::widget::sparkline::sparkline;

/// Prints all users.
pub(super) fn list(listed: &Listed, json: bool, out: &mut Out) -> io::Result<()> {
    if json {
        return listed.users.iter().try_for_each(|user| out.json(user));
    }
    let users = listed.users.iter().zip(&listed.budgets);
    let rows: Vec<Vec<Cell>> = users.map(|(user, budget)| row(user, budget)).collect();
    let heads = ["name", "role", "id", "today", "peers"];
    table::print(out, &heads, &rows, "there are no users")
}

fn row(user: &User, budget: &Budget) -> Vec<Cell> {
    let role = match (user.owner, user.disabled) {
        (true, _) => format!("{} (owner)", user.role),
        (_, true) => format!("{} (disabled)", user.role),
        _ => user.role.to_string(),
    };
    let limits = &budget.limits;
    let today = used(
        budget.today,
        (limits.daily_tokens, limits.daily_cost_micros),
    );
    vec![
        cell(&user.name),
        cell(role),
        toned(user.id.to_string(), Tone::Quiet),
        cell(today),
        cell(peers(user)),
    ]
}

fn peers(user: &User) -> String {
    let peers: Vec<&str> = user.peers.iter().map(|peer| peer.as_str()).collect();
    peers.join(" ")
}

/// Returns a user in one line.
pub(super) fn line(user: &User) -> String {
    let out = if user.disabled { ", disabled" } else { "" };
    format!("{}: {}{out}, {}", user.name, user.role, peers(user))
}

/// Prints a code.
pub(super) fn code(given: &Code, out: &mut Out) -> io::Result<()> {
    out.line(&given.code)?;
    out.line(format!(
        "say it on your other channel within {}: /link {}",
        time::until(given.expires_at),
        given.code
    ))
}

/// Prints one user with all that is theirs.
pub(super) fn show(shown: &Shown, out: &mut Out) -> io::Result<()> {
    let user = &shown.user;
    out.line(line(user))?;
    let profile = &user.profile;
    let text = |own: &Option<String>| own.clone().unwrap_or_default();
    let facts = [
        ("id", user.id.to_string()),
        ("since", time::local(user.created_at)),
        ("language", text(&profile.language)),
        ("tone", text(&profile.tone)),
        ("zone", shown.time_zone.clone()),
        ("filter", shown.filter.name().to_owned()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        out.line(format!("{name:<9} {value}"))?;
    }
    out.line("may:")?;
    for (capability, grant) in &shown.grants {
        let own = match user.grants.contains_key(capability) {
            true => " (their own)",
            false => "",
        };
        let said = match grant {
            Grant::Allow => "yes",
            Grant::Ask => "asks",
            Grant::AskAdmin => "asks an admin",
            Grant::Deny => "no",
        };
        let note = match capability.note() {
            "" => String::new(),
            note => format!(" ({note})"),
        };
        out.line(format!("  {:<17} {said}{own}{note}", capability.name()))?;
    }
    shown.budgets.iter().try_for_each(|own| budget(own, out))?;
    days(&shown.days, out)
}

/// Prints what was used day by day, where anything was.
fn days(days: &[Day], out: &mut Out) -> io::Result<()> {
    let tokens: Vec<u32> = days
        .iter()
        .map(|day| u32::try_from(day.spent.tokens).unwrap_or(u32::MAX))
        .collect();
    let all: u64 = days.iter().map(|day| day.spent.tokens).sum();
    if all == 0 {
        return Ok(());
    }
    let bars = sparkline(&tokens, Style::new()).content;
    out.line(format!("last {} days: {bars} {all} tokens", days.len()))
}

fn budget(budget: &Budget, out: &mut Out) -> io::Result<()> {
    out.line(format!("budget of {}:", whose(&budget.of)))?;
    let limits = &budget.limits;
    let spans = [
        (
            "today",
            budget.today,
            (limits.daily_tokens, limits.daily_cost_micros),
            budget.day_resets_at,
        ),
        (
            "month",
            budget.month,
            (limits.monthly_tokens, limits.monthly_cost_micros),
            budget.month_resets_at,
        ),
    ];
    for (name, spent, limits, resets) in spans {
        let used = used(spent, limits);
        let resets = match limits {
            (None, None) => String::new(),
            _ => format!(", full again {}", time::local(resets)),
        };
        out.line(format!("  {name:<6} {used}{resets}"))?;
    }
    Ok(())
}

fn whose(of: &str) -> &str {
    match of {
        "all" => "all users together",
        "user" => "this user",
        "session" => "the session",
        other => other,
    }
}

/// Says what was used, of how much where that is limited.
fn used(spent: Spent, (tokens, cost): (Option<u64>, Option<u64>)) -> String {
    let dollars = |micros: u64| format!("${:.2}", micros as f64 / 1e6);
    let of = |limit: Option<String>| limit.map(|limit| format!(" of {limit}"));
    let tokens = format!(
        "{} tokens{}",
        spent.tokens,
        of(tokens.map(|limit| limit.to_string())).unwrap_or_default()
    );
    match (spent.cost_micros, cost) {
        (0, None) => tokens,
        (micros, limit) => format!(
            "{tokens}, {}{}",
            dollars(micros),
            of(limit.map(dollars)).unwrap_or_default()
        ),
    }
}
