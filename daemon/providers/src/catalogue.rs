//! The catalogue: what is known of a model without asking for it, and what its tokens cost.
//!
//! Owns reading `catalogue.txt`. A model that is not in it has no price, never a guessed one.

use std::sync::LazyLock;

use smartopol_config::section::providers::Kind as Wire;
use smartopol_protocol::model::Usage;

/// What tokens cost, in ten-thousandths of a US dollar per million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Input tokens that are in no cache.
    pub input: u64,
    /// Input tokens read from the cache.
    pub cache_read: u64,
    /// Input tokens written to the cache.
    pub cache_write: u64,
    /// Output tokens.
    pub output: u64,
    /// The most input tokens of one request that these prices hold for.
    pub up_to: u64,
}

impl Price {
    pub(crate) const FREE: Self = Self {
        input: 0,
        cache_read: 0,
        cache_write: 0,
        output: 0,
        up_to: u64::MAX,
    };

    /// Returns what the settings say.
    pub(crate) fn set(price: &smartopol_config::section::prices::Price) -> Self {
        let [input, cache_read, cache_write, output] = price.parts();
        Self {
            input,
            cache_read,
            cache_write,
            output,
            up_to: u64::MAX,
        }
    }

    /// Returns the cost in millionths of a US dollar; `None` beyond what the price holds for.
    pub fn cost_micros(&self, usage: &Usage) -> Option<u64> {
        if usage.input > self.up_to {
            return None;
        }
        let plain = usage
            .input
            .saturating_sub(usage.cache_read)
            .saturating_sub(usage.cache_write);
        let parts = [
            (plain, self.input),
            (usage.cache_read, self.cache_read),
            (usage.cache_write, self.cache_write),
            (usage.output, self.output),
        ];
        let sum = parts.iter().fold(0_u64, |sum, (tokens, price)| {
            sum.saturating_add(tokens.saturating_mul(*price))
        });
        Some(sum.div_ceil(10_000))
    }
}

/// How a model is told to think.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Thinking {
    Budget,
    Adaptive,
    Always,
    Effort,
    None,
}

/// What is known of a model.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) wire: Wire,
    pub(crate) model: &'static str,
    pub(crate) context_tokens: u32,
    pub(crate) max_output_tokens: u32,
    pub(crate) price: Option<Price>,
    pub(crate) thinking: Thinking,
}

static TABLE: LazyLock<Vec<Entry>> =
    LazyLock::new(|| rows().filter_map(|row| entry(&row)).collect());

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    include_str!("catalogue.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_whitespace().collect())
}

fn entry(row: &[&'static str]) -> Option<Entry> {
    let &[
        wire,
        model,
        context,
        max_output,
        input,
        read,
        write,
        output,
        up_to,
        thinking,
    ] = row
    else {
        return None;
    };
    let price = match (cents(input), cents(read), cents(write), cents(output)) {
        (Some(input), Some(cache_read), Some(cache_write), Some(output)) => Some(Price {
            input,
            cache_read,
            cache_write,
            output,
            up_to: up_to.parse().ok()?,
        }),
        _ => None,
    };
    Some(Entry {
        wire: match wire {
            "anthropic" => Wire::Anthropic,
            "openai" => Wire::Openai,
            _ => return None,
        },
        model,
        context_tokens: context.parse().ok()?,
        max_output_tokens: max_output.parse().ok()?,
        price,
        thinking: match thinking {
            "budget" => Thinking::Budget,
            "adaptive" => Thinking::Adaptive,
            "always" => Thinking::Always,
            "effort" => Thinking::Effort,
            "none" => Thinking::None,
            _ => return None,
        },
    })
}

/// Reads dollars with at most four digits after the point as ten-thousandths.
fn cents(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let fraction: u64 = format!("{rest:0<4}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 10_000 + fraction)
}

/// Returns what is known of a model, by its name with or without a date.
pub(crate) fn find(wire: Wire, model: &str) -> Option<&'static Entry> {
    let plain = undated(model);
    TABLE
        .iter()
        .find(|entry| entry.wire == wire && (entry.model == model || entry.model == plain))
}

/// Returns the models of a wire format; the first is the default.
pub(crate) fn models(wire: Wire) -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(move |entry| entry.wire == wire)
        .map(|entry| entry.model)
}

fn undated(model: &str) -> &str {
    let model = model.strip_suffix("-latest").unwrap_or(model);
    for digits in [[8].as_slice(), &[4, 2, 2]] {
        let length: usize = digits.iter().map(|count| count + 1).sum();
        let Some((name, date)) = model
            .len()
            .checked_sub(length)
            .and_then(|at| model.split_at_checked(at))
        else {
            continue;
        };
        let mut groups = date.split('-').skip(1);
        let dated = date.starts_with('-')
            && digits.iter().all(|count| {
                groups.next().is_some_and(|group| {
                    group.len() == *count && group.bytes().all(|byte| byte.is_ascii_digit())
                })
            });
        if dated {
            return name;
        }
    }
    model
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        for row in rows() {
            assert!(entry(&row).is_some(), "{row:?}");
        }
        assert_eq!(models(Wire::Anthropic).next(), Some("claude-sonnet-5"));
        assert_eq!(models(Wire::Openai).next(), Some("gpt-5.4"));
    }

    #[test]
    fn a_dated_name_is_its_model_and_a_longer_name_is_another() {
        let name = |wire, model| find(wire, model).map(|entry| entry.model);
        assert_eq!(
            name(Wire::Anthropic, "claude-haiku-4-5-20251001"),
            Some("claude-haiku-4-5")
        );
        assert_eq!(name(Wire::Openai, "gpt-4o-2024-08-06"), Some("gpt-4o"));
        assert_eq!(
            name(Wire::Anthropic, "claude-sonnet-4-5-latest"),
            Some("claude-sonnet-4-5")
        );
        assert_eq!(name(Wire::Openai, "gpt-4o-audio-preview"), None);
        assert_eq!(name(Wire::Openai, "ünïcödé-größe"), None);
        assert_eq!(name(Wire::Openai, "gpt-4o-20ü4-08-06"), None);
    }

    #[test]
    fn cached_tokens_cost_what_the_table_says() {
        let price = find(Wire::Anthropic, "claude-sonnet-4-5")
            .unwrap()
            .price
            .unwrap();
        let usage = Usage {
            input: 1_000_000,
            cache_read: 400_000,
            cache_write: 100_000,
            output: 10_000,
            cost_micros: None,
        };
        assert_eq!(
            price.cost_micros(&usage),
            None,
            "beyond 200,000 tokens the price is another"
        );
        let usage = Usage {
            input: 100_000,
            cache_read: 40_000,
            cache_write: 10_000,
            ..usage
        };
        // 50,000 × 3 + 40,000 × 0.3 + 10,000 × 3.75 + 10,000 × 15, in millionths.
        assert_eq!(
            price.cost_micros(&usage),
            Some(150_000 + 12_000 + 37_500 + 150_000)
        );
        assert!(find(Wire::Openai, "gpt-5.6-sol").unwrap().price.is_none());
    }
}
