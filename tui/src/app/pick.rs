//! What is picked in the conversation: copied, opened, or shown in another program.

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::tool::{Body, CallState, ToolCall};

use super::keymap::Action;
use super::{App, Call, Fold, Piece};
use crate::external::{External, Program, Use};
use crate::sanitize;
use crate::widget::markdown::codes;

/// How long reading a whole session is said to go on at most, in milliseconds.
const READING: u64 = 120_000;

impl App {
    /// Begins to pick: the lowest piece on the screen first.
    pub(super) fn begin_picking(&mut self) {
        let lowest = self.pages.pieces().last().copied();
        match (lowest, self.view_mut()) {
            (Some(piece), Some(view)) => view.picked = Some(piece),
            _ => self.say("there is nothing to pick yet"),
        }
    }

    /// Returns true while something is picked.
    pub(crate) fn is_picking(&self) -> bool {
        self.view().is_some_and(|view| view.picked.is_some())
    }

    pub(super) fn pick_with(&mut self, action: Action) {
        let page = self.plan.page();
        match action {
            Action::Up => self.pick_next(-1),
            Action::Down => self.pick_next(1),
            Action::PageUp => self.scroll(-page),
            Action::PageDown => self.scroll(page),
            Action::PreviousTurn => self.step_turn(false),
            Action::NextTurn => self.step_turn(true),
            Action::Copy => self.copy_piece(),
            Action::CopyOutput => self.copy_output(),
            Action::CopyMessage => self.copy_message(),
            Action::Open => self.open_piece(),
            Action::Pager => self.show_piece(Program::Pager),
            Action::Editor => self.show_piece(Program::Editor),
            Action::Back => {
                if let Some(view) = self.view_mut() {
                    view.picked = None;
                }
            }
            _ => {}
        }
    }

    /// Returns the position of the message that is picked, or holds what is.
    pub(super) fn picked_position(&self) -> Option<u64> {
        match self.view()?.picked? {
            Piece::Message(at) | Piece::Code(at, _) => Some(at),
            Piece::Call(id) => {
                let mut entries = self.transcript()?.entries().iter();
                let holds = entries.find(|entry| entry.message.calls().any(|own| own == id));
                holds.and_then(|entry| entry.message.position)
            }
        }
    }

    /// Picks the piece above or below; past the edge of the screen it scrolls.
    fn pick_next(&mut self, by: isize) {
        let pieces = self.pages.pieces().to_vec();
        let own = self.view().and_then(|view| view.picked);
        let at = own.and_then(|own| pieces.iter().position(|piece| *piece == own));
        let next = match at {
            Some(at) => at.checked_add_signed(by),
            // It was scrolled out of sight.
            None if by < 0 => pieces.len().checked_sub(1),
            None => Some(0),
        };
        match next.and_then(|next| pieces.get(next)) {
            Some(piece) => {
                let piece = *piece;
                if let Some(view) = self.view_mut() {
                    view.picked = Some(piece);
                }
            }
            None => self.scroll(i64::try_from(by).unwrap_or(0) * self.plan.page() / 2),
        }
    }

    fn message_at(&self, position: u64) -> Option<&Message> {
        let transcript = self.transcript()?;
        let at = transcript.index_of(position)?;
        transcript.entries().get(at).map(|entry| &entry.message)
    }

    fn call_of(&self, piece: Piece) -> Option<&ToolCall> {
        match piece {
            Piece::Call(id) => self.transcript()?.call(id),
            Piece::Message(_) | Piece::Code(..) => None,
        }
    }

    /// Returns the message that a piece is, or is of.
    fn message_of(&self, piece: Piece) -> Option<&Message> {
        match piece {
            Piece::Message(position) | Piece::Code(position, _) => self.message_at(position),
            Piece::Call(id) => {
                let mut entries = self.transcript()?.entries().iter();
                let maker = entries.find(|entry| entry.message.calls().any(|own| own == id));
                maker.map(|entry| &entry.message)
            }
        }
    }

    /// Returns what a piece is called, its text, and the end of a file's name that fits it.
    fn text_of(&self, piece: Piece) -> Option<(&'static str, String, &'static str)> {
        Some(match piece {
            Piece::Message(position) => ("the message", self.message_at(position)?.text(), ".md"),
            Piece::Code(position, number) => {
                let message = self.message_at(position)?;
                let mut blocks = message.parts.iter().filter_map(|part| match part {
                    Part::Text { text } => Some(codes(text)),
                    _ => None,
                });
                let code = blocks.by_ref().flatten().nth(number)?;
                ("the code", code, ".txt")
            }
            Piece::Call(_) => {
                let (what, text) = asked_for(self.call_of(piece)?);
                (what, text, ".txt")
            }
        })
    }

    fn copy_piece(&mut self) {
        let piece = self.view().and_then(|view| view.picked);
        match piece.and_then(|piece| self.text_of(piece)) {
            Some((what, text, _)) => self.copy(what, text),
            None => self.say("what was picked is gone"),
        }
    }

    fn copy_output(&mut self) {
        let piece = self.view().and_then(|view| view.picked);
        let Some(call) = piece.and_then(|piece| self.call_of(piece)) else {
            return self.say("only a call gives something back: pick one");
        };
        let text = output_of(self, call);
        if text.is_empty() {
            self.say("it gave nothing back");
        } else {
            self.copy("the output", text);
        }
    }

    fn copy_message(&mut self) {
        let piece = self.view().and_then(|view| view.picked);
        let text = piece.and_then(|piece| Some(self.message_of(piece)?.text()));
        match text {
            Some(text) if !text.is_empty() => self.copy("the message", text),
            _ => self.say("that message has no words"),
        }
    }

    fn open_piece(&mut self) {
        let fold = match self.view().and_then(|view| view.picked) {
            Some(Piece::Call(id)) => Fold::Call(id),
            Some(piece) => match self.message_of(piece).and_then(fold_of) {
                Some(fold) => fold,
                None => return self.say("there is nothing to open in it"),
            },
            None => return,
        };
        let open = self.pages.is_open(fold);
        if let Some(view) = self.view_mut() {
            view.folds.insert(fold, !open);
        }
    }

    fn show_piece(&mut self, program: Program) {
        let piece = self.view().and_then(|view| view.picked);
        let Some((_, text, suffix)) = piece.and_then(|piece| self.text_of(piece)) else {
            return self.say("what was picked is gone");
        };
        let output = piece
            .and_then(|piece| self.call_of(piece))
            .map(|call| output_of(self, call))
            .filter(|output| !output.is_empty());
        let text = output.map_or(text.clone(), |output| format!("{text}\n\n{output}"));
        self.look_outside(program, &text, suffix);
    }

    /// Shows a text in another program.
    pub(super) fn look_outside(&mut self, program: Program, text: &str, suffix: &'static str) {
        self.show_outside(External {
            program,
            text: sanitize::text(text).into_owned(),
            suffix,
            purpose: Use::Look,
        });
    }

    /// Copies the agent's newest words.
    pub(super) fn copy_answer(&mut self) {
        let said = |message: &Message| {
            let text = message.text();
            (message.role == Role::Agent && !text.trim().is_empty()).then_some(text)
        };
        let newest = self.transcript().and_then(|own| {
            let mut newest = own.entries().iter().rev();
            newest.find_map(|entry| said(&entry.message))
        });
        match newest {
            Some(text) => self.copy("the answer", text),
            None => self.say("there is nothing to copy yet"),
        }
    }

    /// Asks for the whole session, to show it in another program.
    pub(super) fn show_whole(&mut self, program: Program) {
        if let Some(id) = self.current {
            // Said until it is there, or cannot be had.
            self.say_for(
                READING,
                "reading the whole session; a long one takes a while",
            );
            self.ask(Call::Whole { id, program });
        }
    }

    /// Opens the draft in the person's editor.
    pub(super) fn edit_outside(&mut self) {
        let Some(id) = self.current else { return };
        let text = self.view().map(|view| view.composer.whole());
        self.show_outside(External {
            program: Program::Editor,
            text: text.unwrap_or_default(),
            suffix: ".md",
            purpose: Use::Draft(id),
        });
    }
}

/// Returns what a call gave back so far.
fn output_of(app: &App, call: &ToolCall) -> String {
    match &call.state {
        CallState::Finished { output } => output.text.clone(),
        _ => {
            let said = app.transcript().and_then(|own| own.output(call.id));
            said.unwrap_or_default().to_owned()
        }
    }
}

/// Returns what can be opened in a message: the rest of a long one, else its first thought.
fn fold_of(message: &Message) -> Option<Fold> {
    if message.role == Role::User {
        return Some(Fold::Thought(message.id, usize::MAX));
    }
    let thought = |part: &Part| matches!(part, Part::Reasoning { .. });
    let number = message.parts.iter().position(thought)?;
    Some(Fold::Thought(message.id, number))
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
