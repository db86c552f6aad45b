//! Whatever the store accepts, a strict provider accepts too, and the facts add up to it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use smartopol_protocol::message::{Message, Part, Role};
use smartopol_protocol::session::{Session, Show};
use smartopol_protocol::tool::OutputStatus;
use smartopol_protocol::turn::{Outcome, Turn, TurnState};
use smartopol_protocol::{CallId, Event, MessageId, News, SessionId};
use smartopol_store::Writer;

use crate::house::{
    House, agent, answers, asks, at, call, command, finished, notice, ran, turn, user,
};

/// Something a careless daemon might try.
#[derive(Clone, Debug)]
enum Op {
    Queue,
    Withdraw(usize),
    Begin(Option<usize>),
    Say(Role),
    Ask(usize),
    /// Answers the last calls: all of them, or so many off by one.
    Answer(Answer),
    Wait,
    Finish,
    /// Lets a waiting message join the turn at hand.
    Join(usize),
    Edit(usize),
    /// A person runs a command, gets its output, sees it in its place.
    Run,
    Ran(usize),
    Place(usize),
}

#[derive(Clone, Copy, Debug)]
enum Answer {
    Right,
    OneMissing,
    OneStrange,
    OneTwice,
}

fn op() -> impl Strategy<Value = Op> {
    let role = prop_oneof![Just(Role::User), Just(Role::Agent), Just(Role::System)];
    let answer = prop_oneof![
        6 => Just(Answer::Right),
        1 => Just(Answer::OneMissing),
        1 => Just(Answer::OneStrange),
        1 => Just(Answer::OneTwice),
    ];
    prop_oneof![
        3 => Just(Op::Queue),
        1 => (0..4_usize).prop_map(Op::Withdraw),
        4 => proptest::option::weighted(0.8, 0..3_usize).prop_map(Op::Begin),
        5 => role.prop_map(Op::Say),
        4 => (1..4_usize).prop_map(Op::Ask),
        5 => answer.prop_map(Op::Answer),
        1 => Just(Op::Wait),
        3 => Just(Op::Finish),
        3 => (0..3_usize).prop_map(Op::Join),
        1 => (0..3_usize).prop_map(Op::Edit),
        2 => Just(Op::Run),
        3 => (0..3_usize).prop_map(Op::Ran),
        4 => (0..3_usize).prop_map(Op::Place),
    ]
}

/// Tries one thing; most are refused, and a refusal must change nothing.
fn attempt(w: &mut Writer<'_>, session: SessionId, op: &Op, asked: &mut Vec<CallId>) {
    let queue = w.queued(session).unwrap();
    let some_turn = w
        .last_turn(session)
        .unwrap()
        .unwrap_or_else(|| turn(session));
    let before = w.snapshot().unwrap();
    let refused = match op {
        Op::Queue => w.queue_message(user(session, "hello")).is_err(),
        Op::Withdraw(index) => {
            let shown = w.show(&Show::newest(session, 0)).unwrap().messages;
            let any = shown.get(*index).map(|message| message.id);
            let id = queue
                .first()
                .map(|message| message.id)
                .filter(|_| index % 2 == 0)
                .or(any);
            w.withdraw_message(id.unwrap_or_else(MessageId::new), at(4))
                .is_err()
        }
        Op::Begin(index) => {
            let message = index.map(|index| {
                queue
                    .get(index)
                    .map_or_else(MessageId::new, |message| message.id)
            });
            w.begin_turn(turn(session), message).is_err()
        }
        Op::Say(role) => {
            let message = match role {
                Role::User => Message {
                    turn_id: Some(some_turn.id),
                    ..user(session, "and")
                },
                Role::Agent => agent(&some_turn, "yes"),
                _ => notice(&some_turn, "cut"),
            };
            w.add_message(message).is_err()
        }
        Op::Ask(count) => {
            let calls: Vec<_> = (0..*count).map(|_| call(&some_turn)).collect();
            let ids: Vec<CallId> = calls.iter().map(|call| call.id).collect();
            let result = w.add_message(asks(&some_turn, &ids));
            if result.is_ok() {
                calls.iter().for_each(|call| w.put_call(call).unwrap());
                *asked = ids;
            }
            result.is_err()
        }
        Op::Answer(answer) => {
            let mut ids = asked.clone();
            match answer {
                Answer::Right => {}
                Answer::OneMissing => drop(ids.pop()),
                Answer::OneStrange => ids.push(CallId::new()),
                Answer::OneTwice => ids.extend(asked.first()),
            }
            w.add_message(answers(&some_turn, &ids)).is_err()
        }
        Op::Wait => {
            let waiting = Turn {
                state: TurnState::Waiting,
                ..some_turn
            };
            w.put_turn(&waiting).is_err()
        }
        Op::Join(index) => w
            .join_turn(waiting(&queue, *index), &some_turn, at(5))
            .is_err(),
        Op::Edit(index) => w
            .edit_message(
                waiting(&queue, *index),
                Some("else".into()),
                Some(true),
                at(5),
            )
            .is_err(),
        Op::Run => {
            let message = command(session);
            let call = ran(&message);
            w.queue_message(message).is_err() || w.put_call(&call).is_err()
        }
        Op::Ran(index) => {
            let id = waiting(&queue, *index);
            let asked = queue.get(*index).and_then(|message| message.calls().next());
            let output = Part::ToolOutput {
                call_id: asked.unwrap_or_else(CallId::new),
                status: OutputStatus::Ok,
                text: "out".into(),
            };
            w.finish_command(id, output, at(5)).is_err()
        }
        Op::Place(index) => w.place_command(waiting(&queue, *index), at(6)).is_err(),
        Op::Finish => w.put_turn(&finished(&some_turn, Outcome::Done)).is_err(),
    };
    if refused {
        assert_eq!(
            w.snapshot().unwrap(),
            before,
            "{op:?} was refused and changed something"
        );
    }
}

fn waiting(queue: &[Message], index: usize) -> MessageId {
    queue
        .get(index)
        .map_or_else(MessageId::new, |message| message.id)
}

/// A provider's rules, written without looking at the store's.
fn strict_provider(transcript: &[Message]) -> Result<(), String> {
    let mut merged: Vec<&Message> = Vec::new();
    for message in transcript
        .iter()
        .filter(|message| message.role != Role::System)
    {
        match merged.last() {
            Some(last) if last.role == Role::User && message.role == Role::User => {}
            _ => merged.push(message),
        }
    }
    let calls_of = |message: &Message| match message.role {
        Role::Agent => message.calls().collect::<BTreeSet<_>>(),
        _ => BTreeSet::new(),
    };
    if let Some(open) = transcript
        .iter()
        .find(|m| m.is_command() && m.parts.len() != 2)
    {
        return Err(format!("the command {} has no output", open.id));
    }
    for (index, message) in merged.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| merged[index]);
        let open = before.map(calls_of).unwrap_or_default();
        match (before.map(|message| message.role), message.role) {
            (None, Role::User) => {}
            (Some(Role::User | Role::Tool), Role::Agent) => {}
            (Some(Role::Agent | Role::Tool), Role::User) if open.is_empty() => {}
            (Some(Role::Agent), Role::Tool) if !open.is_empty() => {
                let outputs: Vec<CallId> = message
                    .parts
                    .iter()
                    .map(|part| match part {
                        Part::ToolOutput { call_id, .. } => *call_id,
                        _ => CallId::new(),
                    })
                    .collect();
                if outputs.len() != open.len()
                    || outputs.into_iter().collect::<BTreeSet<_>>() != open
                {
                    return Err(format!("message {index} does not answer what was asked"));
                }
            }
            (before, now) => return Err(format!("message {index}: {now:?} after {before:?}")),
        }
    }
    // Notices: never between calls and their outputs.
    for pair in transcript.windows(2) {
        if !calls_of(&pair[0]).is_empty() && pair[1].role != Role::Tool {
            return Err("something stands behind open calls".into());
        }
    }
    Ok(())
}

/// What a client knows that only listened.
#[derive(Default)]
struct Listener {
    session: Option<Session>,
    messages: BTreeMap<MessageId, Message>,
    turns: Vec<Turn>,
}

impl Listener {
    fn hear(&mut self, event: Event) {
        match event.news {
            News::SessionChanged(session) => self.session = Some(*session),
            News::MessageChanged(message) => drop(self.messages.insert(message.id, *message)),
            News::MessageWithdrawn(id) => drop(self.messages.remove(&id)),
            News::TurnChanged(turn) => {
                self.turns.retain(|known| known.id != turn.id);
                self.turns.push(*turn);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_stored_a_provider_accepts(ops in proptest::collection::vec(op(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let house = House::new();
            let session = house.session().await.id;
            house
                .store
                .write(move |w| {
                    let mut asked = Vec::new();
                    ops.iter().for_each(|op| attempt(w, session, op, &mut asked));
                    Ok(())
                })
                .await
                .unwrap();
            let (shown, transcript, queued) = house
                .store
                .read(move |r| {
                    let (transcript, _) = r.transcript(session, None, u32::MAX)?;
                    Ok((r.show(&Show::newest(session, 1_000))?, transcript, r.queued(session)?))
                })
                .await
                .unwrap();
            assert_eq!(strict_provider(&transcript), Ok(()));
            if !transcript.is_empty() {
                let end = transcript.len() as u64;
                for at in [end, end / 2 + 1] {
                    let fork = house
                        .store
                        .write(move |w| w.fork_session(session, Some(at), None, crate::house::at(7)))
                        .await
                        .unwrap();
                    let (copy, _) = house
                        .store
                        .read(move |r| r.transcript(fork.session.id, None, u32::MAX))
                        .await
                        .unwrap();
                    assert_eq!(strict_provider(&copy), Ok(()));
                    assert_eq!(copy.len() as u64, fork.at);
                    assert!(fork.at.abs_diff(at) <= 1);
                    let open = copy.last().is_some_and(|last| {
                        last.role == Role::Agent && last.calls().next().is_some()
                    });
                    assert!(!open, "cut between calls and their outputs");
                    let left = house.store.check().await.unwrap();
                    let own: Vec<_> = left.iter().filter(|line| line.contains("-fork")).collect();
                    assert_eq!(own, Vec::<&String>::new());
                    house
                        .store
                        .write(move |w| w.delete_session(fork.session.id, crate::house::at(8)))
                        .await
                        .unwrap();
                }
            }
            let positions: Vec<u64> = transcript.iter().filter_map(|m| m.position).collect();
            assert!(positions.into_iter().eq(1..=transcript.len() as u64));
            assert_eq!(shown.session.messages, (transcript.len() + queued.len()) as u64);

            let mut listener = Listener::default();
            let told = house.told().into_iter();
            told.filter(|event| event.session_id == Some(session)).for_each(|event| listener.hear(event));
            assert_eq!(listener.session.as_ref(), Some(&shown.session));
            let mut known: Vec<Message> = listener.messages.into_values().collect();
            known.sort_by_key(|message| (message.position.unwrap_or(u64::MAX), message.id));
            assert_eq!(known, shown.messages);
            let last = listener.turns.last().map(|turn| turn.id);
            let stored = house.store.read(move |r| r.last_turn(session)).await.unwrap();
            assert_eq!(last, stored.map(|turn| turn.id));
            house.store.close().await.unwrap();
        });
    }
}
