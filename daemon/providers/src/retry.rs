//! When to try again: a pure rule over what went wrong and how often it did.

use std::time::Duration;

use reqwest::header::HeaderMap;
use smartopol_protocol::Timestamp;

use crate::error::{ModelError, Retry};

/// A service that wants more than this is not waited for; the person is told.
pub(crate) const LONGEST: Duration = Duration::from_secs(300);

/// Returns how long to wait before the next try; `None` where there is none.
pub(crate) fn after(err: &ModelError, tried: u32, retries: u32, dice: f64) -> Option<Duration> {
    if tried >= retries {
        return None;
    }
    match err.retry {
        Retry::Never => None,
        // A little later than asked for, and not all at the same moment.
        Retry::After(wait) if wait <= LONGEST => {
            Some(wait + Duration::from_millis(250).mul_f64(dice))
        }
        Retry::After(_) => None,
        Retry::Soon => {
            let whole = Duration::from_millis(500).saturating_mul(1 << tried.min(6));
            Some(whole.min(Duration::from_secs(30)).mul_f64(0.5 + dice / 2.0))
        }
    }
}

/// Reads how long the service asks to wait: milliseconds, seconds, or a date.
pub(crate) fn asked_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(millis) = text("retry-after-ms").and_then(|text| text.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(millis / 1000.0).ok();
    }
    let wait = text("retry-after")?;
    if let Ok(seconds) = wait.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(wait)
        .ok()?;
    let millis = at.as_millisecond().saturating_sub(now.as_millis());
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    fn failed(retry: Retry) -> ModelError {
        ModelError::new(Kind::RateLimit, "too many", "wait").retry(retry)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_all_read() {
        let now = Timestamp::from_millis(784_111_777_000); // Sun, 06 Nov 1994 08:49:37 GMT
        let read = |pairs: &[(&'static str, &'static str)]| asked_for(&headers(pairs), now);
        assert_eq!(read(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
        assert_eq!(
            read(&[("retry-after", "0.5")]),
            Some(Duration::from_millis(500))
        );
        let both = [("retry-after", "7"), ("retry-after-ms", "120")];
        assert_eq!(read(&both), Some(Duration::from_millis(120)));
        let date = [("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")];
        assert_eq!(read(&date), Some(Duration::from_secs(30)));
        let past = [("retry-after", "Sun, 06 Nov 1994 08:40:00 GMT")];
        assert_eq!(read(&past), Some(Duration::ZERO));
        for bad in ["soon", "-1", "NaN", "1e400", ""] {
            assert_eq!(read(&[("retry-after", bad)]), None, "{bad}");
        }
    }

    #[test]
    fn waits_grow_stay_bounded_and_end() {
        let err = failed(Retry::Soon);
        let waits: Vec<Duration> = (0..9)
            .filter_map(|tried| after(&err, tried, 9, 1.0))
            .collect();
        assert!(waits.is_sorted() && waits.iter().all(|wait| *wait <= Duration::from_secs(30)));
        assert_eq!(waits.len(), 9);
        assert_eq!(after(&err, 0, 4, 0.0), Some(Duration::from_millis(250)));
        assert_eq!(after(&err, 4, 4, 0.0), None);
        assert_eq!(after(&failed(Retry::Never), 0, 4, 0.0), None);
    }

    #[test]
    fn a_service_that_wants_more_than_five_minutes_is_not_waited_for() {
        let secs = |wait| after(&failed(Retry::After(Duration::from_secs(wait))), 0, 4, 0.0);
        assert_eq!(secs(300), Some(Duration::from_secs(300)));
        assert_eq!(secs(301), None);
    }
}
