//! Times as people write them: `tomorrow 9:00`, `in 10 minutes`, `every monday and friday 8am`.
//!
//! Owns: what is understood. What is not is refused with what would be; nothing is guessed, and
//! whoever asks shows the answer before anything is kept.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Day, Schedule};

use super::once;

const UNDERSTOOD: &str = "understood are times such as `in 10 minutes`, `tomorrow 9:00`, \
     `monday 8am`, `2026-12-24 18:00`, `every 30 minutes`, `every day at 9:00`, \
     `every weekday 8:30`, and cron such as `0 9 * * MON-FRI`";

/// Reads a schedule.
///
/// # Errors
/// What was not understood, with what would be.
pub(crate) fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Schedule, String> {
    if is_cron(text) {
        return Ok(Schedule::Cron {
            expression: text.trim().to_owned(),
        });
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower
        .split([' ', '\t', '\n', ','])
        .filter(|word| !word.is_empty())
        .collect();
    let repeats = match words.as_slice() {
        ["every" | "each", rest @ ..] => Some(every(rest)),
        ["hourly"] => Some(interval(3_600)),
        ["daily", rest @ ..] => Some(at_time(rest).map(daily)),
        ["weekly" | "weekdays", ..] => Some(every(&words)),
        _ => None,
    };
    match repeats {
        Some(schedule) => schedule.map_err(|why| not_understood(text, &why)),
        None => reading(&words, now, zone)
            .map(|at| Schedule::At { at })
            .map_err(|why| not_understood(text, &why)),
    }
}

/// Reads one moment, which may be in the past: `yesterday 9:00`, `9:00`, a day with a time.
///
/// # Errors
/// What was not understood, with what would be.
pub(crate) fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    let today = wall(now, zone).0;
    let found = match words.as_slice() {
        ["now"] => Ok(now),
        ["yesterday", rest @ ..] => today
            .yesterday()
            .map_err(|err| err.to_string())
            .and_then(|date| on(date, rest, zone)),
        // What was is asked about: a time of day is the last one, not the next.
        [_] | [_, "am" | "pm"] if at_time(&words).is_ok() => {
            on(today, &words, zone).and_then(|at| {
                if at <= now {
                    return Ok(at);
                }
                let before = today.yesterday().map_err(|err| err.to_string())?;
                on(before, &words, zone)
            })
        }
        words => reading(words, now, zone),
    };
    found.map_err(|why| not_understood(text, &why))
}

/// Reads a time of day: `9:00`, `09:00:30`, `9am`, `9:30pm`, `noon`, `midnight`.
///
/// # Errors
/// That it is none.
pub(super) fn clock(text: &str) -> Result<Time, String> {
    let wrong = || format!("`{text}` is no time of day: write it as `9:00` or `9am`");
    let lower = text.to_lowercase();
    match lower.as_str() {
        "noon" | "midday" => return Ok(Time::constant(12, 0, 0, 0)),
        "midnight" => return Ok(Time::midnight()),
        _ => {}
    }
    let (digits, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(0)),
        (_, Some(digits)) => (digits, Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = digits.trim_end().split(':');
    let mut number = |needed: bool| match parts.next() {
        Some(part) if (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()) => {
            part.parse::<i8>().map_err(|_| wrong())
        }
        None if !needed => Ok(0),
        _ => Err(wrong()),
    };
    let hour = number(true)?;
    let (minute, second) = (number(half.is_none())?, number(false)?);
    if parts.next().is_some() {
        return Err(wrong());
    }
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return Err(wrong()),
    };
    Time::new(hour, minute, second, 0).map_err(|_| wrong())
}

fn not_understood(text: &str, why: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    match why {
        "" => format!("the time `{shown}` is not understood: {UNDERSTOOD}"),
        why => format!("the time `{shown}` is not understood, because {why}: {UNDERSTOOD}"),
    }
}

/// Five or six fields of digits and signs, or a nickname: nobody means anything else by that.
fn is_cron(text: &str) -> bool {
    let text = text.trim();
    let fields: Vec<&str> = text.split_whitespace().collect();
    let looks = |field: &&str| field.starts_with(|c: char| c.is_ascii_digit() || "*?".contains(c));
    text.starts_with('@') || matches!(fields.len(), 5 | 6) && fields.iter().take(2).all(looks)
}

fn daily(time: Time) -> Schedule {
    Schedule::Daily { time: told(time) }
}

fn told(time: Time) -> String {
    match time.second() {
        0 => time.strftime("%H:%M").to_string(),
        _ => time.strftime("%H:%M:%S").to_string(),
    }
}

fn interval(seconds: u64) -> Result<Schedule, String> {
    Ok(Schedule::Every {
        seconds,
        from: None,
    })
}

/// Reads what comes after `every`.
fn every(words: &[&str]) -> Result<Schedule, String> {
    match words {
        ["day" | "morning" | "evening", rest @ ..] => at_time(rest).map(daily),
        ["second" | "minute" | "hour"] => {
            let unit = words.first().copied().and_then(unit).unwrap_or(1);
            interval(unit)
        }
        [count, unit_word] if count.parse::<u64>().is_ok() && unit(unit_word).is_some() => {
            interval(span(&[count, unit_word])?)
        }
        [one] if one.starts_with(|c: char| c.is_ascii_digit()) => interval(span(&[one])?),
        [first, rest @ ..] => {
            let mut days = days(first).ok_or_else(|| format!("`{first}` is no day"))?;
            let mut rest = rest;
            while let [word, after @ ..] = rest {
                match days_more(word) {
                    Some(more) => days.extend(more),
                    None => break,
                }
                rest = after;
            }
            days.sort_unstable();
            days.dedup();
            let time = told(at_time(rest)?);
            Ok(Schedule::Weekly { days, time })
        }
        [] => Err("it does not say how often".into()),
    }
}

/// Reads `at 9:00`, `9am`, `9 am`, `noon`; a bare hour only after `at`.
fn at_time(words: &[&str]) -> Result<Time, String> {
    match words {
        ["at", hour] if hour.len() <= 2 && hour.bytes().all(|b| b.is_ascii_digit()) => {
            clock(&format!("{hour}:00"))
        }
        ["at", rest @ ..] if !rest.is_empty() => at_time(rest),
        [time] => clock(time),
        [time, half @ ("am" | "pm")] => clock(&format!("{time}{half}")),
        [] => Err("it does not say at what time of day".into()),
        _ => Err(format!("`{}` is no time of day", words.join(" "))),
    }
}

/// Reads a moment to come.
fn reading(words: &[&str], now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let (today, clock_now) = wall(now, zone);
    let in_days = |days: i32| {
        today
            .checked_add(jiff::Span::new().days(days))
            .map_err(|err| err.to_string())
    };
    match words {
        ["in", rest @ ..] => {
            let millis = i64::try_from(span(rest)?)
                .ok()
                .and_then(|seconds| seconds.checked_mul(1000));
            Ok(now.plus_millis(millis.ok_or("that is too far away")?))
        }
        ["today" | "tonight", rest @ ..] => on(today, rest, zone),
        ["tomorrow", rest @ ..] => on(in_days(1)?, rest, zone),
        ["the", "day", "after", "tomorrow", rest @ ..]
        | ["day", "after", "tomorrow", rest @ ..] => on(in_days(2)?, rest, zone),
        ["on", rest @ ..] if !rest.is_empty() => reading(rest, now, zone),
        ["next", day, rest @ ..] => {
            let day = one_day(day).ok_or_else(|| format!("`{day}` is no day of the week"))?;
            let ahead = match ahead(today, day) {
                0 => 7,
                ahead => ahead,
            };
            on(in_days(ahead)?, rest, zone)
        }
        [day, rest @ ..] if one_day(day).is_some() => {
            let day = one_day(day).unwrap_or(Day::Mon);
            let time = at_time(rest)?;
            let ahead = match ahead(today, day) {
                0 if time <= clock_now => 7,
                ahead => ahead,
            };
            on(in_days(ahead)?, rest, zone)
        }
        [whole] if whole.len() > 10 && whole.contains('t') => {
            let upper = whole.to_uppercase();
            if let Ok(moment) = upper.parse::<Timestamp>() {
                return Ok(moment);
            }
            let wall: jiff::civil::DateTime = upper
                .parse()
                .map_err(|_| format!("`{whole}` is no date with a time"))?;
            once(wall, zone).ok_or_else(|| "that is too far away".into())
        }
        [date, rest @ ..] if date.parse::<Date>().is_ok() => on(
            date.parse::<Date>().map_err(|err| err.to_string())?,
            rest,
            zone,
        ),
        [day, month, rest @ ..] if named_date(day, month).is_some() => {
            dated(named_date(day, month), rest, (today, clock_now), zone)
        }
        _ => {
            let time = at_time(words)?;
            let days = i32::from(time <= clock_now);
            on(in_days(days)?, words, zone)
        }
    }
}

/// Returns the day and the month of `24 december`, `dec 24`, `24th december`.
fn named_date(first: &str, second: &str) -> Option<(i8, i8)> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let month = |word: &str| {
        let place = MONTHS
            .iter()
            .position(|name| *name == word || word.len() == 3 && name.starts_with(word))?;
        i8::try_from(place + 1).ok()
    };
    let day = |word: &str| {
        let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let suffix = word.get(digits.len()..)?;
        matches!(suffix, "" | "st" | "nd" | "rd" | "th")
            .then(|| digits.parse::<i8>().ok())
            .flatten()
    };
    match (month(first), month(second)) {
        (None, Some(month)) => Some((day(first)?, month)),
        (Some(month), None) => Some((day(second)?, month)),
        _ => None,
    }
}

/// A date without a year is the next such date.
fn dated(
    date: Option<(i8, i8)>,
    rest: &[&str],
    (today, clock_now): (Date, Time),
    zone: &TimeZone,
) -> Result<Timestamp, String> {
    let (day, month) = date.ok_or("it names no date")?;
    let (year, rest) = match rest {
        [year, rest @ ..] if year.len() == 4 && year.parse::<i16>().is_ok() => {
            (year.parse::<i16>().ok(), rest)
        }
        rest => (None, rest),
    };
    let made = |year: i16| {
        Date::new(year, month, day).map_err(|_| format!("there is no day {day} in that month"))
    };
    let date = match year {
        Some(year) => made(year)?,
        None => match made(today.year()) {
            Ok(date) if (date, at_time(rest)?) > (today, clock_now) => date,
            _ => made(today.year() + 1)?,
        },
    };
    on(date, rest, zone)
}

fn on(date: Date, rest: &[&str], zone: &TimeZone) -> Result<Timestamp, String> {
    once(date.to_datetime(at_time(rest)?), zone).ok_or_else(|| "that is too far away".into())
}

fn wall(now: Timestamp, zone: &TimeZone) -> (Date, Time) {
    let now = jiff::Timestamp::from_millisecond(now.as_millis()).unwrap_or_default();
    let wall = zone.to_datetime(now);
    (wall.date(), wall.time())
}

fn ahead(today: Date, day: Day) -> i32 {
    let now = Weekday::to_monday_zero_offset(today.weekday());
    (day as i32 - i32::from(now)).rem_euclid(7)
}

/// Reads `10 minutes`, `an hour and 30 minutes`, `half an hour`, `90s`; in seconds.
fn span(words: &[&str]) -> Result<u64, String> {
    let mut total: u64 = 0;
    let mut rest = words;
    loop {
        let (seconds, after) = match rest {
            ["half", "an", "hour", after @ ..] => (1_800, after),
            ["a" | "an" | "one", word, after @ ..] if unit(word).is_some() => {
                (unit(word).unwrap_or(0), after)
            }
            [count, word, after @ ..] if count.parse::<u64>().is_ok() => {
                let unit = unit(word).ok_or_else(|| format!("`{word}` is no unit of time"))?;
                let count: u64 = count.parse().unwrap_or(0);
                (
                    count.checked_mul(unit).ok_or("that is too far away")?,
                    after,
                )
            }
            [both, after @ ..] => {
                let digits = both.trim_end_matches(|c: char| c.is_ascii_alphabetic());
                let unit = both.get(digits.len()..).and_then(unit);
                match (digits.parse::<u64>(), unit) {
                    (Ok(count), Some(unit)) => (
                        count.checked_mul(unit).ok_or("that is too far away")?,
                        after,
                    ),
                    _ => return Err(format!("`{both}` is no length of time")),
                }
            }
            [] => return Err("it does not say how long".into()),
        };
        total = total.checked_add(seconds).ok_or("that is too far away")?;
        rest = match after {
            [] => break,
            ["and", after @ ..] => after,
            after => after,
        };
    }
    match total {
        0 => Err("that is no time at all".into()),
        1..=3_155_760_000 => Ok(total),
        _ => Err("that is too far away".into()),
    }
}

fn unit(word: &str) -> Option<u64> {
    Some(match word {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        "w" | "week" | "weeks" => 604_800,
        _ => return None,
    })
}

fn one_day(word: &str) -> Option<Day> {
    const NAMES: [(&str, Day); 7] = [
        ("monday", Day::Mon),
        ("tuesday", Day::Tue),
        ("wednesday", Day::Wed),
        ("thursday", Day::Thu),
        ("friday", Day::Fri),
        ("saturday", Day::Sat),
        ("sunday", Day::Sun),
    ];
    let word = word
        .strip_suffix('s')
        .filter(|stem| stem.ends_with("day"))
        .unwrap_or(word);
    NAMES
        .iter()
        .find(|(name, _)| *name == word || word.len() == 3 && name.starts_with(word))
        .map(|(_, day)| *day)
}

/// Returns the days of the first word after `every`.
fn days(word: &str) -> Option<Vec<Day>> {
    match word {
        "weekday" | "weekdays" | "workday" => {
            Some(vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri])
        }
        "weekend" => Some(vec![Day::Sat, Day::Sun]),
        // `weekly on monday 9:00`, `every week on monday 9:00`: the days follow.
        "weekly" | "week" => Some(Vec::new()),
        word => one_day(word).map(|day| vec![day]),
    }
}

/// Returns the days of a further word: `and`, `on`, another day.
fn days_more(word: &str) -> Option<Vec<Day>> {
    match word {
        "and" | "on" => Some(Vec::new()),
        word => one_day(word).map(|day| vec![day]),
    }
}
