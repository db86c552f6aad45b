//! What waits for one who looks at a terminal.
//!
//! Owns the queue between a terminal and a client, and what a slow client loses: never in silence,
//! and the present comes in its place.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use smartopol_protocol::terminal::{Piece, Size, View, Viewer as Told};
use tokio::sync::Notify;

use super::paint::Picture;

/// How many bytes wait for one client.
const MOST: usize = 1 << 20;

/// A piece on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What it is.
    pub piece: Piece,
    /// Its place in the stream.
    pub offset: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// One who looks at a terminal. Its client takes, the terminal puts in.
#[derive(Debug)]
pub struct Viewer {
    queue: Mutex<Queue>,
    /// Told when there is something to take.
    filled: Arc<Notify>,
    /// Told when the client has taken all and needs more than what is written next.
    wants: Arc<Notify>,
}

#[derive(Debug)]
struct Queue {
    told: Told,
    waiting: VecDeque<Waiting>,
    /// The bytes of output among them; a keyframe is bounded by itself.
    bytes: usize,
    form: Form,
    /// All was taken: what is needed may be given.
    asked: bool,
    /// It may type where it is drawn directly.
    types: bool,
    left: bool,
}

#[derive(Debug)]
enum Form {
    /// The program's own bytes; `behind` where some were dropped. One who came back gets what it
    /// missed from the byte `at` on, and then what is written.
    Output { behind: bool, at: Option<u64> },
    /// Pictures; `stale` where something was written since the last.
    Picture { before: Box<Picture>, stale: bool },
    /// Nothing: the holder draws.
    Direct,
}

/// What a viewer needs to see the present.
pub(crate) enum Need<'a> {
    Keyframe,
    Picture(&'a mut Picture),
}

impl Viewer {
    /// Makes one that sees nothing yet. `filled` is told when there is something to take.
    pub fn new(told: Told, view: View, filled: Arc<Notify>) -> Self {
        let form = match view {
            View::Output { since } => Form::Output {
                behind: true,
                at: since,
            },
            View::Picture => Form::picture(),
            View::Direct => Form::Direct,
        };
        Self {
            queue: Mutex::new(Queue {
                told,
                waiting: VecDeque::new(),
                bytes: 0,
                form,
                asked: true,
                types: false,
                left: false,
            }),
            filled,
            wants: Arc::default(),
        }
    }

    /// Binds it to a terminal, which is told through `wants`.
    pub(crate) fn bound(mut self, wants: Arc<Notify>) -> Self {
        self.wants = wants;
        self
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what is next. Where that is nothing and something was lost, the present is asked for.
    pub fn take(&self) -> Option<Waiting> {
        let mut queue = self.queue();
        if let Some(next) = queue.waiting.pop_front() {
            if next.piece == Piece::Output {
                queue.bytes -= next.bytes.len();
            }
            return Some(next);
        }
        let asks = !std::mem::replace(&mut queue.asked, true) && queue.needs();
        drop(queue);
        if asks {
            self.wants.notify_one();
        }
        None
    }

    /// Says that nobody looks any more.
    pub fn leave(&self) {
        self.queue().left = true;
        self.wants.notify_one();
    }

    /// Says how large the client's window is now.
    pub(crate) fn resize(&self, size: Size) {
        self.queue().told.size = Some(size);
    }

    /// Returns true where nobody looks any more.
    pub fn has_left(&self) -> bool {
        self.queue().left
    }

    pub(crate) fn told(&self) -> Told {
        self.queue().told.clone()
    }

    /// Puts in what the program wrote.
    pub(crate) fn output(&self, offset: u64, bytes: &Bytes) {
        let mut queue = self.queue();
        let full = queue.bytes + bytes.len() > MOST;
        match &mut queue.form {
            Form::Picture { stale, .. } => {
                *stale = true;
                return;
            }
            Form::Direct | Form::Output { behind: true, .. } => return,
            Form::Output { .. } if full => queue.fall_behind(),
            Form::Output { .. } => {
                queue.asked = false;
                queue.bytes += bytes.len();
                queue.waiting.push_back(Waiting {
                    piece: Piece::Output,
                    offset,
                    bytes: bytes.clone(),
                });
            }
        }
        drop(queue);
        self.filled.notify_one();
    }

    /// Says that what it saw is no longer so, as after a change of size.
    pub(crate) fn spoil(&self) {
        let mut queue = self.queue();
        match &mut queue.form {
            Form::Output { .. } => queue.fall_behind(),
            Form::Picture { stale, .. } => *stale = true,
            Form::Direct => return,
        }
        drop(queue);
        self.filled.notify_one();
    }

    /// Returns true where the holder is to draw.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.queue().form, Form::Direct)
    }

    /// Gives it pictures instead, because the holder does not draw.
    pub(crate) fn draw_here(&self) {
        self.queue().form = Form::picture();
    }

    /// Says whether it may type where the holder draws.
    pub fn let_type(&self, types: bool) {
        self.queue().types = types;
        self.wants.notify_one();
    }

    pub(crate) fn may_type(&self) -> bool {
        self.queue().types
    }

    /// Returns true where it waits for the present.
    pub(crate) fn waits(&self) -> bool {
        let queue = self.queue();
        queue.asked && queue.needs()
    }

    /// Returns true where it waits for what it missed.
    pub(crate) fn catches_up(&self) -> bool {
        let queue = self.queue();
        queue.asked
            && matches!(
                queue.form,
                Form::Output {
                    behind: true,
                    at: Some(_)
                }
            )
    }

    /// Lets it begin with the present, because what it wants to begin with was never written.
    pub(crate) fn begin_now(&self) {
        self.queue().fall_behind();
    }

    /// Returns the byte that it wants to begin with.
    pub(crate) fn since(&self) -> Option<u64> {
        match self.queue().form {
            Form::Output { at, .. } => at,
            Form::Picture { .. } | Form::Direct => None,
        }
    }

    /// Gives it the next piece of what it missed, where it waits for that; `end` is the number of
    /// bytes that were written.
    pub(crate) fn catch_up(&self, end: u64, read: impl FnOnce(u64) -> Option<Bytes>) {
        let mut queue = self.queue();
        let Form::Output {
            behind: true,
            at: Some(from),
        } = queue.form
        else {
            return;
        };
        if !queue.asked {
            return;
        }
        if from > end {
            return; // The daemon itself is not there yet after a restart.
        }
        let (form, bytes) = match (from == end, read) {
            (true, _) => (None, Bytes::new()),
            (false, read) => match read(from) {
                Some(bytes) => (Some(from + bytes.len() as u64), bytes),
                None => {
                    queue.fall_behind();
                    return;
                }
            },
        };
        queue.form = Form::Output {
            behind: form.is_some_and(|at| at < end),
            at: form.filter(|at| *at < end),
        };
        if bytes.is_empty() {
            return;
        }
        queue.asked = false;
        queue.bytes += bytes.len();
        queue.waiting.push_back(Waiting {
            piece: Piece::Output,
            offset: from,
            bytes,
        });
        drop(queue);
        self.filled.notify_one();
    }

    /// Gives it the present, painted by `paint`, where it waits for it.
    pub(crate) fn refresh(&self, paint: impl FnOnce(Need<'_>) -> (u64, Vec<u8>)) {
        let mut queue = self.queue();
        if !queue.asked || !queue.needs() {
            return;
        }
        let (piece, (offset, bytes)) = match &mut queue.form {
            Form::Direct | Form::Output { at: Some(_), .. } => return,
            Form::Output { behind, at: None } => {
                *behind = false;
                (Piece::Keyframe, paint(Need::Keyframe))
            }
            Form::Picture { before, stale } => {
                *stale = false;
                let piece = match before.is_begun() {
                    true => Piece::Change,
                    false => Piece::Keyframe,
                };
                (piece, paint(Need::Picture(before)))
            }
        };
        queue.asked = false;
        queue.waiting.push_back(Waiting {
            piece,
            offset,
            bytes: bytes.into(),
        });
        drop(queue);
        self.filled.notify_one();
    }
}

impl Form {
    fn picture() -> Self {
        Self::Picture {
            before: Box::default(),
            stale: true,
        }
    }
}

impl Queue {
    const fn needs(&self) -> bool {
        match self.form {
            Form::Output { behind, .. } => behind,
            Form::Picture { stale, .. } => stale,
            Form::Direct => false,
        }
    }

    fn fall_behind(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
        self.form = Form::Output {
            behind: true,
            at: None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(view: View) -> Viewer {
        let told = Told {
            client: 1,
            name: "test".into(),
            size: None,
        };
        Viewer::new(told, view, Arc::default())
    }

    fn keyframe(viewer: &Viewer, offset: u64) {
        viewer.refresh(|need| {
            assert!(matches!(need, Need::Keyframe));
            (offset, b"key".to_vec())
        });
    }

    #[test]
    fn a_slow_client_loses_its_backlog_and_gets_the_present() {
        let slow = viewer(View::Output { since: None });
        keyframe(&slow, 0);
        let piece = Bytes::from(vec![b'x'; 60_000]);
        let mut offset = 0;
        for _ in 0..20 {
            slow.output(offset, &piece);
            offset += 60_000;
        }
        assert!(!slow.waits(), "it is not asked for before it was taken");
        assert_eq!(slow.take(), None);
        assert!(slow.waits());
        keyframe(&slow, offset);
        slow.output(offset, &piece);
        let taken: Vec<_> = std::iter::from_fn(|| slow.take())
            .map(|waiting| (waiting.piece, waiting.offset))
            .collect();
        assert_eq!(taken, [(Piece::Keyframe, offset), (Piece::Output, offset)]);
        assert!(!slow.waits());
    }

    #[test]
    fn one_who_comes_back_gets_what_it_missed_piece_by_piece_and_then_what_follows() {
        let back = viewer(View::Output { since: Some(10) });
        let piece = |bytes: usize| move |_| Some(Bytes::from(vec![b'x'; bytes]));
        assert!(back.catches_up());
        back.catch_up(30, piece(15));
        back.output(30, &Bytes::from_static(b"not yet"));
        assert!(!back.catches_up(), "one piece waits");
        assert_eq!(back.take().unwrap().offset, 10);
        assert!(back.take().is_none() && back.catches_up());
        back.catch_up(37, piece(12));
        assert!(back.take().is_some() && !back.catches_up());
        back.output(37, &Bytes::from_static(b"now"));
        assert_eq!(back.take().unwrap().offset, 37);
        let gone = viewer(View::Output { since: Some(0) });
        gone.catch_up(5, |_| None);
        assert!(
            gone.waits() && !gone.catches_up(),
            "a keyframe comes in its place"
        );
    }

    #[test]
    fn a_picture_is_drawn_when_the_one_before_was_taken() {
        let looks = viewer(View::Picture);
        let draw = || looks.refresh(|_| (1, b"picture".to_vec()));
        draw();
        looks.output(0, &Bytes::from_static(b"a"));
        draw();
        assert_eq!(looks.take().unwrap().piece, Piece::Keyframe);
        assert!(looks.take().is_none() && looks.waits());
        draw();
        assert!(looks.take().is_some() && looks.take().is_none());
        assert!(!looks.waits(), "nothing was written since");
    }
}
