//! `[traces]`: the records.

use serde::{Deserialize, Serialize};

use crate::shape::{Holds, Shape, some_text};

/// The records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// Names of parameters whose values are never recorded, besides the built-in ones
    /// (`password`, `token`, `api_key`, …). Letter case does not matter; a part of a name matches.
    pub redact_keys: Vec<String>,
}

pub(crate) const SHAPE: Shape = Shape::Table(&[(
    "redact_keys",
    // An empty name is a part of every name, and would redact everything.
    Shape::Value(Holds::Texts(some_text)),
)]);
