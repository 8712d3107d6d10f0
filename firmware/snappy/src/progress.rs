//! A line on the terminal that shows how far a long work is.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};
use system_update::{Progress, Step};

/// The line is drawn again no sooner than this.
const PAUSE: Duration = Duration::from_millis(100);
const BAR_WIDTH: u64 = 30;
const MEBIBYTE: f64 = (1 << 20) as f64;

/// How far a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doing {
    /// For people.
    pub(crate) name: &'static str,
    pub(crate) done_bytes: u64,
    pub(crate) total_bytes: u64,
}

impl From<Progress> for Doing {
    fn from(progress: Progress) -> Self {
        Self {
            name: match progress.step {
                Step::Write => "Writing",
                Step::ReadBack => "Reading back",
            },
            done_bytes: progress.done_bytes,
            total_bytes: progress.total_bytes,
        }
    }
}

/// The line. It is drawn on standard error, so that the output stays clean.
pub(crate) struct ProgressLine {
    drawn: Option<Instant>,
    step: Option<(&'static str, Instant)>,
}

impl ProgressLine {
    /// `None` where nobody would see it.
    pub(crate) fn on_terminal() -> Option<Self> {
        stderr().is_terminal().then_some(Self {
            drawn: None,
            step: None,
        })
    }

    /// Shows how far it is.
    pub(crate) fn show(&mut self, doing: impl Into<Doing>) {
        let doing = doing.into();
        let now = Instant::now();
        let since = match self.step {
            Some((step, since)) if step == doing.name => since,
            _ => {
                self.step = Some((doing.name, now));
                self.end();
                now
            }
        };
        let is_over = doing.done_bytes == doing.total_bytes;
        if is_over || self.drawn.is_none_or(|drawn| now - drawn >= PAUSE) {
            self.drawn = Some(now);
            draw(&format!("\r{}", line(doing, now - since)));
        }
    }

    /// Leaves the line as it is: what follows is below it.
    pub(crate) fn end(&mut self) {
        if self.drawn.take().is_some() {
            draw("\n");
        }
    }
}

/// A terminal that went away is no reason to stop.
fn draw(text: &str) {
    let _ = stderr().write_all(text.as_bytes());
}

fn line(doing: Doing, elapsed: Duration) -> String {
    let Doing {
        name,
        done_bytes,
        total_bytes,
    } = doing;
    let filled = (done_bytes * BAR_WIDTH)
        .checked_div(total_bytes)
        .unwrap_or(0);
    let bar: String = (0..BAR_WIDTH)
        .map(|at| if at < filled { '=' } else { ' ' })
        .collect();
    let (done, total) = (done_bytes as f64 / MEBIBYTE, total_bytes as f64 / MEBIBYTE);
    let mut line = format!("{name:<12} [{bar}] {done:6.1} of {total:.1} MiB");
    let secs = elapsed.as_secs_f64();
    if secs > 0.0 {
        // Writing to a string does not fail.
        let _ = write!(line, ", {:6.1} MiB/s", done / secs);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_bytes_and_rate() {
        let at = |step, mebibytes: u64| {
            Doing::from(Progress {
                step,
                done_bytes: mebibytes << 20,
                total_bytes: 30 << 20,
            })
        };
        let two_secs = Duration::from_secs(2);
        let table = [
            (
                line(at(Step::Write, 0), Duration::ZERO),
                "Writing      [                              ]    0.0 of 30.0 MiB",
            ),
            (
                line(at(Step::Write, 10), two_secs),
                "Writing      [==========                    ]   10.0 of 30.0 MiB,    5.0 MiB/s",
            ),
            (
                line(at(Step::ReadBack, 30), two_secs),
                "Reading back [==============================]   30.0 of 30.0 MiB,   15.0 MiB/s",
            ),
        ];
        for (line, expected) in table {
            assert_eq!(line, expected);
            assert!(line.len() < 80, "{line}");
        }
    }
}
