//! The colour of the terminal's own ground, asked for once.
//!
//! Owns the question (OSC 11), waiting for its answer, and which theme fits. Asked only where the
//! settings say `auto`, before anything else reads the keys.

use std::io;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use smartopol_config::section::console::Look;

/// How long a terminal has to answer.
const PATIENCE: Duration = Duration::from_millis(100);

/// The question, and one after it that every terminal answers: what comes before that answer is
/// all that comes.
pub(super) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// Waits for the answer, and returns the theme that fits; `None` where there is no answer.
pub(super) fn answer() -> Option<Look> {
    let until = Instant::now() + PATIENCE;
    let stdin = io::stdin();
    let mut heard = Vec::new();
    while !is_over(&heard) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        let mut wait = [PollFd::new(&stdin, PollFlags::IN)];
        let limit = Timespec::try_from(left).ok()?;
        if poll(&mut wait, Some(&limit)).ok()? == 0 {
            break;
        }
        let mut bytes = [0; 256];
        let count = rustix::io::read(&stdin, &mut bytes).ok()?;
        match bytes.get(..count) {
            Some(piece) if count > 0 => heard.extend_from_slice(piece),
            _ => break,
        }
    }
    fitting(&heard)
}

/// Returns true once the second question was answered.
fn is_over(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard);
    text.rsplit_once("\x1b[?")
        .is_some_and(|(_, rest)| rest.contains('c'))
}

/// Returns the theme that fits the ground that an answer tells.
fn fitting(heard: &[u8]) -> Option<Look> {
    let text = String::from_utf8_lossy(heard);
    let (_, rest) = text.split_once("]11;rgb:")?;
    let mut parts = rest.split(['/', '\x07', '\x1b']);
    let mut part = || {
        let digits: String = parts.next()?.chars().take(4).collect();
        let most = 16_u32
            .pow(u32::try_from(digits.len()).ok()?)
            .checked_sub(1)?;
        let value = u32::from_str_radix(&digits, 16).ok()?;
        (most > 0).then(|| value * 1_000 / most)
    };
    let (red, green, blue) = (part()?, part()?, part()?);
    let bright = (red * 299 + green * 587 + blue * 114) / 1_000;
    Some(if bright > 500 {
        Look::Light
    } else {
        Look::Dark
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_of_terminals_are_understood() {
        for (heard, look) in [
            ("\x1b]11;rgb:ffff/ffff/ffff\x1b\\", Some(Look::Light)),
            ("\x1b]11;rgb:1e1e/1e1e/2e2e\x07", Some(Look::Dark)),
            ("\x1b]11;rgb:fd/f6/e3\x1b\\", Some(Look::Light)),
            ("\x1b[?62;22c", None),
            ("\x1b]11;rgb:zz/1/2\x07", None),
            ("\x1b]11;rgb:", None),
            ("", None),
        ] {
            assert_eq!(fitting(heard.as_bytes()), look, "{heard:?}");
        }
    }

    #[test]
    fn the_second_answer_ends_the_wait() {
        assert!(!is_over(b"\x1b]11;rgb:ffff/ffff/ffff\x1b\\"));
        assert!(!is_over(b"\x1b[?62;2"));
        assert!(is_over(b"\x1b[?62;22c"));
    }
}
