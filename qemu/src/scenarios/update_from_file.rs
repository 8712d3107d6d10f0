//! A newer release comes as a file.

use anyhow::{Result, ensure};
use image_format::disk::Role;
use image_format::{Digest, Event, Slot, SlotStatus, Version};
use serde_json::json;

use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::ext4::Ext4;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-from-file",
    behaviour: "`snappy update --from`: the other slot gets the release, tries it, and it is confirmed",
    tier: Tier::EveryBoard,
    run,
};

const NEW: Version = Version(3);

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let system = bench
        .world()
        .system()
        .with_manifest(|manifest| manifest.version = NEW);
    // What the slot has to hold afterwards, byte for byte.
    let reference = disk.copy_to(&bench.directory().join("reference.img"))?;
    let manifest = bench.install(&reference, Slot::B, &system)?;
    let update = bench.directory().join("3.update");
    let envelope = bench.world().keys().seal(&system.manifest())?;
    system.write_update(&envelope, &update)?;
    Ext4::writable_of(&disk)?.write(&update, "/3.update")?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("head -c 1000000 /writable/3.update > /run/short.update")?;
    guest.require_refused(
        "snappy update --from /run/short.update",
        "it ends early: it has 1000000 bytes of",
    )?;
    let output = guest.run("snappy update --from /writable/3.update --json")?;
    ensure!(
        output.contains("\"slot\":\"system-b\",\"version\":3}"),
        "it says {output}"
    );
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    guest.expect_confirmed(Slot::B)?;
    guest.reboot()?;
    guest.expect_up(Slot::B)?;
    let source = Slot::B.into();
    let proof = guest.prove(Expected { source, manifest })?;
    guest.power_off()?;

    require_whole(&disk, &reference)?;
    let state = disk.read_state()?;
    ensure!(
        state.active == Slot::B
            && Slot::ALL.map(|slot| state.slot(slot).status) == [SlotStatus::Confirmed; 2],
        "the boot state is {state:?}"
    );
    let [staged, confirmed] = [
        Evidence::of_guest(&proof, &disk, &staged(manifest))?,
        Evidence::of_guest(&proof, &disk, &confirmed_as_b(manifest))?,
    ];
    Ok(staged.and(confirmed))
}

/// Parts, hash tree and envelope are those of the release, and nothing else changed.
fn require_whole(disk: &TestDisk, reference: &TestDisk) -> Result<()> {
    for role in [Role::SystemA, Role::SystemB, Role::Rescue] {
        ensure!(
            disk.digest_of(role)? == reference.digest_of(role)?,
            "{role} holds other bytes than it should"
        );
    }
    Ok(())
}

fn staged(manifest: Digest) -> Cause {
    let told = json!({"kind": "staged", "slot": "system-b", "version": NEW});
    Cause::new(told, move |event| {
        matches!(event, Event::Staged { slot: Slot::B, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}

fn confirmed_as_b(manifest: Digest) -> Cause {
    let told = json!({"kind": "confirmed", "slot": "system-b", "version": NEW});
    Cause::new(told, move |event| {
        matches!(event, Event::Confirmed { slot: Slot::B, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}
