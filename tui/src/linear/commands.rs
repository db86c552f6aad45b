//! What a typed line means: an answer, a command, or words for the agent.

use smartopol_protocol::approval::{Decide, Mode, Scope};
use smartopol_protocol::question::How;
use smartopol_protocol::session::Configure;

use super::teller::Teller;
use crate::app::gate::Surface;
use crate::app::writing::Kind;
use crate::app::{App, Call, meaning};
use crate::model::CardId;
use crate::model::attention::sort_of;
use crate::sanitize;
use crate::screen::traces::outcome;
use crate::widget::status::state;
use crate::widget::time;

const HELP: [&str; 23] = [
    "Words without a slash go to the agent. Where an approval or a question waits, a number answers.",
    "  !COMMAND           run it as you, beside the agent",
    "  #WORDS             remember them in every session; twice, ! # and / stand for themselves",
    "  /steer WORDS       say them into the running turn",
    "  /sessions          list the sessions",
    "  /switch NAME       go to another session",
    "  /new [NAME] [DIR]  make a session, in this folder where none is said",
    "  /rename NAME       call this session so",
    "  /fork [MESSAGE]    go another way from a message, in a new session",
    "  /export [FILE]     write this session into a file: .md to read, .json to keep",
    "  /archive           put this session away, or back",
    "  /search WORDS      what was said in all your sessions",
    "  /mode [MODE]       how much may happen without asking: read-only, ask, auto-edit, auto",
    "  /interrupt         stop the agent",
    "  /continue          go on with a turn that was stopped",
    "  /traces [COUNT]    the newest tool calls",
    "  /trace NUMBER      one of them, whole",
    "  /answer WORDS      answer a question of the agent in your own words",
    "  /dismiss           give no answer to it",
    "  /approval          say again what waits for you in this session",
    "  /inbox             all that waits for you",
    "  /quit              leave; the daemon goes on",
    "  /help              these commands",
];

/// Carries a line out, and returns what is said to it at once.
pub(super) fn take(app: &mut App, teller: &mut Teller, line: &str) -> Vec<String> {
    if line.trim().is_empty() {
        return Vec::new();
    }
    let command = line.strip_prefix('/');
    if let Some(command) = command.filter(|_| Kind::of(line) == Kind::Command) {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        return act(app, teller, name, rest.trim());
    }
    if let Some(card) = app.card() {
        // The word belongs to an answer only where one is asked for.
        let (number, word) = match line.trim().split_once(' ') {
            Some((number, word)) if card.danger.is_some() => (number, word.trim()),
            _ => (line.trim(), ""),
        };
        if matches!(number, "1" | "2" | "3" | "4") {
            return answer(app, number, word);
        }
    }
    if let Some(question) = app.question()
        && let Ok(number) = line.trim().parse::<u32>()
        && usize::try_from(number).is_ok_and(|n| (1..=question.choices.len()).contains(&n))
    {
        return answer_question(app, How::Choose { number });
    }
    if let Some(id) = app.send_line(line) {
        teller.own(id);
    }
    Vec::new()
}

fn act(app: &mut App, teller: &mut Teller, name: &str, rest: &str) -> Vec<String> {
    match name {
        "help" => return HELP.map(str::to_owned).to_vec(),
        "sessions" => return sessions(app),
        "switch" => return switch(app, rest),
        "rename" if rest.is_empty() => return vec!["Say how: /rename NAME".to_owned()],
        "search" if rest.is_empty() => return vec!["Say what: /search WORDS".to_owned()],
        "search" => app.look_everywhere(rest),
        "new" | "rename" | "fork" | "export" | "archive" => {
            // As the command line of the full screen has them.
            if let Err(why) = app.command(&format!("{name} {rest}")) {
                return vec![format!("Error: {why}.")];
            }
        }
        "mode" => return mode(app, rest),
        "steer" if rest.is_empty() => return vec!["Say what: /steer WORDS".to_owned()],
        "steer" => {
            if let Some(id) = app.say_with(rest, true) {
                teller.own(id);
            }
        }
        "interrupt" if app.interrupt() => {}
        "interrupt" => return vec!["Nothing runs.".to_owned()],
        "continue" => app.go_on(),
        "traces" => return traces(app, rest),
        "trace" => return trace(app, rest),
        "answer" if rest.is_empty() => return vec!["Say what: /answer WORDS".to_owned()],
        "answer" => {
            let text = rest.to_owned();
            return answer_question(app, How::Write { text });
        }
        "dismiss" => return answer_question(app, How::Dismiss),
        "approval" => return teller.asks(app),
        "inbox" => return inbox(app),
        "quit" | "exit" => app.leave(),
        _ => {
            let name = sanitize::line(name);
            return vec![format!(
                "Error: there is no command /{name}; /help lists them."
            )];
        }
    }
    Vec::new()
}

/// Says what waits, what matters most first, and how it is named on the command line.
fn inbox(app: &App) -> Vec<String> {
    let mut lines: Vec<String> = app
        .attention()
        .map(|item| {
            let id = item.id.to_string();
            let end = id.get(id.len().saturating_sub(6)..).unwrap_or(&id);
            let detail = match item.detail.as_str() {
                "" => String::new(),
                detail => format!(": {detail}"),
            };
            let told = format!("{}{detail}", item.title);
            let sort = sort_of(item.kind);
            format!("{end} {sort}: {}", sanitize::line(&told))
        })
        .collect();
    match lines.len() {
        0 => lines.push("Nothing waits for you.".to_owned()),
        _ => lines.push("See to one in a shell: smartopol inbox ack|snooze|dismiss ID.".to_owned()),
    }
    lines
}

fn answer(app: &mut App, number: &str, word: &str) -> Vec<String> {
    let Some(card) = app.card() else {
        return Vec::new();
    };
    let (id, keepable) = (card.id, card.rule.is_some());
    let needed = card.danger.as_ref().map(|danger| danger.word.clone());
    if !app
        .gate
        .takes((CardId::Approval(id), Surface::Card), app.now.ms)
    {
        return vec![
            "The approval has only just appeared: read it, then type the number.".to_owned(),
        ];
    }
    let scope = match number {
        "1" => Some(Scope::Once),
        "2" => Some(Scope::Session),
        "3" => Some(Scope::Always),
        _ => None,
    };
    if matches!(scope, Some(Scope::Session | Scope::Always)) && !keepable {
        return vec!["Such a call can only be answered once: 1 or 4.".to_owned()];
    }
    if let Some(needed) = needed.filter(|needed| scope.is_some() && needed != word) {
        let needed = sanitize::line(&needed);
        return vec![format!(
            "Such a call is allowed only with its word: type 1 {needed}."
        )];
    }
    app.decide(match scope {
        Some(scope) => Decide {
            word: word.to_owned(),
            ..Decide::allow(id, scope)
        },
        None => Decide::deny(id),
    });
    Vec::new()
}

fn answer_question(app: &mut App, how: How) -> Vec<String> {
    let Some(question) = app.question() else {
        return vec!["The agent asks nothing here.".to_owned()];
    };
    let (id, choices) = (question.id, question.choices.len());
    if matches!(how, How::Write { .. }) && !question.free_text {
        return vec!["It is answered by one of its choices alone.".to_owned()];
    }
    let seen = (CardId::Question(id), Surface::Card);
    if !app.gate.takes(seen, app.now.ms) {
        return vec!["The question has only just appeared: read it, then answer.".to_owned()];
    }
    app.answer(id, choices, how);
    Vec::new()
}

fn sessions(app: &App) -> Vec<String> {
    app.model
        .sessions()
        .map(|session| {
            let (_, word, _) = state(session, app.theme);
            let here = if app.current == Some(session.id) {
                ", this one"
            } else {
                ""
            };
            let name = sanitize::line(&session.name);
            format!(
                "Session {name}: {word}{here}, in {}",
                app.tilde(&session.workspace)
            )
        })
        .collect()
}

fn switch(app: &mut App, name: &str) -> Vec<String> {
    let found = app
        .model
        .sessions()
        .find(|session| session.name == name || session.id.to_string().starts_with(name))
        .map(|session| session.id);
    match found {
        Some(id) if !name.is_empty() => {
            app.open(id);
            Vec::new()
        }
        _ => vec!["Error: no session is called so; /sessions lists them.".to_owned()],
    }
}

fn mode(app: &mut App, name: &str) -> Vec<String> {
    let Some(id) = app.current else {
        return Vec::new();
    };
    if name.is_empty() {
        let mode = app
            .session()
            .map(|session| app.mode_of(session))
            .unwrap_or_default();
        return vec![format!("Mode {}: {}.", mode.name(), meaning(mode))];
    }
    let Some(mode) = Mode::ALL.into_iter().find(|mode| mode.name() == name) else {
        let names = Mode::ALL.map(Mode::name).join(", ");
        return vec![format!(
            "Error: there is no such mode; the modes are {names}."
        )];
    };
    if app.change(Call::Configure(Configure {
        id,
        name: None,
        mode: Some(mode),
        model: None,
    })) {
        return vec![format!("Mode {}: {}.", mode.name(), meaning(mode))];
    }
    Vec::new()
}

fn traces(app: &App, count: &str) -> Vec<String> {
    let count = count.parse().unwrap_or(10);
    let all = app.model.traces.iter().len();
    if all == 0 {
        return vec!["No tool was called yet.".to_owned()];
    }
    app.model
        .traces
        .iter()
        .enumerate()
        .skip(all.saturating_sub(count))
        .map(|(number, trace)| {
            let (_, word, _) = outcome(trace, app.theme);
            let took = trace
                .duration_ms
                .map_or(String::new(), |ms| format!(" after {}", time::millis(ms)));
            let clock = app.clock(trace.timestamp).strftime("%H:%M:%S").to_string();
            let tool = sanitize::line(&trace.tool_name);
            let title = sanitize::line(&trace.metadata.title);
            format!(
                "Trace {}: {clock} {tool}: {title}, {word}{took}",
                number + 1
            )
        })
        .collect()
}

fn trace(app: &App, which: &str) -> Vec<String> {
    let numbered = which
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let found = match numbered {
        Some(at) => app.model.traces.iter().nth(at),
        None => app
            .model
            .traces
            .iter()
            .find(|own| which.len() >= 4 && own.id.to_string().starts_with(which)),
    };
    let Some(trace) = found else {
        return vec!["Error: there is no such trace; /traces lists them.".to_owned()];
    };
    let text = serde_json::to_string_pretty(trace).unwrap_or_default();
    sanitize::exact(&text).lines().map(str::to_owned).collect()
}
