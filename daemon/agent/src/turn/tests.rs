//! The promises of the turn, told as stories.

use serde_json::json;

use super::*;

const LIMITS: Limits = Limits {
    steps: 3,
    repeats: 3,
};

fn output(text: &str) -> ToolOutput {
    ToolOutput {
        status: OutputStatus::Ok,
        text: text.into(),
        details: Value::Null,
    }
}

fn call(turn: &mut Turn, name: &str) -> CallId {
    let id = CallId::new();
    turn.on(Event::Call {
        id,
        name: name.into(),
        input: json!({}),
    });
    id
}

fn answer(id: CallId, status: OutputStatus, text: &str) -> Part {
    Part::ToolOutput {
        call_id: id,
        status,
        text: text.into(),
    }
}

#[test]
fn words_end_the_turn() {
    let (mut turn, effects) = Turn::start(LIMITS);
    assert_eq!(effects, [Effect::Ask]);
    turn.on(Event::Reasoning("hm".into()));
    turn.on(Event::ReasoningEnd(Some("sig".into())));
    turn.on(Event::Text("Hel".into()));
    turn.on(Event::Text("lo".into()));
    assert_eq!(
        turn.on(Event::Answered(StopReason::End)),
        [
            Effect::Record {
                parts: vec![
                    Part::Reasoning {
                        text: "hm".into(),
                        signature: Some("sig".into())
                    },
                    Part::Text {
                        text: "Hello".into()
                    },
                ],
                interrupted: false,
            },
            Effect::Finish(Outcome::Done),
        ]
    );
    assert!(turn.is_finished());
}

#[test]
fn several_calls_run_at_once_and_are_answered_together_in_their_order() {
    let (mut turn, _) = Turn::start(LIMITS);
    let (a, b) = (call(&mut turn, "exec"), call(&mut turn, "read_file"));
    let effects = turn.on(Event::Answered(StopReason::ToolUse));
    assert!(matches!(
        effects[..],
        [
            Effect::Record { .. },
            Effect::Authorize { .. },
            Effect::Authorize { .. }
        ]
    ));
    assert_eq!(turn.on(Event::Ruled(a, Ruling::Run)), [Effect::Execute(a)]);
    assert_eq!(turn.on(Event::Ruled(b, Ruling::Run)), [Effect::Execute(b)]);
    assert_eq!(turn.on(Event::ToolFinished(b, output("second"))), []);
    assert_eq!(
        turn.on(Event::ToolFinished(a, output("first"))),
        [
            Effect::Answer(vec![
                answer(a, OutputStatus::Ok, "first"),
                answer(b, OutputStatus::Ok, "second"),
            ]),
            Effect::Join,
            Effect::Ask,
        ]
    );
    assert_eq!(turn.steps(), 2);
}

#[test]
fn a_denied_call_still_answers_the_model() {
    let (mut turn, _) = Turn::start(LIMITS);
    let id = call(&mut turn, "exec");
    turn.on(Event::Answered(StopReason::ToolUse));
    assert_eq!(turn.on(Event::Ruled(id, Ruling::Ask)), []);
    assert!(turn.is_waiting());
    let denied = ToolOutput {
        status: OutputStatus::Denied,
        ..output("denied by cli:1000")
    };
    assert_eq!(
        turn.on(Event::Ruled(id, Ruling::Refuse(denied))),
        [
            Effect::Answer(vec![answer(id, OutputStatus::Denied, "denied by cli:1000")]),
            Effect::Join,
            Effect::Ask,
        ]
    );
}

#[test]
fn it_waits_for_a_person_only_when_nothing_else_goes_on() {
    let (mut turn, _) = Turn::start(LIMITS);
    let (a, b) = (call(&mut turn, "exec"), call(&mut turn, "exec"));
    turn.on(Event::Answered(StopReason::ToolUse));
    turn.on(Event::Ruled(a, Ruling::Ask));
    turn.on(Event::Ruled(b, Ruling::Run));
    assert!(!turn.is_waiting());
    turn.on(Event::ToolFinished(b, output("done")));
    assert!(turn.is_waiting());
}

#[test]
fn an_interrupt_keeps_what_was_said_and_nothing_moves_after_it() {
    let (mut turn, _) = Turn::start(LIMITS);
    turn.on(Event::Text("I will".into()));
    let id = call(&mut turn, "exec");
    assert_eq!(
        turn.on(Event::Stopped(Stop::Person)),
        [
            Effect::Record {
                parts: vec![Part::Text {
                    text: "I will".into()
                }],
                interrupted: true
            },
            Effect::Finish(Outcome::Interrupted),
        ]
    );
    assert_eq!(turn.on(Event::ToolFinished(id, output("late"))), []);
    assert_eq!(turn.on(Event::Text("late".into())), []);
}

#[test]
fn an_interrupt_answers_every_open_call() {
    let (mut turn, _) = Turn::start(LIMITS);
    let (a, b) = (call(&mut turn, "exec"), call(&mut turn, "exec"));
    turn.on(Event::Answered(StopReason::ToolUse));
    turn.on(Event::Ruled(a, Ruling::Run));
    turn.on(Event::ToolFinished(a, output("done")));
    turn.on(Event::Ruled(b, Ruling::Ask));
    let stopped = ToolOutput {
        status: OutputStatus::Interrupted,
        text: "interrupted by the user".into(),
        details: Value::Null,
    };
    assert_eq!(
        turn.on(Event::Stopped(Stop::Person)),
        [
            Effect::Abandon(b, stopped),
            Effect::Answer(vec![
                answer(a, OutputStatus::Ok, "done"),
                answer(b, OutputStatus::Interrupted, "interrupted by the user"),
            ]),
            Effect::Finish(Outcome::Interrupted),
        ]
    );
}

#[test]
fn the_step_limit_ends_the_turn_after_the_outputs_are_stored() {
    let (mut turn, _) = Turn::start(Limits {
        steps: 1,
        repeats: 9,
    });
    let id = call(&mut turn, "exec");
    turn.on(Event::Answered(StopReason::ToolUse));
    turn.on(Event::Ruled(id, Ruling::Run));
    assert_eq!(
        turn.on(Event::ToolFinished(id, output("x"))),
        [
            Effect::Answer(vec![answer(id, OutputStatus::Ok, "x")]),
            Effect::Finish(Outcome::StepLimit { limit: 1 }),
        ]
    );
}

#[test]
fn the_same_call_with_the_same_result_three_times_stops() {
    let (mut turn, _) = Turn::start(Limits {
        steps: 25,
        repeats: 3,
    });
    for round in 1..=3 {
        let id = call(&mut turn, "exec");
        turn.on(Event::Answered(StopReason::ToolUse));
        turn.on(Event::Ruled(id, Ruling::Run));
        let effects = turn.on(Event::ToolFinished(id, output("same")));
        let expected = if round < 3 {
            Effect::Ask
        } else {
            Effect::Finish(Outcome::Loop {
                tool: "exec".into(),
                times: 3,
            })
        };
        assert_eq!(effects.last(), Some(&expected), "round {round}");
    }
}

#[test]
fn a_thousand_calls_are_refused_beyond_the_limit() {
    let (mut turn, _) = Turn::start(LIMITS);
    for _ in 0..1000 {
        call(&mut turn, "exec");
    }
    let effects = turn.on(Event::Answered(StopReason::ToolUse));
    let asked = effects
        .iter()
        .filter(|e| matches!(e, Effect::Authorize { .. }))
        .count();
    let refused = effects
        .iter()
        .filter(|e| matches!(e, Effect::Refuse { .. }))
        .count();
    assert_eq!((asked, refused), (MAX_CALLS, 1000 - MAX_CALLS));
}

#[test]
fn a_failure_keeps_what_was_said() {
    let (mut turn, _) = Turn::start(LIMITS);
    turn.on(Event::Text("half".into()));
    let outcome = Outcome::Failed {
        message: "the stream was cut".into(),
        hint: String::new(),
    };
    assert_eq!(
        turn.on(Event::Failed {
            message: "the stream was cut".into(),
            hint: String::new()
        }),
        [
            Effect::Record {
                parts: vec![Part::Text {
                    text: "half".into()
                }],
                interrupted: true
            },
            Effect::Finish(outcome),
        ]
    );
}

#[test]
fn a_turn_that_waited_goes_on_waiting_after_a_restart() {
    let (done, open) = (CallId::new(), CallId::new());
    let resumed = |id, output| Resumed {
        id,
        name: "exec".into(),
        input: json!({}),
        output,
    };
    let calls = vec![resumed(done, Some(output("kept"))), resumed(open, None)];
    let (mut turn, effects) = Turn::resume(LIMITS, 2, calls);
    assert_eq!(effects, []);
    assert!(turn.is_waiting());
    assert_eq!(
        turn.on(Event::Ruled(open, Ruling::Run)),
        [Effect::Execute(open)]
    );
    let effects = turn.on(Event::ToolFinished(open, output("now")));
    assert_eq!(effects.last(), Some(&Effect::Ask));
    assert_eq!(turn.steps(), 3);
}

#[test]
fn people_join_between_the_outputs_and_the_next_question_and_nowhere_else() {
    let (mut turn, effects) = Turn::start(LIMITS);
    assert_eq!(effects, [Effect::Ask], "the first question has its message");
    let id = call(&mut turn, "exec");
    let asked = turn.on(Event::Answered(StopReason::ToolUse));
    assert!(!asked.contains(&Effect::Join), "calls stand open");
    turn.on(Event::Ruled(id, Ruling::Run));
    let effects = turn.on(Event::ToolFinished(id, output("done")));
    let kinds: Vec<_> = effects
        .iter()
        .map(|effect| matches!(effect, Effect::Join))
        .collect();
    assert_eq!(kinds, [false, true, false], "{effects:?}");
    turn.on(Event::Text("bye".into()));
    let ended = turn.on(Event::Answered(StopReason::End));
    assert!(
        !ended.contains(&Effect::Join),
        "an ended turn takes nobody in"
    );
}
