//! When a job is due: pure, from a schedule, a time zone and a moment.
//!
//! Owns: the next due time after a moment, right across changes of the clock. Does not know what
//! time it is; what people write in words is read in `words`, what cron means in `cron`.
//!
//! A time of day that a change of the clock leaves out is due at the first moment after it, once;
//! one that comes twice is due the first time alone. What repeats within the hour (`*` or `*/n`
//! for minutes or hours) follows the time that passes instead: left out with the hour that is
//! left out, repeated with the one that is repeated.

mod cron;
mod length;
mod tell;
mod words;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use smartopol_protocol::Timestamp;
use smartopol_protocol::job::{Day, Schedule};

use cron::Cron;
pub(crate) use tell::{described, late, local, stretch};
pub(crate) use words::{moment, read, zone_in};

/// The shortest time between two due times, in milliseconds.
const SHORTEST: i64 = 10_000;

/// How many due times are looked at to find one that comes too soon after another.
const LOOK: usize = 200;

/// A time zone, with its name.
pub(crate) type Zone = (String, TimeZone);

/// A schedule that was understood.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    kind: Kind,
    zone: TimeZone,
}

#[derive(Clone, Debug)]
enum Kind {
    At(Timestamp),
    Every { millis: i64, from: Timestamp },
    Cron(Cron),
}

/// Returns the time zone of this name; of none, the machine's own.
///
/// # Errors
/// Where the tz database does not know it.
pub(crate) fn zone(name: &str) -> Result<Zone, String> {
    if name.is_empty() {
        let system = TimeZone::system();
        return match system.iana_name() {
            Some(name) if name != "Etc/Unknown" => Ok((name.to_owned(), system.clone())),
            _ => Ok(("UTC".to_owned(), TimeZone::UTC)),
        };
    }
    let found = TimeZone::get(name).map_err(|_| {
        format!("there is no time zone `{name}`: write it as `Europe/Berlin`, or `UTC`")
    })?;
    let name = found.iana_name().unwrap_or(name).to_owned();
    Ok((name, found))
}

impl Times {
    /// Understands a schedule; `made_at` is what an interval without a beginning counts from.
    ///
    /// # Errors
    /// What is wrong with it, with what would be right.
    pub(crate) fn new(
        schedule: &Schedule,
        zone_name: &str,
        made_at: Timestamp,
    ) -> Result<Self, String> {
        let kind = match schedule {
            Schedule::At { at } => Kind::At(*at),
            Schedule::Every { seconds, from } => {
                let wrong = match seconds {
                    ..10 => Some("often: every 10 seconds is the shortest"),
                    10..=31_536_000 => None,
                    _ => Some("seldom: every 365 days is the longest; name a date instead"),
                };
                if let Some(wrong) = wrong {
                    let told = tell::exactly(*seconds);
                    return Err(format!("every {told} is too {wrong}"));
                }
                Kind::Every {
                    millis: i64::try_from(*seconds).unwrap_or(i64::MAX / 1000) * 1000,
                    from: from.unwrap_or(made_at),
                }
            }
            Schedule::Cron { expression } => Kind::Cron(Cron::parse(expression)?),
            Schedule::Daily { time } => Kind::Cron(Cron::at(words::clock(time)?, &Day::ALL)),
            Schedule::Weekly { days, time } => {
                if days.is_empty() {
                    return Err("`days` is empty: name at least one, such as `mon`".into());
                }
                Kind::Cron(Cron::at(words::clock(time)?, days))
            }
        };
        let (_, zone) = zone(zone_name)?;
        Ok(Self { kind, zone })
    }

    /// Refuses what is never due after `now`, or more often than anything should be.
    ///
    /// # Errors
    /// Why not, with what would be right.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), String> {
        let Some(first) = self.after(now) else {
            return Err(match self.kind {
                Kind::At(at) => format!(
                    "{} is in the past: name a time to come",
                    local(at, &self.zone)
                ),
                _ => "it is never due: no date fits all its fields".into(),
            });
        };
        let mut before = first;
        for _ in 0..LOOK {
            let Some(next) = self.after(before) else {
                break;
            };
            if next.as_millis() - before.as_millis() < SHORTEST {
                return Err(format!(
                    "it is due every {} seconds at times: 10 is the shortest; the first of six \
                     fields is seconds",
                    (next.as_millis() - before.as_millis()) / 1000
                ));
            }
            before = next;
        }
        Ok(())
    }

    /// Returns the first due time after a moment; `None` where there is none.
    pub(crate) fn after(&self, at: Timestamp) -> Option<Timestamp> {
        match &self.kind {
            Kind::At(due) => (*due > at).then_some(*due),
            Kind::Every { millis, from } => {
                if at < *from {
                    return Some(*from);
                }
                let passed = at.as_millis().checked_sub(from.as_millis())?;
                let steps = passed.checked_div(*millis)?.checked_add(1)?;
                let due = from.as_millis().checked_add(steps.checked_mul(*millis)?)?;
                Some(Timestamp::from_millis(due))
            }
            Kind::Cron(cron) if cron.follows_time() => self.passing(cron, at),
            Kind::Cron(cron) => self.fixed(cron, at),
        }
    }

    /// Returns the due times after a moment, at most `count`.
    pub(crate) fn following(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.after(at), |due| self.after(*due))
            .take(count)
            .collect()
    }

    /// Times of the wall clock, each of which comes once.
    fn fixed(&self, cron: &Cron, at: Timestamp) -> Option<Timestamp> {
        let mut wall = self.wall(at)?;
        loop {
            wall = cron.at_or_after(wall)?;
            let due = once(wall, &self.zone)?;
            if due > at {
                return Some(due);
            }
            wall = wall.checked_add(jiff::SignedDuration::from_secs(1)).ok()?;
        }
    }

    /// Times as they pass, stretch by stretch between two changes of the clock.
    fn passing(&self, cron: &Cron, at: Timestamp) -> Option<Timestamp> {
        let mut from = jiff::Timestamp::from_millisecond(at.as_millis())
            .ok()?
            .checked_add(jiff::SignedDuration::from_millis(1))
            .ok()?;
        // Sixty years of changes: more than any cron expression needs to come around.
        for _ in 0..120 {
            let offset = self.zone.to_offset(from);
            let end = self.zone.following(from).next();
            let due = cron
                .at_or_after(whole_second(offset.to_datetime(from))?)
                .and_then(|wall| offset.to_timestamp(wall).ok());
            match (due, end) {
                (Some(due), Some(end)) if due < end.timestamp() => return Some(millis(due)),
                (Some(due), None) => return Some(millis(due)),
                (_, Some(end)) => from = end.timestamp(),
                (None, None) => return None,
            }
        }
        None
    }

    /// What the wall clock shows, rounded up to a second.
    fn wall(&self, at: Timestamp) -> Option<DateTime> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        whole_second(self.zone.to_datetime(at))
    }
}

fn whole_second(wall: DateTime) -> Option<DateTime> {
    let whole = wall.with().subsec_nanosecond(0).build().ok()?;
    match whole == wall {
        true => Some(whole),
        false => whole.checked_add(jiff::SignedDuration::from_secs(1)).ok(),
    }
}

fn millis(at: jiff::Timestamp) -> Timestamp {
    Timestamp::from_millis(at.as_millisecond())
}

/// Returns the one moment of a time on the wall clock: the first of two, or the end of the gap
/// that it falls into.
pub(crate) fn once(wall: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let moment = match zone.to_ambiguous_timestamp(wall).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(wall).ok()?,
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(wall).ok()?,
        AmbiguousOffset::Gap { after, .. } => {
            let earlier = after.to_timestamp(wall).ok()?;
            zone.following(earlier).next()?.timestamp()
        }
    };
    Some(millis(moment))
}

#[cfg(test)]
mod tests;
