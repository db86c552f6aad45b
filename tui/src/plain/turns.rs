//! `send`, `interrupt`, `continue`: one turn from the command line.

use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use smartopol_config::Paths;
use smartopol_ipc::{Client, Events};
use smartopol_protocol::event::{Subscribe, Subscribed};
use smartopol_protocol::session::{Continue, Create, Interrupt, Session, Show};
use smartopol_protocol::turn::Outcome;
use smartopol_protocol::{Code, Event, Fault, MessageId, News, SessionId, message};

use super::DENIED;
use super::follow::{Follow, Word};
use super::link::{Which, client, connect, find, folder, is_not_found};
use super::out::{Out, Tone, may_colour, toned};
use super::users;

/// The longest message that the daemon takes, in bytes.
const LONGEST: u64 = 256 * 1024;

/// Says something to the agent.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  smartopol send what changed in this folder today?
  echo \"run: uname -a\" | smartopol send - --json
  smartopol send --new --session notes start a list

The exit code is 0 where the turn was done, 1 where it failed or was stopped, 4 where a call of
it was denied. Ctrl-C stops the turn; a closed terminal does not.")]
pub struct Send {
    #[command(flatten)]
    which: Which,
    /// Begin a new session in this folder; with --session, by this name
    #[arg(long)]
    new: bool,
    /// Join the running turn at its next step instead of waiting for a turn of its own
    #[arg(long)]
    steer: bool,
    /// Print each event of the turn as one JSON object a line
    #[arg(long)]
    json: bool,
    /// What to say; `-` reads it from standard input
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
}

/// How to print.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Json,
}

impl Form {
    const fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

pub(super) async fn send(send: Send, paths: &Paths, out: &mut Out) -> anyhow::Result<ExitCode> {
    let text = said(&send.text)?;
    let (client, events) = connect(paths).await?;
    // A stranger has no session to say it in, and needs none.
    if let Some(code) = users::link_said(&text) {
        return users::link(&client, code, send.json, out).await;
    }
    let session = session_for(&client, &send).await?;
    let seq = subscribe(&client, session.id).await?;
    let id = MessageId::new();
    let sent = client
        .call(message::Send {
            session_id: session.id,
            text,
            id: Some(id),
            steer: send.steer,
        })
        .await?;
    if sent.turn_id.is_none() {
        Side::new().note(&format!(
            "the session {} works on something else: this waits for its turn; what waits for you: \
             smartopol approvals list",
            crate::sanitize::line(&session.name)
        ))?;
    }
    let follow = Follow::new(sent.turn_id, Some(sent.message_id));
    let turn = Turn {
        client,
        events,
        session,
        seq,
        message: Some(id),
        follow,
    };
    turn.print(Form::of(send.json), out).await
}

pub(super) async fn go_on(
    which: &Which,
    json: bool,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let (client, events) = connect(paths).await?;
    let session = find(&client, which.session.as_deref()).await?;
    let seq = subscribe(&client, session.id).await?;
    let session_id = session.id;
    let continued = client.call(Continue { session_id }).await?;
    let turn = Turn {
        client,
        events,
        session,
        seq,
        message: None,
        follow: Follow::new(Some(continued.turn_id), None),
    };
    turn.print(Form::of(json), out).await
}

pub(super) async fn interrupt(
    which: &Which,
    paths: &Paths,
    out: &mut Out,
) -> anyhow::Result<ExitCode> {
    let client = client(paths).await?;
    let session = find(&client, which.session.as_deref()).await?;
    let session_id = session.id;
    match client.call(Interrupt { session_id }).await?.turn_id {
        Some(_) => out.line(format!("the turn of `{}` was stopped", session.name))?,
        None => out.line(format!("no turn runs in `{}`", session.name))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn said(words: &[String]) -> anyhow::Result<String> {
    let text = if words == ["-"] {
        let mut text = String::new();
        io::stdin()
            .lock()
            .take(LONGEST + 1)
            .read_to_string(&mut text)
            .context("standard input cannot be read as text")?;
        text.truncate(text.trim_end().len());
        text
    } else {
        words.join(" ")
    };
    if text.len() as u64 > LONGEST {
        let fault = Fault::new(Code::TooLarge, "the message is longer than 256 KiB");
        return Err(fault
            .hint("put it into a file and ask the agent to read that")
            .into());
    }
    if text.trim().is_empty() {
        let fault = Fault::new(Code::BadRequest, "the message is empty");
        return Err(fault.hint("say something: `smartopol send hello`").into());
    }
    Ok(text)
}

async fn session_for(client: &Client, send: &Send) -> anyhow::Result<Session> {
    let key = send.which.session.as_deref();
    if !send.new {
        match find(client, key).await {
            Err(err) if key.is_none() && is_not_found(&err) => {} // The first in this folder.
            found => return Ok(found?),
        }
    }
    let create = Create {
        workspace: folder()?,
        name: key.map(str::to_owned),
        mode: None,
        model: None,
    };
    Ok(client.call(create).await?)
}

/// Asks for the events of a session from now on, and returns the number of the newest fact.
async fn subscribe(client: &Client, id: SessionId) -> anyhow::Result<u64> {
    let show = Show::newest(id, 1);
    let as_of = client.call(show).await?.as_of;
    again(client, id, as_of).await?;
    Ok(as_of)
}

async fn again(client: &Client, id: SessionId, since: u64) -> anyhow::Result<Subscribed> {
    let subscribe = Subscribe {
        since: Some(since),
        watch: Some(id),
        only: Some(id),
    };
    Ok(client.call(subscribe).await?)
}

/// A turn on its way.
struct Turn {
    client: Client,
    events: Events,
    session: Session,
    /// The newest fact seen.
    seq: u64,
    /// The message that begins it.
    message: Option<MessageId>,
    follow: Follow,
}

impl Turn {
    async fn print(mut self, form: Form, out: &mut Out<impl Write>) -> anyhow::Result<ExitCode> {
        let mut side = Side::new();
        loop {
            let event = tokio::select! {
                biased;
                stop = tokio::signal::ctrl_c() => {
                    stop?;
                    self.interrupt().await?;
                    continue;
                }
                event = self.events.recv() => event,
            };
            let Some(event) = event else {
                return Err(gone(&self.session));
            };
            match event.news {
                News::Gap { .. } => {
                    self.catch_up().await?;
                    continue;
                }
                News::Stopping => side.note("the daemon is stopping")?,
                _ => {}
            }
            if event.session_id.is_some_and(|id| id != self.session.id) {
                continue;
            }
            self.seq = self.seq.max(event.seq.unwrap_or(0));
            if form == Form::Json && is_told(&event) {
                out.json(&event)?;
                out.flush()?;
            }
            for word in self.follow.on(&event) {
                match (word, form) {
                    (Word::End { outcome, denied }, _) => {
                        out.flush()?;
                        return ended(&outcome, denied, &self.session, form);
                    }
                    (Word::Say(text), Form::Text) => {
                        out.raw(&text)?;
                        out.flush()?;
                    }
                    (Word::Note(text), _) => side.note(&text)?,
                    (Word::Aside(text), Form::Text) => side.aside(&text)?,
                    (Word::Say(_) | Word::Aside(_), Form::Json) => {}
                }
            }
        }
    }

    /// Stops the turn; a message that still waits for its turn is taken back instead, because
    /// the turn that runs is somebody else's.
    async fn interrupt(&self) -> anyhow::Result<()> {
        if let (None, Some(id)) = (self.follow.turn(), self.message) {
            self.client.call(message::Withdraw { id }).await?;
            let fault = Fault::new(Code::Conflict, "the message was taken back");
            return Err(fault.hint("another turn was running before it").into());
        }
        let session_id = self.session.id;
        self.client.call(Interrupt { session_id }).await?;
        Ok(())
    }

    /// Asks again for what was lost on the way.
    async fn catch_up(&mut self) -> anyhow::Result<()> {
        let told = again(&self.client, self.session.id, self.seq).await?;
        if let Subscribed::Snapshot(snapshot) = told {
            // Too much was lost to be told again: the turn can still be found at its end.
            self.seq = snapshot.seq;
            let show = Show::newest(self.session.id, 0);
            let shown = self.client.call(show).await?;
            let id = self.follow.turn();
            if let Some(turn) = shown.turns.iter().find(|turn| Some(turn.id) == id)
                && turn.finished_at.is_some()
            {
                let name = &self.session.name;
                let fault = Fault::new(Code::Unavailable, "this program was too slow to follow");
                return Err(fault
                    .hint(format!(
                        "the turn is over: `smartopol sessions show {name}`"
                    ))
                    .into());
            }
        }
        Ok(())
    }
}

/// Returns true for what is about the session; the rest is between us and the daemon.
const fn is_told(event: &Event) -> bool {
    event.session_id.is_some()
}

fn gone(session: &Session) -> anyhow::Error {
    Fault::new(
        Code::Unavailable,
        "the daemon ended in the middle of the turn",
    )
    .hint(format!(
        "after `smartopol daemon start` an approval goes on waiting, and what was cut off goes on \
         with `smartopol continue --session {}`",
        session.name
    ))
    .into()
}

fn ended(
    outcome: &Outcome,
    denied: bool,
    session: &Session,
    form: Form,
) -> anyhow::Result<ExitCode> {
    let go_on = format!("`smartopol continue --session {}` goes on", session.name);
    let fault = match outcome {
        Outcome::Done if denied => return Ok(ExitCode::from(DENIED)),
        Outcome::Done => return Ok(ExitCode::SUCCESS),
        _ if form == Form::Json => return Ok(ExitCode::FAILURE), // The last line says it.
        Outcome::Interrupted => Fault::new(Code::Conflict, "the turn was stopped").hint(go_on),
        Outcome::CutOff => Fault::new(
            Code::Unavailable,
            "the daemon ended in the middle of the turn",
        )
        .hint(go_on),
        Outcome::Failed { message, hint } => {
            Fault::new(Code::Unavailable, message.clone()).hint(hint.clone())
        }
        Outcome::StepLimit { limit } => Fault::new(
            Code::Conflict,
            format!("the turn reached the limit of {limit} steps"),
        )
        .hint(go_on),
        Outcome::Loop { tool, times } => Fault::new(
            Code::Conflict,
            format!("the turn was stopped: `{tool}` gave the same result {times} times"),
        )
        .hint(go_on),
    };
    Err(fault.into())
}

/// Standard error, for what is said beside the reply.
struct Side {
    terminal: bool,
    colour: bool,
}

impl Side {
    fn new() -> Self {
        let terminal = io::stderr().is_terminal();
        Self {
            terminal,
            colour: terminal && may_colour(),
        }
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(io::stderr(), "{}", toned(self.colour, Tone::Waits, text))
    }

    /// Tells people alone: a script has no use for it.
    fn aside(&mut self, text: &str) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        writeln!(io::stderr(), "{}", toned(self.colour, Tone::Quiet, text))
    }
}

#[cfg(test)]
mod tests {
    use smartopol_ipc::server::{self, Replies, Requests};
    use smartopol_ipc::{Access, encode, pair};
    use smartopol_protocol::model::Usage;
    use smartopol_protocol::session::SessionState;
    use smartopol_protocol::turn::TurnState;
    use smartopol_protocol::{Envelope, Request, Timestamp, TurnId, turn};

    use super::*;

    const SESSION: SessionId = SessionId::from_bytes([1; 16]);
    const TURN: TurnId = TurnId::from_bytes([2; 16]);

    fn session() -> Session {
        Session {
            user_id: None,
            id: SESSION,
            name: "notes".into(),
            workspace: "/w".into(),
            mode: None,
            model: None,
            state: SessionState::Running,
            waiting: 0,
            messages: 1,
            last_line: String::new(),
            usage: Usage::default(),
            created_at: Timestamp::default(),
            archived_at: None,
            updated_at: Timestamp::default(),
        }
    }

    fn event(seq: Option<u64>, news: News) -> Event {
        Event {
            seq,
            at: Timestamp::default(),
            session_id: seq.map(|_| SESSION),
            news,
        }
    }

    fn changed(seq: u64, state: TurnState) -> Event {
        let turn = turn::Turn {
            id: TURN,
            session_id: SESSION,
            message_id: None,
            state,
            steps: 1,
            usage: Usage::default(),
            carried: smartopol_protocol::turn::Carried::default(),
            provider: String::new(),
            model: String::new(),
            started_at: Timestamp::default(),
            finished_at: None,
        };
        event(Some(seq), News::TurnChanged(Box::new(turn)))
    }

    fn done(seq: u64) -> Event {
        let outcome = Outcome::Done;
        changed(seq, TurnState::Finished { outcome })
    }

    async fn tell(replies: &mut Replies, event: Event) {
        let frame = encode(&Envelope::Event(event)).unwrap();
        let _ = replies.send(frame).await; // The other end may have heard enough.
    }

    /// Follows a turn that the other end plays; returns what was printed and how it went.
    async fn played<F>(
        form: Form,
        play: impl FnOnce(Requests, Replies) -> F,
    ) -> (String, anyhow::Result<ExitCode>)
    where
        F: Future<Output = ()>,
    {
        let (near, far) = pair();
        let (client, served) = tokio::join!(
            Client::over(near, "test", Access::Full),
            server::handshake(far, "cli:0", "0")
        );
        let (client, events) = client.unwrap();
        let (requests, replies, _) = served.unwrap();
        let turn = Turn {
            client,
            events,
            session: session(),
            seq: 5,
            message: None,
            follow: Follow::new(Some(TURN), None),
        };
        let mut out = Out::to_memory();
        let (result, ()) = tokio::join!(turn.print(form, &mut out), play(requests, replies));
        (out.printed(), result)
    }

    #[tokio::test]
    async fn json_is_one_event_a_line_and_ends_with_the_turn() {
        let (printed, result) = played(Form::Json, async |_, mut replies| {
            tell(&mut replies, changed(6, TurnState::Running)).await;
            tell(&mut replies, done(7)).await;
            tell(&mut replies, changed(8, TurnState::Running)).await;
        })
        .await;
        assert!(result.is_ok());
        let seqs: Vec<Option<u64>> = printed
            .lines()
            .map(|line| serde_json::from_str::<Event>(line).unwrap().seq)
            .collect();
        assert_eq!(seqs, [Some(6), Some(7)]);
    }

    #[tokio::test]
    async fn a_gap_is_filled_by_asking_again_from_the_last_fact_seen() {
        let (_, result) = played(Form::Text, async |mut requests, mut replies| {
            tell(&mut replies, changed(6, TurnState::Running)).await;
            tell(&mut replies, event(None, News::Gap { missed: 1 })).await;
            let asked = requests.next().await.unwrap().unwrap();
            let request = Request::parse(&asked.method, asked.params.as_deref()).unwrap();
            let expected = Subscribe {
                since: Some(6),
                watch: Some(SESSION),
                only: Some(SESSION),
            };
            assert_eq!(request, Request::EventSubscribe(expected));
            let told = Subscribed::Replay { seq: 7, missed: 1 };
            let frame = server::reply(asked.id, &Ok(told));
            replies.send(frame).await.unwrap();
            tell(&mut replies, done(7)).await;
        })
        .await;
        assert!(result.is_ok());
    }

    #[tokio::test]
    async fn a_daemon_that_leaves_is_told_with_what_to_do() {
        let (_, result) = played(Form::Text, async |requests, replies| {
            drop((requests, replies));
        })
        .await;
        let err = result.unwrap_err();
        let fault = err.downcast_ref::<Fault>().unwrap();
        assert!(fault.hint.contains("smartopol continue --session notes"));
    }
}
