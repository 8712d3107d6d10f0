//! Whether the device waits for a person or tries its slots again: a pure function of
//! what happens and when.

use std::time::{Duration, Instant};

/// How long a device without a person stays in the rescue system. Long enough to walk
/// to it; a disk that reads wrongly for a time must not strand it for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// What the rescue system is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vigil {
    /// Nobody is there: the slots are tried again then.
    Unattended {
        /// When.
        until: Instant,
    },
    /// A shell runs: nothing happens under somebody's hands, however long it takes.
    Attended,
}

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happened {
    /// Enter was pressed on the console.
    Enter,
    /// The shell ended, or could not be started.
    ShellEnded,
    /// A release is being written into a slot.
    SlotIsWritten,
}

/// So much longer a device waits that writes a slot when its time is over.
const WRITING: Duration = Duration::from_secs(60);

impl Vigil {
    /// Begins without a person.
    pub(crate) fn begin(now: Instant) -> Self {
        Self::Unattended {
            until: now + PATIENCE,
        }
    }

    /// What follows from what happened. A shell that ended leaves a device that is to be
    /// looked after anew, for the whole time.
    #[must_use]
    pub(crate) fn after(self, happened: Happened, now: Instant) -> Self {
        match (self, happened) {
            (Self::Unattended { .. } | Self::Attended, Happened::Enter) => Self::Attended,
            (Self::Attended, Happened::ShellEnded) => Self::begin(now),
            (unattended @ Self::Unattended { .. }, Happened::ShellEnded) => unattended,
            (Self::Unattended { until }, Happened::SlotIsWritten) => Self::Unattended {
                until: until.max(now + WRITING),
            },
            (Self::Attended, Happened::SlotIsWritten) => Self::Attended,
        }
    }

    /// Is it time to try the slots again?
    pub(crate) fn is_over(self, now: Instant) -> bool {
        match self {
            Self::Unattended { until } => now >= until,
            Self::Attended => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn without_a_person_the_slots_are_tried_again_after_half_an_hour() {
        let start = Instant::now();
        let vigil = Vigil::begin(start);
        assert!(!vigil.is_over(start));
        assert!(!vigil.is_over(start + PATIENCE - SECOND));
        assert!(vigil.is_over(start + PATIENCE));
        assert!(vigil.is_over(start + 10 * PATIENCE));
    }

    #[test]
    fn nothing_happens_while_a_shell_runs() {
        let start = Instant::now();
        let vigil = Vigil::begin(start).after(Happened::Enter, start + SECOND);
        assert_eq!(vigil, Vigil::Attended);
        assert!(!vigil.is_over(start + 1000 * PATIENCE));
        // More of what is typed changes nothing.
        assert_eq!(vigil.after(Happened::Enter, start), Vigil::Attended);
    }

    #[test]
    fn enter_in_the_last_moment_counts() {
        let start = Instant::now();
        let late = start + PATIENCE;
        assert!(
            !Vigil::begin(start)
                .after(Happened::Enter, late)
                .is_over(late)
        );
    }

    #[test]
    fn a_slot_that_is_being_written_is_waited_for_minute_by_minute() {
        let start = Instant::now();
        let over = start + PATIENCE;
        let vigil = Vigil::begin(start).after(Happened::SlotIsWritten, over);
        assert!(!vigil.is_over(over + 59 * SECOND));
        assert!(vigil.is_over(over + 60 * SECOND));
        // Early on it changes nothing.
        let early = Vigil::begin(start);
        assert_eq!(early.after(Happened::SlotIsWritten, start), early);
        let attended = Vigil::Attended.after(Happened::SlotIsWritten, over);
        assert_eq!(attended, Vigil::Attended);
    }

    #[test]
    fn the_time_begins_anew_when_the_shell_ends() {
        let start = Instant::now();
        let end = start + 3 * PATIENCE;
        let vigil = Vigil::Attended.after(Happened::ShellEnded, end);
        assert!(!vigil.is_over(end + PATIENCE - SECOND));
        assert!(vigil.is_over(end + PATIENCE));
        // The end of some other process gives no more time.
        let later = vigil.after(Happened::ShellEnded, end + SECOND);
        assert_eq!(later, vigil);
    }
}
