//! The root of the first slot changed by one bit.
//!
//! The loader cannot see it; the kernel does, block by block, while it reads.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "changed-root",
    behaviour: "one changed bit in the root: PID 1 records it and reboots into the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.flip_bit(Slot::A, Spot::Root)?;
    let mut guest = bench.start(&disk)?;
    guest.expect(&format!("starting {}", Slot::A))?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;
    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Refused);
    let corrupt = Cause::new(
        json!({"kind": "root-corrupt", "slot": "system-a", "block": 0}),
        |event| {
            matches!(
                event,
                Event::RootCorrupt {
                    slot: Slot::A,
                    block: 0
                }
            )
        },
    );
    Evidence::of_guest(&proof, &disk, &corrupt)
}
