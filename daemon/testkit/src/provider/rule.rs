//! A rule: which requests it answers, and how.

use std::time::Duration;

use serde_json::Value;

use super::Gate;

/// How one kind of request is answered.
///
/// ```
/// use smartopol_testkit::provider::Rule;
/// let rule = Rule::on("list").reasoning("I should look.").call(
///     "exec",
///     serde_json::json!({ "command": "ls" }),
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Rule {
    text: Option<String>,
    model: Option<String>,
    times: Option<u32>,
    pub(super) says: Vec<Say>,
    pub(super) stop: Option<&'static str>,
    pub(super) refusal: Option<Refusal>,
    pub(super) chunk: usize,
    pub(super) at: Vec<(usize, Act)>,
    pub(super) delay: Option<Duration>,
    pub(super) is_hanging: bool,
    /// How many tokens are counted for a thousand that four bytes each would make.
    pub(super) counts: u64,
}

/// One thing that the model says.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Text(String),
    Reasoning(String),
    Redacted(String),
    Call { name: String, arguments: String },
}

/// What happens after so many deltas.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Cut,
    End,
    Garbage,
    Hold(Gate),
    Error(Value),
}

/// An answer that is none.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Rule {
    /// Answers every request.
    pub fn any() -> Self {
        Self {
            text: None,
            model: None,
            times: None,
            says: Vec::new(),
            stop: None,
            refusal: None,
            chunk: 8,
            at: Vec::new(),
            delay: None,
            is_hanging: false,
            counts: 1_000,
        }
    }

    /// Answers requests whose newest user's text or tool outputs contain `text`.
    pub fn on(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::any()
        }
    }

    /// Only where the model's name contains `part`.
    pub fn model(mut self, part: impl Into<String>) -> Self {
        self.model = Some(part.into());
        self
    }

    /// Only so many times; then later rules have their turn.
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Says a text.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.say(Say::Text(text.into()))
    }

    /// Thinks a text; Anthropic signs it with `c2lnbmVk`.
    pub fn reasoning(self, text: impl Into<String>) -> Self {
        self.say(Say::Reasoning(text.into()))
    }

    /// Thinks what is not shown; only Anthropic has that.
    pub fn redacted_reasoning(self, data: impl Into<String>) -> Self {
        self.say(Say::Redacted(data.into()))
    }

    /// Calls a tool.
    pub fn call(self, name: impl Into<String>, input: Value) -> Self {
        self.raw_call(name, input.to_string())
    }

    /// Calls a tool with arguments that may be broken; Ollama gives broken ones as a string.
    pub fn raw_call(self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.say(Say::Call {
            name: name.into(),
            arguments: arguments.into(),
        })
    }

    /// Stops for a reason of its own, as the wire names it: `max_tokens`, `length`, `refusal`.
    pub fn stop(mut self, reason: &'static str) -> Self {
        self.stop = Some(reason);
        self
    }

    /// Refuses with a status and a body.
    pub fn status(mut self, status: u16, body: Value) -> Self {
        self.refusal = Some(Refusal {
            status,
            body: body.to_string(),
            headers: Vec::new(),
        });
        self
    }

    /// Refuses with a status and a body that is no JSON.
    pub fn status_text(mut self, status: u16, body: impl Into<String>) -> Self {
        self.refusal = Some(Refusal {
            status,
            body: body.into(),
            headers: Vec::new(),
        });
        self
    }

    /// Sends a header with the refusal.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Some(refusal) = &mut self.refusal {
            refusal.headers.push((name.into(), value.into()));
        }
        self
    }

    /// Sends so many characters with each delta; 8 without this.
    pub fn chunk(mut self, characters: usize) -> Self {
        self.chunk = characters.max(1);
        self
    }

    /// Breaks the connection after so many deltas.
    pub fn cut_after(self, deltas: usize) -> Self {
        self.act(deltas, Act::Cut)
    }

    /// Ends the response properly after so many deltas, but not the answer in it.
    pub fn end_after(self, deltas: usize) -> Self {
        self.act(deltas, Act::End)
    }

    /// Sends a malformed event after so many deltas.
    pub fn garbage_after(self, deltas: usize) -> Self {
        self.act(deltas, Act::Garbage)
    }

    /// Tells of an error in the middle of the stream, after so many deltas.
    pub fn error_after(self, deltas: usize, error: Value) -> Self {
        self.act(deltas, Act::Error(error))
    }

    /// Holds the answer after so many deltas until the gate is opened.
    pub fn hold_after(self, deltas: usize, gate: &Gate) -> Self {
        self.act(deltas, Act::Hold(gate.clone()))
    }

    /// Waits between deltas; the one thing here that takes real time.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Counts so many tokens of input for a thousand that four bytes each would make.
    pub fn counts(mut self, for_a_thousand: u64) -> Self {
        self.counts = for_a_thousand;
        self
    }

    /// Accepts the request and never answers.
    pub fn hang(mut self) -> Self {
        self.is_hanging = true;
        self
    }

    fn say(mut self, say: Say) -> Self {
        self.says.push(say);
        self
    }

    fn act(mut self, deltas: usize, act: Act) -> Self {
        self.at.push((deltas, act));
        self
    }

    /// Takes the first rule that answers, using it up by one.
    pub(super) fn choose(rules: &mut [Self], model: &str, newest: &str) -> Self {
        let chosen = rules.iter_mut().find(|rule| {
            rule.times != Some(0)
                && rule.text.as_ref().is_none_or(|text| newest.contains(text))
                && rule.model.as_ref().is_none_or(|part| model.contains(part))
        });
        match chosen {
            Some(rule) => {
                rule.times = rule.times.map(|times| times - 1);
                rule.clone()
            }
            None => Self::any().text(format!("echo: {newest}")),
        }
    }
}
