//! A program in the root of the first slot changed by one bit.
//!
//! Nothing needs it to come up; the health gate reads it.

use anyhow::{Result, ensure};
use image_format::{Event, Slot, SlotStatus};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "changed-program",
    behaviour: "one changed bit in a program of the root: names the block, boots the other slot",
    tier: Tier::Everyday,
    run,
};

/// Stands in the program `snappy` only.
const NEEDLE: &str = "cannot roll back";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let damaged = disk.flip_bit_of_text(Slot::A, NEEDLE)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;
    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Refused);
    let corrupt = Cause::new(
        json!({"kind": "root-corrupt", "slot": "system-a", "block": damaged}),
        move |event| matches!(event, Event::RootCorrupt { slot: Slot::A, block } if *block == damaged),
    );
    Evidence::of_guest(&proof, &disk, &corrupt)
}
