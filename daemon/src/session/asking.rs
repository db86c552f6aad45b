//! A question to a model that is on its way.

use smartopol_agent::Event;
use smartopol_protocol::CallId;
use smartopol_protocol::model::{ModelEvent, ModelRequest};
use smartopol_providers::{ModelError, Progress, Providers, Target};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::House;

/// How many pieces of an answer wait for the session before the provider has to.
const PIECES: usize = 256;

/// The longest answer that is taken, in bytes of text, reasoning and arguments.
pub(super) const MAX_ANSWER: usize = 2 * 1024 * 1024;

/// A question on its way. Dropping it ends the request.
#[derive(Debug)]
pub(super) struct Asking {
    pieces: mpsc::Receiver<Progress>,
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
            end,
            cancel,
        }
    }

    /// Returns the next piece, or how the request ended after the last. Cancel-safe.
    pub(super) async fn next(&mut self) -> Heard {
        if let Some(piece) = self.pieces.recv().await {
            return Heard::Piece(piece);
        }
        match (&mut self.end).await {
            Ok(Ok(())) => Heard::End,
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
