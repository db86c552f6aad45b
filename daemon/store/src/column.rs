//! How the words of the protocol stand in columns: ids as 16 bytes, times as milliseconds, the
//! rest as JSON.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as WordError, StrDeserializer};
use smartopol_protocol::{
    AgentId, ApprovalId, AttentionId, CallId, CompactionId, JobId, MemoryId, MessageId, PinId,
    QuestionId, RuleId, SessionId, TerminalId, Timestamp, TopicId, TraceId, TurnId, UserId,
};

/// An id that can stand in a column.
pub(crate) trait Id: Copy {
    /// Returns the id with these bytes.
    fn of(bytes: [u8; 16]) -> Self;
    /// Returns its bytes.
    fn bytes(&self) -> &[u8; 16];
}

macro_rules! ids {
    ($($name:ident)*) => {$(
        impl Id for $name {
            fn of(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }

            fn bytes(&self) -> &[u8; 16] {
                self.as_bytes()
            }
        }
    )*};
}
ids!(
    AgentId ApprovalId AttentionId CallId CompactionId JobId MemoryId MessageId PinId QuestionId RuleId SessionId TerminalId TopicId TraceId TurnId UserId
);

/// An id as a parameter or a column.
pub(crate) struct Key<T>(pub(crate) T);

impl<T: Id> ToSql for Key<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(self.0.bytes())))
    }
}

impl<T: Id> FromSql for Key<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        <[u8; 16]>::column_result(value).map(|bytes| Self(T::of(bytes)))
    }
}

/// A moment as a parameter or a column.
pub(crate) struct Millis(pub(crate) Timestamp);

impl ToSql for Millis {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millis().into())
    }
}

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        i64::column_result(value).map(|millis| Self(Timestamp::from_millis(millis)))
    }
}

/// A variant that is only a name, as a parameter or a column.
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(name)) => Ok(name.into()),
            other => Err(rusqlite::Error::ToSqlConversionFailure(
                format!("{other:?} is not a plain name").into(),
            )),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        T::deserialize(StrDeserializer::<WordError>::new(value.as_str()?))
            .map(Self)
            .map_err(|err| FromSqlError::Other(err.into()))
    }
}

/// Anything else as a parameter or a column.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|err| rusqlite::Error::ToSqlConversionFailure(err.into()))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Self)
            .map_err(|err| FromSqlError::Other(err.into()))
    }
}

/// Reads an id.
pub(crate) fn id<T: Id>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, Key<T>>(index).map(|key| key.0)
}

/// Reads an id that may be absent.
pub(crate) fn maybe_id<T: Id>(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<T>> {
    Ok(row.get::<_, Option<Key<T>>>(index)?.map(|key| key.0))
}

/// Reads a moment.
pub(crate) fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Timestamp> {
    row.get::<_, Millis>(index).map(|at| at.0)
}

/// Reads a moment that may be absent.
pub(crate) fn maybe_time(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<Millis>>(index)?.map(|at| at.0))
}

/// Reads anything else.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, Json<T>>(index).map(|value| value.0)
}

/// Reads a variant that is only a name, such as a role.
pub(crate) fn word<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> rusqlite::Result<T> {
    row.get::<_, Word<T>>(index).map(|word| word.0)
}

/// Returns the JSON list of ids that `json_each` and `unhex` turn into a set of keys.
pub(crate) fn hex_list<T: Id>(ids: impl Iterator<Item = T>) -> String {
    let mut list = String::from("[");
    for id in ids {
        if list.len() > 1 {
            list.push(',');
        }
        list.push('"');
        for byte in id.bytes() {
            for nibble in [byte >> 4, byte & 15] {
                list.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        list.push('"');
    }
    list.push(']');
    list
}

/// Returns the first and the last key that begin with these hexadecimal digits; `None` where they
/// are none, or too many.
pub(crate) fn range(digits: &str) -> Option<([u8; 16], [u8; 16])> {
    let (mut low, mut high) = ([0x00; 16], [0xff; 16]);
    if digits.is_empty() || digits.chars().count() > 32 {
        return None;
    }
    for (place, digit) in digits.chars().enumerate() {
        let digit = u8::try_from(digit.to_digit(16)?).ok()?;
        let (first, last) = (low.get_mut(place / 2)?, high.get_mut(place / 2)?);
        if place % 2 == 0 {
            (*first, *last) = (digit << 4, digit << 4 | 15);
        } else {
            (*first, *last) = (*first | digit, *last & 0xf0 | digit);
        }
    }
    Some((low, high))
}
