//! When a timer runs next: a pure function of the timer, the moment, and a number of the
//! device by which devices differ where the timer leaves the moment open.
//!
//! Times are UTC: a device has no other one.

use snap_format::timer::{Day, DaySpan, Placement, TimeSpan, Timer, TimerPart};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const DAY_SECS: u64 = 86_400;
const DAY_MINS: u64 = 1440;
/// A weekday in its week of the month comes within two months.
const LOOK_AHEAD_DAYS: u64 = 70;

/// The first moment behind `now` at which `timer` runs.
#[must_use]
pub fn next(timer: &Timer, now: SystemTime, seed: u64) -> SystemTime {
    let now_secs = now
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let today = now_secs / DAY_SECS;
    // From yesterday: a span may go over midnight.
    let days = today.saturating_sub(1)..today + LOOK_AHEAD_DAYS;
    let moments = days.flat_map(|day| {
        let parts = timer.parts().iter().filter(move |part| is_on(part, day));
        parts.flat_map(move |part| moments_on(part, day, seed))
    });
    // Of two days' moments the later day's may be the earlier one, never of days further apart.
    let mut best: Option<u64> = None;
    for moment in moments.filter(|moment| *moment > now_secs) {
        match best {
            Some(found) if moment > found + 2 * DAY_SECS => break,
            Some(found) => best = Some(found.min(moment)),
            None => best = Some(moment),
        }
    }
    let secs = best.unwrap_or(now_secs + LOOK_AHEAD_DAYS * DAY_SECS);
    UNIX_EPOCH + Duration::from_secs(secs)
}

fn moments_on(part: &TimerPart, day: u64, seed: u64) -> Vec<u64> {
    const MIDNIGHT: TimeSpan = TimeSpan {
        begin_mins: 0,
        end_mins: 0,
        split: 1,
        placement: Placement::Begin,
    };
    let times = match &part.times[..] {
        [] => &[MIDNIGHT][..],
        times => times,
    };
    let spans = times.iter().enumerate();
    spans
        .flat_map(|(index, span)| {
            let begin = u64::from(span.begin_mins);
            let end = u64::from(span.end_mins);
            let length_secs = 60
                * if end < begin {
                    end + DAY_MINS - begin
                } else {
                    end - begin
                };
            let split = u64::from(span.split.max(1));
            let each_secs = length_secs / split;
            let placement = span.placement;
            (0..split).map(move |number| {
                let open_secs = match placement {
                    Placement::Begin => 0,
                    Placement::Anywhere => {
                        let mut hasher = DefaultHasher::new();
                        (seed, day, index, number).hash(&mut hasher);
                        hasher.finish() % each_secs.max(1)
                    }
                };
                day * DAY_SECS + begin * 60 + number * each_secs + open_secs
            })
        })
        .collect()
}

fn is_on(part: &TimerPart, day: u64) -> bool {
    part.days.is_empty() || part.days.iter().any(|span| holds(span, day))
}

fn holds(span: &DaySpan, day: u64) -> bool {
    let weekdays = (u64::from(span.last.weekday) + 7 - u64::from(span.first.weekday)) % 7;
    let (Some(first), last) = (span.first.week, span.last.week) else {
        let behind_first = (weekday_of(day) + 7 - u64::from(span.first.weekday)) % 7;
        return behind_first <= weekdays;
    };
    let weeks = last.map_or(0, |last| u64::from(last.saturating_sub(first)));
    // It may have begun in the month before.
    let month = month_of(day);
    let before = month_of(month.first_day.saturating_sub(1));
    [month, before].iter().any(|month| {
        let begin = day_in_month(month, span.first, first);
        (begin..=begin + weekdays + 7 * weeks).contains(&day)
    })
}

/// Sunday is 0. The first day of all was a Thursday.
fn weekday_of(day: u64) -> u64 {
    (day + 4) % 7
}

struct Month {
    year: u64,
    number: u64,
    first_day: u64,
    length_days: u64,
}

/// The day of that weekday in the month's week of that number; 5 is the last.
fn day_in_month(month: &Month, day: Day, week: u8) -> u64 {
    let first = weekday_of(month.first_day);
    let offset = (u64::from(day.weekday) + 7 - first) % 7;
    let mut found = offset + 7 * (u64::from(week.max(1)) - 1);
    while found >= month.length_days {
        found -= 7;
    }
    month.first_day + found
}

/// Year, month and day of a day since 1970.
pub(crate) fn date_of(day: u64) -> (u64, u64, u64) {
    let month = month_of(day);
    (month.year, month.number, day - month.first_day + 1)
}

/// The month in which a day since 1970 lies.
fn month_of(day: u64) -> Month {
    let (mut year, mut first_day) = (1970, 0);
    while day >= first_day + year_days(year) {
        first_day += year_days(year);
        year += 1;
    }
    let mut month = 0;
    while day >= first_day + month_days(year, month) {
        first_day += month_days(year, month);
        month += 1;
    }
    Month {
        year,
        number: month as u64 + 1,
        first_day,
        length_days: month_days(year, month),
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

fn year_days(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn month_days(year: u64, month: usize) -> u64 {
    const DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    match month {
        1 if is_leap(year) => 29,
        month => DAYS.get(month).copied().unwrap_or(31),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Thursday, 26 November 2026, 08:30.
    const NOW: u64 = 1_795_681_800;

    fn next_after(text: &str, secs: u64) -> u64 {
        let timer: Timer = text.parse().expect(text);
        let moment = next(&timer, UNIX_EPOCH + Duration::from_secs(secs), 7);
        moment.duration_since(UNIX_EPOCH).expect("later").as_secs()
    }

    #[test]
    fn a_timer_runs_at_the_next_moment_that_it_names() {
        const HOUR: u64 = 3600;
        const THURSDAY: u64 = NOW - 8 * HOUR - 1800;
        for (text, day, hour, minute) in [
            ("9:00", 0, 9, 0),
            ("8:30", 1, 8, 30),
            ("8:00", 1, 8, 0),
            ("mon,10:00", 4, 10, 0),
            ("thu,10:00", 0, 10, 0),
            ("thu,8:00", 7, 8, 0),
            ("mon,10:00,,fri,15:00", 1, 15, 0),
            ("sat-mon,6:00", 2, 6, 0),
            ("fri", 1, 0, 0),
            ("0:00-24:00/24", 0, 9, 0),
            ("23:00-1:00/2", 0, 23, 0),
            // Tuesday, 1 December; Monday, 7 December; Monday, 30 November.
            ("tue1,10:00", 5, 10, 0),
            ("mon1,10:00", 11, 10, 0),
            ("mon5,10:00", 4, 10, 0),
        ] {
            let expected = THURSDAY + day * DAY_SECS + hour * HOUR + minute * 60;
            assert_eq!(next_after(text, NOW), expected, "{text}");
        }
    }

    #[test]
    fn an_open_moment_lies_in_its_span_and_stays() {
        let found = next_after("mon-fri,9:00~17:00/2", NOW);
        assert!((NOW + 1800..NOW + 1800 + 4 * 3600).contains(&found));
        assert_eq!(next_after("mon-fri,9:00~17:00/2", found - 1), found);
        let other: Timer = "mon-fri,9:00~17:00/2".parse().unwrap();
        let moment = next(&other, UNIX_EPOCH + Duration::from_secs(NOW), 8);
        assert_ne!(
            moment,
            UNIX_EPOCH + Duration::from_secs(found),
            "another device"
        );
    }

    #[test]
    fn every_run_is_followed_by_a_later_one() {
        for text in ["mon1,10:00", "9:00~17:00/3", "23:00~1:00", "fri5"] {
            let timer: Timer = text.parse().expect(text);
            let mut moment = UNIX_EPOCH + Duration::from_secs(NOW);
            for _ in 0..50 {
                let following = next(&timer, moment, 1);
                assert!(following > moment, "{text}");
                moment = following;
            }
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        // 29 February 2028; 1 March 2027; 31 December 2026.
        for (day, length) in [(21_243, 29), (20_878, 31), (20_818, 31)] {
            assert_eq!(month_of(day).length_days, length, "{day}");
        }
    }
}
