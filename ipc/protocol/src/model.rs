//! What a model is asked and what it answers, the same for every provider.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::Message;
use crate::tool::ToolSpec;

/// One request to a model. It shares the messages with the session that asks: a long transcript
/// is not copied at every step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRequest {
    /// The model, as its provider names it.
    pub model: String,
    /// The system prompt, in blocks from the most to the least stable.
    pub system: Vec<SystemBlock>,
    /// The transcript: roles user, agent and tool only; the first is the user's; every agent
    /// message with calls is followed by a tool message that answers all of them.
    pub messages: Vec<Arc<Message>>,
    /// The tools offered, sorted by name.
    pub tools: Vec<ToolSpec>,
    /// The most tokens to answer with; `None` leaves it to the provider's catalogue.
    pub max_output_tokens: Option<u32>,
    /// How much to think first.
    pub reasoning: ReasoningEffort,
}

/// A block of the system prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemBlock {
    /// The text.
    pub text: String,
    /// True where a provider with cache breakpoints should set one after this block.
    pub cache: bool,
}

/// How much a model thinks before it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasoningEffort {
    /// As the provider does by default.
    #[default]
    Default,
    /// Not at all, where that can be chosen.
    Off,
    /// A little.
    Low,
    /// Some.
    Medium,
    /// Much.
    High,
}

/// One thing that happens while a model answers.
///
/// Order: reasoning, text and calls as the model gives them; [`ModelEvent::Usage`] once or more
/// (the last one counts); [`ModelEvent::Done`] last, exactly once where nothing failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ModelEvent {
    /// More text.
    Text {
        /// The piece; never empty.
        text: String,
    },
    /// More reasoning.
    Reasoning {
        /// The piece; never empty.
        text: String,
    },
    /// A block of reasoning ended.
    ReasoningEnd {
        /// What the provider wants back with the next request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// A call is being written.
    CallProgress {
        /// Which call of this answer, from 0.
        index: u32,
        /// The tool's name.
        name: String,
        /// Bytes of arguments so far.
        bytes: u64,
    },
    /// A call is complete.
    Call {
        /// Which call of this answer, from 0.
        index: u32,
        /// The tool's name as the model wrote it.
        name: String,
        /// The arguments: an object, or a string where they are not valid JSON.
        input: Value,
    },
    /// Tokens used so far by this request.
    Usage {
        /// The counts.
        usage: Usage,
    },
    /// The answer is complete.
    Done {
        /// Why it ended.
        stop: StopReason,
    },
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// It had said all.
    End,
    /// It waits for its tool calls.
    ToolUse,
    /// It reached the limit of tokens.
    MaxTokens,
    /// The provider refused to go on.
    Refusal,
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Input tokens in all, cached ones included.
    pub input: u64,
    /// Of them read from the provider's cache.
    pub cache_read: u64,
    /// Of them written to the provider's cache.
    pub cache_write: u64,
    /// Output tokens in all, reasoning included.
    pub output: u64,
    /// Cost in millionths of a US dollar; `None` where the price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<u64>,
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.input = self.input.saturating_add(more.input);
        self.cache_read = self.cache_read.saturating_add(more.cache_read);
        self.cache_write = self.cache_write.saturating_add(more.cache_write);
        self.output = self.output.saturating_add(more.output);
        self.cost_micros = match (self.cost_micros, more.cost_micros) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (one, other) => one.or(other),
        };
    }
}

/// Who serves models, as clients see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInfo {
    /// Its name: `anthropic`, `openai`, `ollama`, `offline`, or a configured one.
    pub name: String,
    /// Why it is there, one phrase: `ANTHROPIC_API_KEY is set`, `built in`.
    pub found_by: String,
    /// Where its requests go; empty for the offline provider. Never with a secret in it.
    pub base_url: String,
    /// The model used where none is named.
    pub default_model: String,
    /// The models known without asking it.
    pub models: Vec<String>,
    /// True for the one used where none is named.
    pub chosen: bool,
}

/// `provider/list`: the providers found, the chosen one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListProviders {}

/// The reply to `provider/list`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedProviders {
    /// The chosen one first.
    pub providers: Vec<ProviderInfo>,
}

/// `provider/test`: asks a provider for one word and says how it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestProvider {
    /// The provider's name.
    pub name: String,
    /// A model; without one its default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// The reply to `provider/test`: it answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestedProvider {
    /// The model asked.
    pub model: String,
    /// What it said, at most 200 characters.
    pub said: String,
    /// Milliseconds to its first word.
    pub first_ms: u64,
    /// Milliseconds in all.
    pub total_ms: u64,
}
