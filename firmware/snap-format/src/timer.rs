//! When a service with a timer runs: snapd's syntax.
//!
//! ```text
//! mon,10:00,,fri,15:00      Mondays at ten, Fridays at three
//! mon-fri,9:00~17:00/2      twice on a working day, somewhere between nine and five
//! mon1,23:00-1:00           on the month's first Monday, around midnight
//! ```
//!
//! `,,` parts what happens apart; before the times of a part stand its days. `-` spans, `~`
//! spans and leaves the moment open, `/N` has it N times.

mod parse;

use std::fmt;

/// When a service runs. There is at least one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timer {
    text: String,
    parts: Vec<TimerPart>,
}

/// Days, and times on each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimerPart {
    /// Every day if there are none.
    pub days: Vec<DaySpan>,
    /// The whole day if there are none.
    pub times: Vec<TimeSpan>,
}

/// From one day of the week to another, both included; it may go over the week's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    /// The first.
    pub first: Day,
    /// The last.
    pub last: Day,
}

/// A day of the week, or the one in a certain week of the month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Sunday is 0.
    pub weekday: u8,
    /// From 1; 5 is the month's last, whichever that is.
    pub week: Option<u8>,
}

/// From one time of the day to another; it may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeSpan {
    /// In minutes since midnight.
    pub begin_mins: u16,
    /// In minutes since midnight; as `begin_mins` for a moment.
    pub end_mins: u16,
    /// How many times it happens in the span, evenly apart.
    pub split: u16,
    /// Where in the span it happens.
    pub placement: Placement,
}

/// Where in its span something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// At its begin.
    Begin,
    /// Anywhere: `~` was written.
    Anywhere,
}

impl Timer {
    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What happens, each by itself.
    #[must_use]
    pub fn parts(&self) -> &[TimerPart] {
        &self.parts
    }
}

/// A text that is no timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimerError {
    /// Nothing stands before, behind or between commas.
    EmptyPart,
    /// Neither a day nor a time, or a day behind times.
    NoDay(String),
    /// A week that no month has, or a span of weeks that none holds.
    NoWeeks(String),
    /// No time of a day.
    NoTime(String),
    /// No number of times.
    NoSplit(String),
}

impl fmt::Display for TimerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyPart => f.write_str("a part of the timer is empty; remove a comma"),
            Self::NoDay(text) => write!(
                f,
                "cannot read {text:?} as a day: write mon or mon-fri, before the times"
            ),
            Self::NoWeeks(text) => write!(
                f,
                "cannot read {text:?} as days of a month: write mon1 to mon5, the earlier week \
                 first"
            ),
            Self::NoTime(text) => write!(
                f,
                "cannot read {text:?} as a time: write 9:00, 9:00-17:00 or 9:00~17:00"
            ),
            Self::NoSplit(text) => write!(
                f,
                "cannot read {text:?} as a number of times: write 9:00-17:00/4"
            ),
        }
    }
}

impl std::error::Error for TimerError {}

#[cfg(test)]
mod tests;
