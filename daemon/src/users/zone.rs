//! In which time zone a person's times are meant and told.
//!
//! Owns: the order in which it is looked for: what the user's profile says, what is set for all
//! users, what is set for jobs, what the machine has.

use jiff::tz::TimeZone;
use smartopol_protocol::user::User;

use crate::House;
use crate::scheduler::schedule::{self, Zone};

/// Returns the time zone of a user, with its name.
pub(crate) fn of(house: &House, user: &User) -> Zone {
    let own = user.profile.time_zone.as_deref().unwrap_or_default();
    let set = [&house.config.users.timezone, &house.config.jobs.timezone];
    [own, set[0], set[1]]
        .into_iter()
        .filter(|name| !name.is_empty())
        .find_map(|name| schedule::zone(name).ok())
        .or_else(|| schedule::zone("").ok())
        .unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC))
}

/// Returns the time zone in which a user means the times that they write: the one that is named
/// beside the time or in its words, or else their own.
///
/// # Errors
/// Where there is no such zone, or two are named.
pub(crate) fn meant(
    house: &House,
    user: &User,
    (zone, when): (Option<&str>, &str),
) -> Result<Zone, String> {
    let said = schedule::zone_in(when)?;
    match (zone.map(schedule::zone).transpose()?, said) {
        (Some((zone, _)), Some((said, _))) if zone != said => Err(format!(
            "two time zones are named, `{zone}` and `{said}`: leave one of them out"
        )),
        (Some(zone), _) | (None, Some(zone)) => Ok(zone),
        (None, None) => Ok(of(house, user)),
    }
}
