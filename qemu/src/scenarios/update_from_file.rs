//! A newer release comes as a file.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use image_builder::SystemImage;
use image_format::disk::Role;
use image_format::{Digest, Event, Slot, SlotStatus, Version};
use serde_json::json;

use super::maker::of_version;
use super::{Scenario, Tier};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::disk::TestDisk;
use crate::evidence::{Cause, Evidence};
use crate::guest::Guest;
use crate::proof::Expected;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "update-from-file",
    behaviour: "`snappy update --from`: the other slot gets the release, tries it, and it is confirmed",
    tier: Tier::EveryBoard,
    run,
};

pub(super) const NEW: Version = Version(3);

/// What disks count in.
const SECTOR_BYTES: u64 = 512;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let newer = Newer::make(bench, &disk)?;
    // As a stick would bring it: the file is all of a second disk.
    let sectors = newer.update.metadata()?.len() / SECTOR_BYTES;
    let board = bench.world().board();
    let drives =
        [disk.image(), &newer.update].map(|image| Drive::of_board(board, image, Boot::Unordered));
    let mut guest = bench.start_with(drives.into())?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let stick = guest.run(&format!(
        "basename $(dirname $(grep -lx {sectors} /sys/block/*/size))"
    ))?;
    guest.run(&format!("head -c 1000000 /dev/{stick} > /run/short.update"))?;
    guest.require_refused(
        "snappy update --from /run/short.update",
        "it ends early: it has 1000000 bytes of",
    )?;
    newer.install(guest, &disk, &format!("/dev/{stick}"))
}

/// A newer release, and what has to come of it.
pub(super) struct Newer {
    /// The update file.
    pub(super) update: PathBuf,
    /// What the disk has to hold afterwards, byte for byte.
    reference: TestDisk,
    pub(super) manifest: Digest,
}

impl Newer {
    pub(super) fn make(bench: &Bench<'_>, disk: &TestDisk) -> Result<Self> {
        Self::of(bench, bench.world().system(), disk)
    }

    /// The release that is this system.
    pub(super) fn of(bench: &Bench<'_>, system: &SystemImage, disk: &TestDisk) -> Result<Self> {
        let system = of_version(system, NEW.0);
        let reference = disk.copy_to(&bench.directory().join("reference.img"))?;
        let manifest = bench.install(&reference, Slot::B, &system)?;
        let update = bench.directory().join("3.update");
        let envelope = bench.world().keys().seal(&system.manifest())?;
        system.write_update(&envelope, &update)?;
        Ok(Self {
            update,
            reference,
            manifest,
        })
    }

    /// Has the guest, whose system-a is confirmed, install the release from `origin`, try it
    /// and keep it.
    pub(super) fn install(
        &self,
        mut guest: Guest,
        disk: &TestDisk,
        origin: &str,
    ) -> Result<Evidence> {
        let output = guest.run(&format!("snappy update --from {origin} --json"))?;
        ensure!(
            output.contains("\"slot\":\"system-b\",\"version\":3}"),
            "it says {output}"
        );
        self.keep(guest, disk)
    }

    /// Has the guest, which was updated to the release, try it and keep it.
    pub(super) fn keep(&self, mut guest: Guest, disk: &TestDisk) -> Result<Evidence> {
        guest.reboot()?;
        guest.expect_up(Slot::B)?;
        guest.expect_confirmed(Slot::B)?;
        guest.reboot()?;
        guest.expect_up(Slot::B)?;
        let (source, manifest) = (Slot::B.into(), self.manifest);
        let proof = guest.prove(Expected { source, manifest })?;
        guest.power_off()?;

        require_whole(disk, &self.reference)?;
        let state = disk.read_state()?;
        ensure!(
            state.active == Slot::B
                && Slot::ALL.map(|slot| state.slot(slot).status) == [SlotStatus::Confirmed; 2],
            "the boot state is {state:?}"
        );
        let [staged, confirmed] = [
            Evidence::of_guest(&proof, disk, &staged(manifest))?,
            Evidence::of_guest(&proof, disk, &confirmed_as_b(manifest))?,
        ];
        Ok(staged.and(confirmed))
    }
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

pub(super) fn staged(manifest: Digest) -> Cause {
    let told = json!({"kind": "staged", "slot": "system-b", "version": NEW});
    Cause::new(told, move |event| {
        matches!(event, Event::Staged { slot: Slot::B, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}

pub(super) fn confirmed_as_b(manifest: Digest) -> Cause {
    let told = json!({"kind": "confirmed", "slot": "system-b", "version": NEW});
    Cause::new(told, move |event| {
        matches!(event, Event::Confirmed { slot: Slot::B, manifest_hash, .. }
            if *manifest_hash == manifest)
    })
}
