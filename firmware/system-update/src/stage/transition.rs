//! The two changes of the boot state around staging: pure functions.

use super::error::StageError;
use crate::attempts::ATTEMPTS;
use crate::installer::Installer;
use image_format::{BootState, Digest, Slot, SlotRecord, SlotStatus};

/// State -> state in which nothing is asked of `target`, which `installer` is about to write.
pub(super) fn emptied(
    mut state: BootState,
    installer: &Installer,
    target: Slot,
) -> Result<BootState, StageError> {
    if let Installer::System { running, .. } = installer {
        require_confirmed(&state, running.slot)?;
        state.active = running.slot;
    }
    *state.slot_mut(target) = SlotRecord::EMPTY;
    Ok(state)
}

/// The running slot has to be confirmed, for the other one may be what the device falls
/// back to. One that lost its confirmation and runs as a last resort may be updated all the
/// same where the other slot is no better: an update is its way out. It is the active one
/// then, and goes first again should the update fail.
fn require_confirmed(state: &BootState, running: Slot) -> Result<(), StageError> {
    use SlotStatus::{Confirmed, Empty, Exhausted, Refused};
    let status = state.slot(running).status;
    let other = state.slot(running.other()).status;
    match (status, other) {
        (Confirmed, _) | (Exhausted, Empty | Exhausted | Refused) => Ok(()),
        _ => Err(StageError::Unconfirmed { running, status }),
    }
}

/// State with `slot` emptied -> state in which the image there is on trial.
pub(super) fn armed(
    mut state: BootState,
    slot: Slot,
    manifest_hash: Digest,
) -> Result<BootState, StageError> {
    let record = state.slot_mut(slot);
    if *record != SlotRecord::EMPTY {
        let status = record.status;
        return Err(StageError::Changed { slot, status });
    }
    *record = SlotRecord {
        status: SlotStatus::Trial {
            attempts_left: ATTEMPTS,
            attempts_given: ATTEMPTS,
        },
        manifest_hash,
    };
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::running::Running;
    use image_format::{BootNumber, Floors, Version};

    const TRIAL: SlotStatus = SlotStatus::Trial {
        attempts_left: ATTEMPTS,
        attempts_given: ATTEMPTS,
    };
    const HASH_A: Digest = Digest([1; 32]);

    fn state(active: Slot, a: SlotStatus, b: SlotRecord) -> BootState {
        let a = SlotRecord {
            status: a,
            manifest_hash: HASH_A,
        };
        BootState {
            generation: 1,
            boot_number: BootNumber(1),
            flight_sequence: 0,
            floors: Floors::default(),
            active,
            begun_without_up: 0,
            slots: [a, b],
        }
    }

    fn used(status: SlotStatus) -> SlotRecord {
        SlotRecord {
            status,
            manifest_hash: Digest([2; 32]),
        }
    }

    fn in_a() -> Installer {
        Installer::System {
            running: Running {
                slot: Slot::A,
                manifest_hash: HASH_A,
                boot_number: BootNumber(1),
            },
            version: Version(1),
        }
    }

    #[test]
    fn the_rescue_system_needs_nothing_confirmed_and_changes_one_slot() {
        let rescue = Installer::Rescue {
            boot_number: BootNumber(1),
        };
        let before = state(Slot::A, SlotStatus::Exhausted, used(SlotStatus::Refused));
        let expected = state(Slot::A, SlotStatus::Exhausted, SlotRecord::EMPTY);
        assert_eq!(emptied(before, &rescue, Slot::B), Ok(expected));
    }

    #[test]
    fn a_table_of_who_may_be_replaced_while_system_a_runs() {
        use SlotStatus::{Confirmed, Empty, Exhausted, Installed, Refused};
        let every = [Empty, Installed, TRIAL, Confirmed, Exhausted, Refused];
        for running in every {
            for other in every {
                for active in Slot::ALL {
                    let before = state(active, running, used(other));
                    let may = running == Confirmed
                        || running == Exhausted && matches!(other, Empty | Exhausted | Refused);
                    let expected = if may {
                        Ok(state(Slot::A, running, SlotRecord::EMPTY))
                    } else {
                        Err(StageError::Unconfirmed {
                            running: Slot::A,
                            status: running,
                        })
                    };
                    let after = emptied(before, &in_a(), Slot::B);
                    assert_eq!(after, expected, "{running}, {other}, {active}");
                }
            }
        }
    }

    #[test]
    fn only_a_slot_that_is_still_empty_is_armed() {
        let hash = Digest([3; 32]);
        let confirmed = SlotStatus::Confirmed;
        let empty = state(Slot::A, confirmed, SlotRecord::EMPTY);
        let on_trial = SlotRecord {
            status: TRIAL,
            manifest_hash: hash,
        };
        let expected = state(Slot::A, confirmed, on_trial);
        assert_eq!(armed(empty, Slot::B, hash), Ok(expected));

        let taken = state(Slot::A, confirmed, used(SlotStatus::Refused));
        let error = StageError::Changed {
            slot: Slot::B,
            status: SlotStatus::Refused,
        };
        assert_eq!(armed(taken, Slot::B, hash), Err(error));
    }
}
