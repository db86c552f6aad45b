//! `[traces]`: the records.

use serde::{Deserialize, Serialize};

/// The records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Traces {
    /// Names of parameters whose values are never recorded, besides the built-in ones
    /// (`password`, `token`, `api_key`, …). Letter case does not matter; a part of a name matches.
    pub redact_keys: Vec<String>,
}
