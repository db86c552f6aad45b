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
    /// The earliest time for news.
    news_at: u64,
    /// The earliest time for what a person waits for.
    keys_at: u64,
}

impl Redraw {
    /// Returns one whose first frame waits until `news_at` for news, and never for a person.
    pub(crate) const fn starting(news_at: u64) -> Self {
        Self {
            wanted: Urgency::Soon,
            news_at,
            keys_at: 0,
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
            Urgency::Soon => Some(self.news_at),
            Urgency::Now => Some(self.keys_at),
        }
    }

    /// Takes note of a frame.
    pub(crate) const fn drawn(&mut self, now: u64) {
        self.wanted = Urgency::None;
        self.news_at = now + GAP;
        self.keys_at = now + LEAST;
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
    fn the_first_frame_waits_for_news_but_not_once_all_of_it_is_there() {
        let mut redraw = Redraw::starting(60);
        assert_eq!(redraw.due_at(), Some(60));
        redraw.ask(Urgency::Now);
        assert_eq!(redraw.due_at(), Some(0));
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
