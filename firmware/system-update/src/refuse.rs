//! A system that finds its own root damaged sends the device to the other slot.

use crate::running::Running;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::{BootNumber, BootState, Event, Slot, SlotStatus};

/// What [`refuse`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The slot is refused: the next boot takes the other one.
    FallsBack,
    /// The other slot holds nothing to fall back to, so the status stays: a device
    /// with a damaged file is worth more than one that does not boot.
    NoFallback,
}

/// Records why the running system must not be booted again, and sees to it.
///
/// The event comes first: whatever fails afterwards, the cause is on record. Without a
/// fallback the system finds the same damage at every boot, and tells of it once.
///
/// # Errors
/// See [`ActError`]. After [`ActError::Conflict`] nothing was recorded either.
pub fn refuse<D: Disk>(disk: &mut D, running: &Running, event: Event) -> Result<Refused, ActError> {
    let mut session = Session::open_for(disk, running)?;
    let (_, outcome) = refused(session.state.clone(), running.slot);
    if outcome == Refused::NoFallback && session.newest_events().contains(&event) {
        return Ok(outcome);
    }
    let recorded = session.record(running.boot_number, event);
    if outcome == Refused::FallsBack {
        (session.state, _) = refused(session.state.clone(), running.slot);
        session.write()?;
    }
    recorded.map(|()| outcome)
}

/// The transition of [`refuse`]; [`Refused::NoFallback`] leaves the state as it is.
#[must_use]
pub fn refused(mut state: BootState, slot: Slot) -> (BootState, Refused) {
    match state.slot(slot.other()).status {
        SlotStatus::Empty | SlotStatus::Refused => (state, Refused::NoFallback),
        _ => {
            state.slot_mut(slot).status = SlotStatus::Refused;
            state.begun_without_up = 0;
            (state, Refused::FallsBack)
        }
    }
}

/// Records an event of the running system and changes nothing else.
///
/// # Errors
/// See [`ActError`].
pub fn record<D: Disk>(disk: &mut D, running: &Running, event: Event) -> Result<(), ActError> {
    record_for_boot(disk, running.boot_number, event)
}

/// Records an event of the running system, unless the newest entry is the same.
///
/// # Errors
/// See [`ActError`].
pub fn record_once<D: Disk>(disk: &mut D, running: &Running, event: Event) -> Result<(), ActError> {
    let mut session = Session::open(disk)?;
    if session.newest_events().first() == Some(&event) {
        return Ok(());
    }
    session.record(running.boot_number, event)
}

/// Records what is known only now about an earlier boot.
///
/// # Errors
/// See [`ActError`].
pub fn record_for_boot<D: Disk>(
    disk: &mut D,
    boot: BootNumber,
    event: Event,
) -> Result<(), ActError> {
    Session::open(disk)?.record(boot, event)
}
