//! What the rescue system says in the flight record: that it came up, and why it installed
//! nothing.
//!
//! No other act is open to it but to [stage](crate::stage()). They take
//! [`Running`](crate::Running), which names a slot, and the rescue system runs from none.

use crate::running::Conflict;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::flight::text;
use image_format::{BootNumber, Event};

/// So many reasons are told of one row of boots of the rescue system.
const REASONS: usize = 6;

/// What [`record_rescue`] or [`record_not_reinstalled`] did.
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
    let mut session = open(disk, boot_number)?;
    let told = this_row(&session.newest_events()).is_some();
    if told {
        return Ok(RescueRecord::AlreadyTold);
    }
    for (boot, event) in found {
        session.record(*boot, event.clone())?;
    }
    session.record(boot_number, Event::RescueRuns)?;
    Ok(RescueRecord::Recorded)
}

/// Records why the rescue system installed nothing from there. A device that tries again
/// for days tells each reason once, and not more of them than the ring bears.
///
/// # Errors
/// See [`ActError`].
pub fn record_not_reinstalled<D: Disk>(
    disk: &mut D,
    boot_number: BootNumber,
    from: &str,
    reason: &str,
) -> Result<RescueRecord, ActError> {
    let mut session = open(disk, boot_number)?;
    let event = Event::ReinstallFailed {
        from: text(from),
        reason: text(reason),
    };
    let newest = session.newest_events();
    if let Some(row) = this_row(&newest)
        && (row.len() >= REASONS || row.contains(&event))
    {
        return Ok(RescueRecord::AlreadyTold);
    }
    session.record(boot_number, event)?;
    Ok(RescueRecord::Recorded)
}

fn open<D: Disk>(disk: &mut D, boot_number: BootNumber) -> Result<Session<'_, D>, ActError> {
    let session = Session::open(disk)?;
    if session.state.boot_number != boot_number {
        return Err(ActError::Conflict(Conflict::Boot(
            session.state.boot_number,
        )));
    }
    Ok(session)
}

/// The reasons that were told since the rescue system came up, if nothing else happened
/// since. `newest` has the newest first.
fn this_row(newest: &[Event]) -> Option<&[Event]> {
    let length = newest
        .iter()
        .take_while(|event| matches!(event, Event::ReinstallFailed { .. }))
        .count();
    let (reasons, before) = newest.split_at(length);
    (before.first() == Some(&Event::RescueRuns)).then_some(reasons)
}
