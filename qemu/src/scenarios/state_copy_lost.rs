//! One of the two copies of the boot state is gone.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus, StateError};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "state-copy-lost",
    behaviour: "one copy of the boot state lost: goes on from the other and repairs it",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    // A state that no rebuild would come to: the lower version is confirmed.
    disk.change_state(|state| {
        state.active = Slot::B;
        state.slot_mut(Slot::A).status = SlotStatus::Exhausted;
        state.slot_mut(Slot::B).status = SlotStatus::Confirmed;
    })?;
    disk.lose_state_copy(0)?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    guest.power_off()?;

    let lost = disk.lost_state_copies()?;
    ensure!(lost.is_empty(), "copies are still lost: {lost:?}");
    let copy_lost = Cause::new(json!({"kind": "state-copy-lost", "copy": 0}), |event| {
        matches!(
            event,
            Event::StateCopyLost {
                copy: 0,
                error: StateError::Magic
            }
        )
    });
    Evidence::of_guest(&proof, &disk, &copy_lost)
}
