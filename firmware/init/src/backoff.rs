//! Pauses between starts of a program that keeps ending: they double up to a minute.

use std::time::Duration;

/// A program that lived that long was of use.
const USED: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often in a row it ended too soon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    short_lived: u32,
}

impl Backoff {
    /// The pause before the next start of a program that ran for so long. None after one
    /// that was of use, or the first that was not; then 1 s, 2 s, ...
    pub(crate) fn pause_after(&mut self, ran: Duration) -> Duration {
        if ran >= USED {
            self.short_lived = 0;
        }
        let pause = match self.short_lived.checked_sub(1) {
            None => Duration::ZERO,
            Some(doublings) => {
                let seconds = 1_u64.checked_shl(doublings).unwrap_or(u64::MAX);
                Duration::from_secs(seconds).min(LONGEST_PAUSE)
            }
        };
        self.short_lived = self.short_lived.saturating_add(1);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_end_with_a_program_of_use() {
        let mut backoff = Backoff::default();
        let mut after = |seconds| backoff.pause_after(Duration::from_secs(seconds)).as_secs();
        let pauses: Vec<_> = (0..9).map(|_| after(0)).collect();
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!([after(10), after(0)], [0, 1]);
    }

    #[test]
    fn it_never_overflows() {
        let mut backoff = Backoff {
            short_lived: u32::MAX,
        };
        assert_eq!(backoff.pause_after(Duration::ZERO), LONGEST_PAUSE);
    }
}
