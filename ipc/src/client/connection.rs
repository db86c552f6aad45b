//! The task of a client's connection: the one reader and the one writer.
//!
//! Owns the calls that wait for their reply. Ends when the daemon leaves, or all handles are gone.

use std::collections::HashMap;

use smartopol_protocol::envelope::RawReply;
use smartopol_protocol::{Envelope, Incoming};
use tokio::sync::{mpsc, oneshot};

use super::feed::{Feed, TerminalBytes};
use crate::Bytes;
use crate::decoder::Found;
use crate::stream::{FrameReader, FrameWriter};

/// From so many on, those whose callers gave up are looked for.
const MANY: usize = 1024;

/// A call on its way.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: u64,
    pub(super) frame: Bytes,
    pub(super) answer: oneshot::Sender<RawReply>,
}

/// The task's state.
#[derive(Debug)]
pub(super) struct Connection {
    reader: FrameReader,
    writer: FrameWriter,
    calls: mpsc::Receiver<Call>,
    waiting: HashMap<u64, oneshot::Sender<RawReply>>,
    feed: Feed,
}

impl Connection {
    pub(super) fn new(
        reader: FrameReader,
        writer: FrameWriter,
        calls: mpsc::Receiver<Call>,
        feed: Feed,
    ) -> Self {
        Self {
            reader,
            writer,
            calls,
            waiting: HashMap::new(),
            feed,
        }
    }

    /// Carries messages to and fro until one side is gone. Every branch can be cancelled.
    pub(super) async fn run(mut self) {
        let mut callers = true;
        loop {
            let reading = !self.feed.is_full() || self.is_awaited();
            tokio::select! {
                call = self.calls.recv(), if callers && self.writer.is_empty() => match call {
                    Some(call) => self.begin(call),
                    None => callers = false,
                },
                written = self.writer.write_some(), if !self.writer.is_empty() => {
                    if written.is_err() {
                        // The daemon left; what it said before is still to be read.
                        self.writer.clear();
                    }
                }
                found = self.reader.next(), if reading => match found {
                    Some(found) => self.take(found),
                    None => return,
                },
                () = self.feed.room(), if !reading || self.feed.has_losses() => {}
                () = self.feed.closed(), if !callers => return,
            }
            self.feed.tell_losses();
        }
    }

    /// Returns true where somebody waits for a reply. Who gave up is forgotten.
    fn is_awaited(&mut self) -> bool {
        self.waiting.retain(|_, answer| !answer.is_closed());
        !self.waiting.is_empty()
    }

    fn begin(&mut self, call: Call) {
        if self.waiting.len() >= MANY {
            self.is_awaited();
        }
        self.waiting.insert(call.id, call.answer);
        self.writer.queue(call.frame);
    }

    fn take(&mut self, found: Found) {
        // What cannot be read is of a newer daemon, and so is what is not known: both are skipped.
        let payload = match found {
            Found::Message(payload) => payload,
            Found::Terminal(payload) => {
                if let Some(bytes) = TerminalBytes::read(payload) {
                    self.feed.bytes(bytes);
                }
                return;
            }
            Found::Skipped(_) | Found::Lost(_) => return,
        };
        let Ok(Incoming::Known(envelope)) = Envelope::parse(&payload) else {
            return;
        };
        match *envelope {
            Envelope::Event(event) => self.feed.push(event),
            Envelope::Reply(reply) => {
                if let Some(answer) = self.waiting.remove(&reply.id) {
                    // The caller may have given up in this moment.
                    let _ = answer.send(reply);
                }
            }
            _ => {}
        }
    }
}
