//! Calling a person who looks elsewhere: how often, and as which bytes.
//!
//! What is said is made of numbers alone, so no secret and no foreign text can be in it. When it
//! is said is the console's to decide; that the window has no focus is known there.

use smartopol_config::section::console::Notify;

/// The shortest time between two calls, in milliseconds.
const GAP: u64 = 5_000;

/// What a person is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// So many approvals wait.
    Waits(usize),
    /// So many questions of the agent wait.
    Asks(usize),
    /// A turn ended well.
    Done,
    /// A turn ended badly.
    Failed,
    /// So many reminders are due.
    Reminds(usize),
    /// A job failed, was missed, or rests because of that.
    Job,
}

impl Notice {
    fn words(self) -> String {
        match self {
            Self::Waits(0 | 1) => "an approval waits for you".to_owned(),
            Self::Waits(count) => format!("{count} approvals wait for you"),
            Self::Asks(0 | 1) => "the agent asks you something".to_owned(),
            Self::Asks(count) => format!("{count} questions wait for you"),
            Self::Done => "the agent is done".to_owned(),
            Self::Failed => "the agent could not go on".to_owned(),
            Self::Reminds(0 | 1) => "a reminder is due".to_owned(),
            Self::Reminds(count) => format!("{count} reminders are due"),
            Self::Job => "a job waits for you".to_owned(),
        }
    }
}

/// How a terminal shows a message on the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    /// It does not.
    None,
    /// As iTerm2 began it.
    Nine,
    /// As rxvt began it.
    Triple,
    /// As kitty began it.
    NinetyNine,
}

/// Calls, and not too often.
#[derive(Debug)]
pub(crate) struct Caller {
    voice: Voice,
    next_at: u64,
}

impl Caller {
    /// Returns one for the terminal that the environment tells of.
    pub(crate) fn look() -> Self {
        Self::of(|name| std::env::var(name).ok())
    }

    fn of(env: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str| env(name).unwrap_or_default();
        let (term, program) = (is("TERM"), is("TERM_PROGRAM"));
        let inside = !is("TMUX").is_empty() || !is("STY").is_empty();
        let voice = if inside {
            // What is around it is not known, and would not be reached by default.
            Voice::None
        } else if term.contains("kitty") || !is("KITTY_WINDOW_ID").is_empty() {
            Voice::NinetyNine
        } else if ["iTerm.app", "WezTerm", "ghostty"].contains(&program.as_str()) {
            Voice::Nine
        } else if term.starts_with("foot") || term.starts_with("rxvt-unicode") {
            Voice::Triple
        } else {
            Voice::None
        };
        Self { voice, next_at: 0 }
    }

    /// Returns what a terminal must get to call; nothing where that was just done, or is not
    /// wanted.
    pub(crate) fn call(&mut self, notice: Notice, notify: Notify, now: u64) -> Vec<u8> {
        if notify == Notify::Off || now < self.next_at {
            return Vec::new();
        }
        self.next_at = now + GAP;
        let words = notice.words();
        let mut bytes = b"\x07".to_vec();
        let message = match self.voice {
            _ if notify == Notify::Bell => String::new(),
            Voice::None => String::new(),
            Voice::Nine => format!("\x1b]9;smartopol: {words}\x1b\\"),
            Voice::Triple => format!("\x1b]777;notify;smartopol;{words}\x1b\\"),
            Voice::NinetyNine => format!(
                "\x1b]99;i=smartopol:d=0;smartopol\x1b\\\x1b]99;i=smartopol:p=body;{words}\x1b\\"
            ),
        };
        bytes.extend(message.into_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(env: &[(&str, &str)]) -> Caller {
        Caller::of(|name| {
            let found = env.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn said(env: &[(&str, &str)], notify: Notify) -> String {
        let bytes = caller(env).call(Notice::Waits(2), notify, 0);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn each_terminal_is_called_in_its_own_words() {
        assert_eq!(said(&[("TERM", "xterm")], Notify::Auto), "\x07");
        assert_eq!(
            said(&[("TERM_PROGRAM", "iTerm.app")], Notify::Auto),
            "\x07\x1b]9;smartopol: 2 approvals wait for you\x1b\\"
        );
        assert_eq!(
            said(&[("TERM", "foot")], Notify::Auto),
            "\x07\x1b]777;notify;smartopol;2 approvals wait for you\x1b\\"
        );
        assert!(said(&[("TERM", "xterm-kitty")], Notify::Auto).contains("\x1b]99;i=smartopol:d=0"));
        let inside = [("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux")];
        assert_eq!(said(&inside, Notify::Auto), "\x07");
    }

    #[test]
    fn it_calls_as_loud_as_one_likes_and_not_too_often() {
        let kitty = [("TERM", "xterm-kitty")];
        assert_eq!(said(&kitty, Notify::Bell), "\x07");
        assert_eq!(said(&kitty, Notify::Off), "");
        let mut caller = caller(&[]);
        let mut rung = |now| !caller.call(Notice::Done, Notify::Auto, now).is_empty();
        assert!(rung(0));
        assert!(!rung(4_999));
        assert!(rung(5_000));
    }
}
