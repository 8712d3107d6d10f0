//! A system that came up says so; one that passed the health gate is confirmed.

use crate::running::Running;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::{BootState, Event, SlotStatus, Version};

/// What [`confirm`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The slot is confirmed from now on.
    Confirmed,
    /// It was before: nothing was written.
    AlreadyConfirmed,
    /// The slot was found damaged before, or is believed empty, and runs because
    /// nothing else does. It stays a last resort: nothing was written.
    LastResort,
}

/// Records that the running system is *up*: boots that begin and do not come up
/// are counted anew. Returns the status of its slot.
///
/// # Errors
/// See [`ActError`]; the system that is up stays up.
pub fn mark_up<D: Disk>(disk: &mut D, running: &Running) -> Result<SlotStatus, ActError> {
    let mut session = Session::open_for(disk, running)?;
    if session.state.begun_without_up != 0 {
        session.state = came_up(session.state.clone());
        session.write()?;
    }
    Ok(session.state.slot(running.slot).status)
}

/// Confirms the running system: its slot is the one to boot from now on.
///
/// The state is written before the event, so that the flight record never tells of
/// a confirm that a power cut undid.
///
/// # Errors
/// See [`ActError`]; with [`ActError::Record`] the slot is confirmed all the same.
pub fn confirm<D: Disk>(
    disk: &mut D,
    running: &Running,
    version: Version,
) -> Result<Confirmation, ActError> {
    let mut session = Session::open_for(disk, running)?;
    let (state, confirmation) = confirmed(session.state.clone(), running);
    if confirmation != Confirmation::Confirmed {
        return Ok(confirmation);
    }
    session.state = state;
    session.write()?;
    let event = Event::Confirmed {
        slot: running.slot,
        version,
        manifest_hash: running.manifest_hash,
    };
    session.record(running.boot_number, event)?;
    Ok(Confirmation::Confirmed)
}

/// The transition of [`mark_up`].
#[must_use]
pub fn came_up(mut state: BootState) -> BootState {
    state.begun_without_up = 0;
    state
}

/// The transition of [`confirm`]; all but [`Confirmation::Confirmed`] leave the state as
/// it is.
#[must_use]
pub fn confirmed(mut state: BootState, running: &Running) -> (BootState, Confirmation) {
    let record = state.slot_mut(running.slot);
    match record.status {
        SlotStatus::Confirmed => return (state, Confirmation::AlreadyConfirmed),
        SlotStatus::Empty | SlotStatus::Refused => return (state, Confirmation::LastResort),
        SlotStatus::Trial { .. } | SlotStatus::Installed | SlotStatus::Exhausted => {}
    }
    record.status = SlotStatus::Confirmed;
    record.manifest_hash = running.manifest_hash;
    state.active = running.slot;
    (state, Confirmation::Confirmed)
}
