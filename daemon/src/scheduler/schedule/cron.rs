//! Cron expressions: five fields, or six with seconds first, or `@daily` and the like.
//!
//! Owns: what each field may hold, which times of the wall clock fit. Where day of month and day
//! of week are both given, a day fits that fits either, as in every cron since Vixie's.

use jiff::civil::{Date, DateTime, Time, Weekday};
use smartopol_protocol::job::Day;

/// How many years ahead a date is looked for: the calendar repeats its leap days and days of the
/// week within 40.
const YEARS: i16 = 41;

/// An expression that was understood: the bits of each field that fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// True where the last day of a month fits too.
    last_day: bool,
    /// True where a day must fit both of its fields, because one of them is `*`.
    both_days: bool,
    follows_time: bool,
}

struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const SECOND: Field = plain("second", 0, 59);
const MINUTE: Field = plain("minute", 0, 59);
const HOUR: Field = plain("hour", 0, 23);
const DAY: Field = plain("day of the month", 1, 31);
const MONTH: Field = Field {
    name: "month",
    low: 1,
    high: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
/// 0 and 7 are both Sunday.
const WEEKDAY: Field = Field {
    name: "day of the week",
    low: 0,
    high: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

const fn plain(name: &'static str, low: u32, high: u32) -> Field {
    Field {
        name,
        low,
        high,
        names: &[],
    }
}

const NICKNAMES: &[(&str, &str)] = &[
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

impl Cron {
    /// Understands an expression.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('@') {
            let known = NICKNAMES
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(text));
            let Some((_, meant)) = known else {
                let names: Vec<&str> = NICKNAMES.iter().map(|(name, _)| *name).collect();
                return Err(format!(
                    "cron knows no `{text}`: there are {}",
                    names.join(", ")
                ));
            };
            return Self::parse(meant);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (second, [minute, hour, day, month, weekday]) = match *fields.as_slice() {
            [minute, hour, day, month, weekday] => ("0", [minute, hour, day, month, weekday]),
            [second, minute, hour, day, month, weekday] => {
                (second, [minute, hour, day, month, weekday])
            }
            _ => {
                return Err(format!(
                    "cron `{text}` has {} fields: five are needed (minute hour day month weekday), \
                     or six with seconds first",
                    fields.len()
                ));
            }
        };
        let (days, last_day) = match day {
            "L" | "l" => (0, true),
            day => (DAY.parse(day)?, false),
        };
        let weekdays = WEEKDAY.parse(weekday)?;
        let star = |field: &str| field.starts_with(['*', '?']);
        Ok(Self {
            seconds: SECOND.parse(second)?,
            minutes: MINUTE.parse(minute)?,
            hours: HOUR.parse(hour)?,
            days,
            months: MONTH.parse(month)?,
            weekdays: weekdays & 0x7f | weekdays >> 7,
            last_day,
            both_days: star(day) || star(weekday),
            follows_time: star(second) || star(minute) || star(hour),
        })
    }

    /// Returns the expression of one time of day on these days of the week.
    pub(super) fn at(time: Time, days: &[Day]) -> Self {
        let weekdays = days.iter().fold(0, |bits, day| {
            let sunday_first = (*day as u32 + 1) % 7;
            bits | 1 << sunday_first
        });
        let bit = |value: i8| 1_u64 << u32::from(value.unsigned_abs());
        Self {
            seconds: bit(time.second()),
            minutes: bit(time.minute()),
            hours: bit(time.hour()),
            days: u64::MAX,
            months: u64::MAX,
            weekdays,
            last_day: false,
            both_days: true,
            follows_time: false,
        }
    }

    /// Returns true where it follows the time that passes, not the wall clock.
    pub(super) const fn follows_time(&self) -> bool {
        self.follows_time
    }

    /// Returns the first time of the wall clock that fits, from this one on.
    pub(super) fn at_or_after(&self, wall: DateTime) -> Option<DateTime> {
        let (mut date, mut time) = (wall.date(), wall.time());
        let last = date.year().saturating_add(YEARS);
        loop {
            if !has(self.months, date.month()) {
                date = date.last_of_month().tomorrow().ok()?;
                time = Time::midnight();
            } else if self.fits(date)
                && let Some(time) = self.time_from(time)
            {
                return Some(date.to_datetime(time));
            } else {
                date = date.tomorrow().ok()?;
                time = Time::midnight();
            }
            if date.year() > last {
                return None;
            }
        }
    }

    fn fits(&self, date: Date) -> bool {
        let day = has(self.days, date.day()) || self.last_day && date == date.last_of_month();
        let weekday = has(
            self.weekdays,
            Weekday::to_sunday_zero_offset(date.weekday()),
        );
        match self.both_days {
            true => day && weekday,
            false => day || weekday,
        }
    }

    fn time_from(&self, time: Time) -> Option<Time> {
        let (hour, minute, second) = (time.hour(), time.minute(), time.second());
        let exact = |hour, minute, second| Time::new(hour, minute, second, 0).ok();
        if has(self.hours, hour) {
            if has(self.minutes, minute)
                && let Some(second) = from(self.seconds, second)
            {
                return exact(hour, minute, second);
            }
            if let Some(minute) = from(self.minutes, minute + 1) {
                return exact(hour, minute, from(self.seconds, 0)?);
            }
        }
        let hour = from(self.hours, hour + 1)?;
        exact(hour, from(self.minutes, 0)?, from(self.seconds, 0)?)
    }
}

fn has(bits: u64, value: i8) -> bool {
    bits >> u32::from(value.unsigned_abs()) & 1 == 1
}

/// Returns the lowest value that fits, from this one on.
fn from(bits: u64, value: i8) -> Option<i8> {
    let rest = bits.checked_shr(u32::from(value.unsigned_abs()))?;
    (rest != 0)
        .then(|| i8::try_from(rest.trailing_zeros()).ok()?.checked_add(value))
        .flatten()
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, String> {
        text.split(',')
            .try_fold(0, |bits, item| Ok(bits | self.item(item)?))
    }

    fn item(&self, item: &str) -> Result<u64, String> {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => match step.parse::<u32>() {
                Ok(step @ 1..=59) => (range, Some(step)),
                _ => return Err(self.wrong(item, "after `/` stands how many to go on by, 1 to 59")),
            },
            None => (item, None),
        };
        let (low, high) = match range {
            // In the field that has two names for Sunday, `*` counts each day once.
            "*" | "?" => (
                self.low,
                self.high.min(if self.names.len() == 7 { 6 } else { 59 }),
            ),
            _ => match range.split_once('-') {
                Some((low, high)) => match (self.value(low, item)?, self.value(high, item)?) {
                    // From a day up to Sunday, which ends the week as well as it begins it.
                    (low, 0) if low > 0 && self.names.len() == 7 => (low, 7),
                    range => range,
                },
                None => {
                    let low = self.value(range, item)?;
                    (low, if step.is_some() { self.high } else { low })
                }
            },
        };
        if low > high {
            return Err(self.wrong(item, "the range goes backwards"));
        }
        let steps = (low..=high).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(1));
        Ok(steps.fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str, item: &str) -> Result<u32, String> {
        let named = self
            .names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .and_then(|place| u32::try_from(place).ok())
            .map(|place| place + self.low);
        match named.or_else(|| text.parse().ok()) {
            Some(value) if (self.low..=self.high).contains(&value) => Ok(value),
            _ => Err(self.wrong(item, "")),
        }
    }

    fn wrong(&self, item: &str, why: &str) -> String {
        let names = match self.names {
            [first, .., last] => format!(", or {first} to {last}"),
            _ => String::new(),
        };
        let why = match why {
            "" => format!("{} to {} are possible{names}", self.low, self.high),
            why => why.to_owned(),
        };
        format!("`{item}` is no {} in cron: {why}", self.name)
    }
}
