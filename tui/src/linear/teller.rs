//! What is said, line by line: the difference between what was told and what there is.
//!
//! Owns the memory of what was told. A line that was said is never changed.

use std::collections::{HashMap, HashSet};

use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::question::Question;
use smartopol_protocol::session::SessionState;
use smartopol_protocol::tool::{Body, CallState, OutputStatus, ToolCall};
use smartopol_protocol::turn::{Outcome, TurnState};
use smartopol_protocol::{CallId, MessageId, SessionId, TurnId};

use crate::app::{App, LinkState, ended};
use crate::model::{CardId, Transcript};
use crate::sanitize;
use crate::widget::approval::pattern;
use crate::widget::effects;
use crate::widget::welcome::who;
use crate::widget::{status, time};

/// How many earlier messages are said when a session is opened.
const EARLIER: usize = 10;

/// How many lines of an output are said.
const OUTPUT: usize = 20;

/// Remembers what was told.
#[derive(Debug, Default)]
pub(super) struct Teller {
    /// True where a person sees what they type, and need not be told it again.
    echoed: bool,
    /// What was sent from here.
    own: HashSet<MessageId>,
    session: Option<SessionId>,
    position: u64,
    /// The step that is being said, and how many bytes of its text were told.
    step: Option<(TurnId, u32)>,
    bytes: usize,
    calls: HashMap<CallId, u8>,
    asked: HashSet<CardId>,
    elsewhere: HashSet<CardId>,
    outcome: Option<(SessionId, SessionState)>,
    toast: Option<String>,
    /// How many answers to searches were told.
    searches: u64,
    lost: bool,
}

impl Teller {
    pub(super) fn new(echoed: bool) -> Self {
        Self {
            echoed,
            ..Self::default()
        }
    }

    pub(super) fn greet(&self) -> Vec<String> {
        vec!["SmartopolAI, one line after the other. /help lists the commands.".to_owned()]
    }

    /// Takes note of a message that was sent from here.
    pub(super) fn own(&mut self, id: MessageId) {
        self.own.insert(id);
    }

    /// Returns true where all that was sent from here is answered.
    pub(super) fn is_done(&self, app: &App) -> bool {
        let Some(transcript) = app.transcript() else {
            return false;
        };
        let unsent = app.view().is_some_and(|view| !view.outbox.is_empty());
        let answered = |id: &MessageId| {
            let told = transcript
                .entries()
                .iter()
                .find(|entry| entry.message.id == *id);
            let turn = told.and_then(|entry| transcript.turn(entry.message.turn_id?));
            turn.is_some_and(|turn| matches!(turn.state, TurnState::Finished { .. }))
        };
        !unsent && !app.is_busy() && self.own.iter().all(answered)
    }

    /// Returns what is new.
    pub(super) fn tell(&mut self, app: &App) -> Vec<String> {
        let mut lines = Vec::new();
        self.link(app, &mut lines);
        if let Some(transcript) = app.transcript() {
            // Who answers is said first of all.
            if self.session != app.current && app.status.is_some() {
                self.begin(app, transcript, &mut lines);
            }
            if self.session != app.current {
                return lines;
            }
            self.messages(transcript, &mut lines);
            self.partial(transcript, &mut lines);
            self.states(transcript, &mut lines);
            self.waiting(app, transcript, &mut lines);
            self.ending(app, &mut lines);
        }
        self.passing(app, &mut lines);
        lines
    }

    fn link(&mut self, app: &App, lines: &mut Vec<String>) {
        match &app.link {
            LinkState::Lost { reason, .. } if !self.lost => {
                self.lost = true;
                lines.push(format!(
                    "Connection lost: {}. Trying again.",
                    sanitize::line(reason)
                ));
            }
            LinkState::Connected if self.lost => {
                self.lost = false;
                lines.push("Connected again.".to_owned());
            }
            _ => {}
        }
    }

    fn begin(&mut self, app: &App, transcript: &Transcript, lines: &mut Vec<String>) {
        self.session = app.current;
        (self.step, self.bytes) = (None, 0);
        let Some(session) = app.session() else { return };
        let name = sanitize::line(&session.name);
        let folder = app.tilde(&session.workspace);
        let mode = app.mode_of(session).name();
        let model = sanitize::line(&status::model(app, session)).into_owned();
        lines.push(format!(
            "Session {name} in {folder}. Mode {mode}. {model} answers."
        ));
        let entries = transcript.entries();
        if entries.is_empty() {
            lines.push(who(app).iter().map(|span| span.content.as_ref()).collect());
        }
        let from = entries.len().saturating_sub(EARLIER);
        if from > 0 || transcript.has_older() {
            lines.push("Earlier messages are not said here.".to_owned());
        }
        self.position = from
            .checked_sub(1)
            .and_then(|last| entries.get(last))
            .and_then(|entry| entry.message.position)
            .unwrap_or(0);
        // What ended before it was opened is said with its outcome alone.
        for call in transcript.calls() {
            if let CallState::Finished { .. } = call.state {
                self.calls.insert(call.id, 1);
            }
        }
        let idle = matches!(
            session.state,
            SessionState::Idle {
                last: None | Some(Outcome::Done)
            }
        );
        if idle {
            self.outcome = Some((session.id, session.state.clone()));
        }
    }

    fn messages(&mut self, transcript: &Transcript, lines: &mut Vec<String>) {
        let fresh = transcript
            .entries()
            .iter()
            .filter(|entry| entry.message.position > Some(self.position))
            .map(|entry| entry.message.clone())
            .collect::<Vec<_>>();
        for message in fresh {
            self.position = message.position.unwrap_or(self.position);
            match message.role {
                Role::User if self.echoed && self.own.contains(&message.id) => {}
                // A person's own command; its output follows.
                Role::User if message.is_command() => {}
                Role::User => said("You", &message.text(), lines),
                Role::Agent => self.agent(transcript, &message, lines),
                Role::System => said("Notice", &message.text(), lines),
                Role::Tool => {}
            }
        }
    }

    fn agent(&mut self, transcript: &Transcript, message: &Message, lines: &mut Vec<String>) {
        // What was told while it was being said is not told again.
        let mut told = if self.step.is_some() { self.bytes } else { 0 };
        let began = told > 0;
        (self.step, self.bytes) = (None, 0);
        for part in &message.parts {
            match part {
                Part::Text { text } => {
                    let known = told.min(text.len());
                    told -= known;
                    let rest = text.get(known..).unwrap_or(text);
                    if rest.trim().is_empty() {
                        continue;
                    }
                    if began && known > 0 {
                        more(rest.trim_end(), lines);
                    } else {
                        said("Agent", rest, lines);
                    }
                }
                Part::Reasoning { text, .. } if !began && !text.trim().is_empty() => {
                    lines.push(format!(
                        "Agent thought: {} words.",
                        text.split_whitespace().count()
                    ));
                }
                Part::ToolCall { id, .. } => {
                    if let Some(call) = transcript.call(*id) {
                        self.call(call, lines);
                    }
                }
                _ => {}
            }
        }
        if message.interrupted {
            lines.push("Agent was interrupted here.".to_owned());
        }
    }

    /// Tells the lines that are complete of what is being said.
    fn partial(&mut self, transcript: &Transcript, lines: &mut Vec<String>) {
        let Some(partial) = transcript.partial() else {
            return;
        };
        let step = Some((partial.turn_id, partial.step));
        if self.step != step {
            (self.step, self.bytes) = (step, 0);
        }
        let fresh = partial.text.get(self.bytes..).unwrap_or_default();
        let Some(end) = fresh.rfind('\n') else { return };
        let complete = fresh.get(..end).unwrap_or_default();
        if self.bytes == 0 {
            said("Agent", complete, lines);
        } else {
            more(complete, lines);
        }
        self.bytes += end + 1;
    }

    /// Tells calls whose state changed since their message was told.
    fn states(&mut self, transcript: &Transcript, lines: &mut Vec<String>) {
        let entries = transcript.entries();
        let told = entries.partition_point(|entry| entry.message.position <= Some(self.position));
        let recent = entries
            .get(told.saturating_sub(64)..told)
            .unwrap_or_default();
        let made = recent.iter().flat_map(|entry| entry.message.calls());
        for call in made.filter_map(|id| transcript.call(id)) {
            self.call(call, lines);
        }
    }

    fn call(&mut self, call: &ToolCall, lines: &mut Vec<String>) {
        let stage = match call.state {
            // The approval, or the question, says itself that it waits.
            CallState::Asked | CallState::Waiting { .. } | CallState::Unanswered { .. } => return,
            CallState::Running => 2,
            CallState::Finished { .. } => 3,
        };
        let known = self.calls.get(&call.id).copied().unwrap_or(0);
        // 1 stands for a call of the past: it is told once, with its end.
        if known >= stage {
            return;
        }
        self.calls.insert(call.id, stage);
        let tool = sanitize::line(&call.name);
        let title = sanitize::line(&call.inspection.title);
        let took = call
            .started_at
            .zip(call.finished_at)
            .map(|(from, to)| time::millis(to.millis_since(from)));
        let after = took.map_or(String::new(), |took| format!(" after {took}"));
        let words = match &call.state {
            CallState::Asked | CallState::Waiting { .. } | CallState::Unanswered { .. } => return,
            CallState::Running => "runs".to_owned(),
            CallState::Finished { output } => match output.status {
                OutputStatus::Ok => format!("done{after}"),
                OutputStatus::Error => format!("failed{after}"),
                OutputStatus::Denied => "denied".to_owned(),
                OutputStatus::Expired => "expired, nobody answered in time".to_owned(),
                OutputStatus::Interrupted => "interrupted".to_owned(),
            },
        };
        lines.push(format!("Tool {tool}: {title} — {words}"));
        if let CallState::Finished { output } = &call.state
            && known != 1
        {
            let text = sanitize::output(&output.text);
            let all = text.trim_end().lines().count();
            lines.extend(
                text.trim_end()
                    .lines()
                    .take(OUTPUT)
                    .map(|line| format!("  {line}")),
            );
            if all > OUTPUT {
                lines.push(format!("  {} more lines", all - OUTPUT));
            }
        }
    }

    fn waiting(&mut self, app: &App, transcript: &Transcript, lines: &mut Vec<String>) {
        let waits = |card: &CardId| app.model.asked_of_all().any(|(_, own)| own == *card);
        let gone: Vec<CardId> = self
            .asked
            .iter()
            .copied()
            .filter(|card| !waits(card))
            .collect();
        for card in gone {
            self.asked.remove(&card);
            // How a question ended is what its call gave, which is told as that.
            let CardId::Approval(id) = card else { continue };
            let words = transcript
                .approval(id)
                .and_then(|approval| ended(&approval.state));
            if let Some(words) = words {
                lines.push(format!("Approval {words}."));
            }
        }
        if let Some(card) = app.front()
            && self.asked.insert(card)
        {
            lines.extend(self.asks(app));
        }
        for (session, card) in app.model.asked() {
            let other = Some(session) != app.current;
            if other && self.elsewhere.insert(card) {
                let name = app
                    .model
                    .session(session)
                    .map_or("", |session| &session.name);
                let name = sanitize::line(name);
                let what = match card {
                    CardId::Approval(_) => "an approval",
                    CardId::Question(_) => "an answer",
                    CardId::Memories(..) => "your word",
                };
                lines.push(format!(
                    "Session {name} waits for {what}; /switch {name} goes there."
                ));
            }
        }
    }

    /// Says what waits for a person, and how it is answered.
    pub(super) fn asks(&self, app: &App) -> Vec<String> {
        match app.question() {
            Some(question) => asked(app, question),
            None => self.approval(app),
        }
    }

    fn approval(&self, app: &App) -> Vec<String> {
        let Some(card) = app.card() else {
            return vec!["Nothing waits for you here.".to_owned()];
        };
        let all = app.current.map_or(1, |id| app.model.asked_in(id).count());
        let left = time::seconds(card.expires_at.millis_since(app.now.wall) / 1_000);
        let tool = sanitize::line(&card.tool);
        let count = if all > 1 {
            format!(", 1 of {all}")
        } else {
            String::new()
        };
        let mut lines = vec![format!(
            "Tool {tool} asks for approval{count}, {left} left:"
        )];
        let body = match &card.inspection.body {
            Body::None => sanitize::exact(&card.inspection.title).into_owned(),
            Body::Command { text, .. } => sanitize::exact(text).into_owned(),
            Body::Diff { path, diff, .. } => {
                format!("change {}\n{}", sanitize::line(path), sanitize::exact(diff))
            }
        };
        lines.extend(body.trim_end().lines().map(|line| format!("  {line}")));
        if !card.inspection.cwd.is_empty() {
            lines.push(format!("In {}.", app.tilde(&card.inspection.cwd)));
        }
        lines.extend(effects::grave(app, &card.inspection));
        if let Some(removal) = &card.inspection.removal {
            lines.extend(effects::removal(app, removal));
        }
        let other = effects::other(&card.inspection).join(", ");
        if !other.is_empty() {
            lines.push(format!("It {other}."));
        }
        if !card.reason.is_empty() {
            lines.push(format!("Asked because {}.", sanitize::line(&card.reason)));
        }
        match &card.danger {
            Some(danger) => {
                let word = sanitize::line(&danger.word);
                lines.push(format!("Dangerous: {}.", sanitize::line(&danger.why)));
                lines.push(format!("  1 {word}   allow once: the word must be typed"));
            }
            None => lines.push("  1 allow once".to_owned()),
        }
        if let Some(rule) = &card.rule {
            let rule = pattern(rule);
            lines.push(format!("  2 allow {rule} in this session"));
            lines.push(format!("  3 allow {rule} always, in every session"));
        }
        lines.push("  4 deny".to_owned());
        lines.push("Type a number and Enter to answer.".to_owned());
        lines
    }

    fn ending(&mut self, app: &App, lines: &mut Vec<String>) {
        let Some(session) = app.session() else { return };
        let now = Some((session.id, session.state.clone()));
        if self.outcome == now {
            return;
        }
        self.outcome = now;
        let SessionState::Idle {
            last: Some(outcome),
        } = &session.state
        else {
            return;
        };
        let words = match outcome {
            Outcome::Done => return,
            Outcome::Interrupted => "Interrupted".to_owned(),
            Outcome::CutOff => "Cut off: the daemon ended in the middle of this turn".to_owned(),
            Outcome::Failed { message, hint } if hint.is_empty() => format!("Failed: {message}"),
            Outcome::Failed { message, hint } => format!("Failed: {message}: {hint}"),
            Outcome::StepLimit { limit } => format!("Stopped after {limit} steps"),
            Outcome::Loop { tool, times } => {
                format!("Stopped: {tool} was called {times} times with the same result")
            }
        };
        lines.push(format!("{}. /continue goes on.", sanitize::line(&words)));
    }

    fn passing(&mut self, app: &App, lines: &mut Vec<String>) {
        if self.searches != app.everywhere.answers {
            self.searches = app.everywhere.answers;
            lines.extend(found_everywhere(app));
        }
        let toast = app.toast.as_ref();
        if toast.map(|toast| &toast.text) == self.toast.as_ref() {
            return;
        }
        self.toast = toast.map(|toast| toast.text.clone());
        // How an approval or a turn ended has a line of its own.
        let told = [
            "allowed",
            "denied",
            "expired",
            "cancelled",
            "interrupt",
            "answered",
            "dismissed",
        ];
        match toast {
            Some(toast) if toast.bad => {
                lines.push(format!("Error: {}.", sanitize::line(&toast.text)))
            }
            Some(toast) if !told.iter().any(|word| toast.text.starts_with(word)) => {
                lines.push(format!("Note: {}.", sanitize::line(&toast.text)));
            }
            _ => {}
        }
    }
}

/// Says what was found in all sessions.
fn found_everywhere(app: &App) -> Vec<String> {
    let found = &app.everywhere.found;
    let words = sanitize::line(app.everywhere.words());
    if found.hits.is_empty() {
        return vec![format!("Nothing in your sessions says {words}.")];
    }
    let mut lines: Vec<String> = found
        .hits
        .iter()
        .map(|hit| {
            let at = app.moment(hit.created_at).strftime("%Y-%m-%d %H:%M");
            let session = sanitize::line(&hit.session);
            let line = sanitize::sentence(&hit.line);
            let archived = if hit.archived { ", archived" } else { "" };
            format!(
                "Session {session}{archived}, message {}, {at}: {line}",
                hit.position
            )
        })
        .collect();
    if found.next.is_some() {
        lines.push("There are older ones: say more words.".to_owned());
    }
    lines
}

/// Says a question of the agent, and how it is answered.
fn asked(app: &App, question: &Question) -> Vec<String> {
    let all = app.current.map_or(1, |id| app.model.asked_in(id).count());
    let count = if all > 1 {
        format!(", 1 of {all}")
    } else {
        String::new()
    };
    let mut lines = vec![format!("The agent asks you{count}:")];
    more(question.text.trim_end(), &mut lines);
    for (choice, number) in question.choices.iter().zip(1..) {
        let label = sanitize::line(&choice.label);
        let why = sanitize::line(&choice.explanation);
        let why = match why.is_empty() {
            true => String::new(),
            false => format!(": {why}"),
        };
        lines.push(format!("  {number} {label}{why}"));
    }
    lines.push(
        match (question.choices.is_empty(), question.free_text) {
            (true, _) => "Answer with /answer WORDS; /dismiss gives no answer.",
            (false, true) => {
                "Type a number and Enter to answer, or /answer WORDS; /dismiss gives no answer."
            }
            (false, false) => "Type a number and Enter to answer; /dismiss gives no answer.",
        }
        .to_owned(),
    );
    lines
}

/// Says a text, with who says it before the first line.
fn said(who: &str, text: &str, lines: &mut Vec<String>) {
    let (first, rest) = text
        .trim_end()
        .split_once('\n')
        .unwrap_or((text.trim_end(), ""));
    lines.push(format!("{who}: {}", sanitize::sentence(first)));
    more(rest, lines);
}

/// Says more lines of the same.
fn more(text: &str, lines: &mut Vec<String>) {
    let indented = |line: &str| {
        if line.is_empty() {
            String::new()
        } else {
            format!("  {line}")
        }
    };
    lines.extend(sanitize::text(text).lines().map(indented));
}
