//! A loader's own failure, put into the flight record. Called by the shells when they
//! panic, with a disk that was opened anew.

use image_format::Event;
use image_format::flight::Text;

use crate::flight::FlightRing;
use crate::gpt::read_layout;
use crate::platform::Disk;
use crate::state_store::StateStore;

/// Records `message`, unless the last entry says the same: a loader that fails at every
/// turn must not push out of the ring what led to it. `None` when it is not on record.
pub fn record<D: Disk>(disk: &mut D, message: Text) -> Option<()> {
    let layout = read_layout(disk).ok()?;
    let event = Event::LoaderPanicked { message };
    let store = StateStore::open(disk, &layout)?;
    let state = store.state()?;
    let mut ring = FlightRing::open(disk, &layout, state.flight_sequence)?;
    if ring.is_recent(disk, &event, 1) {
        return Some(());
    }
    ring.append(disk, state.boot_number, &event).ok()
}
