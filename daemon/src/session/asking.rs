//! A question to a model that is on its way.

use smartopol_agent::Event;
use smartopol_protocol::CallId;
use smartopol_protocol::model::{ModelEvent, ModelRequest};
use smartopol_providers::{Kind, ModelError, Overrun, Progress, Providers, Target};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::House;

/// How many pieces of an answer wait for the session before the provider has to.
const PIECES: usize = 256;

/// How many bytes of waiting pieces are told as one.
const TOGETHER: usize = 4096;

/// The longest answer that is taken, in bytes of text, reasoning and arguments.
pub(super) const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// A question on its way. Dropping it ends the request.
#[derive(Debug)]
pub(super) struct Asking {
    pieces: mpsc::Receiver<Progress>,
    /// A piece that came after some that were told together.
    held: Option<Progress>,
    end: oneshot::Receiver<Result<(), ModelError>>,
    cancel: CancellationToken,
}

impl Asking {
    pub(super) fn start(
        house: &House,
        providers: Arc<Providers>,
        target: Target,
        request: ModelRequest,
    ) -> Self {
        let (out, pieces) = mpsc::channel(PIECES);
        let (ended, end) = oneshot::channel();
        let cancel = CancellationToken::new();
        let token = cancel.clone();
        house.supervisor.spawn("ask", async move {
            let result = providers.ask(&target, request, out, token).await;
            let _ = ended.send(result);
        });
        Self {
            pieces,
            held: None,
            end,
            cancel,
        }
    }

    /// Returns a question that has its answer already.
    pub(super) fn answered(answer: Vec<ModelEvent>) -> Self {
        let (out, pieces) = mpsc::channel(PIECES);
        for event in answer.into_iter().take(PIECES) {
            // There is room for each.
            let _ = out.try_send(Progress::Event(event));
        }
        let (ended, end) = oneshot::channel();
        let _ = ended.send(Ok(()));
        Self {
            pieces,
            held: None,
            end,
            cancel: CancellationToken::new(),
        }
    }

    /// Returns the next piece, or how the request ended after the last. Cancel-safe.
    ///
    /// Pieces of text that are there already are one: a model that is faster than its listeners
    /// is told in fewer, larger pieces, and one that is not loses no time.
    pub(super) async fn next(&mut self) -> Heard {
        let piece = match self.held.take() {
            Some(held) => Some(held),
            None => self.pieces.recv().await,
        };
        if let Some(mut piece) = piece {
            while let Some(told) = text_of(&mut piece)
                && told.len() < TOGETHER
                && let Ok(more) = self.pieces.try_recv()
            {
                if let Some(more) = join(&mut piece, more) {
                    self.held = Some(more);
                    break;
                }
            }
            return Heard::Piece(piece);
        }
        match (&mut self.end).await {
            Ok(Ok(())) => Heard::End,
            Ok(Err(err)) if err.kind == Kind::TooLong => Heard::TooLong {
                overrun: err.overrun,
                message: err.message,
            },
            Ok(Err(err)) => Heard::Failed {
                message: err.message,
                hint: err.hint,
            },
            Err(_) => Heard::Failed {
                message: "the request to the provider ended without a result".into(),
                hint: "the daemon's log says more: smartopol daemon logs".into(),
            },
        }
    }
}

/// Returns the text of a piece that more text can be added to.
fn text_of(piece: &mut Progress) -> Option<&mut String> {
    match piece {
        Progress::Event(ModelEvent::Text { text } | ModelEvent::Reasoning { text }) => Some(text),
        _ => None,
    }
}

/// Adds a piece to one of the same kind; returns it where it is of another.
fn join(piece: &mut Progress, more: Progress) -> Option<Progress> {
    match (piece, more) {
        (
            Progress::Event(ModelEvent::Text { text }),
            Progress::Event(ModelEvent::Text { text: more }),
        )
        | (
            Progress::Event(ModelEvent::Reasoning { text }),
            Progress::Event(ModelEvent::Reasoning { text: more }),
        ) => {
            text.push_str(&more);
            None
        }
        (_, more) => Some(more),
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Heard {
    /// A piece of the answer, or word of a retry.
    Piece(Progress),
    /// The request is over; the answer was complete.
    End,
    /// The request failed.
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The provider refused the request because it is longer than the model's window.
    TooLong {
        /// What it said of the lengths.
        overrun: Overrun,
        /// What happened.
        message: String,
    },
}

/// Returns what a piece of an answer means for the turn; `None` where it means nothing to it.
pub(super) fn event(piece: ModelEvent) -> Option<Event> {
    Some(match piece {
        ModelEvent::Text { text } => Event::Text(text),
        ModelEvent::Reasoning { text } => Event::Reasoning(text),
        ModelEvent::ReasoningEnd { signature } => Event::ReasoningEnd(signature),
        ModelEvent::Call { name, input, .. } => Event::Call {
            id: CallId::new(),
            name,
            input,
        },
        ModelEvent::Done { stop } => Event::Answered(stop),
        ModelEvent::CallProgress { .. } | ModelEvent::Usage { .. } => return None,
    })
}
