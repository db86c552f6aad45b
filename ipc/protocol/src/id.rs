//! Names of things: UUIDv7, so they sort by birth; prefixed in text, so they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Why a text is not an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what} id: expected {prefix}… with 32 hexadecimal digits")]
pub struct BadId {
    text: String,
    what: &'static str,
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What its text begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Returns a new one; later ones sort after earlier ones.
            #[expect(clippy::new_without_default, reason = "a default would hide that each is new")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// Returns the one with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Returns its 16 bytes, as the database keeps them.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                if $prefix.is_empty() {
                    write!(f, "{}", self.0.hyphenated())
                } else {
                    write!(f, "{}{}", $prefix, self.0.simple())
                }
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                text.strip_prefix($prefix)
                    .and_then(|digits| Uuid::try_parse(digits).ok())
                    .map(Self)
                    .ok_or_else(|| BadId { text: text.chars().take(80).collect(), what: $what, prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// Names a session.
    SessionId = "ses_", "a session";
    /// Names a turn.
    TurnId = "trn_", "a turn";
    /// Names a message.
    MessageId = "msg_", "a message";
    /// Names a tool call. At 36 characters it fits every provider's own call id field.
    CallId = "cal_", "a tool call";
    /// Names an approval.
    ApprovalId = "apr_", "an approval";
    /// Names a question of the agent.
    QuestionId = "qst_", "a question";
    /// Names a rule that was learned from a decision.
    RuleId = "rul_", "a rule";
    /// Names a job.
    JobId = "job_", "a job";
    /// Names an item of the attention list.
    AttentionId = "att_", "an item of the attention list";
    /// Names a terminal.
    TerminalId = "trm_", "a terminal";
    /// Names a compaction.
    CompactionId = "cmp_", "a compaction";
    /// Names a pin.
    PinId = "pin_", "a pin";
    /// Names a user.
    UserId = "usr_", "a user";
    /// Names a memory.
    MemoryId = "mem_", "a memory";
    /// Names a topic of the knowledge.
    TopicId = "top_", "a topic";
    /// Names a trace: a bare UUID, because trace collectors want one.
    TraceId = "", "a trace";
    /// Names this agent to trace collectors: a bare UUID, made once with the database.
    AgentId = "", "an agent";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written_and_only_with_their_own_prefix() {
        let id = SessionId::new();
        let text = id.to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(text.parse(), Ok(id));
        assert!(text.parse::<TurnId>().is_err());
        let trace = TraceId::new();
        assert_eq!(trace.to_string().len(), 36);
        assert_eq!(trace.to_string().parse(), Ok(trace));
        assert_eq!(
            "ses_x".parse::<SessionId>().map_err(|err| err.to_string()),
            Err("`ses_x` is not a session id: expected ses_… with 32 hexadecimal digits".into())
        );
    }

    #[test]
    fn later_ids_sort_later() {
        let ids: Vec<MessageId> = (0..100).map(|_| MessageId::new()).collect();
        assert!(ids.is_sorted());
    }
}
