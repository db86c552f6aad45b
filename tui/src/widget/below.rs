//! What stands below the last message: what is waited for, how the turn ended, what is on its way.

use ratatui::text::{Line, Span};
use smartopol_protocol::MessageId;
use smartopol_protocol::message::{Message, Role};
use smartopol_protocol::session::SessionState;
use smartopol_protocol::tool::CallState;
use smartopol_protocol::turn::Outcome;

use super::message::said;
use super::text::{Indent, spread, wrap};
use super::transcript::Row;
use crate::app::keymap::{Action, Place};
use crate::app::{App, View};
use crate::model::Transcript;
use crate::sanitize;

pub(super) fn doing(app: &App, words: String) -> Row {
    Row::plain(Line::from(vec![
        Span::raw("  "),
        Span::styled(format!("● {words}"), app.theme.quiet()),
    ]))
}

/// Says what is waited for while nothing is to be seen of it.
pub(super) fn going_on(app: &App, transcript: &Transcript, room: usize) -> Vec<Row> {
    if let Some(retry) = transcript.retry() {
        let left = retry.at.millis_since(app.now.wall).div_ceil(1_000);
        let words = format!(
            "● trying again in {} s: {}",
            left,
            sanitize::line(&retry.reason)
        );
        let indent = Indent {
            first: vec![Span::raw("  ")],
            rest: vec![Span::raw("    ")],
        };
        let lines = wrap(&[Span::styled(words, app.theme.quiet())], room, &indent);
        return lines.into_iter().map(Row::plain).collect();
    }
    let running = app
        .session()
        .is_some_and(|session| session.state == SessionState::Running);
    let calls = transcript
        .calls()
        .any(|call| !matches!(call.state, CallState::Finished { .. }));
    // A replay shows half an answer as it was: it is not waited for.
    let half = app.replay.is_some()
        && transcript
            .entries()
            .last()
            .is_some_and(|own| own.message.role == Role::Agent);
    if !running || calls || half || transcript.partial().is_some() {
        return Vec::new();
    }
    let whom = transcript
        .last_turn()
        .map_or(String::new(), |turn| format!(" {}", turn.provider));
    if transcript.folds() {
        return vec![doing(app, "folding older messages into a summary".into())];
    }
    vec![doing(app, format!("waiting for{}", sanitize::line(&whom)))]
}

/// Says how the newest turn ended where that was not well, and how to go on.
pub(super) fn ending(app: &App, transcript: &Transcript, room: usize) -> Vec<Row> {
    let Some(SessionState::Idle {
        last: Some(outcome),
    }) = app.session().map(|session| &session.state)
    else {
        return Vec::new();
    };
    let (sign, style, words, hint) = match outcome {
        Outcome::Done => return Vec::new(),
        Outcome::Interrupted => (
            "○",
            app.theme.quiet(),
            "interrupted".to_owned(),
            String::new(),
        ),
        Outcome::CutOff => {
            let words = "cut off: the daemon ended in the middle of this turn".to_owned();
            ("✗", app.theme.bad(), words, String::new())
        }
        Outcome::Failed { message, hint } => ("✗", app.theme.bad(), message.clone(), hint.clone()),
        Outcome::StepLimit { limit } => (
            "○",
            app.theme.strong(),
            format!("stopped after {limit} steps"),
            String::new(),
        ),
        Outcome::Loop { tool, times } => {
            let words = format!("stopped: {tool} was called {times} times with the same result");
            ("○", app.theme.strong(), words, String::new())
        }
    };
    let told = transcript.entries().last().is_some_and(|entry| {
        let said = entry.message.interrupted && *outcome == Outcome::Interrupted;
        entry.message.role == Role::System || said
    });
    let mut lines = Vec::new();
    if !told {
        let indent = Indent {
            first: vec![Span::styled(format!("  {sign} "), style)],
            rest: vec![Span::raw("    ")],
        };
        let text = sanitize::line(&words).into_owned();
        lines.extend(wrap(&[Span::styled(text, style)], room, &indent));
        if !hint.is_empty() {
            let hint = Span::raw(sanitize::line(&hint).into_owned());
            lines.extend(wrap(&[hint], room, &Indent::spaces(4)));
        }
    }
    let key = app.key_of(&[Place::Everywhere, Place::Conversation], Action::Continue);
    if let Some(key) = key.filter(|_| !app.wanted.observe) {
        let keys = vec![
            Span::raw("    "),
            Span::styled(key, app.theme.selected()),
            Span::styled(" continues", app.theme.quiet()),
        ];
        lines.push(spread(keys, Vec::new(), room));
    }
    lines.into_iter().map(Row::plain).collect()
}

/// Says how a message waits, and what can be done about it.
pub(super) fn why(app: &App, view: &View, own: &Message, newest: Option<MessageId>) -> String {
    let how = match (own.steer, app.is_held()) {
        _ if view.editing == Some(own.id) => return "being changed below".to_owned(),
        (true, _) if app.is_busy() => "steers: heard at the next step",
        (_, true) => "waits since the interrupt",
        _ => "waits for its turn",
    };
    if newest != Some(own.id) || app.wanted.observe {
        return how.to_owned();
    }
    let mut words = vec![how.to_owned()];
    if view.composer.is_empty() && app.is_held() {
        words.extend(key(app, Action::Send, "lets it go on"));
    }
    if view.composer.is_empty() {
        words.extend(key(app, Action::Up, "changes it"));
    }
    if !own.steer && app.is_busy() && view.composer.is_empty() {
        words.extend(key(app, Action::Steer, "steers with it"));
    }
    words.extend(key(app, Action::Withdraw, "takes it back"));
    words.join(" · ")
}

fn key(app: &App, action: Action, words: &str) -> Option<String> {
    let key = app.key_of(&[Place::Composer], action)?;
    Some(format!("{key} {words}"))
}

/// Returns a message that is not in the transcript yet.
pub(super) fn waiting(app: &App, text: &str, why: &str, room: usize) -> Vec<Row> {
    let quiet = app.theme.quiet();
    let mut lines = said(app, text, room);
    let all = lines.len();
    lines.truncate(6);
    for line in &mut lines {
        for span in &mut line.spans {
            span.style = quiet;
        }
    }
    let more = if all > 6 {
        format!("… {} more lines · ", all - 6)
    } else {
        String::new()
    };
    lines.push(Line::from(vec![
        Span::raw("  "),
        Span::styled(format!("{more}{why}"), quiet),
    ]));
    lines.into_iter().map(Row::plain).collect()
}
