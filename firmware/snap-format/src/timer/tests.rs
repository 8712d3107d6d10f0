//! Timers, and what is none.

use super::*;

fn timer(text: &str) -> Timer {
    text.parse().expect(text)
}

#[test]
fn days_come_before_times_and_parts_stand_apart() {
    let timer = timer("mon-fri,9:00~17:00/2,,sun5,23:00-1:00");
    let [working, last] = timer.parts() else {
        panic!("{timer:?}");
    };
    let day = |weekday, week| Day { weekday, week };
    let [days] = working.days.as_slice() else {
        panic!("{working:?}");
    };
    assert_eq!((days.first, days.last), (day(1, None), day(5, None)));
    assert_eq!(
        working.times,
        [TimeSpan {
            begin_mins: 540,
            end_mins: 1020,
            split: 2,
            placement: Placement::Anywhere,
        }]
    );
    assert_eq!(
        last.days.first().map(|days| days.first),
        Some(day(0, Some(5)))
    );
    assert_eq!(
        last.times
            .first()
            .map(|span| (span.begin_mins, span.end_mins)),
        Some((1380, 60))
    );
}

#[test]
fn a_day_ends_at_24_00() {
    assert!("0:00-24:00".parse::<Timer>().is_ok());
    for bad in ["0:00-24:01", "9:60", "9:0", "009:00", "+9:00", ":", "9:00-"] {
        assert!(bad.parse::<Timer>().is_err(), "{bad}");
    }
}

#[test]
fn what_nobody_means_is_refused_by_name() {
    for (text, said) in [
        ("", "a part of the timer is empty; remove a comma"),
        (
            "9:00,mon",
            "cannot read \"mon\" as a day: write mon or mon-fri, before the times",
        ),
        (
            "9:00/0",
            "cannot read \"0\" as a number of times: write 9:00-17:00/4",
        ),
    ] {
        let error = text.parse::<Timer>().expect_err(text);
        assert_eq!(error.to_string(), said);
    }
}
