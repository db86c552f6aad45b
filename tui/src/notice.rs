//! Calling a person who looks elsewhere: how often, what of it is kept for later, and as which
//! bytes.
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

impl Notice {
    /// Returns how much it matters against others.
    const fn rank(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Job => 1,
            Self::Failed => 2,
            Self::Reminds(_) => 3,
            Self::Asks(_) => 4,
            Self::Waits(_) => 5,
        }
    }
}

/// When a person is called: not too often, and what came too early is said later, the most
/// important of it.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Until when nobody is called.
    until: u64,
    /// Until when nobody is told that the agent is done: that waits for nobody, and keeps nothing
    /// else from being said.
    done_until: u64,
    kept: Option<Notice>,
}

impl Calls {
    /// Returns what a person is called for now, and keeps it where it is too early.
    pub(crate) fn ask(&mut self, notice: Notice, now: u64) -> Option<Notice> {
        if now >= self.free_at(notice) {
            return Some(self.say(notice, now));
        }
        if self.kept.is_none_or(|kept| kept.rank() <= notice.rank()) {
            self.kept = Some(notice);
        }
        None
    }

    /// Returns when what was kept is said; `None` where nothing was.
    pub(crate) fn due(&self) -> Option<u64> {
        self.kept.map(|kept| self.free_at(kept))
    }

    /// Returns what was kept where it is time for it.
    pub(crate) fn take_due(&mut self, now: u64) -> Option<Notice> {
        let kept = self.kept.filter(|kept| now >= self.free_at(*kept))?;
        self.kept = None;
        Some(self.say(kept, now))
    }

    /// Forgets what was kept: the person looks.
    pub(crate) fn forget(&mut self) {
        self.kept = None;
    }

    fn say(&mut self, notice: Notice, now: u64) -> Notice {
        self.done_until = now + GAP;
        if notice != Notice::Done {
            self.until = now + GAP;
        }
        notice
    }

    fn free_at(&self, notice: Notice) -> u64 {
        match notice {
            Notice::Done => self.done_until,
            _ => self.until,
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

/// Calls, as the terminal can.
#[derive(Debug)]
pub(crate) struct Caller {
    voice: Voice,
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
        Self { voice }
    }

    /// Returns what a terminal must get to call; nothing where that is not wanted.
    pub(crate) fn call(&self, notice: Notice, notify: Notify) -> Vec<u8> {
        if notify == Notify::Off {
            return Vec::new();
        }
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
        let bytes = caller(env).call(Notice::Waits(2), notify);
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
    fn it_calls_as_loud_as_one_likes() {
        let kitty = [("TERM", "xterm-kitty")];
        assert_eq!(said(&kitty, Notify::Bell), "\x07");
        assert_eq!(said(&kitty, Notify::Off), "");
    }

    #[test]
    fn nobody_is_called_too_often_and_what_came_too_early_is_said_later() {
        let mut calls = Calls::default();
        assert_eq!(
            calls.ask(Notice::Reminds(1), 1_000),
            Some(Notice::Reminds(1))
        );
        assert_eq!(calls.due(), None, "nothing wakes anybody");
        assert_eq!(calls.ask(Notice::Job, 2_000), None);
        assert_eq!(calls.ask(Notice::Waits(1), 3_000), None);
        assert_eq!(calls.ask(Notice::Reminds(2), 4_000), None);
        assert_eq!(calls.due(), Some(6_000));
        assert_eq!(calls.take_due(5_999), None);
        assert_eq!(
            calls.take_due(6_000),
            Some(Notice::Waits(1)),
            "what matters most"
        );
        assert_eq!((calls.due(), calls.take_due(20_000)), (None, None));
        // The person looked.
        assert_eq!(calls.ask(Notice::Job, 7_000), None);
        calls.forget();
        assert_eq!(calls.due(), None);
    }

    #[test]
    fn that_the_agent_is_done_keeps_nothing_that_waits_from_being_said() {
        let mut calls = Calls::default();
        assert_eq!(calls.ask(Notice::Done, 47_000), Some(Notice::Done));
        let reminds = Notice::Reminds(1);
        assert_eq!(calls.ask(reminds, 49_000), Some(reminds));
        assert_eq!(calls.ask(Notice::Done, 50_000), None);
        assert_eq!(calls.take_due(54_000), Some(Notice::Done));
        assert_eq!(
            calls.ask(Notice::Done, 58_999),
            None,
            "nor too often itself"
        );
    }
}
