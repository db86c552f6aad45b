//! `[console]`: the terminal console.

use serde::{Deserialize, Serialize};

use crate::keymap::{self, Chosen, Preset};
use crate::shape::{Holds, Shape};

/// The terminal console.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Console {
    /// True to start as the append-only console that screen readers and dumb terminals need.
    pub linear: bool,
    /// True to see the trace feed beside the conversation where the terminal is wide enough.
    pub traces: bool,
    /// How many lines of the composer are kept for its history: 0 to 10,000.
    pub history: u16,
    /// Whose keys it has: `default`, `vim` or `emacs`.
    pub keymap: Preset,
    /// Keys of a person's choice: a place, an action in it, its keys; an empty list takes them away.
    #[serde(skip_serializing_if = "Chosen::is_empty")]
    pub keys: Chosen,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            linear: false,
            traces: true,
            history: 500,
            keymap: Preset::Default,
            keys: Chosen::new(),
        }
    }
}

pub(crate) const SHAPE: Shape = Shape::Table(&[
    ("linear", Shape::Value(Holds::Flag)),
    ("traces", Shape::Value(Holds::Flag)),
    ("history", Shape::Value(Holds::Whole(0, 10_000))),
    (
        "keymap",
        Shape::Value(Holds::Choice(&["default", "vim", "emacs"])),
    ),
    ("keys", keymap::SHAPE),
]);
