//! The one act of the rescue system: it says that it came up.
//!
//! No other act is open to it. They take [`Running`](crate::Running), which names a
//! slot, and the rescue system runs from none.

use crate::running::Conflict;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::{BootNumber, Event};

/// What [`record_rescue`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RescueRecord {
    /// The record tells of it from now on.
    Recorded,
    /// It did before, and nothing happened since: nothing was written.
    AlreadyTold,
}

/// Records that the rescue system came up in this boot, behind what it `found` of earlier
/// ones. A device that retries in vain comes here every half hour: only the first time of
/// a row is told, so that the ring keeps what says how it came to this. The boot state is
/// not written.
///
/// # Errors
/// See [`ActError`].
pub fn record_rescue<D: Disk>(
    disk: &mut D,
    boot_number: BootNumber,
    found: &[(BootNumber, Event)],
) -> Result<RescueRecord, ActError> {
    let mut session = Session::open(disk)?;
    if session.state.boot_number != boot_number {
        return Err(ActError::Conflict(Conflict::Boot(
            session.state.boot_number,
        )));
    }
    if session.newest_events().first() == Some(&Event::RescueRuns) {
        return Ok(RescueRecord::AlreadyTold);
    }
    for (boot, event) in found {
        session.record(*boot, event.clone())?;
    }
    session.record(boot_number, Event::RescueRuns)?;
    Ok(RescueRecord::Recorded)
}
