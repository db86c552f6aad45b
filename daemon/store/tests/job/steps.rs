//! Whatever is done to jobs and to what waits, in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use smartopol_protocol::attention::{self, Item, ItemState, Seen};
use smartopol_protocol::job::{JobState, Run, RunState};
use smartopol_protocol::{AttentionId, JobId, News, Timestamp};
use smartopol_store::{Error, RunEnd};

use super::{added, due, job, no_gap, open_items, prompt, remind};
use crate::house::{House, at};

/// What is done to a job and to what waits.
#[derive(Clone, Debug)]
enum Step {
    Due(RunState),
    Claim,
    End(RunEnd),
    Remind,
    Pause(bool),
    See(u8, Seen),
    TellAgain(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let due = prop_oneof![
        4 => Just(RunState::Waiting),
        1 => Just(RunState::Missed),
        1 => Just(RunState::Skipped)
    ];
    let end = prop_oneof![
        2 => Just(RunEnd::Done),
        2 => Just(RunEnd::Failed("no".into(), true)),
        1 => Just(RunEnd::Failed("no".into(), false)),
        1 => Just(RunEnd::Blocked("gone".into())),
        1 => Just(RunEnd::Skipped("not now".into())),
    ];
    let seen = prop_oneof![
        Just(Seen::Acknowledge),
        Just(Seen::Dismiss),
        Just(Seen::Snooze { seconds: 5 })
    ];
    prop_oneof![
        3 => due.prop_map(Step::Due),
        3 => Just(Step::Claim),
        3 => end.prop_map(Step::End),
        2 => Just(Step::Remind),
        1 => any::<bool>().prop_map(Step::Pause),
        2 => (any::<u8>(), seen).prop_map(|(which, seen)| Step::See(which, seen)),
        1 => any::<u8>().prop_map(Step::TellAgain),
    ]
}

/// What was told of rows and items so far; what is over stays as it is.
#[derive(Default)]
struct Told {
    runs: BTreeMap<(JobId, Timestamp), Run>,
    items: BTreeMap<AttentionId, Item>,
}

impl Told {
    fn hear(&mut self, news: &News) {
        match news {
            News::JobChanged(job) => {
                let Some(run) = &job.last else { return };
                let before = self.runs.insert((job.id, run.due_at), run.clone());
                if let Some(before) = before.filter(|before| before.state.is_over()) {
                    let again = before.state == RunState::Missed;
                    assert!(again || before == *run, "{before:?} became {run:?}");
                }
            }
            News::AttentionChanged(item) => {
                let before = self.items.insert(item.id, (**item).clone());
                if let Some(before) = before {
                    let over = matches!(before.state, ItemState::Resolved { .. });
                    assert!(!over, "{before:?} became {item:?}");
                }
            }
            _ => {}
        }
    }
}

async fn play(steps: Vec<Step>) {
    let house = House::new();
    let jobs = [
        added(&house.store, &job("tidy", prompt())).await,
        added(&house.store, &job("tea", remind())).await,
    ];
    let (mut minutes, mut now) = ([0_i64, 0], 0);
    for (turn, step) in steps.into_iter().enumerate() {
        now += 1;
        let which = turn % 2;
        let job = &jobs[which];
        let id = job.id;
        let newest = move |w: &mut smartopol_store::Writer<'_>, wanted: RunState| {
            let (runs, _) = w.history(id, None, 100)?;
            Ok::<_, Error>(runs.into_iter().find(|run| run.state == wanted))
        };
        let moment = at(100_000 + now);
        match step {
            Step::Due(state) => {
                minutes[which] += 1;
                due(&house.store, job, at(minutes[which] * 60), state).await;
            }
            Step::Claim if which == 0 => {
                let claim = move |w: &mut smartopol_store::Writer<'_>| {
                    if let Some(run) = newest(w, RunState::Waiting)? {
                        w.claim_run((id, run.due_at), None, None, "", moment)?;
                    }
                    Ok(())
                };
                house.store.write(claim).await.unwrap();
            }
            Step::End(end) => {
                let close = move |w: &mut smartopol_store::Writer<'_>| match newest(
                    w,
                    RunState::Running,
                )? {
                    Some(run) => w.end_run((id, run.due_at), end, moment),
                    None => Ok(()),
                };
                house.store.write(close).await.unwrap();
            }
            Step::Remind | Step::Claim => {
                let remind = move |w: &mut smartopol_store::Writer<'_>| match newest(
                    w,
                    RunState::Waiting,
                )? {
                    Some(run) if which == 1 => w.remind((id, run.due_at), ("", "then"), moment),
                    _ => Ok(()),
                };
                house.store.write(remind).await.unwrap();
            }
            Step::Pause(pause) => {
                let change = move |w: &mut smartopol_store::Writer<'_>| {
                    let mut job = w.job(id)?;
                    job.state = match pause {
                        true => JobState::Paused {
                            at: moment,
                            reason: "rest".into(),
                            by: String::new(),
                        },
                        false => JobState::Active,
                    };
                    w.put_job(&job).map(drop)
                };
                house.store.write(change).await.unwrap();
            }
            Step::See(number, seen) => {
                let items = open_items(&house.store).await;
                if items.is_empty() {
                    continue;
                }
                let id = items[usize::from(number) % items.len()].id;
                let see = move |w: &mut smartopol_store::Writer<'_>| {
                    w.see_attention(id, seen, "cli:1000", moment)
                };
                house.store.write(see).await.unwrap();
                if !matches!(seen, Seen::Snooze { .. }) {
                    let again = move |w: &mut smartopol_store::Writer<'_>| {
                        w.see_attention(id, Seen::Dismiss, "cli:1", moment)
                    };
                    let twice = house.store.write(again).await;
                    assert!(matches!(twice, Err(Error::Conflict(_))));
                }
            }
            Step::TellAgain(number) => {
                let far = at(10_000_000);
                let due = house
                    .store
                    .read(move |r| r.attention_due(far, 100))
                    .await
                    .unwrap();
                if due.is_empty() {
                    continue;
                }
                let id = due[usize::from(number) % due.len()].id;
                let told = house
                    .store
                    .write(move |w| w.tell_attention(id, |_, _| Ok(attention::Place::Inbox)))
                    .await
                    .unwrap();
                assert_eq!(told.unwrap().state, ItemState::Open);
            }
        }
    }
    let mut told = Told::default();
    house.told().iter().for_each(|fact| told.hear(&fact.news));
    no_gap(&house.store).await;
    let open = open_items(&house.store).await;
    for item in &open {
        assert_eq!(told.items.get(&item.id), Some(item));
        let same = |other: &&Item| other.kind == item.kind && other.job_id == item.job_id;
        assert!(open.iter().filter(same).count() <= 1, "{open:?}");
    }
    house.sound().await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_happens_no_row_is_missing_and_what_is_over_stays_over(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(play(steps));
    }
}
