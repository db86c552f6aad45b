//! What may still be used, asked for by `:budget` and said in the line at the bottom.

use smartopol_protocol::user::{Budget, Shown, Spent};

use super::{App, Call};
use crate::plain::local;

impl App {
    pub(super) fn say_budget(&mut self, _: &str) -> Result<(), String> {
        self.ask(Call::Budget(self.current));
        Ok(())
    }

    /// Says what was used of the budgets of the user and of the session.
    pub(super) fn tell_budget(&mut self, shown: &Shown) {
        let parts: Vec<String> = shown.budgets.iter().map(part).collect();
        let words = format!("{}: {}", shown.user.name, parts.join(" · "));
        self.say(words);
    }
}

fn part(budget: &Budget) -> String {
    let limits = &budget.limits;
    let today = used(budget.today, limits.daily_tokens, limits.daily_cost_micros);
    let month = used(
        budget.month,
        limits.monthly_tokens,
        limits.monthly_cost_micros,
    );
    let resets = match (limits.daily_tokens, limits.daily_cost_micros) {
        (None, None) => String::new(),
        _ => format!(", full again {}", local(budget.day_resets_at)),
    };
    format!("{} {today} today{resets}, {month} this month", budget.of)
}

fn used(spent: Spent, tokens: Option<u64>, cost: Option<u64>) -> String {
    let of = |limit: Option<String>| limit.map_or_else(String::new, |limit| format!(" of {limit}"));
    let dollars = |micros: u64| format!("${:.2}", micros as f64 / 1e6);
    let mut words = format!(
        "{} tokens{}",
        spent.tokens,
        of(tokens.map(|limit| limit.to_string()))
    );
    if spent.cost_micros > 0 || cost.is_some() {
        words.push_str(&format!(
            " {}{}",
            dollars(spent.cost_micros),
            of(cost.map(dollars))
        ));
    }
    words
}
