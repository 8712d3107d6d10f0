//! Neither slot boots: the rescue system does.

use anyhow::{Result, ensure};
use image_format::disk::Role;
use image_format::refusal::{PartName, Refusal};
use image_format::{Event, FrameError, Kind, Slot, SlotStatus, Source};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::disk::{Spot, TestDisk};
use crate::evidence::{Cause, Evidence};

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue",
    behaviour: "both slots bad: the rescue system tells both reasons and gives a shell on request",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    ruin_slots(&disk)?;
    let writable_before = disk.digest_of(Role::Writable)?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Source::Rescue)?;
    // Whoever only looks at the console knows all of it.
    let [refusal_a, refusal_b] = refusals();
    guest.expect("This is the rescue system, version 2: it runs because no slot booted.")?;
    guest.expect(&format!("system-a version 2 was refused: {refusal_a}"))?;
    guest.expect(&format!("system-b was refused: {refusal_b}"))?;
    guest.expect("press Enter for a shell; the device tries its slots again in 30 minutes")?;

    let proof = guest.prove(bench.expected(Source::Rescue)?)?;
    ensure!(proof.boot_number == 1, "this is boot {}", proof.boot_number);
    guest.require_refused("snappy rollback", "this is the rescue system")?;
    // Job control: the shell has the console to itself.
    guest.interrupt("cat")?;
    guest.leave_shell()?;
    guest.expect("press Enter for a shell")?;
    guest.power_off()?;

    let state = disk.read_state()?;
    for slot in Slot::ALL {
        let status = state.slot(slot).status;
        ensure!(status == SlotStatus::Refused, "{slot} is {status}");
    }
    ensure!(
        disk.digest_of(Role::Writable)? == writable_before,
        "writable was written to"
    );
    let [cause_a, cause_b] = causes();
    let a = Evidence::of_guest(&proof, &disk, &cause_a)?;
    let b = Evidence::of_guest(&proof, &disk, &cause_b)?;
    let runs = Evidence::of_guest(&proof, &disk, &rescue_runs())?;
    Ok(a.and(b).and(runs))
}

/// Damages both slots, each in another way.
pub(super) fn ruin_slots(disk: &TestDisk) -> Result<()> {
    disk.flip_bit(Slot::A, Spot::Kernel)?;
    disk.flip_bit(Slot::B, Spot::Record(Kind::ManifestSignatures))
}

/// Why the loader refuses what [`ruin_slots`] left, in `system-a` and `system-b`.
pub(super) fn refusals() -> [Refusal; 2] {
    [
        Refusal::Digest {
            part: PartName::Kernel,
        },
        Refusal::damaged(Kind::ManifestSignatures, FrameError::Checksum),
    ]
}

/// The causes to that.
pub(super) fn causes() -> [Cause; 2] {
    let [a, b] = refusals();
    [
        Cause::refused(Slot::A, a, json!({"check": "digest", "part": "kernel"})),
        Cause::refused(Slot::B, b, json!({"check": "damaged"})),
    ]
}

/// The rescue system told of itself.
pub(super) fn rescue_runs() -> Cause {
    Cause::new(json!({"kind": "rescue-runs"}), |event| {
        *event == Event::RescueRuns
    })
}
