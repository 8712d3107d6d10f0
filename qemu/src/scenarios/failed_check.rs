//! A trial that comes up and fails a check of the health gate.

use anyhow::{Result, ensure};
use image_format::disk::Role;
use image_format::{Event, Slot, SlotStatus};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "failed-check",
    behaviour: "a trial fails its health check: boots the other slot",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let length_bytes = usize::try_from(disk.length_of(Role::Writable)?)?;
    disk.write_at(disk.offset_of(Role::Writable)?, &vec![0x5a; length_bytes])?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_up(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;
    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Exhausted);
    let failed = Cause::new(
        json!({"kind": "check-failed", "slot": "system-a", "check": "writable"}),
        |event| {
            matches!(event, Event::CheckFailed { slot: Slot::A, check, .. }
                if check == "writable")
        },
    );
    Evidence::of_guest(&proof, &disk, &failed)
}
