//! No more bytes a second than the owner allows.

use crate::machine::Clock;
use std::io::{self, Read, Seek, SeekFrom};
use std::time::Duration;

/// What was not used is saved up for no longer than this.
const SAVED: Duration = Duration::from_secs(1);

/// A reader that pauses behind each piece for as long as the piece takes at its rate.
pub(crate) struct Paced<'a, F> {
    file: F,
    rate: Option<u64>,
    clock: &'a dyn Clock,
    /// When all bytes so far are paid for.
    paid: Duration,
}

impl<'a, F> Paced<'a, F> {
    pub(crate) fn new(file: F, rate_bytes_per_sec: Option<u64>, clock: &'a dyn Clock) -> Self {
        Self {
            file,
            rate: rate_bytes_per_sec,
            clock,
            paid: clock.uptime(),
        }
    }
}

impl<F: Read> Read for Paced<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(rate) = self.rate else {
            return self.file.read(buffer);
        };
        // A quarter of a second at once, so that a slow line does not come in gusts.
        let piece = usize::try_from(rate / 4).unwrap_or(usize::MAX).max(1);
        let length = buffer.len().min(piece);
        let read = self.file.read(&mut buffer[..length])?;
        let now = self.clock.uptime();
        let cost = Duration::from_secs_f64(read as f64 / rate as f64);
        self.paid = self.paid.max(now.saturating_sub(SAVED)) + cost;
        let debt = self.paid.saturating_sub(now);
        if !debt.is_zero() {
            self.clock.sleep(debt);
        }
        Ok(read)
    }
}

impl<F: Seek> Seek for Paced<'_, F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::testing::FakeClock;
    use std::io::Cursor;

    #[test]
    fn a_megabyte_takes_its_time_at_a_limit_and_none_without() {
        for (rate, expected) in [(Some(65_536), 16.0), (Some(1 << 20), 1.0), (None, 0.0)] {
            let clock = FakeClock::default();
            let mut paced = Paced::new(Cursor::new(vec![7; 1 << 20]), rate, &clock);
            let mut bytes = Vec::new();
            paced.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len(), 1 << 20);
            assert_eq!(clock.uptime().as_secs_f64().round(), expected, "{rate:?}");
        }
    }

    #[test]
    fn a_pause_of_the_line_is_not_made_up_for_by_a_gust() {
        let clock = FakeClock::default();
        let mut paced = Paced::new(Cursor::new(vec![7; 1 << 20]), Some(1 << 18), &clock);
        clock.sleep(Duration::from_secs(3600));
        let mut bytes = Vec::new();
        paced.read_to_end(&mut bytes).unwrap();
        assert_eq!(clock.uptime().as_secs_f64().round(), 3603.0);
    }
}
