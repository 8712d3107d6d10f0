//! The two changes of the boot state around staging: pure functions.

use super::error::StageError;
use crate::attempts::ATTEMPTS;
use image_format::{BootState, Digest, Slot, SlotRecord, SlotStatus};

/// State while `running` runs -> state in which nothing is asked of the other slot.
///
/// The running slot has to be confirmed, for the other one may be what the device falls
/// back to. One that lost its confirmation and runs as a last resort may be updated all the
/// same where the other slot is no better: an update is its way out. It is the active one
/// then, and goes first again should the update fail.
pub(super) fn emptied(mut state: BootState, running: Slot) -> Result<BootState, StageError> {
    use SlotStatus::{Confirmed, Empty, Exhausted, Refused};
    let status = state.slot(running).status;
    let other = state.slot(running.other()).status;
    match (status, other) {
        (Confirmed, _) | (Exhausted, Empty | Exhausted | Refused) => {}
        _ => return Err(StageError::Unconfirmed { running, status }),
    }
    state.active = running;
    *state.slot_mut(running.other()) = SlotRecord::EMPTY;
    Ok(state)
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
    use image_format::{BootNumber, Floors};

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
                    let after = emptied(before, Slot::A);
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
