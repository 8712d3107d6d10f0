//! How a service ended, whether it is started again, and after which pause.

use snap_format::RestartCondition;
use std::fmt;
use std::time::Duration;

/// How a service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// With this code; 0 says that all is well.
    Exit(u8),
    /// By this signal.
    Signal(u8),
    /// It was not ready, or not gone, when it should have been.
    Timeout,
    /// It did not say that it lives.
    Watchdog,
}

/// `SIGHUP`, `SIGINT`, `SIGPIPE`, `SIGTERM`: ways of being asked.
const POLITE_SIGNALS: [u8; 4] = [1, 2, 13, 15];

impl Cause {
    /// Of the exit code of `snap-run`: above 128 it stands for a signal.
    #[must_use]
    pub fn of_exit_code(code: u8) -> Self {
        match code {
            129..=192 => Self::Signal(code - 128),
            code => Self::Exit(code),
        }
    }

    /// Is it how a service ends that has nothing to complain of?
    #[must_use]
    pub fn is_clean(self) -> bool {
        match self {
            Self::Exit(code) => code == 0,
            Self::Signal(signal) => POLITE_SIGNALS.contains(&signal),
            Self::Timeout | Self::Watchdog => false,
        }
    }

    /// Is it started again?
    #[must_use]
    pub fn restarts(self, condition: RestartCondition) -> bool {
        let by_signal = matches!(self, Self::Signal(_)) && !self.is_clean();
        match condition {
            RestartCondition::Never => false,
            RestartCondition::Always => true,
            RestartCondition::OnSuccess => self.is_clean(),
            RestartCondition::OnFailure => !self.is_clean(),
            RestartCondition::OnAbnormal => {
                by_signal || matches!(self, Self::Timeout | Self::Watchdog)
            }
            RestartCondition::OnAbort => by_signal,
            RestartCondition::OnWatchdog => self == Self::Watchdog,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "it ended with {code}"),
            Self::Signal(signal) => write!(f, "it was killed by signal {signal}"),
            Self::Timeout => f.write_str("it was not ready in time"),
            Self::Watchdog => f.write_str("it did not say that it lives"),
        }
    }
}

/// Pauses that grow while a service keeps ending soon.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    next: Duration,
}

/// As long as this it has run well.
const LONG: Duration = Duration::from_secs(60);
/// No pause is longer, but where the snap wants it so.
const LONGEST: Duration = Duration::from_secs(60);

impl Backoff {
    /// The first pause is `first`.
    #[must_use]
    pub fn new(first: Duration) -> Self {
        Self { first, next: first }
    }

    /// The pause after a run that lasted `ran`.
    pub fn pause_after(&mut self, ran: Duration) -> Duration {
        if ran >= LONG {
            self.next = self.first;
        }
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST).max(self.first);
        pause
    }

    /// Begins anew.
    pub fn forget(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of systemd.service(5), which snaps' makers know.
    #[test]
    fn conditions_are_those_of_systemd() {
        use RestartCondition::*;
        let conditions = [
            Always, OnSuccess, OnFailure, OnAbnormal, OnAbort, OnWatchdog, Never,
        ];
        for (cause, row) in [
            (Cause::Exit(0), "xx-----"),
            (Cause::Signal(15), "xx-----"),
            (Cause::Exit(1), "x-x----"),
            (Cause::Signal(11), "x-xxx--"),
            (Cause::Timeout, "x-xx---"),
            (Cause::Watchdog, "x-xx-x-"),
        ] {
            for (condition, mark) in conditions.into_iter().zip(row.chars()) {
                assert_eq!(
                    cause.restarts(condition),
                    mark == 'x',
                    "{cause} {condition}"
                );
            }
        }
    }

    #[test]
    fn pauses_grow_to_a_minute_and_a_long_run_ends_that() {
        let mut backoff = Backoff::new(Duration::from_secs(1));
        let mut pauses = |ran| backoff.pause_after(Duration::from_secs(ran)).as_secs();
        let found: Vec<_> = (0..8).map(|_| pauses(0)).collect();
        assert_eq!(found, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pauses(60), 1);
    }

    #[test]
    fn a_snap_that_wants_a_longer_pause_gets_it() {
        let mut backoff = Backoff::new(Duration::from_secs(300));
        let mut pause = || backoff.pause_after(Duration::ZERO).as_secs();
        assert_eq!([pause(), pause()], [300, 300]);
    }
}
