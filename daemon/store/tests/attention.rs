//! The attention list and questions: one item that waits for a cause, one end, one resolution,
//! whatever the order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use smartopol_protocol::approval::{Actor, ApprovalState};
use smartopol_protocol::attention::{Item, ItemState, Kind, List, Place, Resolution, Seen};
use smartopol_protocol::question::{Choice, Given, Question, QuestionState};
use smartopol_protocol::session::Session;
use smartopol_protocol::terminal::{End, Party, Size, Terminal, TerminalState};
use smartopol_protocol::tool::ToolCall;
use smartopol_protocol::turn::{Outcome, Turn};
use smartopol_protocol::{ApprovalId, AttentionId, News, QuestionId, TerminalId};
use smartopol_store::{Ended, Error};

use crate::house::{House, approval, at, decision, finished, turn};

fn question(call: &ToolCall) -> Question {
    Question {
        id: QuestionId::new(),
        session_id: call.session_id,
        turn_id: call.turn_id.unwrap(),
        call_id: call.id,
        text: "Which build?\n\nThe large one takes an hour.".into(),
        choices: ["small", "large"]
            .map(|label| Choice {
                label: label.into(),
                explanation: String::new(),
            })
            .to_vec(),
        free_text: true,
        asked_at: at(4),
        expires_at: None,
        state: QuestionState::Pending,
    }
}

fn actor(client: &str) -> Actor {
    Actor {
        peer: "cli:1000".into(),
        client: client.into(),
        by: None,
    }
}

/// The ways in which a question ends.
fn end(how: u8, client: &str) -> QuestionState {
    match how % 4 {
        0 => QuestionState::Answered {
            given: Given {
                actor: actor(client),
                at: at(5),
                number: Some(2),
                text: "large".into(),
            },
        },
        1 => QuestionState::Dismissed {
            actor: actor(client),
            at: at(5),
        },
        2 => QuestionState::Expired { at: at(5) },
        _ => QuestionState::Cancelled {
            at: at(5),
            reason: "interrupted by the user".into(),
        },
    }
}

async fn asking(house: &House) -> Question {
    let session = house.session().await;
    let turn = house.turn(session.id).await;
    let asked = question(&house.call(&turn).await);
    let stored = asked.clone();
    let ask = move |w: &mut smartopol_store::Writer<'_>| w.ask_question(&stored);
    house.store.write(ask).await.unwrap();
    asked
}

async fn items(house: &House, all: bool) -> Vec<Item> {
    let list = List {
        all,
        limit: 1_000,
        ..List::default()
    };
    house
        .store
        .read(move |r| r.attention(&list))
        .await
        .unwrap()
        .items
}

#[tokio::test]
async fn of_twenty_answers_to_a_question_at_once_one_wins_and_all_hear_which() {
    let house = House::new();
    let id = asking(&house).await.id;
    house.forget_told();
    let mut set = tokio::task::JoinSet::new();
    for number in 0..20 {
        let store = house.store.clone();
        let state = end(number, &format!("client-{number}"));
        set.spawn(async move {
            store
                .write(move |w| w.end_question(id, state))
                .await
                .unwrap()
        });
    }
    let ended = set.join_all().await;
    let (now, already): (Vec<_>, Vec<_>) = ended
        .into_iter()
        .partition(|ended| matches!(ended, Ended::Now(_)));
    let [Ended::Now(winner)] = now.as_slice() else {
        panic!("{now:?}")
    };
    assert_eq!(already, vec![Ended::Already(winner.clone()); 19]);
    let told = house.told().into_iter().map(|event| event.news);
    let told: Vec<News> = told
        .filter(|news| matches!(news, News::QuestionChanged(_)))
        .collect();
    assert_eq!(told, [News::QuestionChanged(Box::new(winner.clone()))]);
    house.sound().await;
}

#[tokio::test]
async fn a_question_waits_in_the_list_and_outlives_the_store() {
    let mut house = House::new();
    let asked = asking(&house).await;
    let [item] = items(&house, false).await.try_into().unwrap();
    assert_eq!(
        (item.kind, item.question_id),
        (Kind::Question, Some(asked.id))
    );
    assert_eq!(item.title, "Which build? …");
    assert_eq!(item.detail, "1 small · 2 large · or your own words");
    house.reopen().await;
    assert_eq!(
        items(&house, false).await.as_slice(),
        std::slice::from_ref(&item)
    );
    let snapshot = house.store.read(|r| r.snapshot()).await.unwrap();
    assert_eq!(snapshot.questions.as_slice(), std::slice::from_ref(&asked));
    assert_eq!(snapshot.sessions[0].waiting, 1);
    for seen in [
        Seen::Acknowledge,
        Seen::Dismiss,
        Seen::Snooze { seconds: 5 },
    ] {
        let id = item.id;
        let see =
            move |w: &mut smartopol_store::Writer<'_>| w.see_attention(id, seen, "cli:1000", at(6));
        let refused = house.store.write(see).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{seen:?}");
    }
    let expire = QuestionState::Expired { at: at(9) };
    let id = asked.id;
    house
        .store
        .write(move |w| w.end_question(id, expire))
        .await
        .unwrap();
    let [item] = items(&house, false).await.try_into().unwrap();
    assert_eq!(item.kind, Kind::QuestionExpired);
    house.sound().await;
}

/// What happens to what may wait.
#[derive(Clone, Debug)]
enum Step {
    Approve,
    Ask,
    EndApproval(u8, u8),
    EndQuestion(u8, u8),
    Fail,
    Speak,
    Exit,
    Close(u8),
    Remove,
    See(u8, Seen),
    TellAgain(u8),
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let two = || (any::<u8>(), any::<u8>());
    let seen = prop_oneof![
        Just(Seen::Acknowledge),
        Just(Seen::Dismiss),
        Just(Seen::Snooze { seconds: 5 })
    ];
    prop_oneof![
        2 => Just(Step::Approve),
        2 => Just(Step::Ask),
        3 => two().prop_map(|(which, how)| Step::EndApproval(which, how)),
        3 => two().prop_map(|(which, how)| Step::EndQuestion(which, how)),
        2 => Just(Step::Fail),
        2 => Just(Step::Speak),
        1 => Just(Step::Exit),
        1 => any::<u8>().prop_map(Step::Close),
        1 => Just(Step::Remove),
        3 => (any::<u8>(), seen).prop_map(|(which, seen)| Step::See(which, seen)),
        1 => any::<u8>().prop_map(Step::TellAgain),
        1 => Just(Step::Reopen),
    ]
}

/// A house in which things happen, and what was asked in it.
struct World {
    house: House,
    approvals: Vec<ApprovalId>,
    questions: Vec<QuestionId>,
    terminals: Vec<TerminalId>,
    /// A session whose turns fail, and its turn where one runs.
    failing: Option<(Session, Option<Turn>)>,
}

fn pick<T: Copy>(from: &[T], which: u8) -> Option<T> {
    from.get(usize::from(which) % from.len().max(1)).copied()
}

impl World {
    async fn call(&self) -> ToolCall {
        let session = self.house.session().await;
        let turn = self.house.turn(session.id).await;
        self.house.call(&turn).await
    }

    async fn end_approval(&self, id: ApprovalId, how: u8) {
        let state = match how % 4 {
            0 => ApprovalState::Allowed {
                decision: decision("x"),
            },
            1 => ApprovalState::Denied {
                decision: decision("x"),
            },
            2 => ApprovalState::Expired { at: at(5) },
            _ => ApprovalState::Cancelled {
                at: at(5),
                reason: "interrupted by the user".into(),
            },
        };
        let end = move |w: &mut smartopol_store::Writer<'_>| w.end_approval(id, state);
        self.house.store.write(end).await.unwrap();
    }

    async fn end_question(&self, id: QuestionId, how: u8) {
        let state = end(how, "x");
        let end = move |w: &mut smartopol_store::Writer<'_>| w.end_question(id, state);
        self.house.store.write(end).await.unwrap();
    }

    async fn failing(&mut self) -> (Session, Option<Turn>) {
        match self.failing.take() {
            Some(own) => own,
            None => (self.house.session().await, None),
        }
    }

    async fn happens(&mut self, step: Step) {
        match step {
            Step::Approve => {
                let asked = approval(&self.call().await);
                self.approvals.push(asked.id);
                let ask = move |w: &mut smartopol_store::Writer<'_>| w.ask_approval(&asked);
                self.house.store.write(ask).await.unwrap();
            }
            Step::Ask => {
                let asked = question(&self.call().await);
                self.questions.push(asked.id);
                let ask = move |w: &mut smartopol_store::Writer<'_>| w.ask_question(&asked);
                self.house.store.write(ask).await.unwrap();
            }
            Step::EndApproval(which, how) => {
                if let Some(id) = pick(&self.approvals, which) {
                    self.end_approval(id, how).await;
                }
            }
            Step::EndQuestion(which, how) => {
                if let Some(id) = pick(&self.questions, which) {
                    self.end_question(id, how).await;
                }
            }
            Step::Speak => {
                let (session, running) = self.failing().await;
                let turn = match running {
                    Some(turn) => turn,
                    None => self.house.turn(session.id).await,
                };
                self.failing = Some((session, Some(turn)));
            }
            Step::Fail => {
                let (session, running) = self.failing().await;
                let begun = match running {
                    Some(turn) => turn,
                    None => {
                        let own = turn(session.id);
                        let begin = move |w: &mut smartopol_store::Writer<'_>| {
                            w.begin_turn(own, None).map(|(turn, _)| turn)
                        };
                        self.house.store.write(begin).await.unwrap()
                    }
                };
                let over = finished(
                    &begun,
                    Outcome::Failed {
                        message: "no".into(),
                        hint: String::new(),
                    },
                );
                let end = move |w: &mut smartopol_store::Writer<'_>| w.put_turn(&over);
                self.house.store.write(end).await.unwrap();
                self.failing = Some((session, None));
            }
            Step::Remove => {
                if let Some((session, None)) = &self.failing {
                    let id = session.id;
                    let remove =
                        move |w: &mut smartopol_store::Writer<'_>| w.delete_session(id, at(8));
                    self.house.store.write(remove).await.unwrap();
                    self.failing = None;
                }
            }
            Step::Exit => self.exit().await,
            Step::Close(which) => {
                let Some(id) = pick(&self.terminals, which) else {
                    return;
                };
                self.terminals.retain(|own| *own != id);
                let close = move |w: &mut smartopol_store::Writer<'_>| w.remove_terminal(id, at(8));
                self.house.store.write(close).await.unwrap();
            }
            Step::See(which, seen) => self.see(which, seen).await,
            Step::TellAgain(which) => {
                let far = at(10_000_000);
                let due = self.house.store.read(move |r| r.attention_due(far, 100));
                let due: Vec<AttentionId> = due.await.unwrap().iter().map(|own| own.id).collect();
                if let Some(id) = pick(&due, which) {
                    let tell = move |w: &mut smartopol_store::Writer<'_>| {
                        w.tell_attention(id, |_, _| Ok(Place::Inbox))
                    };
                    self.house.store.write(tell).await.unwrap();
                }
            }
            Step::Reopen => self.house.reopen().await,
        }
    }

    async fn exit(&mut self) {
        let terminal = Terminal {
            id: TerminalId::new(),
            session_id: None,
            owner: Party::Agent,
            typist: Party::Agent,
            title: "make".into(),
            command: vec!["make".into()],
            cwd: "/".into(),
            size: Size {
                columns: 80,
                rows: 24,
            },
            state: TerminalState::Ended {
                end: End::Exited { code: 1 },
            },
            opened_at: at(1),
            since: at(1),
        };
        self.terminals.push(terminal.id);
        let ended = move |w: &mut smartopol_store::Writer<'_>| {
            w.add_terminal(&terminal)?;
            w.attend_terminal(&terminal, "exit code 1".into(), at(7))
        };
        self.house.store.write(ended).await.unwrap();
    }

    async fn see(&self, which: u8, seen: Seen) {
        let all: Vec<Item> = items(&self.house, true).await;
        let Some(item) = all.get(usize::from(which) % all.len().max(1)).cloned() else {
            return;
        };
        let id = item.id;
        let see =
            move |w: &mut smartopol_store::Writer<'_>| w.see_attention(id, seen, "cli:1", at(6));
        let refused = self.house.store.write(see).await.is_err();
        let over = matches!(item.state, ItemState::Resolved { .. });
        let asks = matches!(item.kind, Kind::Approval | Kind::Question);
        assert_eq!(refused, over || asks, "{seen:?} of {item:?}");
    }
}

/// Returns every item as it was told last; one that is over was told so once, and last.
fn told(house: &House) -> BTreeMap<AttentionId, Item> {
    let mut items = BTreeMap::new();
    for fact in house.told() {
        if let News::AttentionChanged(item) = fact.news {
            let before: Option<Item> = items.insert(item.id, (*item).clone());
            let over = |own: &Item| matches!(own.state, ItemState::Resolved { .. });
            assert!(
                !before.as_ref().is_some_and(over),
                "{before:?} became {item:?}"
            );
        }
    }
    items
}

async fn play(steps: Vec<Step>) {
    let mut world = World {
        house: House::new(),
        approvals: Vec::new(),
        questions: Vec::new(),
        terminals: Vec::new(),
        failing: None,
    };
    for step in steps {
        world.happens(step).await;
    }
    world.house.sound().await;
    let kept: BTreeMap<AttentionId, Item> = items(&world.house, true)
        .await
        .into_iter()
        .map(|item| (item.id, item))
        .collect();
    assert_eq!(told(&world.house), kept, "what is stored is what was told");
    let waits = |item: &&Item| !matches!(item.state, ItemState::Resolved { .. });
    let snapshot = world.house.store.read(|r| r.snapshot()).await.unwrap();
    let asked = snapshot.approvals.len() + snapshot.questions.len();
    let cards = kept
        .values()
        .filter(waits)
        .filter(|item| matches!(item.kind, Kind::Approval | Kind::Question));
    assert_eq!(cards.count(), asked, "each that is asked waits once");

    // Then everything comes to its end.
    for id in world.approvals.clone() {
        world.end_approval(id, 0).await;
    }
    for id in world.questions.clone() {
        world.end_question(id, 1).await;
    }
    for item in kept.values().filter(waits) {
        let id = item.id;
        let see = move |w: &mut smartopol_store::Writer<'_>| {
            w.see_attention(id, Seen::Dismiss, "cli:1", at(9))
        };
        // What was asked has its end by the answer.
        let _ = world.house.store.write(see).await;
    }
    assert_eq!(items(&world.house, false).await, []);
    for item in told(&world.house).values() {
        let ItemState::Resolved { how, by, .. } = &item.state else {
            panic!("{item:?} has no end");
        };
        let gone = *how == Resolution::Gone;
        assert_eq!(gone, by.is_empty(), "who did it is told: {item:?}");
    }
    world.house.sound().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_happens_each_item_ends_in_one_state(
        steps in prop::collection::vec(step(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps));
    }
}
