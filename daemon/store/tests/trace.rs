//! One trace per tool call: begun, completed once, found, counted.

use std::collections::BTreeMap;

use smartopol_protocol::trace::{ActionType, Filter, List, Mark, ToolStats, Trace};
use smartopol_protocol::turn::Turn;
use smartopol_protocol::{Timestamp, TraceId};
use smartopol_store::Error;

use crate::house::{House, at, call, complete, trace, turn};

/// Stores complete traces: tool, outcome, second, milliseconds it ran.
async fn filled(house: &House, rows: &[(&str, ActionType, i64, Option<u64>)]) -> Vec<Trace> {
    let session = house.session().await;
    let turn: Turn = turn(session.id);
    let traces: Vec<Trace> = rows
        .iter()
        .map(|(tool, outcome, second, ran)| {
            let mut trace = complete(&trace(&call(&turn), &house.store), ran.unwrap_or(0));
            trace.tool_name = (*tool).into();
            trace.action_type = *outcome;
            trace.timestamp = at(*second);
            trace.duration_ms = *ran;
            trace
        })
        .collect();
    let stored = traces.clone();
    house
        .store
        .write(move |w| stored.iter().try_for_each(|trace| w.begin_trace(trace)))
        .await
        .unwrap();
    traces
}

#[tokio::test]
async fn a_trace_is_begun_once_and_completed_once() {
    let house = House::new();
    let session = house.session().await;
    let call = call(&turn(session.id));
    let begun = trace(&call, &house.store);
    let mut twin = begun.clone();
    twin.id = TraceId::new();
    let (first, done) = (begun.clone(), complete(&begun, 7));
    house
        .store
        .write(move |w| w.begin_trace(&first))
        .await
        .unwrap();
    let open = house.store.read(|r| r.open_traces()).await.unwrap();
    assert_eq!(open, vec![begun.clone()]);

    let second = house.store.write(move |w| w.begin_trace(&twin)).await;
    assert!(matches!(second, Err(Error::Conflict(_))), "{second:?}");
    let unfinished = house.store.write(move |w| w.complete_trace(&begun)).await;
    assert!(
        matches!(unfinished, Err(Error::Invalid(_))),
        "{unfinished:?}"
    );

    let (once, twice) = (done.clone(), done.clone());
    house
        .store
        .write(move |w| w.complete_trace(&once))
        .await
        .unwrap();
    let again = house.store.write(move |w| w.complete_trace(&twice)).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    let (found, open) = house
        .store
        .read(move |r| Ok((r.trace_of_call(call.id)?, r.open_traces()?)))
        .await
        .unwrap();
    assert_eq!((found, open), (Some(done), vec![]));
}

#[tokio::test]
async fn lists_are_filtered_and_walk_back_in_time() {
    use ActionType::{Allow, Deny, Error as Failed};
    let house = House::new();
    let traces = filled(
        &house,
        &[
            ("exec", Allow, 1, Some(1)),
            ("exec", Deny, 2, None),
            ("read_file", Allow, 3, Some(2)),
            ("exec", Failed, 3, Some(3)),
            ("exec", Allow, 5, Some(4)),
        ],
    )
    .await;
    let ids: Vec<TraceId> = traces.iter().map(|trace| trace.id).collect();
    let list = |list: List| {
        let store = house.store.clone();
        async move {
            let listed = store.read(move |r| r.traces(&list)).await.unwrap();
            (
                listed
                    .traces
                    .into_iter()
                    .map(|trace| trace.id)
                    .collect::<Vec<_>>(),
                listed.more,
            )
        }
    };
    let filter = |filter: Filter| List {
        filter,
        ..List::default()
    };
    assert_eq!(list(List::default()).await, (ids.clone(), false));
    let newest = List {
        limit: 2,
        ..List::default()
    };
    assert_eq!(list(newest).await, (vec![ids[3], ids[4]], true));
    let before = List {
        limit: 2,
        before: Some(ids[3]),
        ..List::default()
    };
    assert_eq!(list(before).await, (vec![ids[1], ids[2]], true));
    let before = List {
        limit: 2,
        before: Some(ids[1]),
        ..List::default()
    };
    assert_eq!(list(before).await, (vec![ids[0]], false));
    let tool = Filter {
        tool: Some("read_file".into()),
        ..Filter::default()
    };
    assert_eq!(list(filter(tool)).await.0, [ids[2]]);
    let outcome = Filter {
        outcome: Some(Deny),
        ..Filter::default()
    };
    assert_eq!(list(filter(outcome)).await.0, [ids[1]]);
    let since = Filter {
        since: Some(at(3)),
        tool: Some("exec".into()),
        ..Filter::default()
    };
    assert_eq!(list(filter(since)).await.0, [ids[3], ids[4]]);
    let nobody = Filter {
        session_id: Some(smartopol_protocol::SessionId::new()),
        ..Filter::default()
    };
    assert_eq!(list(filter(nobody)).await, (vec![], false));
    let session = Filter {
        session_id: Some(traces[0].metadata.session_id),
        outcome: Some(Allow),
        ..Filter::default()
    };
    assert_eq!(list(filter(session)).await.0, [ids[0], ids[2], ids[4]]);
}

#[tokio::test]
async fn a_trace_is_found_by_the_unique_beginning_of_its_id() {
    let house = House::new();
    let session = house.session().await;
    let turn = turn(session.id);
    let with = |byte: u8, last: u8| {
        let mut trace = trace(&call(&turn), &house.store);
        let mut bytes = [byte; 16];
        bytes[15] = last;
        trace.id = TraceId::from_bytes(bytes);
        trace
    };
    let traces = [with(0xab, 1), with(0xab, 2), with(0xcd, 1)];
    let stored = traces.clone();
    house
        .store
        .write(move |w| stored.iter().try_for_each(|trace| w.begin_trace(trace)))
        .await
        .unwrap();
    let find = |key: &'static str| {
        let store = house.store.clone();
        async move { store.read(move |r| r.trace(key)).await }
    };
    assert_eq!(find("cdcd").await.unwrap(), traces[2]);
    assert_eq!(find("cdcdcdcd-cd").await.unwrap(), traces[2]);
    let full = traces[1].id.to_string().leak();
    assert_eq!(find(full).await.unwrap(), traces[1]);
    assert!(matches!(find("abab").await, Err(Error::Ambiguous { .. })));
    assert!(matches!(find("cd").await, Err(Error::Invalid(_))));
    for lost in ["eeee", "nothing", "abababababababababababababababababab"] {
        assert!(matches!(
            find(lost).await,
            Err(Error::NotFound { what: "trace", .. })
        ));
    }
}

#[tokio::test]
async fn statistics_count_by_tool_and_outcome_with_percentiles_of_what_ran() {
    use ActionType::{Allow, Deny, Error as Failed};
    let house = House::new();
    let mut rows: Vec<_> = (1..=20)
        .map(|ms| ("exec", Allow, ms, Some(ms as u64 * 10)))
        .collect();
    rows.push(("exec", Deny, 30, None));
    rows.push(("exec", Failed, 31, Some(5)));
    rows.push(("read_file", Deny, 32, None));
    filled(&house, &rows).await;
    let stats = house
        .store
        .read(|r| r.stats(&Filter::default()))
        .await
        .unwrap();
    let outcomes = [("allow", 20), ("deny", 2), ("error", 1)];
    let outcomes: BTreeMap<String, u64> = outcomes
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    assert_eq!(stats.outcomes, outcomes);
    let exec = ToolStats {
        tool: "exec".into(),
        calls: 22,
        denied: 1,
        errors: 1,
        p50_ms: Some(100),
        p95_ms: Some(190),
    };
    let read = ToolStats {
        tool: "read_file".into(),
        calls: 1,
        denied: 1,
        ..ToolStats::default()
    };
    assert_eq!(stats.tools, [exec, read]);
    let late = Filter {
        since: Some(Timestamp::from_millis(i64::MAX)),
        ..Filter::default()
    };
    assert_eq!(
        house
            .store
            .read(move |r| r.stats(&late))
            .await
            .unwrap()
            .tools,
        []
    );
}

#[tokio::test]
async fn a_mark_is_found_again_and_a_trace_that_is_not_there_has_none() {
    let house = House::new();
    let rows = [
        ("exec", ActionType::Allow, 1, Some(1)),
        ("exec", ActionType::Deny, 2, None),
    ];
    let traces = filled(&house, &rows).await;
    let mark = |id, marked| Mark { id, marked };
    let (first, at_last) = (traces[0].id, at(9));
    for marked in [true, true] {
        house
            .store
            .write(move |w| w.mark_trace(mark(first, marked), at_last))
            .await
            .unwrap();
    }
    let list = List {
        filter: Filter {
            marked: true,
            ..Filter::default()
        },
        ..List::default()
    };
    let found = house.store.read(move |r| r.traces(&list)).await.unwrap();
    assert_eq!(found.traces, [traces[0].clone()]);
    assert_eq!(found.marked, [first]);
    let snapshot = house.store.read(|r| r.snapshot()).await.unwrap();
    assert_eq!(snapshot.marked, [first]);

    house
        .store
        .write(move |w| w.mark_trace(mark(first, false), at_last))
        .await
        .unwrap();
    assert_eq!(house.store.read(|r| r.marks()).await.unwrap(), []);
    let nobody = house
        .store
        .write(move |w| w.mark_trace(mark(TraceId::new(), true), at_last))
        .await;
    assert!(matches!(nobody, Err(Error::NotFound { .. })), "{nobody:?}");
}

#[tokio::test]
async fn words_are_looked_for_in_any_case_and_the_search_says_where_to_go_on() {
    let house = House::new();
    let session = house.session().await;
    let turn: Turn = turn(session.id);
    let traces: Vec<Trace> = (0..6)
        .map(|number| {
            let mut trace = complete(&trace(&call(&turn), &house.store), 1);
            trace.timestamp = at(number);
            trace.result = serde_json::json!({"text": format!("Line {number}\nof Cargo.toml")});
            trace
        })
        .collect();
    let stored = traces.clone();
    house
        .store
        .write(move |w| stored.iter().try_for_each(|trace| w.begin_trace(trace)))
        .await
        .unwrap();
    let list = |text: &str, before| List {
        filter: Filter {
            text: text.into(),
            ..Filter::default()
        },
        before,
        limit: 2,
    };
    let first = list("CARGO line", None);
    let page = house.store.read(move |r| r.traces(&first)).await.unwrap();
    assert_eq!(page.traces, traces[4..]);
    assert_eq!((page.more, page.next), (true, Some(traces[4].id)));
    let second = list("cargo line 1", page.next);
    let page = house.store.read(move |r| r.traces(&second)).await.unwrap();
    assert_eq!(page.traces, traces[1..2]);
    assert_eq!((page.more, page.next), (false, None));
    let long = list(&"x".repeat(201), None);
    let refused = house.store.read(move |r| r.traces(&long)).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
