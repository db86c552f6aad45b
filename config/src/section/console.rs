//! `[console]`: the terminal console.

use serde::{Deserialize, Serialize};

use super::Config;
use crate::edit;
use crate::keymap::{self, Chosen, Preset};
use crate::problem::Problems;
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
    /// What it looks like.
    pub theme: Look,
    /// True where the mouse scrolls, opens and selects.
    pub mouse: bool,
    /// How it calls somebody who looks elsewhere.
    pub notify: Notify,
    /// Whose keys it has: `default`, `vim` or `emacs`.
    pub keymap: Preset,
    /// Keys of a person's choice: a place, an action in it, its keys; an empty list takes them away.
    #[serde(skip_serializing_if = "Chosen::is_empty")]
    pub keys: Chosen,
}

impl Console {
    /// Returns the same with one key, such as `console.theme`, set as a person writes it.
    ///
    /// # Errors
    /// The key or the value is wrong, or does not go together with the others.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, Problems> {
        let config = Config {
            console: self.clone(),
            ..Config::default()
        };
        edit::with(&config, key, value).map(|config| config.console)
    }
}

/// What the console looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// As the terminal does: its own colours, and no ground painted.
    #[default]
    Terminal,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// Light or dark, as the terminal's ground is.
    Auto,
}

impl Look {
    /// Returns its name in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Auto => "auto",
        }
    }
}

/// How the console calls somebody who looks elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Notify {
    /// With the bell, and a message of the desktop where the terminal can show one.
    #[default]
    Auto,
    /// With the bell alone.
    Bell,
    /// Not at all.
    Off,
}

impl Notify {
    /// Returns its name in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Bell => "bell",
            Self::Off => "off",
        }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self {
            linear: false,
            traces: true,
            history: 500,
            theme: Look::Terminal,
            mouse: true,
            notify: Notify::Auto,
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
        "theme",
        Shape::Value(Holds::Choice(&["terminal", "light", "dark", "auto"])),
    ),
    ("mouse", Shape::Value(Holds::Flag)),
    (
        "notify",
        Shape::Value(Holds::Choice(&["auto", "bell", "off"])),
    ),
    (
        "keymap",
        Shape::Value(Holds::Choice(&["default", "vim", "emacs"])),
    ),
    ("keys", keymap::SHAPE),
]);
