//! A device whose writable file system is beyond repair.

use anyhow::{Result, ensure};
use image_format::disk::Role;
use image_format::{Event, Slot, SlotStatus};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "writable-lost",
    behaviour: "`writable` cannot be mounted: runs on memory, says so, and can change its system",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    disk.change_state(|state| state.slot_mut(Slot::A).status = SlotStatus::Confirmed)?;
    let length_bytes = usize::try_from(disk.length_of(Role::Writable)?)?;
    disk.write_at(disk.offset_of(Role::Writable)?, &vec![0x5a; length_bytes])?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.run("touch /writable/works")?;
    let mounts = guest.run("grep ' /writable ' /proc/mounts")?;
    ensure!(mounts.contains("tmpfs"), "writable is mounted as {mounts}");
    // It can still change its system, and the new one is not judged by the disk.
    guest.run("snappy rollback system")?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    let proof = guest.prove(bench.expected(Slot::B)?)?;
    guest.power_off()?;
    let lost = Cause::new(json!({"kind": "writable-lost"}), |event| {
        matches!(event, Event::WritableLost { .. })
    });
    Evidence::of_guest(&proof, &disk, &lost)
}
