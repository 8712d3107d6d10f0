//! When the next poll is due: pure functions of what the last one brought.
//!
//! All of it is time that passes, never the time of day: a clock may be dead. Devices that
//! were switched on together do not ask together, and a server that fails is asked less and
//! less, but never less often than at each regular poll.

use std::time::Duration;

/// The first failure is followed by a pause of so long, each further one by twice the last.
const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// A device that was just switched on asks within this time.
const LONGEST_FIRST: Duration = Duration::from_secs(300);
/// The longest pause that a server may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(86_400);
/// A release that could not be installed is tried less often than the store is asked.
const LONGEST_INSTALL_PAUSE: u32 = 4;

/// What the last look at the store brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// The store said what is current.
    Answered,
    /// The server said no: what it does not give now it will not give in a minute.
    Refused,
    /// There was no answer, or one that says that it may be better later.
    Failed {
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// A release was taken, and could not be installed.
    NotInstalled,
}

/// A device's lot, which spreads its polls: from its machine id and the poll's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lot(u16);

impl Lot {
    /// The lot of a poll.
    #[must_use]
    pub fn of(machine_id: &str, poll: u32) -> Self {
        let digest = image_trust::sha256(format!("{machine_id} {poll}").as_bytes());
        let [first, second, ..] = digest.0;
        Self(u16::from_be_bytes([first, second]))
    }

    /// That part of `whole`.
    fn part_of(self, whole: Duration) -> Duration {
        whole.mul_f64(f64::from(self.0) / 65_536.0)
    }
}

/// From the start of the daemon to its first poll.
#[must_use]
pub fn first_pause(interval: Duration, lot: Lot) -> Duration {
    lot.part_of(interval.min(LONGEST_FIRST))
}

/// From this poll to the next. `failures` counts those in a row, this one included.
#[must_use]
pub fn pause(interval: Duration, looked: Looked, failures: u32, lot: Lot) -> Duration {
    // Between nine and eleven tenths.
    let regular = interval.mul_f64(0.9) + lot.part_of(interval.mul_f64(0.2));
    let doublings = failures.saturating_sub(1).min(20);
    match looked {
        Looked::Answered | Looked::Refused => regular,
        Looked::Failed { retry_after } => {
            let pause = FIRST_PAUSE.saturating_mul(1 << doublings);
            let spread = pause + lot.part_of(pause / 2);
            let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
            spread.min(regular).max(asked)
        }
        Looked::NotInstalled => regular.saturating_mul((1 << doublings).min(LONGEST_INSTALL_PAUSE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const NONE: Lot = Lot(0);
    const MOST: Lot = Lot(u16::MAX);

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn failed(retry_after: Option<u64>) -> Looked {
        Looked::Failed {
            retry_after: retry_after.map(secs),
        }
    }

    #[test]
    fn a_table_of_pauses() {
        let table = [
            (Looked::Answered, 0, 3240),
            // A no is a no until the next regular poll, however often it came.
            (Looked::Refused, 1, 3240),
            (Looked::Refused, 9, 3240),
            (failed(None), 1, 60),
            (failed(None), 2, 120),
            (failed(None), 3, 240),
            (failed(None), 6, 1920),
            // Never later than the regular poll,
            (failed(None), 7, 3240),
            (failed(None), u32::MAX, 3240),
            // but for a server that wants it so, within a day,
            (failed(Some(7200)), 1, 7200),
            (failed(Some(u64::MAX)), 1, 86_400),
            // and never sooner than without its word.
            (failed(Some(1)), 3, 240),
            (Looked::NotInstalled, 1, 3240),
            (Looked::NotInstalled, 2, 6480),
            (Looked::NotInstalled, 3, 12_960),
            (Looked::NotInstalled, 50, 12_960),
        ];
        for (looked, failures, expected) in table {
            let pause = pause(HOUR, looked, failures, NONE);
            assert_eq!(pause, secs(expected), "{looked:?}, {failures}");
        }
    }

    #[test]
    fn polls_are_spread_within_a_tenth_and_the_first_ones_over_minutes() {
        let longest = pause(HOUR, Looked::Answered, 0, MOST);
        assert!(longest > secs(3955) && longest < secs(3960), "{longest:?}");
        assert_eq!(first_pause(HOUR, NONE), Duration::ZERO);
        assert_eq!(first_pause(HOUR, MOST).as_secs(), 299);
        assert_eq!(first_pause(secs(60), MOST).as_secs(), 59);
    }

    #[test]
    fn lots_differ_from_device_to_device_and_from_poll_to_poll() {
        let lots = [Lot::of("a", 0), Lot::of("b", 0), Lot::of("a", 1)];
        assert_eq!(lots[0], Lot::of("a", 0));
        assert!(lots[0] != lots[1] && lots[0] != lots[2] && lots[1] != lots[2]);
    }
}
