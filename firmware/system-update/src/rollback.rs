//! Back to the other slot because a person asks: no network, no copying.

use crate::attempts::ATTEMPTS;
use crate::running::Running;
use crate::session::{ActError, Session};
use boot_core::Disk;
use core::fmt;
use image_format::{BootState, Event, Slot, SlotStatus};

/// A rollback that takes effect at the next boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rollback {
    /// The slot that runs.
    pub from: Slot,
    /// The slot that the next boot takes.
    pub to: Slot,
}

/// Why there is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackError {
    /// The other slot holds no complete image.
    Empty(Slot),
    /// The other slot did not verify, or its root is damaged.
    Refused(Slot),
    /// The other slot's image did not come up, or did not pass its gate.
    Exhausted(Slot),
    /// The other slot is booted next as it is.
    AlreadyNext(Slot),
    /// The boot state could not be read or changed.
    Act(ActError),
}

impl fmt::Display for RollbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(slot) => {
                write!(f, "cannot roll back: {slot} holds no complete image")
            }
            Self::Refused(slot) => write!(
                f,
                "cannot roll back: {slot} was refused; `snappy why` tells the reason"
            ),
            Self::Exhausted(slot) => write!(
                f,
                "cannot roll back: {slot} used up its attempts; `snappy why` tells the reason"
            ),
            Self::AlreadyNext(slot) => {
                write!(
                    f,
                    "cannot roll back: {slot} is booted next already; reboot to use it"
                )
            }
            Self::Act(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RollbackError {}

impl From<ActError> for RollbackError {
    fn from(error: ActError) -> Self {
        Self::Act(error)
    }
}

/// Makes the next boot take the other slot. One that was confirmed is simply the
/// active one again; one that never ran here gets a trial, so that it has to prove
/// itself. Nobody has to verify before: the loader does.
///
/// # Errors
/// See [`RollbackError`]. Nothing was changed, except after [`ActError::Record`].
pub fn rollback<D: Disk>(disk: &mut D, running: &Running) -> Result<Rollback, RollbackError> {
    let mut session = Session::open_for(disk, running)?;
    let (from, to) = (running.slot, running.slot.other());
    session.state = rolled_back(session.state.clone(), from)?;
    session.write()?;
    session.record(running.boot_number, Event::RollbackRequested { from, to })?;
    Ok(Rollback { from, to })
}

/// The transition of [`rollback`]: state while `from` runs -> state that boots the other
/// slot.
///
/// # Errors
/// See [`RollbackError`].
pub fn rolled_back(mut state: BootState, from: Slot) -> Result<BootState, RollbackError> {
    let to = from.other();
    let from_record = state.slot_mut(from);
    // A trial of the running system ends here, without a verdict.
    let disarmed = matches!(from_record.status, SlotStatus::Trial { .. });
    if disarmed {
        from_record.status = SlotStatus::Installed;
    }
    match state.slot(to).status {
        SlotStatus::Empty => return Err(RollbackError::Empty(to)),
        SlotStatus::Refused => return Err(RollbackError::Refused(to)),
        SlotStatus::Exhausted => return Err(RollbackError::Exhausted(to)),
        SlotStatus::Trial { .. } => return Err(RollbackError::AlreadyNext(to)),
        SlotStatus::Confirmed if state.active == to && !disarmed => {
            return Err(RollbackError::AlreadyNext(to));
        }
        SlotStatus::Confirmed => state.active = to,
        SlotStatus::Installed => {
            state.slot_mut(to).status = SlotStatus::Trial {
                attempts_left: ATTEMPTS,
                attempts_given: ATTEMPTS,
            };
        }
    }
    Ok(state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::{BootNumber, Digest, Floors, SlotRecord};

    const TRIAL: SlotStatus = SlotStatus::Trial {
        attempts_left: 1,
        attempts_given: 3,
    };
    const NEW_TRIAL: SlotStatus = SlotStatus::Trial {
        attempts_left: ATTEMPTS,
        attempts_given: ATTEMPTS,
    };

    fn state(active: Slot, a: SlotStatus, b: SlotStatus) -> BootState {
        let record = |status| SlotRecord {
            status,
            manifest_hash: Digest::ZERO,
        };
        BootState {
            generation: 1,
            boot_number: BootNumber(1),
            flight_sequence: 0,
            floors: Floors::default(),
            active,
            begun_without_up: 0,
            slots: [record(a), record(b)],
        }
    }

    #[test]
    fn a_table_of_ways_back_from_system_a() {
        use SlotStatus::{Confirmed, Empty, Exhausted, Installed, Refused};
        let (a, b) = (Slot::A, Slot::B);
        let table = [
            ((a, Confirmed, Confirmed), Ok((b, Confirmed, Confirmed))),
            ((a, Confirmed, Installed), Ok((a, Confirmed, NEW_TRIAL))),
            ((b, TRIAL, Confirmed), Ok((b, Installed, Confirmed))),
            ((a, TRIAL, Installed), Ok((a, Installed, NEW_TRIAL))),
            (
                (b, Confirmed, Confirmed),
                Err(RollbackError::AlreadyNext(b)),
            ),
            ((a, Confirmed, TRIAL), Err(RollbackError::AlreadyNext(b))),
            ((a, Confirmed, Empty), Err(RollbackError::Empty(b))),
            ((a, Confirmed, Refused), Err(RollbackError::Refused(b))),
            ((a, Confirmed, Exhausted), Err(RollbackError::Exhausted(b))),
        ];
        for ((active, status_a, status_b), expected) in table {
            let before = state(active, status_a, status_b);
            let after = rolled_back(before, a);
            let expected = expected.map(|(active, a, b)| state(active, a, b));
            assert_eq!(after, expected, "{active} {status_a} {status_b}");
        }
    }
}
