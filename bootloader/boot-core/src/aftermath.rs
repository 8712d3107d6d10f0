//! What became of the boot before this one: a pure function.
//!
//! A system that fails says so, if it still can. The loader adds what nobody was left to
//! say: that a boot ended without a word, and how, as far as the machine remembers. The
//! judgement of a trial rests on that: a system that hung is to blame, a power cut is not.

use image_format::{BootState, Event, ResetCause, SlotStatus};

/// What to record about the boot that `state` tells of, which is over. `told` looks up
/// whether it told its end itself. `None` when it did, or came up as it should.
#[must_use]
pub fn silent_end(
    state: &BootState,
    cause: ResetCause,
    told: impl FnOnce() -> bool,
) -> Option<Event> {
    // The watchdog also resets a system that came up long ago.
    let was_open = is_open_trial(state) || state.begun_without_up > 0;
    let silent = cause == ResetCause::Watchdog || (was_open && !told());
    silent.then_some(Event::EndedSilently { cause })
}

/// An attempt began, and no outcome was written.
fn is_open_trial(state: &BootState) -> bool {
    state.trial().is_some_and(|slot| {
        matches!(state.slot(slot).status, SlotStatus::Trial { attempts_left, attempts_given }
            if attempts_left < attempts_given)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choice::rebuild;
    use image_format::{BootNumber, Slot};

    fn state(attempts_left: u8, begun_without_up: u8) -> BootState {
        let mut state = rebuild(None, None, BootNumber(7), 0);
        state.slot_mut(Slot::B).status = SlotStatus::Trial {
            attempts_left,
            attempts_given: 3,
        };
        state.begun_without_up = begun_without_up;
        state
    }

    #[test]
    fn an_attempt_that_told_nothing_ended_silently() {
        for cause in [
            ResetCause::Reset,
            ResetCause::PowerLoss,
            ResetCause::Unknown,
            ResetCause::Watchdog,
        ] {
            assert_eq!(
                silent_end(&state(2, 0), cause, || false),
                Some(Event::EndedSilently { cause })
            );
        }
    }

    #[test]
    fn an_attempt_that_told_its_end_did_not() {
        assert_eq!(silent_end(&state(2, 0), ResetCause::Reset, || true), None);
    }

    #[test]
    fn a_trial_that_has_not_begun_and_a_quiet_boot_ended_as_they_should() {
        let quiet = rebuild(None, None, BootNumber(7), 0);
        for (state, cause) in [
            (&state(3, 0), ResetCause::Reset),
            (&quiet, ResetCause::Reset),
            (&quiet, ResetCause::PowerLoss),
        ] {
            assert_eq!(silent_end(state, cause, || false), None, "{cause}");
        }
    }

    #[test]
    fn a_confirmed_system_that_did_not_come_up_ended_silently() {
        let cause = ResetCause::PowerLoss;
        assert_eq!(
            silent_end(&state(3, 1), cause, || false),
            Some(Event::EndedSilently { cause })
        );
    }

    #[test]
    fn the_watchdog_is_always_on_record() {
        let cause = ResetCause::Watchdog;
        let quiet = rebuild(None, None, BootNumber(7), 0);
        assert_eq!(
            silent_end(&quiet, cause, || false),
            Some(Event::EndedSilently { cause })
        );
    }
}
