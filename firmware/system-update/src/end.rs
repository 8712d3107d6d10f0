//! A system that ends its own boot says why.

use crate::running::Running;
use crate::session::{ActError, Session};
use boot_core::Disk;
use image_format::{Event, Lines, SlotStatus};

/// Records how the running system's boot ends, and what its console said last.
///
/// A slot that is neither on trial nor confirmed runs as a last resort, again and again.
/// What it said before is not said again, so that the ring keeps what says how it came to
/// this.
///
/// # Errors
/// See [`ActError`].
pub fn record_end<D: Disk>(
    disk: &mut D,
    running: &Running,
    event: Event,
    lines: Option<Lines>,
) -> Result<(), ActError> {
    let mut session = Session::open(disk)?;
    let has_a_claim = matches!(
        session.state.slot(running.slot).status,
        SlotStatus::Trial { .. } | SlotStatus::Confirmed
    );
    if !has_a_claim && session.newest_events().contains(&event) {
        return Ok(());
    }
    session.record(running.boot_number, event)?;
    match lines {
        Some(lines) => session.record(running.boot_number, Event::LastLines { lines }),
        None => Ok(()),
    }
}
