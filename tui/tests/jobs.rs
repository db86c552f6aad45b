//! The jobs: what comes, what came, and what a person does with them.

use smartopol_protocol::job::{Added, JobState, RunState};
use smartopol_protocol::{Code, Event, Fault, JobId, News};
use smartopol_tui::headless::Headless;

use crate::house::{self, House};
use crate::{attached, tell};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 36), (80, 24), (60, 18)];

/// A console that shows four jobs.
fn jobs(width: u16, height: u16) -> (House, Headless, [JobId; 4]) {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::jobs::four(&mut house);
    let mut console = attached(&mut house, id, width, height);
    console.keys("<a-j>");
    console.jobs(house.jobs.clone());
    console.screen();
    console.job(house.shown_job(ids[1], Vec::new()));
    console.ledger(ids[0], house::jobs::ledger(ids[0]));
    console.screen();
    console.asked();
    (house, console, ids)
}

fn asked(console: &mut Headless, name: &str) -> Vec<String> {
    let all = console.asked().into_iter();
    all.filter(|call| call.starts_with(name)).collect()
}

#[test]
fn the_list_says_what_comes_and_what_came() {
    for (width, height) in SIZES {
        let (house, mut console, ids) = jobs(width, height);
        console.keys("<down>");
        console.job(house.shown_job(ids[0], house::jobs::ledger(ids[0])));
        let screen = console.screen();
        insta::assert_snapshot!(format!("jobs_{width}x{height}"), screen);
        console.keys("<enter>");
        if width < 96 {
            insta::assert_snapshot!(format!("job_{width}x{height}"), console.screen());
        }
    }
}

#[test]
fn what_is_not_known_is_asked_once_and_only_of_what_is_seen() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::jobs::four(&mut house);
    let mut console = attached(&mut house, id, 120, 36);
    assert_eq!(asked(&mut console, "Jobs"), Vec::<String>::new());
    console.keys("<a-j>");
    console.screen();
    assert_eq!(asked(&mut console, "Jobs").len(), 1);
    console.jobs(house.jobs.clone());
    console.screen();
    let all = console.asked();
    let about = |name: &str| all.iter().filter(|call| call.starts_with(name)).count();
    assert_eq!((about("Job("), about("Ledger(")), (1, 4), "{all:?}");
    console.ledger(ids[0], Vec::new());
    console.screen();
    assert_eq!(console.asked(), Vec::<String>::new());
}

#[test]
fn a_countdown_counts_and_nothing_else_wakes_the_console() {
    let (house, mut console, ids) = jobs(120, 36);
    assert!(console.screen().contains("in 95 s"), "{}", console.screen());
    console.wait(5_000);
    assert!(console.screen().contains("in 90 s"));
    assert!(console.wakes_after().is_some_and(|ms| ms <= 1_000));
    // Far away, minutes are enough.
    console.event(smartopol_protocol::Event {
        seq: None,
        at: house.at(),
        session_id: None,
        news: smartopol_protocol::News::JobRemoved(ids[1]),
    });
    // The approval of another session counts its own seconds; without it nothing is in a hurry.
    console.keys("<esc>");
    console.keys("<a-j>");
    assert!(!console.screen().contains("stand-up"));
}

#[test]
fn a_run_that_ends_is_seen_at_once() {
    let (mut house, mut console, ids) = jobs(120, 36);
    console.keys("<down>");
    console.job(house.shown_job(ids[0], house::jobs::ledger(ids[0])));
    house.change_job(ids[0], |job| {
        let mut run = house::jobs::run(ids[0], 0, RunState::Running, 0, "");
        run.started_at = Some(house::BEGAN);
        job.last = Some(run);
    });
    tell(&mut console, &mut house);
    let screen = console.screen();
    assert!(
        screen.contains("● runs") && screen.contains("running"),
        "{screen}"
    );
    house.change_job(ids[0], |job| {
        let why = "the disk is full";
        job.last = Some(house::jobs::run(ids[0], 0, RunState::Failed, 900, why));
    });
    tell(&mut console, &mut house);
    let screen = console.screen();
    assert!(
        screen.contains("900 ms") && screen.contains("the disk is full"),
        "{screen}"
    );
}

#[test]
fn a_run_that_waits_for_its_next_try_says_so() {
    let (mut house, mut console, ids) = jobs(120, 36);
    console.keys("<down>");
    house.change_job(ids[0], |job| {
        let mut run = house::jobs::run(ids[0], 0, RunState::Waiting, 0, "try 1 failed: no");
        run.attempts = 1;
        job.last = Some(run);
    });
    tell(&mut console, &mut house);
    let screen = console.screen();
    assert!(screen.contains("○ tries again"), "{screen}");
}

#[test]
fn a_job_speaks_under_its_name() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    let ids = house::jobs::four(&mut house);
    let name = house.jobs.iter().find(|job| job.id == ids[0]);
    let name = name.map(|job| job.name.clone()).unwrap_or_default();
    let mut console = attached(&mut house, id, 120, 36);
    console.jobs(house.jobs.clone());
    house.user(id, "say what fails");
    for event in house.take() {
        let event = match event.news {
            News::MessageChanged(mut message) if message.peer.is_some() => {
                message.peer = Some(format!("job:{}", ids[0]));
                Event {
                    news: News::MessageChanged(message),
                    ..event
                }
            }
            _ => event,
        };
        console.event(event);
    }
    let screen = console.screen();
    assert!(screen.contains(&format!("job {name}")), "{screen}");
    assert!(!screen.contains("job:job_"), "{screen}");
}

#[test]
fn a_job_runs_now_rests_and_goes_on() {
    let (mut house, mut console, ids) = jobs(120, 36);
    console.keys("r");
    assert_eq!(asked(&mut console, "RunJob").len(), 1);
    console.keys("s");
    let at = house.at();
    let rests = house.change_job(ids[1], |job| {
        let (reason, by) = (String::new(), "cli:1000".to_owned());
        job.state = JobState::Paused { at, reason, by };
        job.next_at = None;
    });
    console.job_changed(rests);
    let screen = console.screen();
    assert!(screen.contains("`stand-up` rests"), "{screen}");
    console.asked();
    console.keys("u");
    assert_eq!(
        asked(&mut console, "ResumeJob").len(),
        1,
        "undo ends the rest"
    );
}

#[test]
fn a_job_is_removed_after_a_question_and_a_while_in_which_it_can_stay() {
    let (_, mut console, _) = jobs(120, 36);
    console.keys("d");
    assert!(
        console.screen().contains("Remove `stand-up`?"),
        "{}",
        console.screen()
    );
    console.keys("y");
    assert!(console.screen().contains("goes in 10 s"));
    assert_eq!(asked(&mut console, "RemoveJob"), Vec::<String>::new());
    console.keys("u");
    console.wait(20_000);
    assert_eq!(asked(&mut console, "RemoveJob"), Vec::<String>::new());
    console.keys("dy");
    console.wait(10_000);
    assert_eq!(asked(&mut console, "RemoveJob").len(), 1);
}

#[test]
fn a_time_in_words_is_shown_exactly_before_anything_is_kept() {
    for (width, height) in [(120, 36), (60, 18)] {
        let (house, mut console, ids) = jobs(width, height);
        console.keys("atomorrow 9:00<tab>look at the issues<enter>");
        let checks = asked(&mut console, "CheckJob");
        assert!(
            checks.len() == 1 && checks[0].contains("when: Some(\"tomorrow 9:00\")"),
            "{checks:?}"
        );
        console.keys("<enter>");
        assert_eq!(
            asked(&mut console, "AddJob"),
            Vec::<String>::new(),
            "not before it is shown"
        );
        console.keys("!<enter>");
        let shown = house.shown_job(ids[0], Vec::new());
        let added = Added {
            job: shown.job,
            next: shown.next,
        };
        console.job_added(added.clone());
        insta::assert_snapshot!(format!("job_form_{width}x{height}"), console.screen());
        // Another change, and it is asked again.
        console.keys("!<enter>");
        assert_eq!(asked(&mut console, "AddJob"), Vec::<String>::new());
        console.keys("<bs><enter>");
        console.job_added(added.clone());
        console.keys("<enter>");
        let kept = console.asked();
        assert!(
            kept.iter().any(|call| call.starts_with("AddJob")),
            "{kept:?}"
        );
    }
}

#[test]
fn a_time_that_is_not_understood_is_said_and_the_form_stays() {
    let (_, mut console, _) = jobs(120, 36);
    console.keys("asometime<tab>tidy up<enter>");
    let fault = Fault::new(Code::BadRequest, "`sometime` is no time").hint("say tomorrow 9:00");
    console.refuse("CheckJob", Some(fault));
    let screen = console.screen();
    assert!(
        screen.contains("✗ `sometime` is no time: say tomorrow 9:00"),
        "{screen}"
    );
    console.keys("<esc>");
    assert!(!console.screen().contains("New job"));
}

#[test]
fn a_change_of_what_it_does_keeps_when_it_is_due() {
    let (house, mut console, ids) = jobs(120, 36);
    console.keys("<down>e<tab> twice<enter>");
    let checks = asked(&mut console, "CheckJob");
    assert!(
        checks.len() == 1
            && checks[0].contains("schedule: Some(Every")
            && checks[0].contains("broke it. twice")
            && checks[0].contains("budget_tokens: Some(50000)")
            && checks[0].contains("name: None"),
        "{checks:?}"
    );
    console.keys("<bs><bs><enter>");
    let shown = house.shown_job(ids[0], Vec::new());
    console.job_added(Added {
        job: shown.job,
        next: shown.next,
    });
    console.keys("<enter>");
    let edits = asked(&mut console, "EditJob");
    assert!(
        edits.len() == 1 && edits[0].contains("name: Some(\"nightly-tests\")"),
        "{edits:?}"
    );
}

#[test]
fn a_time_may_be_changed_where_it_stands_and_its_time_zone_with_it() {
    let (house, mut console, ids) = jobs(120, 36);
    let job = house.jobs.iter().find(|job| job.id == ids[1]).unwrap();
    assert!(job.when.ends_with("(Europe/Berlin)"), "{}", job.when);
    console.keys("e<bs><bs><bs><bs><bs><bs><bs>Paris)<enter>");
    let checks = asked(&mut console, "CheckJob");
    assert!(
        checks.len() == 1
            && checks[0].contains("(Europe/Paris)\")")
            && checks[0].contains("zone: None"),
        "{checks:?}"
    );
    console.keys("<esc>e<bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><bs><enter>");
    let checks = asked(&mut console, "CheckJob");
    assert!(
        checks.len() == 1 && checks[0].contains("zone: Some(\"Europe/Berlin\")"),
        "{checks:?}"
    );
}

#[test]
fn why_is_answered_in_a_sentence() {
    let (house, mut console, ids) = jobs(120, 36);
    console.keys("<down>w");
    console.job(house.shown_job(ids[0], house::jobs::ledger(ids[0])));
    console.why(ids[0], "It ran at 23:00, in time.");
    assert!(
        console.screen().contains("It ran at 23:00, in time."),
        "{}",
        console.screen()
    );
}

#[test]
fn one_who_only_looks_changes_no_job() {
    let mut house = House::new();
    let id = house::morning(&mut house);
    house::jobs::four(&mut house);
    house.take();
    let mut console = Headless::observing(120, 36, house.at());
    crate::settle(&mut console, &house, id, false);
    console.keys(":jobs<enter>");
    console.jobs(house.jobs.clone());
    console.screen();
    console.asked();
    console.keys("rsaedy");
    let all = console.asked();
    let changes = [
        "RunJob",
        "PauseJob",
        "AddJob",
        "EditJob",
        "RemoveJob",
        "CheckJob",
    ];
    assert!(
        !all.iter()
            .any(|call| changes.iter().any(|own| call.starts_with(own))),
        "{all:?}"
    );
}
