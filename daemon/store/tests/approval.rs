//! Questions to a person end once, and the first answer wins.

use smartopol_protocol::News;
use smartopol_protocol::approval::{Approval, ApprovalState, List};
use smartopol_store::{Ended, Error};

use crate::house::{House, approval, at, decision};

async fn asked(house: &House) -> Approval {
    let session = house.session().await;
    let turn = house.turn(session.id).await;
    let call = house.call(&turn).await;
    let question = approval(&call);
    let stored = question.clone();
    house
        .store
        .write(move |w| w.ask_approval(&stored))
        .await
        .unwrap();
    question
}

#[tokio::test]
async fn of_twenty_answers_at_once_one_wins_and_all_hear_which() {
    let house = House::new();
    let question = asked(&house).await;
    let id = question.id;
    house.forget_told();
    let answers = (0..20).map(|number| {
        let store = house.store.clone();
        async move {
            let decision = decision(&format!("client-{number}"));
            let state = if number % 2 == 0 {
                ApprovalState::Allowed { decision }
            } else {
                ApprovalState::Denied { decision }
            };
            store
                .write(move |w| w.end_approval(id, state))
                .await
                .unwrap()
        }
    });
    let mut set = tokio::task::JoinSet::new();
    for answer in answers {
        set.spawn(answer);
    }
    let ended = set.join_all().await;
    let (now, already): (Vec<_>, Vec<_>) = ended
        .into_iter()
        .partition(|ended| matches!(ended, Ended::Now(_)));
    let [Ended::Now(winner)] = now.as_slice() else {
        panic!("{now:?}")
    };
    assert_eq!(already, vec![Ended::Already(winner.clone()); 19]);
    let told: Vec<News> = house
        .told()
        .into_iter()
        .map(|event| event.news)
        .filter(|news| matches!(news, News::ApprovalChanged(_)))
        .collect();
    assert_eq!(told, [News::ApprovalChanged(Box::new(winner.clone()))]);
    let session = house.store.read({
        let id = question.session_id;
        move |r| r.session(id)
    });
    assert_eq!(session.await.unwrap().waiting, 0);
    house.sound().await;
}

#[tokio::test]
async fn a_pending_approval_is_found_after_a_restart() {
    let mut house = House::new();
    let question = asked(&house).await;
    house.reopen().await;
    let (pending, session, counts) = house
        .store
        .read({
            let id = question.session_id;
            move |r| Ok((r.pending_approvals()?, r.session(id)?, r.counts()?))
        })
        .await
        .unwrap();
    assert_eq!(pending, [question]);
    assert_eq!(session.waiting, 1);
    assert_eq!(
        (
            counts.sessions,
            counts.active_sessions,
            counts.pending_approvals
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn a_call_is_asked_about_once_at_a_time() {
    let house = House::new();
    let question = asked(&house).await;
    let mut second = question.clone();
    second.id = smartopol_protocol::ApprovalId::new();
    let refused = house.store.write(move |w| w.ask_approval(&second)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}

#[tokio::test]
async fn lists_have_the_pending_ones_or_all_of_a_session() {
    let house = House::new();
    let first = asked(&house).await;
    let second = asked(&house).await;
    let (one, other) = (first.session_id, first.id);
    house
        .store
        .write(move |w| w.end_approval(other, ApprovalState::Expired { at: at(7) }))
        .await
        .unwrap();
    let list = |all, session_id, limit| {
        let store = house.store.clone();
        async move {
            let list = List {
                all,
                session_id,
                limit,
            };
            let approvals = store.read(move |r| r.approvals(&list)).await.unwrap();
            approvals
                .into_iter()
                .map(|approval| approval.id)
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(list(false, None, 0).await, [second.id]);
    assert_eq!(list(true, None, 0).await, [first.id, second.id]);
    assert_eq!(list(true, None, 1).await, [second.id]);
    assert_eq!(list(true, Some(one), 0).await, [first.id]);
    assert_eq!(list(false, Some(one), 0).await, []);
}

#[tokio::test]
async fn an_approval_cannot_end_as_pending_and_an_unknown_one_is_not_found() {
    let house = House::new();
    let id = asked(&house).await.id;
    let pending = house
        .store
        .write(move |w| w.end_approval(id, ApprovalState::Pending))
        .await;
    assert!(matches!(pending, Err(Error::Invalid(_))), "{pending:?}");
    let state = ApprovalState::Cancelled {
        at: at(7),
        reason: "the turn was interrupted".into(),
    };
    let unknown = smartopol_protocol::ApprovalId::new();
    let lost = house
        .store
        .write(move |w| w.end_approval(unknown, state))
        .await;
    assert!(
        matches!(
            lost,
            Err(Error::NotFound {
                what: "approval",
                ..
            })
        ),
        "{lost:?}"
    );
}
