//! No more bytes a second than the owner allows.

use crate::machine::Clock;
use image_format::manifest::BLOCK_BYTES;
use std::time::Duration;

/// What was not used is saved up for no longer than this.
const SAVED: Duration = Duration::from_secs(1);

/// Pauses behind each piece for as long as the piece takes at its rate.
pub(crate) struct Pace<'a> {
    rate_bytes_per_sec: Option<u64>,
    pub(crate) clock: &'a dyn Clock,
    /// When all bytes so far are paid for.
    paid: Duration,
}

impl<'a> Pace<'a> {
    /// No limit is no pace.
    pub(crate) fn new(rate_bytes_per_sec: Option<u64>, clock: &'a dyn Clock) -> Self {
        Self {
            rate_bytes_per_sec,
            clock,
            paid: clock.uptime(),
        }
    }

    /// What is worth asking for at once: a quarter of a second, so that a slow line does not
    /// come in gusts, in whole blocks, for what comes is written.
    pub(crate) fn piece_bytes(&self) -> usize {
        let piece = self
            .rate_bytes_per_sec
            .map(|rate| (rate / 4).max(1).next_multiple_of(BLOCK_BYTES));
        piece.map_or(usize::MAX, |piece| {
            usize::try_from(piece).unwrap_or(usize::MAX)
        })
    }

    /// Waits until so many more bytes are paid for.
    pub(crate) fn pay(&mut self, bytes: u64) {
        let Some(rate) = self.rate_bytes_per_sec else {
            return;
        };
        let now = self.clock.uptime();
        let cost = Duration::from_secs_f64(bytes as f64 / rate as f64);
        self.paid = self.paid.max(now.saturating_sub(SAVED)) + cost;
        let debt = self.paid.saturating_sub(now);
        if !debt.is_zero() {
            self.clock.sleep(debt);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::FakeClock;

    const PIECE: u64 = 1 << 14;

    fn pay_a_mebibyte(pace: &mut Pace<'_>) {
        for _ in 0..(1 << 20) / PIECE {
            pace.pay(PIECE);
        }
    }

    #[test]
    fn a_mebibyte_takes_its_time_at_a_limit_and_none_without() {
        for (rate, expected) in [(Some(65_536), 16.0), (Some(1 << 20), 1.0), (None, 0.0)] {
            let clock = FakeClock::default();
            pay_a_mebibyte(&mut Pace::new(rate, &clock));
            assert_eq!(clock.uptime().as_secs_f64().round(), expected, "{rate:?}");
        }
    }

    #[test]
    fn a_pause_of_the_line_is_not_made_up_for_by_a_gust() {
        let clock = FakeClock::default();
        let mut pace = Pace::new(Some(1 << 18), &clock);
        clock.sleep(Duration::from_secs(3600));
        pay_a_mebibyte(&mut pace);
        assert_eq!(clock.uptime().as_secs_f64().round(), 3603.0);
    }

    #[test]
    fn a_slow_line_is_asked_for_little_at_once() {
        let clock = FakeClock::default();
        assert_eq!(Pace::new(Some(1 << 18), &clock).piece_bytes(), 1 << 16);
        assert_eq!(Pace::new(Some(1), &clock).piece_bytes(), 4096);
        assert_eq!(Pace::new(None, &clock).piece_bytes(), usize::MAX);
    }
}
