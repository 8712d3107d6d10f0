//! A newer security epoch in both slots.

use anyhow::{Result, ensure};
use image_format::refusal::Refusal;
use image_format::{Digest, Epoch, Event, Slot, SlotStatus, Version};
use serde_json::json;

use super::{Scenario, Tier, fall_back};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "floors-raised",
    behaviour: "both slots of a higher epoch: the floor rises after the confirm, an older release is refused",
    tier: Tier::Everyday,
    run,
};

const OLD: Epoch = Epoch(1);
pub(super) const NEW: Epoch = Epoch(2);
/// Both are newer than the release that is put back.
const VERSIONS: [Version; 2] = [Version(4), Version(3)];

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let [newer, fallback] = install_both(bench, &disk)?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.reboot()?;
    guest.expect("the floors rise to epoch 2")?;
    guest.expect_up(Slot::A)?;
    let slot = Slot::A;
    let manifest = newer;
    let proof = guest.prove(Expected {
        source: slot.into(),
        manifest,
    })?;
    guest.power_off()?;
    let raised = Evidence::of_guest(&proof, &disk, &to_new_epoch())?;
    ensure!(
        disk.read_state()?.floors.epoch == NEW,
        "the state's floor did not rise"
    );

    put_old_release_back(bench, &disk)?;
    let refusal = Refusal::EpochBelowFloor {
        epoch: OLD,
        floor: NEW,
    };
    let told = json!({"check": "epoch-below-floor", "epoch": OLD, "floor": NEW});
    let slot = Slot::B;
    let manifest = fallback;
    let expected = Expected {
        source: slot.into(),
        manifest,
    };
    Ok(raised.and(fall_back::from_refused_a_to(
        bench, &disk, refusal, told, expected,
    )?))
}

/// Two releases of the new epoch; their manifest hashes.
pub(super) fn install_both(bench: &Bench<'_>, disk: &TestDisk) -> Result<[Digest; 2]> {
    let of_new_epoch = |version| {
        bench.world().system().with_manifest(|manifest| {
            manifest.version = version;
            manifest.epoch = NEW;
        })
    };
    let [newer, fallback] = VERSIONS.map(of_new_epoch);
    Ok([
        bench.install(disk, Slot::A, &newer)?,
        bench.install(disk, Slot::B, &fallback)?,
    ])
}

/// A release of the old epoch in `system-a`, properly signed, with a state that says it
/// had worked.
pub(super) fn put_old_release_back(bench: &Bench<'_>, disk: &TestDisk) -> Result<()> {
    bench.install(disk, Slot::A, bench.world().system())?;
    disk.change_state(|state| {
        state.active = Slot::A;
        state.slot_mut(Slot::A).status = SlotStatus::Confirmed;
    })
}

fn to_new_epoch() -> Cause {
    Cause::new(json!({"kind": "floors-raised", "epoch": NEW}), |event| {
        matches!(event, Event::FloorsRaised { epoch: NEW, .. })
    })
}
