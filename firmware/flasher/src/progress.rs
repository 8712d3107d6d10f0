//! What a person sees while a disk is flashed.

use std::fmt;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

/// A part of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The old partition tables, and what the disk gives up at once.
    Erase,
    /// The content.
    Write,
    /// All of it once more.
    ReadBack,
    /// Both partition tables were written, and are read back.
    Table,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Erase => "erasing",
            Self::Write => "writing",
            Self::ReadBack => "reading back",
            Self::Table => "both tables",
        })
    }
}

/// Hears of every piece.
pub trait Progress {
    /// A phase begins; the one before is done. 0 bytes: nobody knows how many.
    fn begin(&mut self, phase: Phase, total_bytes: u64);
    /// That many bytes more are done, those that were skipped included.
    fn advance(&mut self, bytes: u64);
}

/// Says nothing.
#[derive(Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _phase: Phase, _total_bytes: u64) {}
    fn advance(&mut self, _bytes: u64) {}
}

/// How often a terminal's line changes.
const REFRESH: Duration = Duration::from_millis(500);

/// On standard error: a line that counts on a terminal, else one line when a phase ends.
#[derive(Debug, Default)]
pub struct Printed {
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    phase: Phase,
    total_bytes: u64,
    done_bytes: u64,
    since: Instant,
    shown: Instant,
}

impl Current {
    fn line(&self) -> String {
        line(
            self.phase,
            self.done_bytes,
            self.total_bytes,
            self.since.elapsed(),
        )
    }
}

fn line(phase: Phase, done_bytes: u64, total_bytes: u64, time: Duration) -> String {
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let rate = mebibytes(done_bytes) / time.as_secs_f64().max(0.001);
    format!(
        "flash: {phase:<12} {:6.0} of {:.0} MiB, {rate:.0} MiB/s",
        mebibytes(done_bytes),
        mebibytes(total_bytes)
    )
}

impl Progress for Printed {
    fn begin(&mut self, phase: Phase, total_bytes: u64) {
        let now = Instant::now();
        self.current = Some(Current {
            phase,
            total_bytes,
            done_bytes: 0,
            since: now,
            shown: now,
        });
        if total_bytes == 0 {
            eprintln!("flash: {phase}");
        }
    }

    fn advance(&mut self, bytes: u64) {
        let Some(current) = &mut self.current else {
            return;
        };
        current.done_bytes += bytes;
        let is_end = current.done_bytes >= current.total_bytes;
        if is_end {
            eprintln!("\r{}", current.line());
            self.current = None;
        } else if stderr().is_terminal() && current.shown.elapsed() >= REFRESH {
            eprint!("\r{}", current.line());
            // A terminal that is gone is no reason to stop.
            let _ = stderr().flush();
            current.shown = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_bytes_and_rate() {
        assert_eq!(
            line(Phase::Write, 50 << 20, 200 << 20, Duration::from_secs(2)),
            "flash: writing          50 of 200 MiB, 25 MiB/s"
        );
    }
}
