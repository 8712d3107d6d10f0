//! A disk that was flashed as `cargo xtask flash` does it, over a former installation.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use flasher::{CloudConfig, Identity, Image, Silent, Target, flash, new_disk_guid};
use image_format::Slot;
use image_format::disk::Role;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::command_line::{Boot, Drive};
use crate::disk::TestDisk;
use crate::evidence::Evidence;
use crate::ext4::Ext4;

pub(super) const FLASHED: Scenario = Scenario {
    name: "flashed",
    behaviour: "a flashed disk boots: `writable` spans it, and the device is who it was told to be",
    tier: Tier::Everyday,
    run: |bench| boot_flashed(bench, 512),
};

pub(super) const FLASHED_4096: Scenario = Scenario {
    name: "flashed-large-sectors",
    behaviour: "the same on a disk with sectors of 4096 bytes",
    tier: Tier::Full,
    run: |bench| boot_flashed(bench, 4096),
};

const DISK_BYTES: u64 = 2 << 30;
/// A guest's prompt is known by how it ends.
const HOST_NAME: &str = "gw-7-twinkeel";
const MACHINE_ID: &str = "0123456789abcdef0123456789abcdef";

fn boot_flashed(bench: &Bench<'_>, sector_bytes: u64) -> Result<Evidence> {
    let base = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let base_guid = base.guid()?;
    // What was there before has another length, so its second table lies in the way.
    let disk = base.copy_to(&bench.directory().join("flashed.img"))?;
    disk.grow_to(DISK_BYTES)?;
    flash_disk(bench, &base, &disk, sector_bytes)?;
    ensure!(disk.guid()? != base_guid, "two disks have one GUID");
    let writable_bytes = disk.length_of(Role::Writable)?;

    let mut drive = Drive::of_board(bench.world().board(), disk.image(), Boot::First);
    if let Some(device) = drive.device.last_mut() {
        *device +=
            &format!(",logical_block_size={sector_bytes},physical_block_size={sector_bytes}");
    }
    let mut guest = bench.start_with(vec![drive])?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    for (command, answer) in [
        ("hostname", HOST_NAME),
        ("cat /etc/machine-id", MACHINE_ID),
        (
            "tail -n 1 /var/lib/cloud/seed/nocloud/user-data",
            "hostname: gw-7-twinkeel",
        ),
        ("stat -c %a.%u /var/lib/cloud/seed/nocloud", "700.0"),
    ] {
        let output = guest.run(command)?;
        ensure!(output.trim() == answer, "{command} says {output:?}");
    }
    let output = guest.run("df -k /writable | tail -n 1")?;
    let size_kib: u64 = output
        .split_whitespace()
        .nth(1)
        .and_then(|field| field.parse().ok())
        .with_context(|| format!("cannot read the output of df: {output}"))?;
    // The file system keeps some per cent for its own tables.
    ensure!(
        size_kib * 1024 > writable_bytes / 10 * 9,
        "writable has only {size_kib} KiB of {writable_bytes} bytes"
    );
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Ext4::writable_of(&disk)?.require_clean()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn flash_disk(
    bench: &Bench<'_>,
    base: &TestDisk,
    disk: &TestDisk,
    sector_bytes: u64,
) -> Result<()> {
    let target = Target::inspect(disk.image())?.with_sector_bytes(sector_bytes);
    let target = target.agree(Some("flashed.img"))?;
    let image = Image::open(base.image(), &bench.world().board().id)?;
    let identity = Identity {
        host_name: Some(HOST_NAME.to_owned()),
        machine_id: Some(MACHINE_ID.to_owned()),
        serial: None,
        cloud_config: Some(CloudConfig::parse(
            "#cloud-config\nhostname: @{hostname}\n",
        )?),
        variables: BTreeMap::new(),
    };
    flash(&target, &image, &identity, new_disk_guid()?, &mut Silent)?;
    Ok(())
}
