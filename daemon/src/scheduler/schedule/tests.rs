//! Due times across changes of the clock, leap days and every kind of expression; held against an
//! oracle that walks minute by minute.

use proptest::prelude::*;

use super::*;

mod words;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn times(schedule: &Schedule, zone: &str) -> Times {
    Times::new(schedule, zone, at("2026-01-01T00:00:00Z")).unwrap()
}

fn cron(expression: &str) -> Schedule {
    Schedule::Cron {
        expression: expression.into(),
    }
}

/// The next due times as the wall clock shows them, with the abbreviation of the zone.
fn shown(schedule: &Schedule, zone_name: &str, from: &str, count: usize) -> Vec<String> {
    let (_, zone) = zone(zone_name).unwrap();
    times(schedule, zone_name)
        .following(at(from), count)
        .into_iter()
        .map(|at| {
            let told = local(at, &zone);
            told.get(4..).unwrap().replace(":00 ", " ")
        })
        .collect()
}

#[test]
fn a_time_that_is_left_out_comes_at_the_first_moment_after_once() {
    let daily = Schedule::Daily {
        time: "02:30".into(),
    };
    assert_eq!(
        shown(&daily, "Europe/Berlin", "2026-03-28T00:00:00Z", 4),
        [
            "2026-03-28 02:30 CET",
            "2026-03-29 03:00 CEST",
            "2026-03-30 02:30 CEST",
            "2026-03-31 02:30 CEST",
        ]
    );
    assert_eq!(
        shown(&daily, "America/New_York", "2026-03-07T12:00:00Z", 2),
        ["2026-03-08 03:00 EDT", "2026-03-09 02:30 EDT"]
    );
    // Half an hour is left out here, and midnight there.
    assert_eq!(
        shown(
            &cron("10,20 2 * * *"),
            "Australia/Lord_Howe",
            "2026-10-03T00:00:00Z",
            3
        ),
        [
            "2026-10-04 02:30 +11",
            "2026-10-05 02:10 +11",
            "2026-10-05 02:20 +11"
        ]
    );
    assert_eq!(
        shown(&cron("@daily"), "Africa/Cairo", "2026-04-22T22:00:00Z", 2),
        ["2026-04-24 01:00 EEST", "2026-04-25 00:00 EEST"]
    );
}

#[test]
fn a_time_that_comes_twice_is_due_once() {
    let daily = Schedule::Daily {
        time: "02:30".into(),
    };
    assert_eq!(
        shown(&daily, "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25 02:30 CEST", "2026-10-26 02:30 CET"]
    );
    // Also where one asks between the two.
    assert_eq!(
        shown(&daily, "Europe/Berlin", "2026-10-25T01:10:00Z", 1),
        ["2026-10-26 02:30 CET"]
    );
    assert_eq!(
        shown(
            &cron("30 1 * * SUN"),
            "America/New_York",
            "2026-10-31T12:00:00Z",
            2
        ),
        ["2026-11-01 01:30 EDT", "2026-11-08 01:30 EST"]
    );
}

#[test]
fn what_repeats_within_the_hour_follows_the_time_that_passes() {
    assert_eq!(
        shown(
            &cron("*/30 * * * *"),
            "Europe/Berlin",
            "2026-03-29T00:15:00Z",
            3
        ),
        [
            "2026-03-29 01:30 CET",
            "2026-03-29 03:00 CEST",
            "2026-03-29 03:30 CEST"
        ]
    );
    assert_eq!(
        shown(
            &cron("*/30 * * * *"),
            "Europe/Berlin",
            "2026-10-24T23:45:00Z",
            5
        ),
        [
            "2026-10-25 02:00 CEST",
            "2026-10-25 02:30 CEST",
            "2026-10-25 02:00 CET",
            "2026-10-25 02:30 CET",
            "2026-10-25 03:00 CET",
        ]
    );
    let every = Schedule::Every {
        seconds: 3_600,
        from: Some(at("2026-03-28T23:20:00Z")),
    };
    assert_eq!(
        shown(&every, "Europe/Berlin", "2026-03-28T23:59:00Z", 2),
        ["2026-03-29 01:20 CET", "2026-03-29 03:20 CEST"]
    );
}

#[test]
fn leap_days_come_when_they_come() {
    assert_eq!(
        shown(&cron("0 12 29 2 *"), "UTC", "2026-01-01T00:00:00Z", 2),
        ["2028-02-29 12:00 UTC", "2032-02-29 12:00 UTC"]
    );
    // 2100 is no leap year.
    assert_eq!(
        shown(&cron("0 12 29 2 *"), "UTC", "2097-01-01T00:00:00Z", 1),
        ["2104-02-29 12:00 UTC"]
    );
    assert_eq!(
        shown(&cron("0 0 L * *"), "UTC", "2028-02-01T00:00:00Z", 2),
        ["2028-02-29 00:00 UTC", "2028-03-31 00:00 UTC"]
    );
}

#[test]
fn cron_means_what_cron_always_meant() {
    let next = |expression: &str| shown(&cron(expression), "UTC", "2026-11-25T15:00:00Z", 1);
    for (expression, due) in [
        ("0 9 * * MON-FRI", "2026-11-26 09:00 UTC"),
        ("0 9 * * fri-sun", "2026-11-27 09:00 UTC"),
        ("0 9 * * 7", "2026-11-29 09:00 UTC"),
        ("0 9 * * 0", "2026-11-29 09:00 UTC"),
        ("5/20 * * * *", "2026-11-25 15:05 UTC"),
        ("0 0 1 JAN,jul *", "2027-01-01 00:00 UTC"),
        ("15,45 8-17/3 * * *", "2026-11-25 17:15 UTC"),
        // Either day fits where both are given; both must where one is `*`.
        ("0 0 13 * FRI", "2026-11-27 00:00 UTC"),
        ("0 0 13 * *", "2026-12-13 00:00 UTC"),
        ("@weekly", "2026-11-29 00:00 UTC"),
        ("@HOURLY", "2026-11-25 16:00 UTC"),
    ] {
        assert_eq!(next(expression), [due], "{expression}");
    }
    assert_eq!(
        times(&cron("30 0 0 * * *"), "UTC").after(at("2026-11-25T15:00:00Z")),
        Some(at("2026-11-26T00:00:30Z"))
    );
}

#[test]
fn what_is_wrong_is_said_with_its_field() {
    let said =
        |expression: &str| Times::new(&cron(expression), "UTC", Timestamp::default()).unwrap_err();
    assert_eq!(
        said("60 * * * *"),
        "`60` is no minute in cron: 0 to 59 are possible"
    );
    assert_eq!(
        said("0 9 * * MOO"),
        "`MOO` is no day of the week in cron: 0 to 7 are possible, or sun to sat"
    );
    assert_eq!(
        said("0 9-7 * * *"),
        "`9-7` is no hour in cron: the range goes backwards"
    );
    assert!(said("* * * *").contains("has 4 fields"));
    assert!(said("@dayly").contains("@daily"));
    let never = times(&cron("0 0 30 2 *"), "UTC");
    assert!(
        never
            .check(Timestamp::default())
            .unwrap_err()
            .contains("never due")
    );
    let often = times(&cron("*/5 * * * * *"), "UTC");
    assert!(
        often
            .check(Timestamp::default())
            .unwrap_err()
            .contains("every 5 seconds")
    );
    let past = times(
        &Schedule::At {
            at: at("2026-01-01T00:00:00Z"),
        },
        "UTC",
    );
    assert!(
        past.check(at("2026-01-02T00:00:00Z"))
            .unwrap_err()
            .contains("in the past")
    );
    assert!(zone("Europe/Belrin").unwrap_err().contains("Europe/Berlin"));
}

/// Wednesday, 15:00 in Berlin.
const NOW: &str = "2026-11-25T14:00:00Z";

/// One field: its text and the values that fit.
fn field(low: u32, high: u32) -> impl Strategy<Value = (String, Vec<u32>, bool)> {
    prop_oneof![
        Just(("*".to_owned(), (low..=high).collect(), true)),
        (1..=high / 2 + 1).prop_map(move |step| {
            let fit = (low..=high).step_by(step as usize).collect();
            (format!("*/{step}"), fit, true)
        }),
        prop::collection::btree_set(low..=high, 1..4).prop_map(|fit| {
            let text: Vec<String> = fit.iter().map(ToString::to_string).collect();
            (text.join(","), fit.into_iter().collect(), false)
        }),
        (low..=high, low..=high).prop_map(|(a, b)| {
            let (a, b) = (a.min(b), a.max(b));
            (format!("{a}-{b}"), (a..=b).collect(), false)
        }),
    ]
}

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kathmandu",
];

/// Days around changes of the clock, in minutes since the epoch.
fn start() -> impl Strategy<Value = i64> {
    prop_oneof![
        at("2026-03-07T00:00:00Z").as_millis()..at("2026-03-10T00:00:00Z").as_millis(),
        at("2026-03-27T00:00:00Z").as_millis()..at("2026-03-31T00:00:00Z").as_millis(),
        at("2026-04-03T00:00:00Z").as_millis()..at("2026-04-06T00:00:00Z").as_millis(),
        at("2026-10-02T00:00:00Z").as_millis()..at("2026-10-05T00:00:00Z").as_millis(),
        at("2026-10-23T00:00:00Z").as_millis()..at("2026-11-02T00:00:00Z").as_millis(),
    ]
}

/// Any schedule, as words say it: whole seconds, days in their order.
fn any_schedule() -> impl Strategy<Value = Schedule> {
    let time = (0..24, 0..60, 0..60).prop_map(|(hour, minute, second)| match second % 2 {
        0 => format!("{hour:02}:{minute:02}"),
        _ => format!("{hour:02}:{minute:02}:{second:02}"),
    });
    let at = at("2026-01-01T00:00:00Z").as_millis() / 1_000;
    let at = prop_oneof![
        at..at + 100 * 31_536_000,
        start().prop_map(|millis| millis.div_euclid(1_000)),
    ];
    let cron = (field(0, 59), field(0, 23), field(0, 6));
    prop_oneof![
        at.prop_map(|seconds| Schedule::At {
            at: Timestamp::from_millis(seconds * 1_000)
        }),
        (10_u64..31_536_000).prop_map(|seconds| Schedule::Every {
            seconds,
            from: None
        }),
        cron.prop_map(|(minute, hour, day)| Schedule::Cron {
            expression: format!("{} {} * * {}", minute.0, hour.0, day.0)
        }),
        time.clone().prop_map(|time| Schedule::Daily { time }),
        (prop::collection::btree_set(0_usize..7, 1..7), time).prop_map(|(days, time)| {
            Schedule::Weekly {
                days: days
                    .into_iter()
                    .filter_map(|day| Day::ALL.get(day).copied())
                    .collect(),
                time,
            }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_schedule_is_told_as_is_that_schedule(
        schedule in any_schedule(),
        zone_name in prop::sample::select(&ZONES[..]),
        asked_in in prop::sample::select(&ZONES[..]),
    ) {
        let (_, own) = zone(zone_name).unwrap();
        let told = described(&schedule, zone_name, &own);
        let (_, asked_in) = zone(asked_in).unwrap();
        prop_assert_eq!(read(&told, at(NOW), &asked_in), Ok(schedule), "{}", told);
        if let Some((named, _)) = zone_in(&told).unwrap() {
            prop_assert_eq!(named, zone_name);
        }
    }

    #[test]
    fn every_next_time_is_the_one_that_a_walk_finds(
        minute in field(0, 59),
        hour in field(0, 23),
        weekday in field(0, 6),
        zone_name in prop::sample::select(&ZONES[..]),
        start in start(),
    ) {
        let text = format!("{} {} * * {}", minute.0, hour.0, weekday.0);
        let times = times(&cron(&text), zone_name);
        let (_, zone) = zone(zone_name).unwrap();
        let follows_time = minute.2 || hour.2;
        let wall = |minutes: i64| {
            let at = jiff::Timestamp::from_second(minutes * 60).unwrap();
            zone.to_datetime(at)
        };
        let fits = |wall: DateTime| {
            minute.1.contains(&u32::try_from(wall.minute()).unwrap())
                && hour.1.contains(&u32::try_from(wall.hour()).unwrap())
                && weekday.1.contains(&u32::try_from(wall.date().weekday().to_sunday_zero_offset()).unwrap())
        };
        let due = |minutes: i64| {
            let now = wall(minutes);
            if follows_time {
                return fits(now);
            }
            // Shown before within the last three hours: the second of two.
            let again = (minutes - 180..minutes).any(|before| wall(before) == now);
            // What the clock left out just before this minute.
            let before = wall(minutes - 1);
            let mut left_out = before + jiff::Span::new().minutes(1);
            let mut missed = false;
            while left_out < now {
                missed |= fits(left_out);
                left_out += jiff::Span::new().minutes(1);
            }
            fits(now) && !again || missed
        };
        let first = start.div_euclid(60_000) + 1;
        let walked = (first..first + 4 * 1_440).find(|minutes| due(*minutes));
        let found = times.after(Timestamp::from_millis(start));
        match walked {
            Some(minutes) => prop_assert_eq!(
                found.map(Timestamp::as_millis), Some(minutes * 60_000), "{} in {}", text, zone_name
            ),
            None => prop_assert!(
                found.is_none_or(|at| at.as_millis() >= (first + 4 * 1_440) * 60_000),
                "{} in {}: {:?}", text, zone_name, found
            ),
        }
    }

    #[test]
    fn no_text_breaks_the_reading(text in ".{0,40}", words in prop::collection::vec(
        prop::sample::select(&[
            "in", "every", "monday", "9:00", "at", "9", "and", "10", "minutes", "next", "dec",
            "2026-02-30", "tomorrow", "*", "@", "am", "week", "1st", "half", "an", "hour",
        ][..]), 0..7,
    )) {
        let (_, zone) = zone("Europe/Berlin").unwrap();
        for text in [text, words.join(" ")] {
            let _ = moment(&text, at(NOW), &zone);
            if let Ok(schedule) = read(&text, at(NOW), &zone)
                && let Ok(times) = Times::new(&schedule, "Europe/Berlin", at(NOW))
            {
                let _ = times.check(at(NOW));
                let due = times.following(at(NOW), 5);
                prop_assert!(due.is_sorted_by(|a, b| a < b));
            }
        }
    }

    #[test]
    fn intervals_keep_their_beat(seconds in 10_u64..100_000, from in 0_i64..2_000_000_000_000, after in 0_i64..2_000_000_000_000) {
        let every = Schedule::Every { seconds, from: Some(Timestamp::from_millis(from)) };
        let due = times(&every, "UTC").after(Timestamp::from_millis(after)).unwrap().as_millis();
        let beat = i64::try_from(seconds).unwrap() * 1000;
        prop_assert!(due > after && due >= from && (due - from) % beat == 0);
        prop_assert!(due == from || due - beat <= after);
    }
}
