//! A trial that comes up and fails a check of the health gate.
//!
//! Its kernel is told to do without the file system of `writable`, as if the driver had
//! been left out of the release.

use anyhow::{Result, ensure};
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
    let lacking = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.command_line.push_str(" module_blacklist=ext4"));
    bench.install(&disk, Slot::A, &lacking)?;

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
