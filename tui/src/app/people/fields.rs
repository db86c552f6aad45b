//! What can be changed of a user, field by field.

use smartopol_protocol::UserId;
use smartopol_protocol::user::{Capability, Filter, Grant, Limits, Role, Set, Shown};

use super::super::App;
use crate::overlay::{Asked, Overlay, Purpose};
use crate::sanitize;

/// Something that can be changed of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// One of their peers, by its place.
    Peer(usize),
    Role,
    May(Capability),
    Budget(Most),
    Language,
    Tone,
    Zone,
    Filter,
}

/// One of the four limits of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Most {
    DayTokens,
    MonthTokens,
    DayMoney,
    MonthMoney,
}

impl Most {
    pub(crate) const ALL: [Self; 4] = [
        Self::DayTokens,
        Self::MonthTokens,
        Self::DayMoney,
        Self::MonthMoney,
    ];

    /// Returns what it is, in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::DayTokens => "tokens a day",
            Self::MonthTokens => "tokens a month",
            Self::DayMoney => "money a day",
            Self::MonthMoney => "money a month",
        }
    }

    pub(crate) const fn is_money(self) -> bool {
        matches!(self, Self::DayMoney | Self::MonthMoney)
    }

    pub(crate) const fn is_of_day(self) -> bool {
        matches!(self, Self::DayTokens | Self::DayMoney)
    }

    /// Returns the limit among others.
    pub(crate) const fn of(self, limits: &Limits) -> Option<u64> {
        match self {
            Self::DayTokens => limits.daily_tokens,
            Self::MonthTokens => limits.monthly_tokens,
            Self::DayMoney => limits.daily_cost_micros,
            Self::MonthMoney => limits.monthly_cost_micros,
        }
    }

    const fn put(self, limits: &mut Limits, most: u64) {
        match self {
            Self::DayTokens => limits.daily_tokens = Some(most),
            Self::MonthTokens => limits.monthly_tokens = Some(most),
            Self::DayMoney => limits.daily_cost_micros = Some(most),
            Self::MonthMoney => limits.monthly_cost_micros = Some(most),
        }
    }

    /// Returns a limit as a person writes it.
    fn written(self, most: u64) -> String {
        match self.is_money() {
            true => format!("{}.{:02}", most / 1_000_000, most % 1_000_000 / 10_000),
            false => most.to_string(),
        }
    }

    /// Reads what a person wrote: `50000`, `50k`, `2M`; `2.50`, `$2.50`. Nothing is 0, which is as
    /// the role has it.
    fn read(self, text: &str) -> Result<u64, String> {
        let plain: String = text
            .chars()
            .filter(|c| !matches!(c, '$' | ' ' | ',' | '_' | '\''))
            .collect();
        let wrong = || match self.is_money() {
            true => format!("`{text}` is no amount: write dollars, such as 2.50"),
            false => format!("`{text}` is no number of tokens: write 50000, 50k or 2M"),
        };
        if plain.is_empty() {
            return Ok(0);
        }
        let (digits, unit) = match (plain.chars().last(), self.is_money()) {
            (Some('k' | 'K'), false) => (plain.get(..plain.len() - 1), 1_000),
            (Some('m' | 'M'), false) => (plain.get(..plain.len() - 1), 1_000_000),
            (_, true) => (Some(plain.as_str()), 1_000_000),
            (_, false) => (Some(plain.as_str()), 1),
        };
        let (whole, part) = match digits.unwrap_or_default().split_once('.') {
            Some((whole, part)) => (whole, part),
            None => (digits.unwrap_or_default(), ""),
        };
        if part.len() > 6 || (whole.is_empty() && part.is_empty()) {
            return Err(wrong());
        }
        let number = |text: &str| match text {
            "" => Ok(0),
            text => text.parse::<u64>().map_err(|_| wrong()),
        };
        let scale = 10_u64.pow(u32::try_from(part.len()).unwrap_or(0));
        let whole = number(whole)?.checked_mul(unit).ok_or_else(wrong)?;
        whole
            .checked_add(number(part)?.saturating_mul(unit) / scale)
            .ok_or_else(wrong)
    }
}

/// Which way a field is turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Freer,
    Stricter,
}

impl Turn {
    /// Returns the next of some, which stand from the strictest on.
    fn in_order<T: Copy + PartialEq>(self, all: &[T], now: T) -> Option<T> {
        let at = all.iter().position(|own| *own == now)?;
        let to = match self {
            Self::Freer => at.checked_add(1)?,
            Self::Stricter => at.checked_sub(1)?,
        };
        all.get(to).copied()
    }
}

impl Field {
    /// Returns all that can be changed of a user, in the order of the page.
    pub(super) fn all(shown: &Shown) -> Vec<Self> {
        let peers = (0..shown.user.peers.len()).map(Self::Peer);
        peers
            .chain([Self::Role])
            .chain(shown.grants.keys().map(|own| Self::May(*own)))
            .chain(Most::ALL.map(Self::Budget))
            .chain([Self::Language, Self::Tone, Self::Zone, Self::Filter])
            .collect()
    }

    /// Returns what is asked for where the field is written.
    pub(crate) const fn asks(self) -> &'static str {
        match self {
            Self::Language => "The language they are answered in; nothing: as the settings say:",
            Self::Tone => "The tone they are answered in; nothing: as the settings say:",
            Self::Zone => "Such as Europe/Berlin; nothing: as the settings say:",
            Self::Budget(most) if most.is_money() => "US dollars; nothing: as their role has it:",
            Self::Budget(_) => "Such as 50000, 50k or 2M; nothing: as their role has it:",
            Self::Peer(_) | Self::Role | Self::May(_) | Self::Filter => "",
        }
    }

    /// Returns its name as a heading.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Language => "Language",
            Self::Tone => "Tone",
            Self::Zone => "Time zone",
            Self::Budget(Most::DayTokens) => "Tokens a day",
            Self::Budget(Most::MonthTokens) => "Tokens a month",
            Self::Budget(Most::DayMoney) => "Money a day",
            Self::Budget(Most::MonthMoney) => "Money a month",
            Self::Peer(_) => "Peer",
            Self::Role => "Role",
            Self::May(_) => "Capability",
            Self::Filter => "Filter",
        }
    }
}

impl App {
    fn field(&self) -> Option<Field> {
        self.people.fields().get(self.people.field).copied()
    }

    /// Turns the field at hand one step.
    pub(super) fn turn_field(&mut self, turn: Turn) {
        let (Some(field), Some(shown)) = (self.field(), self.people.page()) else {
            return;
        };
        let end = match turn {
            Turn::Freer => "it is as free as it can be",
            Turn::Stricter => "it is as strict as it can be",
        };
        match field {
            Field::Role => match turn.in_order(&Role::ALL, shown.user.role) {
                Some(role) => self.set_user(|set| set.role = Some(role)),
                None => self.say(end),
            },
            Field::May(capability) => {
                let now = shown.grants.get(&capability).copied();
                match turn.in_order(&Grant::ALL, now.unwrap_or(Grant::Deny)) {
                    Some(grant) => self.set_user(|set| {
                        set.grants.insert(capability, Some(grant));
                    }),
                    None => self.say(end),
                }
            }
            Field::Filter => {
                let filter = match turn {
                    Turn::Freer => Filter::Off,
                    Turn::Stricter => Filter::Child,
                };
                if filter == shown.filter {
                    return self.say(end);
                }
                self.set_user(|set| set.profile.filter = Some(filter));
            }
            Field::Peer(_) => self.say("a peer is parted from its user, or stays"),
            Field::Budget(_) | Field::Language | Field::Tone | Field::Zone => self.edit_field(),
        }
    }

    /// Makes the field at hand as the role or the settings have it.
    pub(super) fn reset_field(&mut self) {
        match self.field() {
            Some(Field::May(capability)) => self.set_user(|set| {
                set.grants.insert(capability, None);
            }),
            Some(field @ (Field::Budget(_) | Field::Language | Field::Tone | Field::Zone)) => {
                self.set_user(|set| write(set, field, "").unwrap_or(()));
            }
            Some(_) => self.say("this has no other way to be: turn it with + and -"),
            None => {}
        }
    }

    /// Asks for the words of the field at hand.
    pub(super) fn edit_field(&mut self) {
        let (Some(field), Some(shown)) = (self.field(), self.people.page()) else {
            return;
        };
        let profile = &shown.user.profile;
        let text = |own: &Option<String>| own.clone().unwrap_or_default();
        let (id, now) = (
            shown.user.id,
            match field {
                Field::Language => text(&profile.language),
                Field::Tone => text(&profile.tone),
                Field::Zone => text(&profile.time_zone),
                Field::Budget(most) => most
                    .of(&shown.user.limits)
                    .map(|own| most.written(own))
                    .unwrap_or_default(),
                Field::Peer(_) => return self.say("a peer is parted from its user, or stays"),
                Field::Role | Field::May(_) | Field::Filter => {
                    return self.say("+ makes it freer, - stricter");
                }
            },
        );
        let now = sanitize::line(&now).into_owned();
        if self.connected_to_change() {
            let asked = Asked::new(Purpose::User(id, field), now);
            self.overlays.push(Overlay::Line(asked));
        }
    }

    /// Takes the words of a field; false where they say nothing that can be.
    pub(crate) fn field_given(&mut self, id: UserId, field: Field, text: &str) -> bool {
        let mut set = Set {
            key: id.to_string(),
            ..Set::default()
        };
        match write(&mut set, field, text) {
            Ok(()) => {
                self.change(super::Call::SetUser(Box::new(set)));
                true
            }
            Err(why) => {
                self.complain(why);
                false
            }
        }
    }
}

fn write(set: &mut Set, field: Field, text: &str) -> Result<(), String> {
    let text_ = || Some(text.to_owned());
    match field {
        Field::Language => set.profile.language = text_(),
        Field::Tone => set.profile.tone = text_(),
        Field::Zone => set.profile.time_zone = text_(),
        Field::Budget(most) => most.put(&mut set.limits, most.read(text)?),
        Field::Peer(_) | Field::Role | Field::May(_) | Field::Filter => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_as_people_write_it() {
        let tokens = |text| Most::DayTokens.read(text);
        for (text, wanted) in [
            ("50000", 50_000),
            ("50k", 50_000),
            ("1.5M", 1_500_000),
            ("50,000", 50_000),
            ("", 0),
        ] {
            assert_eq!(tokens(text), Ok(wanted), "{text}");
        }
        let money = |text| Most::MonthMoney.read(text);
        for (text, wanted) in [
            ("2.50", 2_500_000),
            ("$2.5", 2_500_000),
            ("12", 12_000_000),
            (".05", 50_000),
        ] {
            assert_eq!(money(text), Ok(wanted), "{text}");
        }
        for wrong in ["x", "k", ".", "-1", "1.2.3", "99999999999999999999"] {
            assert!(tokens(wrong).is_err() && money(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Most::DayMoney.written(2_500_000), "2.50");
    }

    #[test]
    fn what_is_turned_stops_at_its_ends() {
        let turn = |turn: Turn, now| turn.in_order(&Grant::ALL, now);
        assert_eq!(turn(Turn::Freer, Grant::Deny), Some(Grant::AskAdmin));
        assert_eq!(turn(Turn::Freer, Grant::Allow), None);
        assert_eq!(turn(Turn::Stricter, Grant::Deny), None);
    }
}
