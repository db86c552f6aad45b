//! `[prices."PROVIDER/MODEL"]`: what tokens cost, where the catalogue does not know or is wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape};

/// Prices by `provider/model`, or by the model alone for every provider.
pub type Prices = BTreeMap<String, Price>;

/// What a million tokens cost, in US dollars as a decimal text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Input tokens that are in no cache.
    pub input: String,
    /// Input tokens read from the cache; empty: as `input`.
    pub cache_read: String,
    /// Input tokens written to the cache; empty: as `input`.
    pub cache_write: String,
    /// Output tokens.
    pub output: String,
}

impl Price {
    /// Returns the four in ten-thousandths of a dollar for a million tokens: input, cache read,
    /// cache write, output. What is left out of the caches is as the input.
    pub fn parts(&self) -> [u64; 4] {
        let input = units(&self.input).unwrap_or(0);
        [
            input,
            units(&self.cache_read).unwrap_or(input),
            units(&self.cache_write).unwrap_or(input),
            units(&self.output).unwrap_or(0),
        ]
    }
}

/// Reads dollars with up to four decimals as ten-thousandths of one.
fn units(text: &str) -> Option<u64> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || rest.len() > 4 || !digits(whole) || !digits(rest) {
        return None;
    }
    let fraction: u64 = format!("{rest:0<4}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 10_000 + fraction)
}

pub(crate) const SHAPE: Shape = Shape::Named(
    crate::shape::some_text,
    &Shape::Table(&[
        ("input", Shape::Value(Holds::Text(dollars))),
        ("cache_read", Shape::Value(Holds::Text(dollars))),
        ("cache_write", Shape::Value(Holds::Text(dollars))),
        ("output", Shape::Value(Holds::Text(dollars))),
    ]),
);

fn dollars(text: &str) -> Result<(), String> {
    match units(text) {
        Some(_) => Ok(()),
        None => Err("must be dollars for a million tokens, such as \"3.00\" or \"0.075\"".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_dollars_with_up_to_four_decimals() {
        for (text, units_) in [("3", 30_000), ("0.075", 750), ("12.5", 125_000)] {
            assert_eq!(units(text), Some(units_), "{text}");
        }
        for bad in ["", ".5", "-1", "1,5", "0.00001", "1e3"] {
            assert_eq!(units(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_a_price_leaves_out_of_the_caches_is_as_the_input() {
        let price = Price {
            input: "3.00".into(),
            output: "15".into(),
            ..Price::default()
        };
        assert_eq!(price.parts(), [30_000, 30_000, 30_000, 150_000]);
    }
}
