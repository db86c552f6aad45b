//! Times and schedules, told to people.

use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Day, Schedule};

/// Returns a moment as the wall clock of a zone shows it: `Mon 2026-11-30 09:00:00 CET`.
pub(crate) fn local(at: Timestamp, zone: &TimeZone) -> String {
    match jiff::Timestamp::from_millisecond(at.as_millis()) {
        Ok(moment) => moment
            .to_zoned(zone.clone())
            .strftime("%a %Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => at.to_string(),
    }
}

/// Returns a schedule in words, with its time zone where that matters. [`read`](super::read) takes
/// them back.
pub(crate) fn described(schedule: &Schedule, zone_name: &str, zone: &TimeZone) -> String {
    match schedule {
        Schedule::At { at } => format!("once, on {} ({zone_name})", local(*at, zone)),
        Schedule::Every { seconds, .. } => format!("every {}", exactly(*seconds)),
        Schedule::Cron { expression } => format!("by cron `{expression}` ({zone_name})"),
        Schedule::Daily { time } => format!("every day at {time} ({zone_name})"),
        Schedule::Weekly { days, time } => {
            format!("every {} at {time} ({zone_name})", named(days))
        }
    }
}

fn named(days: &[Day]) -> String {
    let name = |day: &Day| match day {
        Day::Mon => "Monday",
        Day::Tue => "Tuesday",
        Day::Wed => "Wednesday",
        Day::Thu => "Thursday",
        Day::Fri => "Friday",
        Day::Sat => "Saturday",
        Day::Sun => "Sunday",
    };
    let names: Vec<&str> = days.iter().map(name).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];

/// Returns a length of time, whole: `1 d 2 h 5 min 10 s`.
pub(super) fn exactly(seconds: u64) -> String {
    let mut left = seconds;
    let mut told = Vec::new();
    for (size, unit) in UNITS {
        if left >= size {
            told.push(format!("{} {unit}", left / size));
            left %= size;
        }
    }
    match told.is_empty() {
        true => "0 s".to_owned(),
        false => told.join(" "),
    }
}

/// Returns how long something takes or took, in its two largest units: `2 h 5 min`.
pub(crate) fn stretch(millis: u64) -> String {
    let mut left = millis / 1000;
    if left == 0 {
        return format!("{millis} ms");
    }
    let mut told = Vec::new();
    for (size, unit) in UNITS {
        if left >= size && told.len() < 2 {
            told.push(format!("{} {unit}", left / size));
            left %= size;
        } else if !told.is_empty() {
            break;
        }
    }
    told.join(" ")
}

/// Returns how late something is, as one says it; empty where it is in time.
pub(crate) fn late(due: Timestamp, at: Timestamp, tolerance_ms: u64) -> String {
    match at.millis_since(due) {
        ms if ms <= tolerance_ms => String::new(),
        ms => format!("{} late", stretch(ms)),
    }
}
