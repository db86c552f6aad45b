//! What a person says about what the model is told of a long session.

use smartopol_protocol::compaction::{Add, Compaction, Pin, PinKind, Planned};

use super::{App, Call};
use crate::sanitize;

impl App {
    pub(super) fn say_compact(&mut self, _: &str) -> Result<(), String> {
        let id = self.current.ok_or("there is no session here")?;
        self.change(Call::Compact(id));
        Ok(())
    }

    pub(super) fn say_expand(&mut self, _: &str) -> Result<(), String> {
        let id = self.current.ok_or("there is no session here")?;
        self.change(Call::Expand(id));
        Ok(())
    }

    /// `TEXT` is a rule, unless its first word is what it is, with a colon.
    pub(super) fn say_pin(&mut self, words: &str) -> Result<(), String> {
        let id = self.current.ok_or("there is no session here")?;
        let named = words.split_once(':').and_then(|(kind, text)| {
            let kind = kind.trim().to_lowercase();
            let mut kinds = PinKind::PINNABLE.into_iter();
            let kind = kinds.find(|own| own.name() == kind)?;
            Some((kind, text))
        });
        let (kind, text) = named.unwrap_or((PinKind::Rule, words));
        let text = text.trim().to_owned();
        if text.is_empty() {
            return Err("say what to pin: a rule, or `goal: …`, `decision: …`, `todo: …`".into());
        }
        self.change(Call::Pin(Add { id, kind, text }));
        Ok(())
    }

    pub(super) fn planned(&mut self, planned: Planned) {
        self.say(match planned.running {
            true => "the next request folds older messages into a summary",
            false => "nothing runs: the next turn folds older messages into a summary first",
        });
    }

    pub(super) fn expanded(&mut self, expanded: &Compaction) {
        let messages = expanded.messages;
        self.say(format!(
            "the model is told the {messages} folded messages again, as far as they fit"
        ));
    }

    pub(super) fn pinned(&mut self, pin: &Pin) {
        let text = sanitize::line(&pin.text).into_owned();
        self.say(format!("pinned, no summary changes it: {text}"));
    }
}
