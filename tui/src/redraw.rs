//! When the screen is drawn: asked for often, done seldom.
//!
//! Owns the decision alone; it is given the time and knows no terminal.

/// The shortest time between two frames that nobody waits for, in milliseconds.
const GAP: u64 = 32;

/// The shortest time between any two frames: sixty of them are a second.
const LEAST: u64 = 16;

/// How soon a change must be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// Nothing changed.
    None,
    /// News: together with what follows at once.
    Soon,
    /// A person pressed a key and waits.
    Now,
}

/// Coalesces requests to draw.
#[derive(Debug)]
pub(crate) struct Redraw {
    wanted: Urgency,
    not_before: u64,
}

impl Redraw {
    /// Returns one that waits until `not_before` for the first frame.
    pub(crate) const fn starting(not_before: u64) -> Self {
        Self {
            wanted: Urgency::Soon,
            not_before,
        }
    }

    /// Asks for a frame.
    pub(crate) fn ask(&mut self, urgency: Urgency) {
        self.wanted = self.wanted.max(urgency);
    }

    /// Returns when to draw, or `None` where nothing changed.
    pub(crate) const fn due_at(&self) -> Option<u64> {
        match self.wanted {
            Urgency::None => None,
            Urgency::Soon => Some(self.not_before),
            Urgency::Now => Some(self.not_before.saturating_sub(GAP - LEAST)),
        }
    }

    /// Takes note of a frame.
    pub(crate) const fn drawn(&mut self, now: u64) {
        self.wanted = Urgency::None;
        self.not_before = now + GAP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_pieces_of_news_are_one_frame_and_none_are_none() {
        let mut redraw = Redraw::starting(0);
        redraw.drawn(100);
        assert_eq!(redraw.due_at(), None);
        for _ in 0..50 {
            redraw.ask(Urgency::Soon);
        }
        assert_eq!(redraw.due_at(), Some(132));
        redraw.ask(Urgency::Now);
        assert_eq!(redraw.due_at(), Some(116), "a key waits for no news");
        redraw.drawn(150);
        assert_eq!(redraw.due_at(), None);
    }

    #[test]
    fn there_are_never_more_than_sixty_frames_a_second() {
        let mut redraw = Redraw::starting(0);
        let mut frames = 0;
        for now in 0..1_000 {
            redraw.ask(Urgency::Now);
            if redraw.due_at().is_some_and(|due| due <= now) {
                redraw.drawn(now);
                frames += 1;
            }
        }
        assert!((55..=63).contains(&frames), "{frames}");
    }
}
