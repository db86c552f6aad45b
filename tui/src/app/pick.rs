//! What is picked in the conversation: copied, or shown in another program.

use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::tool::{Body, ToolCall};

use super::{App, Fold};
use crate::external::{External, Program, Use};
use crate::sanitize;

impl App {
    /// Copies what is picked.
    pub(super) fn copy_picked(&mut self) {
        match self.picked() {
            Some((what, text)) => self.copy(what, text),
            None => self.say("there is nothing to copy yet"),
        }
    }

    /// Shows what is picked in the person's pager.
    pub(super) fn page_picked(&mut self) {
        let Some((_, text)) = self.picked() else {
            return self.say("there is nothing to show yet");
        };
        self.show_outside(External {
            program: Program::Pager,
            text: sanitize::text(&text).into_owned(),
            suffix: ".md",
            purpose: Use::Look,
        });
    }

    /// Returns what is picked, and what to call it: the selected card's command, or the agent's
    /// newest words.
    fn picked(&self) -> Option<(&'static str, String)> {
        let transcript = self.transcript()?;
        if let Some(Fold::Call(id)) = self.view().and_then(|view| view.selected)
            && let Some(call) = transcript.call(id)
        {
            return Some(asked_for(call));
        }
        let said = |message: &Message| {
            let text = message.text();
            (message.role == Role::Agent && !text.trim().is_empty()).then_some(text)
        };
        let mut newest = transcript.entries().iter().rev();
        let text = newest.find_map(|entry| said(&entry.message))?;
        Some(("the answer", text))
    }

    /// Opens the draft in the person's editor.
    pub(super) fn edit_outside(&mut self) {
        let Some(id) = self.current else { return };
        let text = self.view().map(|view| view.composer.text().to_owned());
        self.show_outside(External {
            program: Program::Editor,
            text: text.unwrap_or_default(),
            suffix: ".md",
            purpose: Use::Draft(id),
        });
    }
}

/// Returns what a call is and what it asks for: the command itself, else its arguments.
fn asked_for(call: &ToolCall) -> (&'static str, String) {
    match &call.inspection.body {
        Body::Command { text, .. } => ("the command", text.clone()),
        Body::Diff { diff, .. } => ("the change", diff.clone()),
        Body::None => {
            let input = serde_json::to_string_pretty(&call.input).unwrap_or_default();
            ("the call", input)
        }
    }
}
