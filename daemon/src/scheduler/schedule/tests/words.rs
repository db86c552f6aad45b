//! What is understood of what people write, and what they are told of it.

use super::*;

fn understood(text: &str) -> Result<Schedule, String> {
    let (_, zone) = zone("Europe/Berlin").unwrap();
    read(text, at(NOW), &zone)
}

#[test]
fn times_are_understood_as_people_write_them() {
    for (text, due) in [
        ("in 10 minutes", "2026-11-25T14:10:00Z"),
        ("in an hour and 30 minutes", "2026-11-25T15:30:00Z"),
        ("in half an hour", "2026-11-25T14:30:00Z"),
        ("in 90s", "2026-11-25T14:01:30Z"),
        ("tomorrow 9:00", "2026-11-26T08:00:00Z"),
        ("Tomorrow at 9am", "2026-11-26T08:00:00Z"),
        ("tomorrow at 9", "2026-11-26T08:00:00Z"),
        ("the day after tomorrow noon", "2026-11-27T11:00:00Z"),
        ("monday 8am", "2026-11-30T07:00:00Z"),
        ("wednesday 14:00", "2026-12-02T13:00:00Z"),
        ("wed 16:00", "2026-11-25T15:00:00Z"),
        ("next wednesday 16:00", "2026-12-02T15:00:00Z"),
        ("on friday at 9:30 pm", "2026-11-27T20:30:00Z"),
        ("17:00", "2026-11-25T16:00:00Z"),
        ("9:00", "2026-11-26T08:00:00Z"),
        ("at midnight", "2026-11-25T23:00:00Z"),
        ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
        ("2026-12-24T18:00", "2026-12-24T17:00:00Z"),
        ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"),
        ("24 december 18:00", "2026-12-24T17:00:00Z"),
        ("jan 1st at noon", "2027-01-01T11:00:00Z"),
        ("29 feb 2028 at 7", "2028-02-29T06:00:00Z"),
        ("in 1h30m", "2026-11-25T15:30:00Z"),
        ("in 1.5 hours", "2026-11-25T15:30:00Z"),
        ("in an hour and a half", "2026-11-25T15:30:00Z"),
        ("in two weeks", "2026-12-09T14:00:00Z"),
        ("in 3 days at 9:00", "2026-11-28T08:00:00Z"),
        ("in a week 9am", "2026-12-02T08:00:00Z"),
        ("9am tomorrow", "2026-11-26T08:00:00Z"),
        ("9:30 pm on friday", "2026-11-27T20:30:00Z"),
        ("at 9 on monday", "2026-11-30T08:00:00Z"),
        ("tues 9:00", "2026-12-01T08:00:00Z"),
        ("24th of december 9:00", "2026-12-24T08:00:00Z"),
        ("the 24th of december at 9", "2026-12-24T08:00:00Z"),
        ("9:00 24 december", "2026-12-24T08:00:00Z"),
        ("29 february 9:00", "2028-02-29T08:00:00Z"),
        // With what clocks show of their zone, and with another zone.
        ("tomorrow 9:00 CET", "2026-11-26T08:00:00Z"),
        ("2026-12-24 18:00 UTC", "2026-12-24T18:00:00Z"),
        ("2026-12-24 18:00:00Z", "2026-12-24T18:00:00Z"),
        ("2026-12-24T18:00:00+09:00", "2026-12-24T09:00:00Z"),
        ("2026-12-24 18:00:00 +09:00", "2026-12-24T09:00:00Z"),
        ("tomorrow 9:00 (Asia/Tokyo)", "2026-11-26T00:00:00Z"),
        ("tomorrow 9:00 asia/tokyo", "2026-11-26T00:00:00Z"),
        ("Thu 2026-12-24 18:00:00 CET", "2026-12-24T17:00:00Z"),
    ] {
        assert_eq!(understood(text), Ok(Schedule::At { at: at(due) }), "{text}");
    }
    let weekly = |days: &[Day], time: &str| Schedule::Weekly {
        days: days.to_vec(),
        time: time.into(),
    };
    let interval = |seconds| Schedule::Every {
        seconds,
        from: None,
    };
    for (text, schedule) in [
        ("every 10 minutes", interval(600)),
        ("every hour", interval(3_600)),
        ("every 90m", interval(5_400)),
        ("hourly", interval(3_600)),
        ("every 1h 30m", interval(5_400)),
        ("every 1h30m", interval(5_400)),
        ("every 1.5 hours", interval(5_400)),
        ("every half hour", interval(1_800)),
        ("every two hours", interval(7_200)),
        ("every tues 9:00", weekly(&[Day::Tue], "09:00")),
        (
            "9:00 every weekday",
            weekly(Day::ALL.get(..5).unwrap(), "09:00"),
        ),
        (
            "every day at 9:00",
            Schedule::Daily {
                time: "09:00".into(),
            },
        ),
        (
            "daily 7:30pm",
            Schedule::Daily {
                time: "19:30".into(),
            },
        ),
        (
            "every monday, wednesday and friday 8am",
            weekly(&[Day::Mon, Day::Wed, Day::Fri], "08:00"),
        ),
        (
            "every weekday at 8:30",
            weekly(Day::ALL.get(..5).unwrap(), "08:30"),
        ),
        ("weekly on sunday 10:00", weekly(&[Day::Sun], "10:00")),
        ("every week on mondays at 9", weekly(&[Day::Mon], "09:00")),
        ("0 9 * * MON-FRI", cron("0 9 * * MON-FRI")),
        ("@daily", cron("@daily")),
    ] {
        assert_eq!(understood(text), Ok(schedule), "{text}");
    }
}

#[test]
fn what_is_not_understood_is_refused_with_what_would_be() {
    for text in [
        "",
        "soon",
        "tomorrow",
        "monday",
        "in",
        "in 5",
        "in 5 moons",
        "every",
        "every day",
        "9",
        "25:00",
        "13pm",
        "0am",
        "next month 9:00",
        "every blue moon 9:00",
        "31 february 9:00",
        "in 0 minutes",
        "in 99999999999999999999 years",
        "tomorrow 9:00 sharp",
        "2026-13-01 9:00",
        "every 5 parsecs",
        "é",
        "in é",
        "every é 9:00",
        "9:0:0:0",
        "tomorrow 9:00 EST",
        "9:00 (Europe/Belrin)",
        "9:00 ()",
        "wed 2026-12-24 9:00",
        "in 3 hours at 9:00",
        "every 1.333 hours",
        "every 2nd monday 9:00",
        "30 february 9:00",
    ] {
        let said = understood(text).unwrap_err();
        assert!(said.contains("tomorrow 9:00"), "{text}: {said}");
    }
}

#[test]
fn what_is_refused_says_the_remedy() {
    for (text, remedy) in [
        ("tomorrow 9:00 EST", "`--tz Europe/Berlin`"),
        ("every monday 9:00 EST", "`--tz Europe/Berlin`"),
        ("9:00 (Europe/Belrin)", "write it as `Europe/Berlin`"),
        ("thu 2026-12-25 9:00", "2026-12-25 is no thu"),
    ] {
        let said = understood(text).unwrap_err();
        assert!(said.contains(remedy), "{text}: {said}");
    }
    let too = |text: &str| {
        let schedule = understood(text).unwrap();
        Times::new(&schedule, "UTC", at(NOW)).unwrap_err()
    };
    assert_eq!(
        too("every second"),
        "every 1 s is too often: every 10 seconds is the shortest"
    );
    assert_eq!(
        too("every 500 days"),
        "every 500 d is too seldom: every 365 days is the longest; name a date instead"
    );
}

/// What a job's form holds, with one number changed.
#[test]
fn what_a_schedule_is_told_as_may_be_changed_and_is_understood() {
    let weekly = Schedule::Weekly {
        days: vec![Day::Mon, Day::Tue, Day::Fri],
        time: "09:00".into(),
    };
    let once = |text: &str| Schedule::At { at: at(text) };
    for (text, schedule) in [
        (
            "every day at 10:00 (Etc/UTC)",
            Schedule::Daily {
                time: "10:00".into(),
            },
        ),
        (
            "by cron `0 10 * * MON-FRI` (Etc/UTC)",
            cron("0 10 * * MON-FRI"),
        ),
        (
            "once, on Mon 2026-11-30 12:55:23 UTC (Etc/UTC)",
            once("2026-11-30T12:55:23Z"),
        ),
        // The day of the week is left behind, and so is what the clocks show in winter.
        (
            "once, on Mon 2026-12-01 12:55:23 UTC (Etc/UTC)",
            once("2026-12-01T12:55:23Z"),
        ),
        (
            "once, on Mon 2027-07-30 12:55:23 CET (Europe/Berlin)",
            once("2027-07-30T10:55:23Z"),
        ),
        (
            "every Monday, Tuesday and Friday at 09:00 (Etc/UTC)",
            weekly,
        ),
        (
            "every 1 min 30 s",
            Schedule::Every {
                seconds: 90,
                from: None,
            },
        ),
    ] {
        assert_eq!(understood(text), Ok(schedule), "{text}");
    }
    let (name, _) = zone_in("every day at 10:00 (asia/tokyo)").unwrap().unwrap();
    assert_eq!(name, "Asia/Tokyo");
    assert!(zone_in("0 9 * * */2").unwrap().is_none());
}

#[test]
fn a_moment_that_was_is_understood_too() {
    let (_, zone) = zone("Europe/Berlin").unwrap();
    for (text, due) in [
        ("9:00", "2026-11-25T08:00:00Z"),
        ("16:00", "2026-11-24T15:00:00Z"),
        ("yesterday 9:00", "2026-11-24T08:00:00Z"),
        ("2026-11-01 9:00", "2026-11-01T08:00:00Z"),
        ("2026-11-01T09:00:00Z", "2026-11-01T09:00:00Z"),
        ("2026-11-01T09:00:00+02:00", "2026-11-01T07:00:00Z"),
        ("2026-11-01 09:00:00 CET", "2026-11-01T08:00:00Z"),
        ("Sun 2026-11-01 09:00:00 CET", "2026-11-01T08:00:00Z"),
        ("9am yesterday", "2026-11-24T08:00:00Z"),
        ("yesterday 9:00 (UTC)", "2026-11-24T09:00:00Z"),
    ] {
        assert_eq!(moment(text, at(NOW), &zone), Ok(at(due)), "{text}");
    }
}

#[test]
fn schedules_are_told_as_they_are_said() {
    let (_, zone) = zone("Europe/Berlin").unwrap();
    for (text, told) in [
        (
            "tomorrow 9:00",
            "once, on Thu 2026-11-26 09:00:00 CET (Europe/Berlin)",
        ),
        ("every 90 minutes", "every 1 h 30 min"),
        ("every day at 9", "every day at 09:00 (Europe/Berlin)"),
        (
            "every mon, tue and sun 9pm",
            "every Monday, Tuesday and Sunday at 21:00 (Europe/Berlin)",
        ),
        ("0 9 * * *", "by cron `0 9 * * *` (Europe/Berlin)"),
    ] {
        let schedule = understood(text).unwrap();
        assert_eq!(described(&schedule, "Europe/Berlin", &zone), told);
    }
}
