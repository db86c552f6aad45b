//! The wire formats: what a request looks like, how an answer is read.
//!
//! A format is a pure translation; bytes, clocks and retries are others' work.

mod anthropic;
mod calls;
mod ollama;
mod openai;

use serde_json::Value;
use smartopol_config::section::providers::Kind as Wire;
use smartopol_protocol::model::{ModelEvent, ModelRequest};

use crate::Target;

/// What one answer may have where nobody says more; a whole catalogue's worth is never needed.
pub(crate) const USUAL_OUTPUT: u32 = 32_000;

/// Why a text of the answer could not be read.
#[derive(Debug)]
pub(crate) enum Flaw {
    /// It is not what the format says.
    Json(serde_json::Error),
    /// The service tells of a failure.
    Said(Box<Value>),
    /// The model makes more calls at once than anyone would carry out.
    TooMany(usize),
}

impl From<serde_json::Error> for Flaw {
    fn from(err: serde_json::Error) -> Self {
        Self::Json(err)
    }
}

/// Reads the texts of one answer and says what happens in it.
pub(crate) trait Reader: Send {
    /// Takes the next text.
    fn read(&mut self, text: &str, out: &mut Vec<ModelEvent>) -> Result<(), Flaw>;

    /// Returns true once the answer had its proper end.
    fn is_done(&self) -> bool;

    /// There are no more texts: returns true where the answer is whole nevertheless.
    fn end(&mut self, out: &mut Vec<ModelEvent>) -> bool;
}

/// Returns the body of a request.
pub(crate) fn body(target: &Target, request: &ModelRequest) -> Value {
    match target.provider.wire {
        Wire::Anthropic => anthropic::body(target, request),
        Wire::Ollama => ollama::body(target, request),
        Wire::Openai | Wire::Offline => openai::body(target, request),
    }
}

/// Returns a reader for one answer.
pub(crate) fn reader(wire: Wire) -> Box<dyn Reader> {
    match wire {
        Wire::Anthropic => Box::new(anthropic::Answer::default()),
        Wire::Ollama => Box::new(ollama::Answer::default()),
        Wire::Openai | Wire::Offline => Box::new(openai::Answer::default()),
    }
}
