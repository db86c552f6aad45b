//! Times as people write them: `tomorrow 9:00`, `in 10 minutes`, `every monday and friday 8am`.
//!
//! Owns: what is understood. What is not is refused with what would be; nothing is guessed, and
//! whoever asks shows the answer before anything is kept.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Day, Schedule};

use super::length::{TOO_FAR, span, unit};
use super::{Zone, once};

const UNDERSTOOD: &str = "understood are times such as `in 10 minutes`, `tomorrow 9:00`, \
     `monday 8am`, `2026-12-24 18:00`, `every 30 minutes`, `every day at 9:00`, \
     `every weekday 8:30`, and cron such as `0 9 * * MON-FRI`";

/// A day, in seconds.
const DAY: i64 = 86_400;

/// How many years apart two leap days are at most.
const LEAP: i16 = 8;

/// Reads a schedule, also as [`described`](super::described) writes it. The time zone is the one
/// that the words name, or else this one.
///
/// # Errors
/// What was not understood, with what would be.
pub(crate) fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Schedule, String> {
    let (words, named) = apart(text).map_err(|why| not_understood(text, &why))?;
    let zone = named.as_ref().map_or(zone, |(_, zone)| zone);
    if let Some(expression) = cron(words) {
        return Ok(Schedule::Cron {
            expression: expression.to_owned(),
        });
    }
    let lower = words.to_lowercase();
    let words = split(&lower);
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

/// Returns the time zone that the words of a time name, as `9:00 (Asia/Tokyo)` does.
///
/// # Errors
/// Where there is no such zone.
pub(crate) fn zone_in(text: &str) -> Result<Option<Zone>, String> {
    let (_, named) = apart(text).map_err(|why| not_understood(text, &why))?;
    Ok(named)
}

/// Reads one moment, which may be in the past: `yesterday 9:00`, `9:00`, a day with a time.
///
/// # Errors
/// What was not understood, with what would be.
pub(crate) fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Timestamp, String> {
    let (words, named) = apart(text).map_err(|why| not_understood(text, &why))?;
    let zone = named.as_ref().map_or(zone, |(_, zone)| zone);
    let lower = words.to_lowercase();
    let words = split(&lower);
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

/// Takes the time zone off the end of a text: in brackets, or by a name with a stroke.
fn apart(text: &str) -> Result<(&str, Option<Zone>), String> {
    let text = text.trim();
    if let Some((words, name)) = text.strip_suffix(')').and_then(|own| own.rsplit_once('('))
        && !name.trim().is_empty()
    {
        return Ok((words.trim_end(), Some(super::zone(name.trim())?)));
    }
    if let Some((words, name)) = text.rsplit_once(char::is_whitespace)
        && name.contains('/')
        && let Ok(zone) = super::zone(name)
    {
        return Ok((words.trim_end(), Some(zone)));
    }
    Ok((text, None))
}

/// Returns the words of a text in small letters, the day before its time.
fn split(lower: &str) -> Vec<&str> {
    let mut words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .collect();
    // `9am tomorrow`, `9:30 pm on friday`.
    let time = (1..=words.len().min(3)).rev().find(|end| {
        words
            .split_at_checked(*end)
            .is_some_and(|(time, day)| at_time(time).is_ok() && begins_day(day))
    });
    words.rotate_left(time.unwrap_or(0));
    words
}

/// Returns true where words begin as those of a day do. Short names that are words by themselves
/// are left to what comes after a time: `9:00 sun cream`.
fn begins_day(words: &[&str]) -> bool {
    match words {
        [
            "today" | "tonight" | "tomorrow" | "yesterday" | "daily" | "weekdays",
            ..,
        ] => true,
        [
            "on" | "next" | "this" | "the" | "day" | "in" | "every" | "each" | "weekly",
            _,
            ..,
        ] => true,
        ["sun" | "sat" | "wed", ..] => false,
        [day, "of", month, ..] | [day, month, ..] if named_date(day, month).is_some() => true,
        [day, ..] => one_day(day).is_some() || day.parse::<Date>().is_ok(),
        [] => false,
    }
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

/// Returns the cron expression that a text is, also as it is told: by cron `0 9 * * *`.
fn cron(text: &str) -> Option<&str> {
    let told = ["by cron ", "cron "].iter().find_map(|word| {
        let (head, rest) = text.split_at_checked(word.len())?;
        head.eq_ignore_ascii_case(word).then_some(rest)
    });
    let expression = told.unwrap_or(text).trim().trim_matches('`').trim();
    (told.is_some() || is_cron(expression)).then_some(expression)
}

/// Five or six fields of digits and signs, or a nickname: nobody means anything else by that.
fn is_cron(text: &str) -> bool {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let looks = |field: &&str| {
        field
            .chars()
            .all(|c| c.is_ascii_digit() || "*?/,-".contains(c))
    };
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
        [first, ..] if first.starts_with(|c: char| c.is_ascii_digit()) => interval(span(words)?),
        words if span(words).is_ok() => interval(span(words)?),
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
        [time @ .., last] if at_time(time).is_ok() => Err(format!(
            "`{last}` after the time is not clear: a time zone is named in brackets, as in `9:00 \
             (Europe/Berlin)`, or with `--tz Europe/Berlin`"
        )),
        _ => Err(format!("`{}` is no time of day", words.join(" "))),
    }
}

/// Reads a time of day, and after it, where something stands there, what clocks show of their
/// zone: `9:00 CET`.
fn shown_time<'a>(words: &[&'a str]) -> Result<(Time, Option<&'a str>), String> {
    match (at_time(words), words) {
        (Err(why), [time @ .., name]) => match at_time(time) {
            Ok(time) => Ok((time, Some(name))),
            Err(_) => Err(why),
        },
        (time, _) => Ok((time?, None)),
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
        ["once", "on", day, date, rest @ ..] if one_day(day).is_some() && is_date(date) => {
            told_once(date, rest, zone)
        }
        ["once", rest @ ..] if !rest.is_empty() => reading(rest, now, zone),
        ["in", rest @ ..] => {
            let is_time = |word: &&str| *word == "at" || clock(word).is_ok();
            let (length, time) = match rest.iter().position(is_time) {
                Some(place) if place > 0 => rest.split_at(place),
                _ => (rest, [].as_slice()),
            };
            let seconds = i64::try_from(span(length)?).map_err(|_| TOO_FAR)?;
            if time.is_empty() {
                let millis = seconds.checked_mul(1000).ok_or(TOO_FAR)?;
                return Ok(now.plus_millis(millis));
            }
            if seconds % DAY != 0 {
                return Err("a time of day goes with whole days alone".into());
            }
            on(
                in_days(i32::try_from(seconds / DAY).map_err(|_| TOO_FAR)?)?,
                time,
                zone,
            )
        }
        ["today" | "tonight", rest @ ..] => on(today, rest, zone),
        ["tomorrow", rest @ ..] => on(in_days(1)?, rest, zone),
        ["the", "day", "after", "tomorrow", rest @ ..]
        | ["day", "after", "tomorrow", rest @ ..] => on(in_days(2)?, rest, zone),
        ["on" | "this" | "the", rest @ ..] if !rest.is_empty() => reading(rest, now, zone),
        ["next", day, rest @ ..] => {
            let day = one_day(day).ok_or_else(|| format!("`{day}` is no day of the week"))?;
            let ahead = match ahead(today, day) {
                0 => 7,
                ahead => ahead,
            };
            on(in_days(ahead)?, rest, zone)
        }
        [day, date, rest @ ..] if one_day(day).is_some() && is_date(date) => {
            let date: Date = date.parse().map_err(|_| format!("`{date}` is no date"))?;
            let named = one_day(day).unwrap_or(Day::Mon);
            if ahead(date, named) != 0 {
                return Err(format!("{date} is no {day}"));
            }
            dated_on(date, rest, zone)
        }
        [day, rest @ ..] if one_day(day).is_some() => {
            let day = one_day(day).unwrap_or(Day::Mon);
            let (time, _) = shown_time(rest)?;
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
            once(wall, zone).ok_or_else(|| TOO_FAR.into())
        }
        [date, rest @ ..] if is_date(date) => {
            let date: Date = date.parse().map_err(|_| format!("`{date}` is no date"))?;
            dated_on(date, rest, zone)
        }
        [day, "of", month, rest @ ..] | [day, month, rest @ ..]
            if named_date(day, month).is_some() =>
        {
            dated(named_date(day, month), rest, (today, clock_now), zone)
        }
        _ => {
            let (time, _) = shown_time(words)?;
            let days = i32::from(time <= clock_now);
            on(in_days(days)?, words, zone)
        }
    }
}

fn is_date(word: &str) -> bool {
    word.parse::<Date>().is_ok()
}

/// Reads what comes after a whole date, which may say how far it is from UTC: `08:00Z`,
/// `17:00 +09:00`, `8:00 UTC`.
fn dated_on(date: Date, rest: &[&str], zone: &TimeZone) -> Result<Timestamp, String> {
    let whole = format!("{date}T{}", rest.concat()).to_uppercase();
    if let Ok(moment) = whole.parse::<Timestamp>() {
        return Ok(moment);
    }
    match rest {
        [time @ .., "utc" | "gmt" | "z"] => on(date, time, &TimeZone::UTC),
        rest => on(date, rest, zone),
    }
}

/// Reads a single time as it is told: `once, on Mon 2026-11-30 09:00:00 CET`. Who changes its date
/// leaves the day of the week and the name of the offset behind; the date says it all.
fn told_once(date: &str, rest: &[&str], zone: &TimeZone) -> Result<Timestamp, String> {
    let date: Date = date.parse().map_err(|_| format!("`{date}` is no date"))?;
    let (time, name) = shown_time(rest)?;
    let wall = date.to_datetime(time);
    name.and_then(|name| shown_as(wall, name, zone))
        .or_else(|| once(wall, zone))
        .ok_or_else(|| TOO_FAR.into())
}

/// Returns the moment at which the clocks of a zone show a time with this name of their offset.
fn shown_as(wall: DateTime, name: &str, zone: &TimeZone) -> Option<Timestamp> {
    let offsets = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => [offset, offset],
        AmbiguousOffset::Fold { before, after } | AmbiguousOffset::Gap { before, after } => {
            [before, after]
        }
    };
    let named = |at: &jiff::Timestamp| {
        let shown = zone.to_offset_info(*at);
        shown.abbreviation().eq_ignore_ascii_case(name)
    };
    offsets
        .into_iter()
        .filter_map(|own| own.to_timestamp(wall).ok())
        .find(named)
        .map(|at| Timestamp::from_millis(at.as_millisecond()))
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
            .position(|name| word.len() >= 3 && name.starts_with(word))?;
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
    let (time, _) = shown_time(rest)?;
    let date = match year {
        Some(year) => made(year)?,
        None => match (0..=LEAP)
            .filter_map(|ahead| made(today.year() + ahead).ok())
            .find(|date| (*date, time) > (today, clock_now))
        {
            Some(date) => date,
            None => made(today.year())?,
        },
    };
    on(date, rest, zone)
}

fn on(date: Date, rest: &[&str], zone: &TimeZone) -> Result<Timestamp, String> {
    let (time, name) = shown_time(rest)?;
    let wall = date.to_datetime(time);
    match name {
        None => once(wall, zone).ok_or_else(|| TOO_FAR.into()),
        // A name that this zone has is clear; of any other, `at_time` says what it wants.
        Some(name) => match (shown_as(wall, name, zone), at_time(rest)) {
            (Some(at), _) => Ok(at),
            (None, Err(why)) => Err(why),
            (None, Ok(_)) => Err(TOO_FAR.into()),
        },
    }
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
    let word = match word {
        "weds" => "wed",
        word => word
            .strip_suffix('s')
            .filter(|stem| stem.ends_with("day"))
            .unwrap_or(word),
    };
    NAMES
        .iter()
        .find(|(name, _)| word.len() >= 3 && name.starts_with(word))
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
