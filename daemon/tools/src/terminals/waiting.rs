//! Those who wait until something is so in a terminal.
//!
//! Owns what each waits for and has seen. Pure but for the answer.

use std::time::Duration;

use regex::{Regex, RegexBuilder};
use smartopol_protocol::terminal::{Until, WaitOver};
use smartopol_protocol::{Code, Fault};
use tokio::sync::oneshot;

use crate::exec::plain::Plain;

/// The longest pattern, in bytes, and the most memory that one may take.
const PATTERN: usize = 1_000;
const PROGRAM: usize = 1 << 20;

/// How much of what was written is kept for a match that goes over several lines.
const OVERLAP: usize = 4096;

type Answer = oneshot::Sender<(WaitOver, String, u64)>;

/// All who wait.
#[derive(Debug, Default)]
pub(super) struct Waiters(Vec<Waiter>);

#[derive(Debug)]
struct Waiter {
    what: What,
    answer: Answer,
}

#[derive(Debug)]
enum What {
    Match(Box<Seen>),
    Quiet(Duration),
    End,
}

#[derive(Debug)]
struct Seen {
    pattern: Regex,
    plain: Plain,
    text: String,
}

impl Seen {
    /// Takes what was written; returns the line that matches.
    fn line(&mut self, bytes: &[u8]) -> Option<String> {
        self.plain.push(bytes, &mut self.text);
        let found = self.pattern.find(&self.text).map(|found| found.range());
        if let Some(range) = found {
            let before = self.text.get(..range.start).unwrap_or_default();
            let begin = before.rfind('\n').map_or(0, |at| at + 1);
            let rest = self.text.get(begin..).unwrap_or_default();
            return Some(rest.lines().next().unwrap_or_default().to_owned());
        }
        let mut cut = self.text.len().saturating_sub(OVERLAP);
        while !self.text.is_char_boundary(cut) {
            cut += 1;
        }
        self.text.drain(..cut);
        None
    }
}

impl Waiters {
    /// Looks whether one can wait for this.
    pub(super) fn check(until: &Until) -> Result<(), Fault> {
        match until {
            Until::Matches { pattern, .. } => compile(pattern).map(drop),
            Until::Quiet { .. } | Until::Ended => Ok(()),
        }
    }

    /// Adds one; `before` was written already and counts, up to the byte `offset`.
    pub(super) fn add(
        &mut self,
        until: Until,
        answer: Answer,
        (before, offset, ended): (&[u8], u64, bool),
    ) {
        let mut met = None;
        let what = match until {
            Until::Matches { pattern, .. } => {
                let Ok(pattern) = compile(&pattern) else {
                    return;
                };
                let mut seen = Seen {
                    pattern,
                    plain: Plain::default(),
                    text: String::new(),
                };
                met = seen.line(before);
                What::Match(Box::new(seen))
            }
            Until::Quiet { for_ms } => What::Quiet(Duration::from_millis(for_ms)),
            Until::Ended => What::End,
        };
        let over = match (&what, met) {
            (_, Some(line)) => Some((WaitOver::Met, line)),
            (What::Match(_), None) if ended => Some((WaitOver::Ended, String::new())),
            (What::Quiet(_) | What::End, _) if ended => Some((WaitOver::Met, String::new())),
            _ => None,
        };
        match over {
            // Who gave up is not told.
            Some((why, line)) => drop(answer.send((why, line, offset))),
            None => self.0.push(Waiter { what, answer }),
        }
    }

    /// Returns the shortest quiet that somebody waits for.
    pub(super) fn next_quiet(&self) -> Option<Duration> {
        let quiets = self.0.iter().filter_map(|waiter| match waiter.what {
            What::Quiet(quiet) if !waiter.answer.is_closed() => Some(quiet),
            _ => None,
        });
        quiets.min()
    }

    /// Takes what was written.
    pub(super) fn output(&mut self, bytes: &[u8], offset: u64) {
        self.settle(|what| match what {
            What::Match(seen) => seen.line(bytes).map(|line| (WaitOver::Met, line, offset)),
            _ => None,
        });
    }

    /// Nothing was written for so long.
    pub(super) fn quiet(&mut self, quiet: Duration, offset: u64) {
        self.settle(|what| match what {
            What::Quiet(wanted) if quiet >= *wanted => Some((WaitOver::Met, String::new(), offset)),
            _ => None,
        });
    }

    /// The program ended.
    pub(super) fn ended(&mut self, offset: u64) {
        self.settle(|what| match what {
            What::Match(_) => Some((WaitOver::Ended, String::new(), offset)),
            What::Quiet(_) | What::End => Some((WaitOver::Met, String::new(), offset)),
        });
    }

    fn settle(&mut self, over: impl Fn(&mut What) -> Option<(WaitOver, String, u64)>) {
        if self.0.is_empty() {
            return;
        }
        for mut waiter in std::mem::take(&mut self.0) {
            if waiter.answer.is_closed() {
                continue;
            }
            match over(&mut waiter.what) {
                Some(why) => drop(waiter.answer.send(why)),
                None => self.0.push(waiter),
            }
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, Fault> {
    let bad = |why: String| {
        Fault::new(
            Code::BadRequest,
            format!("`pattern` is no regular expression: {why}"),
        )
        .hint("write one, or a plain text without special characters")
    };
    if pattern.is_empty() || pattern.len() > PATTERN {
        return Err(bad(format!("it must have 1 to {PATTERN} bytes")));
    }
    RegexBuilder::new(pattern)
        .size_limit(PROGRAM)
        .multi_line(true)
        .build()
        .map_err(|err| bad(err.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(waiters: &mut Waiters, until: Until) -> oneshot::Receiver<(WaitOver, String, u64)> {
        let (answer, over) = oneshot::channel();
        waiters.add(until, answer, (b"", 0, false));
        over
    }

    fn matches(pattern: &str) -> Until {
        Until::Matches {
            pattern: pattern.into(),
            since: None,
        }
    }

    #[test]
    fn a_match_is_found_across_pieces_and_colours_and_only_then() {
        let mut waiters = Waiters::default();
        let mut over = wait(&mut waiters, matches(r"ready on \d+$"));
        waiters.output(b"booting\r\n\x1b[32mrea", 20);
        assert!(over.try_recv().is_err());
        waiters.output(b"dy\x1b[0m on 8080\r\n", 40);
        let told = (WaitOver::Met, "ready on 8080".to_owned(), 40);
        assert_eq!(over.try_recv(), Ok(told));
        assert!(waiters.0.is_empty());
    }

    #[test]
    fn the_end_answers_all_and_tells_them_apart() {
        let mut waiters = Waiters::default();
        let mut never = wait(&mut waiters, matches("never"));
        let mut end = wait(&mut waiters, Until::Ended);
        let mut quiet = wait(&mut waiters, Until::Quiet { for_ms: 50 });
        assert_eq!(waiters.next_quiet(), Some(Duration::from_millis(50)));
        waiters.quiet(Duration::from_millis(49), 7);
        assert!(quiet.try_recv().is_err());
        waiters.quiet(Duration::from_millis(50), 7);
        assert_eq!(quiet.try_recv().unwrap().0, WaitOver::Met);
        waiters.ended(9);
        assert_eq!(never.try_recv().unwrap().0, WaitOver::Ended);
        assert_eq!(end.try_recv().unwrap().0, WaitOver::Met);
    }

    #[test]
    fn a_pattern_that_is_none_says_so() {
        for pattern in ["", "(", &"x".repeat(1_001)] {
            let fault = Waiters::check(&matches(pattern)).unwrap_err();
            assert_eq!(fault.code, Code::BadRequest);
        }
    }
}
