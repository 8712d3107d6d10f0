//! When a service runs: any text.
//!
//! What is read happens at times that a day has, and is the same when it is read again.

use crate::{Answer, Seed, Target};
use snap_format::timer::Timer;

pub(crate) const TARGET: Target = Target {
    name: "snap_timer",
    about: "when a snap's service runs",
    max_bytes: 1100,
    run,
    seeds,
};

fn run(input: &[u8]) -> Answer {
    let Ok(text) = str::from_utf8(input) else {
        return Answer::Refused;
    };
    let Ok(timer) = text.parse::<Timer>() else {
        return Answer::Refused;
    };
    assert_eq!(timer.as_str(), text);
    assert!(!timer.parts().is_empty());
    for part in timer.parts() {
        assert!(!part.days.is_empty() || !part.times.is_empty());
        for day in part.days.iter().flat_map(|days| [days.first, days.last]) {
            assert!(day.weekday < 7 && day.week.is_none_or(|week| (1..=5).contains(&week)));
        }
        for time in &part.times {
            assert!(time.begin_mins <= 1440 && time.end_mins <= 1440 && time.split > 0);
        }
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    [
        ("spans", "mon-fri,9:00~17:00/2,,sun5,23:00-1:00"),
        ("day", "00:00-24:00/4"),
        ("weeks", "mon1-fri2,9:00"),
        ("refused-behind", "9:00,mon"),
        ("refused-week", "mon6,9:00"),
    ]
    .map(|(name, text)| (name, text.as_bytes().to_vec()))
    .into()
}
