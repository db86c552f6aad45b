//! The agent's terminals: judged like any command line, traced, shared with people.

use serde_json::{Value, json};
use smartopol_ipc::{Client, Events};
use smartopol_protocol::approval::{Approval, Mode};
use smartopol_protocol::session::{Configure, Session, Show};
use smartopol_protocol::terminal::{self, List, Party, Take};
use smartopol_protocol::tool::{CallState, Effect, OutputStatus, ToolOutput};
use smartopol_protocol::{TerminalId, trace};
use smartopol_testkit::provider::{Rule, ScriptedProvider};
use smartopol_testkit::{Home, Terminal};

use super::models::home_in;
use super::terminals::matches;
use super::{asked, decide, eventually, listen, outcome, say};

/// An agent that makes the calls it is told to.
struct Agent {
    provider: ScriptedProvider,
    home: Home,
    client: Client,
    events: Events,
    session: Session,
    asked: u32,
}

impl Agent {
    async fn start(mode: &str) -> Self {
        let provider = ScriptedProvider::start().await;
        let mut home = home_in(&provider, "openai", mode).await;
        home.env("SHELL", "/bin/sh");
        let (client, events) = home.client().await.unwrap();
        let session = home.session(&client).await.unwrap();
        listen(&client, &session).await;
        Self {
            provider,
            home,
            client,
            events,
            session,
            asked: 0,
        }
    }

    /// Begins a turn with one call.
    async fn begin(&mut self, tool: &str, input: Value) {
        self.asked += 1;
        let word = format!("please do number {}", self.asked);
        self.provider.clear_rules();
        self.provider
            .rule(Rule::on(&word).call(tool, input).times(1));
        self.provider.rule(Rule::any().text("done"));
        say(&self.client, &self.session, &word).await;
    }

    /// Waits for the turn's end; returns what the call gave back.
    async fn end(&mut self) -> ToolOutput {
        outcome(&mut self.events).await;
        let shown = self
            .client
            .call(Show::newest(self.session.id, 0))
            .await
            .unwrap();
        match &shown.calls.last().unwrap().state {
            CallState::Finished { output } => output.clone(),
            other => panic!("not finished: {other:?}"),
        }
    }

    async fn call(&mut self, tool: &str, input: Value) -> ToolOutput {
        self.begin(tool, input).await;
        self.end().await
    }

    /// Makes a call that a person is asked about, and answers.
    async fn asks(&mut self, tool: &str, input: Value, allow: bool) -> (Approval, ToolOutput) {
        self.begin(tool, input).await;
        let approval = asked(&mut self.events).await;
        decide(&self.client, &approval, allow).await;
        (approval, self.end().await)
    }

    async fn terminal(&self) -> terminal::Terminal {
        let listed = self.client.call(List {}).await.unwrap().terminals;
        listed.last().unwrap().terminal.clone()
    }

    /// Opens a shell and waits until it prompts.
    async fn shell(&mut self) -> TerminalId {
        let shell = json!({ "argv": ["/bin/sh"], "title": "mine" });
        let (_, opened) = self.asks("terminal_open", shell, true).await;
        assert_eq!(opened.status, OutputStatus::Ok, "{opened:?}");
        let id = self.terminal().await.id;
        matches(&self.client, id, "[#$] ?$").await;
        self.waits(id, "sh").await;
        id
    }

    /// Waits until a program in the foreground of a terminal waits for what is typed.
    async fn waits(&self, id: TerminalId, program: &str) {
        eventually("the program waits for input", || async {
            let show = terminal::Show { id };
            let shown = self.client.call(show).await.unwrap();
            (shown.waits && shown.foreground == program).then_some(())
        })
        .await;
    }
}

fn runs(approval: &Approval) -> Vec<String> {
    let effects = approval.inspection.effects.iter();
    effects
        .filter_map(|effect| match effect {
            Effect::Run { words, .. } => Some(words.join(" ")),
            _ => None,
        })
        .collect()
}

fn id(id: TerminalId) -> Value {
    Value::String(id.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_into_a_shell_is_judged_as_the_command_that_it_becomes() {
    let mut agent = Agent::start("ask").await;
    let own = id(agent.shell().await);
    let terminal = agent.terminal().await;
    assert_eq!(
        (terminal.owner, terminal.typist),
        (Party::Agent, Party::Agent)
    );
    assert_eq!(terminal.session_id, Some(agent.session.id));

    // The line counts, not the piece of it.
    let (approval, _) = agent
        .asks(
            "terminal_write",
            json!({ "id": own, "text": "git pu", "enter": false }),
            true,
        )
        .await;
    assert_eq!(runs(&approval), ["git pu"]);
    let (approval, denied) = agent
        .asks(
            "terminal_write",
            json!({ "id": own, "text": "sh --force" }),
            false,
        )
        .await;
    assert_eq!(runs(&approval), ["git push --force"]);
    assert_eq!(denied.status, OutputStatus::Denied);
    // Keys that only throw the line away ask nobody.
    let thrown = agent
        .call("terminal_write", json!({ "id": own, "key": "ctrl-u" }))
        .await;
    assert_eq!(thrown.status, OutputStatus::Ok, "{thrown:?}");
    let (approval, typed) = agent
        .asks(
            "terminal_write",
            json!({ "id": own, "text": "echo so-far && cat" }),
            true,
        )
        .await;
    assert_eq!(runs(&approval), ["echo so-far", "cat"]);
    assert_eq!(typed.status, OutputStatus::Ok, "{typed:?}");
    let waited = agent
        .call("terminal_wait", json!({ "id": own, "matches": "^so-far$" }))
        .await;
    assert!(waited.text.contains("\nso-far\n"), "{}", waited.text);
    // What was written before it says nothing of whether it is there yet.
    agent.waits(terminal.id, "cat").await;

    // Into another program it is nobody's command: that asks, and says why.
    let (approval, _) = agent
        .asks("terminal_write", json!({ "id": own, "text": "ls" }), true)
        .await;
    assert!(
        matches!(&approval.inspection.effects[..], [Effect::Unclear { why }] if why.contains("`cat`")),
        "{:?}",
        approval.inspection.effects
    );

    // A person takes over: the agent is told so.
    agent.client.call(Take { id: terminal.id }).await.unwrap();
    let refused = agent
        .call("terminal_write", json!({ "id": own, "key": "ctrl-c" }))
        .await;
    assert!(refused.text.contains("a person has taken"), "{refused:?}");
    // What a person took over is not ended behind their back.
    let (approval, closed) = agent
        .asks("terminal_close", json!({ "id": own }), true)
        .await;
    assert!(
        matches!(&approval.inspection.effects[..], [Effect::Process { what }] if what.contains("taken over")),
        "{:?}",
        approval.inspection.effects
    );
    assert_eq!(closed.status, OutputStatus::Ok, "{closed:?}");
    assert!(
        agent
            .client
            .call(List {})
            .await
            .unwrap()
            .terminals
            .is_empty()
    );
    let traces = agent
        .client
        .call(trace::List::default())
        .await
        .unwrap()
        .traces;
    let traced = |tool: &str| {
        traces
            .iter()
            .filter(|trace| trace.tool_name == tool)
            .count()
    };
    assert_eq!((traced("terminal_write"), traced("terminal_open")), (6, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_between_the_look_and_the_typing_is_not_typed_into() {
    let mut agent = Agent::start("ask").await;
    let terminal = agent.shell().await;
    let own = id(terminal);
    agent
        .begin("terminal_write", json!({ "id": own, "text": "echo safe" }))
        .await;
    let approval = asked(&mut agent.events).await;
    // Meanwhile a person begins another line.
    agent.client.call(Take { id: terminal }).await.unwrap();
    let write = smartopol_protocol::terminal::Write {
        id: terminal,
        text: "rm -rf ".into(),
        bytes: Vec::new(),
    };
    agent.client.call(write).await.unwrap();
    let give = smartopol_protocol::terminal::Give { id: terminal };
    agent.client.call(give).await.unwrap();
    decide(&agent.client, &approval, true).await;
    let output = agent.end().await;
    assert!(output.text.contains("not typed"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_typed_where_they_are_attached_counts_in_the_line_of_the_agent() {
    let mut agent = Agent::start("ask").await;
    let terminal = agent.shell().await;
    let own = id(terminal);
    let attach = ["terminals", "attach", own.as_str().unwrap()];
    let mut person = Terminal::start(&agent.home.command(attach), 20, 70).unwrap();
    person.wait_for("the agent types").unwrap();
    person.keys("\u{1d}t").unwrap();
    person.wait_gone("the agent types").unwrap();
    // Without an echo nothing is written upon it.
    person.keys("stty -echo; echo off\r").unwrap();
    matches(&agent.client, terminal, "^off$").await;
    agent.waits(terminal, "sh").await;
    person.keys("git pu\u{1d}g").unwrap();
    person.wait_for("the agent types").unwrap();
    let rest = json!({ "id": own, "text": "sh --force" });
    let (approval, _) = agent.asks("terminal_write", rest, false).await;
    assert_eq!(runs(&approval), ["git push --force"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_background_command_is_asked_about_told_of_and_ended() {
    let mut agent = Agent::start("ask").await;
    let command = json!({ "command": "echo up; sleep 1000", "title": "server" });
    let (approval, started) = agent.asks("exec_background", command, true).await;
    assert_eq!(runs(&approval), ["echo up", "sleep 1000"]);
    assert_eq!(started.status, OutputStatus::Ok, "{started:?}");
    let terminal = agent.terminal().await;
    let own = id(terminal.id);
    agent
        .call("terminal_wait", json!({ "id": own, "matches": "^up$" }))
        .await;
    let status = agent.call("exec_status", json!({ "id": own })).await;
    assert_eq!(status.text, "[running]", "what was read is not told again");
    let listed = agent.call("terminal_list", json!({})).await;
    assert!(
        listed.text.contains("server: running; you type"),
        "{}",
        listed.text
    );
    let killed = agent.call("exec_kill", json!({ "id": own })).await;
    assert!(killed.text.contains("ended by signal"), "{}", killed.text);
    let missing = agent
        .call(
            "exec_status",
            json!({ "id": TerminalId::new().to_string() }),
        )
        .await;
    assert_eq!(missing.status, OutputStatus::Error);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_and_modes_hold_for_terminals_too() {
    let mut agent = Agent::start("read-only").await;
    let denied = agent.call("terminal_open", json!({})).await;
    assert_eq!(denied.status, OutputStatus::Denied, "{denied:?}");
    let configure = Configure {
        id: agent.session.id,
        name: None,
        mode: Some(Mode::Auto),
        model: None,
    };
    agent.client.call(configure).await.unwrap();
    let destroyed = agent
        .call("exec_background", json!({ "command": "rm -rf ~" }))
        .await;
    assert_eq!(destroyed.status, OutputStatus::Denied, "{destroyed:?}");
    // A person's own terminal is nobody's business.
    let open = smartopol_protocol::terminal::Open {
        command: vec!["cat".into()],
        ..Default::default()
    };
    let theirs = agent.client.call(open).await.unwrap();
    let read = agent
        .call("terminal_read", json!({ "id": id(theirs.id) }))
        .await;
    assert_eq!(read.status, OutputStatus::Error);
    let none = agent.call("terminal_list", json!({})).await;
    assert!(none.text.contains("no terminals"), "{}", none.text);
}

/// Opens a shell for the agent and lets it type; returns its name.
async fn shell(agent: &mut Agent, words: &[&str]) -> Value {
    let open = json!({ "argv": words });
    let (_, opened) = agent.asks("terminal_open", open, true).await;
    assert_eq!(opened.status, OutputStatus::Ok, "{opened:?}");
    let own = id(agent.terminal().await.id);
    let quiet = json!({ "id": own, "quiet_ms": 300 });
    agent.call("terminal_wait", quiet).await;
    own
}

fn doubts(approval: &Approval) -> String {
    let effects = approval.inspection.effects.iter();
    let doubts = effects.filter_map(|effect| match effect {
        Effect::Unclear { why } => Some(why.as_str()),
        _ => None,
    });
    doubts.collect::<Vec<_>>().join("; ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shell_would_put_in_for_a_command_of_before_is_asked_about() {
    let mut agent = Agent::start("auto").await;
    let own = shell(&mut agent, &["/bin/bash", "-i"]).await;
    let typed = json!({ "id": own, "text": "ls # ; touch pwned" });
    let output = agent.call("terminal_write", typed).await;
    assert_eq!(output.status, OutputStatus::Ok, "{output:?}");
    let quiet = json!({ "id": own, "quiet_ms": 300 });
    agent.call("terminal_wait", quiet).await;
    for line in [
        "ls !!:s/#//",
        "echo \"a!!\"",
        "^#^",
        "histchars='%^#'",
        "set -H",
    ] {
        let typed = json!({ "id": own, "text": line });
        let (_, denied) = agent.asks("terminal_write", typed, false).await;
        assert_eq!(denied.status, OutputStatus::Denied, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_be_read_by_something_else_than_the_shell_is_asked_about() {
    let mut agent = Agent::start("auto").await;
    let own = shell(&mut agent, &["/bin/bash", "-i"]).await;
    for line in [
        "read -n 5 x",
        "trap '' INT",
        "stty -isig",
        "less a\n# touch x",
        "ls \u{bc}",
    ] {
        let typed = json!({ "id": own, "text": line });
        let (_, denied) = agent.asks("terminal_write", typed, false).await;
        assert_eq!(denied.status, OutputStatus::Denied, "{line}");
    }
    let piece = json!({ "id": own, "text": "echo ", "enter": false });
    agent.call("terminal_write", piece).await;
    let rest = json!({ "id": own, "text": "rm -rf build" });
    let (approval, _) = agent.asks("terminal_write", rest, false).await;
    assert!(doubts(&approval).contains("begun before"), "{approval:?}");
    // A shell that waits for a command of its own reads no line yet.
    let clear = json!({ "id": own, "key": "ctrl-c" });
    agent.call("terminal_write", clear).await;
    let busy = json!({ "id": own, "text": "while true; do true; done" });
    agent.call("terminal_write", busy).await;
    let seen = json!({ "id": own, "matches": "done\\s+$" });
    agent.call("terminal_wait", seen).await;
    let ahead = json!({ "id": own, "text": "echo rm -rf build" });
    let (approval, _) = agent.asks("terminal_write", ahead, false).await;
    assert!(doubts(&approval).contains("does not wait"), "{approval:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_recalls_is_asked_about_until_it_is_thrown_away_for_sure() {
    let mut agent = Agent::start("auto").await;
    let own = shell(&mut agent, &["/bin/bash", "-i"]).await;
    for key in ["up", "home"] {
        let press = json!({ "id": own, "key": key });
        agent.asks("terminal_write", press, true).await;
    }
    let clear = json!({ "id": own, "key": "ctrl-u" });
    let cleared = agent.call("terminal_write", clear).await;
    assert_eq!(cleared.status, OutputStatus::Ok, "{cleared:?}");
    let enter = json!({ "id": own, "key": "enter" });
    let (approval, _) = agent.asks("terminal_write", enter.clone(), false).await;
    assert!(doubts(&approval).contains("ctrl-c"), "{approval:?}");
    let clear = json!({ "id": own, "key": "ctrl-c" });
    agent.call("terminal_write", clear).await;
    let entered = agent.call("terminal_write", enter).await;
    assert_eq!(entered.status, OutputStatus::Ok, "{entered:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_shell_is_started_with_and_where_is_told_too() {
    let mut agent = Agent::start("auto").await;
    let open = json!({ "cwd": "/etc", "env": { "PROMPT_COMMAND": "touch pwned" } });
    let (approval, denied) = agent.asks("terminal_open", open, false).await;
    assert_eq!(denied.status, OutputStatus::Denied);
    let told = &approval.inspection;
    assert_eq!(told.cwd, "/etc");
    assert!(told.title.contains("PROMPT_COMMAND"), "{told:?}");
    assert!(doubts(&approval).contains("PROMPT_COMMAND"), "{told:?}");
    assert!(
        told.effects
            .iter()
            .any(|effect| matches!(effect, Effect::Read { path, .. } if path == "/etc")),
        "{told:?}"
    );
    // Nobody is asked about a folder that is not there.
    let nowhere = json!({ "cwd": "/nowhere/at/all" });
    let refused = agent.call("terminal_open", nowhere).await;
    assert_eq!(refused.status, OutputStatus::Error);
    assert!(refused.text.contains("cwd"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_about_what_cannot_be() {
    let mut agent = Agent::start("ask").await;
    let nowhere = TerminalId::new().to_string();
    for (tool, input) in [
        ("terminal_write", json!({ "id": nowhere, "text": "ls" })),
        ("terminal_close", json!({ "id": nowhere })),
        ("exec_kill", json!({ "id": nowhere })),
        ("terminal_open", json!({ "columns": 1 })),
        ("terminal_open", json!({ "rows": 70_000 })),
    ] {
        let refused = agent.call(tool, input).await;
        assert_eq!(refused.status, OutputStatus::Error, "{refused:?}");
    }
    let refused = agent.call("terminal_open", json!({ "rows": -1 })).await;
    assert!(
        refused.text.contains("`rows` is -1: 1 to 500"),
        "{refused:?}"
    );
    let sized = json!({ "argv": ["/bin/sh"], "columns": 100, "title": "" });
    agent.asks("terminal_open", sized, true).await;
    let terminal = agent.terminal().await;
    assert_eq!(
        (terminal.size.columns, terminal.title.as_str()),
        (100, "/bin/sh")
    );
    let own = id(terminal.id);
    agent.call("exec_kill", json!({ "id": own })).await;
    let late = json!({ "id": own, "text": "ls" });
    let refused = agent.call("terminal_write", late).await;
    assert!(refused.text.contains("has ended"), "{refused:?}");
    let listed = agent.call("terminal_list", json!({})).await;
    assert!(listed.text.contains(": ended by signal"), "{listed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waited_for_the_end_is_told_how_it_ended() {
    let mut agent = Agent::start("ask").await;
    for _ in 0..5 {
        let command = json!({ "command": "sleep 0.2; echo over; exit 3" });
        agent.asks("exec_background", command, true).await;
        let own = id(agent.terminal().await.id);
        let waited = agent.call("terminal_wait", json!({ "id": own })).await;
        assert!(
            waited.text.ends_with("over\n[ended: exit code 3]"),
            "{waited:?}"
        );
        agent.call("terminal_close", json!({ "id": own })).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_that_was_opened_takes_its_first_line_at_once() {
    let mut agent = Agent::start("auto").await;
    for open in [json!({}), json!({ "argv": ["/bin/bash", "-i"] })] {
        let (_, opened) = agent.asks("terminal_open", open, true).await;
        assert_eq!(opened.status, OutputStatus::Ok, "{opened:?}");
        let own = id(agent.terminal().await.id);
        // Nobody is asked, or this would wait for an answer.
        let typed = json!({ "id": own, "text": "ls" });
        let typed = agent.call("terminal_write", typed).await;
        assert_eq!(typed.status, OutputStatus::Ok, "{typed:?}");
    }
}
