//! Times as people write and read them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Reads `--since`: so long ago (`90s`, `15m`, `1h`, `2d`, `1w`), a day, or a moment.
pub(super) fn since(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    if let Some(ago) = ago(text) {
        return Ok(Timestamp::now().plus_millis(-ago));
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    if let Ok(day) = text.parse::<Date>()
        && let Ok(start) = day.to_zoned(TimeZone::system())
    {
        return Ok(Timestamp::from_millis(start.timestamp().as_millisecond()));
    }
    Err(
        "say how long ago (90s, 15m, 1h, 2d, 1w), a day (2026-11-21) or a moment \
         (2026-11-21T09:00:00Z)"
            .into(),
    )
}

/// Reads a stretch of time: `90s`, `15m`, `1h`, `2d`, `1w`; in seconds.
pub(super) fn seconds(text: &str) -> Result<u64, String> {
    match ago(text.trim()).map(|ms| ms / SECOND) {
        Some(seconds @ 1..) => Ok(seconds.unsigned_abs()),
        _ => Err("say how long: 90s, 15m, 1h, 2d, 1w".into()),
    }
}

fn ago(text: &str) -> Option<i64> {
    let unit = match text.chars().next_back()? {
        's' => SECOND,
        'm' => MINUTE,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    let count: i64 = text.get(..text.len() - 1)?.parse().ok()?;
    (count >= 0).then(|| count.checked_mul(unit))?
}

/// Returns how long ago `at` was.
pub(super) fn age(at: Timestamp) -> String {
    let ms = i64::try_from(Timestamp::now().millis_since(at)).unwrap_or(i64::MAX);
    match ms {
        ..MINUTE => format!("{} s ago", ms / SECOND),
        MINUTE..HOUR => format!("{} min ago", ms / MINUTE),
        HOUR..DAY => format!("{} h ago", ms / HOUR),
        _ => format!("{} d ago", ms / DAY),
    }
}

/// Returns how long it is until `at`.
pub(super) fn until(at: Timestamp) -> String {
    let seconds = at.millis_since(Timestamp::now()).div_ceil(1000);
    match seconds {
        ..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds.div_ceil(60)),
        6000..172_800 => format!("{} h", seconds.div_ceil(3600)),
        _ => format!("{} d", seconds.div_ceil(86_400)),
    }
}

/// Returns the local date and time.
pub(crate) fn local(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(
        |_| at.to_string(),
        |moment| {
            let local = moment.to_zoned(TimeZone::system());
            local.strftime("%Y-%m-%d %H:%M:%S").to_string()
        },
    )
}

/// Returns the date and time where the person is, with the name of that: `2026-11-30 09:00:00 CET`.
pub(super) fn named(at: Timestamp) -> String {
    shown(at, TimeZone::system())
}

/// Returns the same in a time zone; where it is not known here, in UTC.
pub(super) fn named_in(at: Timestamp, zone: &str) -> String {
    shown(at, TimeZone::get(zone).unwrap_or(TimeZone::UTC))
}

fn shown(at: Timestamp, zone: TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis()).map_or_else(
        |_| at.to_string(),
        |moment| {
            let zoned = moment.to_zoned(zone);
            zoned.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
        },
    )
}

/// Reads how many of something are asked for.
pub(super) fn many(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(0) => Err("that would be none: say 1 or more".into()),
        Ok(count) => Ok(count),
        Err(_) => Err("say how many, as a number".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_with_the_zone_that_it_is_in() {
        let at = "2026-11-30T08:07:40Z".parse().unwrap();
        assert_eq!(named_in(at, "Asia/Tokyo"), "2026-11-30 17:07:40 JST");
        assert_eq!(named_in(at, "Nowhere/Near"), "2026-11-30 08:07:40 UTC");
    }

    #[test]
    fn none_is_not_how_many() {
        assert_eq!(many("20"), Ok(20));
        assert!(many("0").unwrap_err().contains("1 or more"));
        assert!(many("-1").is_err() && many("all").is_err());
    }

    #[test]
    fn since_takes_what_people_write() {
        let now = Timestamp::now();
        for (text, ms) in [("90s", 90_000), ("1h", HOUR), ("0d", 0), ("2w", 14 * DAY)] {
            let at = since(text).unwrap();
            let off = now
                .plus_millis(-ms)
                .millis_since(at)
                .max(at.millis_since(now.plus_millis(-ms)));
            assert!(off < 5_000, "{text}");
        }
        assert_eq!(
            since("2026-11-21T09:00:00Z").unwrap().to_string(),
            "2026-11-21T09:00:00.000Z"
        );
        assert!(since("2026-11-21").is_ok());
        for bad in ["", "h", "-1h", "1y", "yesterday", "99999999999999999d", "é"] {
            assert!(since(bad).is_err(), "{bad}");
        }
    }
}
