//! How a person is known on one channel.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A person as one channel knows them: `cli:1000`, `telegram:4711`, `discord:ada`, `api:phone`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(String);

/// Why a text names no peer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no peer: expected CHANNEL:ID such as `telegram:4711`, the channel of 1 to 32 \
     small letters, digits, `-` and `_`, the id of 1 to 128 printable characters without spaces"
)]
pub struct BadPeer(String);

impl PeerId {
    /// Returns its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the channel, such as `telegram`.
    pub fn channel(&self) -> &str {
        self.0.split_once(':').map_or("", |(channel, _)| channel)
    }
}

impl FromStr for PeerId {
    type Err = BadPeer;

    fn from_str(text: &str) -> Result<Self, BadPeer> {
        let channel_fits = |channel: &str| {
            (1..=32).contains(&channel.len())
                && channel
                    .bytes()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c))
        };
        let id_fits = |id: &str| {
            (1..=128).contains(&id.chars().count())
                && !id.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        match text.split_once(':') {
            Some((channel, id)) if channel_fits(channel) && id_fits(id) => Ok(Self(text.into())),
            _ => Err(BadPeer(
                text.chars().filter(|c| !c.is_control()).take(80).collect(),
            )),
        }
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PeerId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PeerId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_channel_and_an_id() {
        for good in [
            "cli:1000",
            "telegram:-100:7",
            "discord:Ada",
            "api:käse",
            "job:x",
        ] {
            assert_eq!(
                good.parse::<PeerId>().map(|peer| peer.to_string()),
                Ok(good.into())
            );
        }
        for bad in [
            "",
            "cli",
            "cli:",
            ":7",
            "CLI:7",
            "a b:7",
            "cli:a b",
            "cli:a\u{7}",
        ] {
            assert!(bad.parse::<PeerId>().is_err(), "{bad}");
        }
    }
}
