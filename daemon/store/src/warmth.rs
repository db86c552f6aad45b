//! How warm a topic is: counted use that fades. Pure.
//!
//! A use weighs twice as much as one a week before. The warmth is the logarithm of the sum of all
//! weights, with weeks since the epoch as exponents: it orders topics at any moment, and only a
//! use changes it, never the passing of time.

use smartopol_protocol::Timestamp;

/// After how long a use weighs half, in milliseconds: a week.
const HALF: f64 = 7.0 * 24.0 * 3_600_000.0;

/// Returns the warmth after one more use of this weight.
pub(crate) fn used(before: Option<f64>, weight: f64, at: Timestamp) -> f64 {
    let use_now = at.as_millis() as f64 / HALF + weight.log2();
    match before {
        None => use_now,
        Some(before) => {
            let (more, less) = (before.max(use_now), before.min(use_now));
            more + (1.0 + (less - more).exp2()).log2()
        }
    }
}

/// Returns how many uses of this moment the warmth is worth.
pub(crate) fn worth(warmth: f64, at: Timestamp) -> f64 {
    (warmth - at.as_millis() as f64 / HALF).exp2()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_use_weighs_half_after_a_week() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let later = now.plus_millis(HALF as i64);
        let once = used(None, 1.0, now);
        assert!((worth(once, now) - 1.0).abs() < 1e-6);
        assert!((worth(once, later) - 0.5).abs() < 1e-6);
        let twice = used(Some(once), 1.0, later);
        assert!((worth(twice, later) - 1.5).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn the_order_does_not_change_by_itself(
            a in prop::collection::vec((0_i64..60 * 86_400_000, 1_u8..5), 1..20),
            b in prop::collection::vec((0_i64..60 * 86_400_000, 1_u8..5), 1..20),
        ) {
            let end = 1_800_000_000_000 + 60 * 86_400_000;
            let sum = |uses: &[(i64, u8)]| uses.iter().fold(None, |before, (at, weight)| {
                Some(used(before, f64::from(*weight), Timestamp::from_millis(1_800_000_000_000 + at)))
            }).unwrap();
            let plain = |uses: &[(i64, u8)]| uses.iter().map(|(at, weight)| {
                f64::from(*weight) * (-((end - 1_800_000_000_000 - at) as f64) / HALF).exp2()
            }).sum::<f64>();
            let (warm, cold) = (sum(&a), sum(&b));
            prop_assert!((worth(warm, Timestamp::from_millis(end)) / plain(&a) - 1.0).abs() < 1e-6);
            if (plain(&a) / plain(&b) - 1.0).abs() > 1e-6 {
                prop_assert_eq!(warm > cold, plain(&a) > plain(&b));
            }
        }
    }
}
