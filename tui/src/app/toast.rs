//! Passing words to the person: what was done, and what failed.

use super::App;

/// How long a passing word is shown, in milliseconds.
const TOAST: u64 = 4_000;

/// A passing word to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) bad: bool,
    pub(crate) until: u64,
}

impl App {
    /// Says something in passing.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: text.into(),
            bad: false,
            until: self.now.ms + TOAST,
        });
    }

    /// Says something for so many milliseconds.
    pub(crate) fn say_for(&mut self, ms: u64, text: impl Into<String>) {
        self.say(text);
        if let Some(toast) = &mut self.toast {
            toast.until = self.now.ms + ms;
        }
    }

    /// Says what failed.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast {
            text: text.into(),
            bad: true,
            until: self.now.ms + 2 * TOAST,
        });
    }
}
