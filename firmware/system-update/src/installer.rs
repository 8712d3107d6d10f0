//! Which system installs a release, and into which slot: the one that it does not need.

use crate::running::{Conflict, Running};
use crate::stage::StageError;
use image_format::{BootNumber, BootState, Slot, SlotStatus, Version};

/// The system that installs a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installer {
    /// One that runs from a slot, and writes the other one.
    System {
        /// What runs.
        running: Running,
        /// Its version.
        version: Version,
    },
    /// The rescue system, which runs from no slot and writes one that does not boot.
    Rescue {
        /// The boot that this is.
        boot_number: BootNumber,
    },
}

impl Installer {
    /// The boot that this is.
    #[must_use]
    pub fn boot_number(&self) -> BootNumber {
        match self {
            Self::System { running, .. } => running.boot_number,
            Self::Rescue { boot_number } => *boot_number,
        }
    }

    /// Is this what the state tells of?
    pub(crate) fn compare(&self, state: &BootState) -> Result<(), Conflict> {
        match self {
            Self::System { running, .. } => running.compare(state),
            Self::Rescue { boot_number } if *boot_number == state.boot_number => Ok(()),
            Self::Rescue { .. } => Err(Conflict::Boot(state.boot_number)),
        }
    }

    /// The slot that is written. For the rescue system it is the worst of those that did not
    /// boot, and of two equals the one that was not active: what may boot yet stays.
    ///
    /// # Errors
    /// [`StageError::NoBadSlot`].
    pub fn target(&self, state: &BootState) -> Result<Slot, StageError> {
        if let Self::System { running, .. } = self {
            return Ok(running.slot.other());
        }
        let badness = |slot: &Slot| match state.slot(*slot).status {
            SlotStatus::Empty => Some(3),
            SlotStatus::Refused => Some(2),
            SlotStatus::Exhausted => Some(1),
            SlotStatus::Trial { .. } | SlotStatus::Confirmed | SlotStatus::Installed => None,
        };
        let [first, second] = [state.active.other(), state.active];
        let worst = match (badness(&first), badness(&second)) {
            (Some(of_first), Some(of_second)) if of_second > of_first => Some(second),
            (Some(_), _) => Some(first),
            (None, of_second) => of_second.map(|_| second),
        };
        worst.ok_or(StageError::NoBadSlot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::{Digest, Floors, SlotRecord};

    #[test]
    fn a_table_of_what_the_rescue_system_writes() {
        use SlotStatus::{Confirmed, Empty, Exhausted, Installed, Refused};
        let trial = SlotStatus::Trial {
            attempts_left: 1,
            attempts_given: 3,
        };
        let (a, b) = (Slot::A, Slot::B);
        let table = [
            // Of two equals the one that was not active.
            (a, Refused, Refused, Ok(b)),
            (b, Refused, Refused, Ok(a)),
            (a, Exhausted, Exhausted, Ok(b)),
            // The worse one.
            (a, Refused, Exhausted, Ok(a)),
            (a, Exhausted, Refused, Ok(b)),
            (b, Exhausted, Refused, Ok(b)),
            (b, Empty, Refused, Ok(a)),
            // What may boot yet stays.
            (a, Installed, Exhausted, Ok(b)),
            (b, Installed, Exhausted, Ok(b)),
            (a, trial, Refused, Ok(b)),
            (a, Confirmed, Installed, Err(StageError::NoBadSlot)),
            (b, trial, Confirmed, Err(StageError::NoBadSlot)),
        ];
        let rescue = Installer::Rescue {
            boot_number: BootNumber(1),
        };
        for (active, status_a, status_b, expected) in table {
            let record = |status| SlotRecord {
                status,
                manifest_hash: Digest::ZERO,
            };
            let state = BootState {
                generation: 1,
                boot_number: BootNumber(1),
                flight_sequence: 0,
                floors: Floors::default(),
                active,
                begun_without_up: 0,
                slots: [record(status_a), record(status_b)],
            };
            let target = rescue.target(&state);
            assert_eq!(target, expected, "{active} {status_a} {status_b}");
        }
    }
}
