//! An image that was flashed to a disk larger than itself.

use anyhow::{Context, Result, ensure};
use image_format::Slot;
use image_format::disk::Role;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::ext4::Ext4;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "writable-grown",
    behaviour: "the disk is larger than the image: `writable` grows to its end",
    tier: Tier::Everyday,
    run,
};

const ADDED_BYTES: u64 = 1 << 30;

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let before = disk.image().metadata()?.len();
    disk.grow_to(before + ADDED_BYTES)?;
    let flashed_bytes = disk.length_of(Role::Writable)?;

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let output = guest.run("df -k /writable | tail -n 1")?;
    let size_kib: u64 = output
        .split_whitespace()
        .nth(1)
        .and_then(|field| field.parse().ok())
        .with_context(|| format!("cannot read the output of df: {output}"))?;
    // The file system keeps some per cent for its own tables.
    ensure!(
        size_kib * 1024 > flashed_bytes + ADDED_BYTES / 10 * 9,
        "writable has only {size_kib} KiB"
    );
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Ext4::writable_of(&disk)?.require_clean()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
