//! How long to go on trying.

use std::time::Duration;

/// How long to wait for a server, and how often in a row a line may fail. A KiB that arrives
/// makes good all failures before it: who sends less at a time would hold us for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Failures in a row until nothing more is tried.
    pub failures: u32,
    /// The pause behind the first of them; each is twice as long as the one before.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// To find the server, as long again to reach it, and until it begins to answer.
    pub answer: Duration,
    /// A connection that lasts longer is made anew, for it may have died without a word.
    pub connection: Duration,
}

impl Patience {
    /// Somebody waits at a terminal: some minutes.
    pub const OF_A_PERSON: Self = Self {
        failures: 8,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(60),
        answer: Duration::from_secs(30),
        connection: Duration::from_secs(120),
    };

    /// The pause behind that many failures in a row; `None` where it has an end.
    pub(crate) fn pause_after(&self, failures: u32) -> Option<Duration> {
        if failures >= self.failures {
            return None;
        }
        let doubled = 1_u32.checked_shl(failures.saturating_sub(1));
        let pause = doubled.and_then(|times| self.first_pause.checked_mul(times));
        Some(pause.map_or(self.longest_pause, |pause| pause.min(self.longest_pause)))
    }
}

/// The line broke, and will be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// The first byte that did not come.
    pub at_bytes: u64,
    /// What happened.
    pub reason: String,
    /// How long to wait.
    pub pause: Duration,
}

/// Lets time pass, and may tell somebody why.
pub trait Wait {
    /// Comes back after the pause.
    fn wait(&mut self, interruption: &Interruption);
}

impl<F: FnMut(&Interruption)> Wait for F {
    fn wait(&mut self, interruption: &Interruption) {
        self(interruption);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_end() {
        let seconds = Duration::from_secs;
        let patience = Patience {
            failures: 5,
            first_pause: seconds(2),
            longest_pause: seconds(9),
            ..Patience::OF_A_PERSON
        };
        let pauses: Vec<_> = (1..=6).map(|n| patience.pause_after(n)).collect();
        assert_eq!(
            pauses,
            [
                Some(seconds(2)),
                Some(seconds(4)),
                Some(seconds(8)),
                Some(seconds(9)),
                None,
                None
            ]
        );
        let endless = Patience {
            failures: u32::MAX,
            ..patience
        };
        assert_eq!(endless.pause_after(1000), Some(seconds(9)));
    }
}
