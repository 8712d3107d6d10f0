//! Somebody put another loader on the disk, where Open Firmware looks before it looks for
//! ours: a FAT with `ppc/bootinfo.txt` in the first partition of a type that it knows.
//! Ours have types that it does not know.

use anyhow::{Result, ensure};
use image_format::Slot;
use image_format::disk::Role;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::esp::Esp;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ignored-bootinfo",
    behaviour: "another loader in a file system that Open Firmware could read is not started",
    tier: Tier::EveryBoard,
    run,
};

/// CHRP system binding to IEEE 1275, section 11.1.2.3.
const BOOTINFO: &str =
    "<chrp-boot>\n<boot-script>boot &device;:1,\\evil.elf</boot-script>\n</chrp-boot>\n";

/// What our loader with test keys says, and what the other one says in its place.
const OURS: &[u8] = b"TEST KEYS";
const OTHERS: &str = "EVIL KEYS";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    // Nothing else needs the rescue system here.
    let planted = Esp::make_in(&disk, Role::Rescue)?;
    planted.write("ppc/bootinfo.txt", BOOTINFO)?;
    planted.write("evil.elf", other_loader(&disk)?)?;

    let mut guest = bench.start(&disk)?;
    guest.forbid(OTHERS);
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

/// Ours, with other words.
fn other_loader(disk: &TestDisk) -> Result<Vec<u8>> {
    let mut loader = disk.read_partition(Role::SystemBoot)?;
    let end = loader
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    loader.truncate(end);
    let places: Vec<_> = loader
        .windows(OURS.len())
        .enumerate()
        .filter_map(|(at, words)| (words == OURS).then_some(at))
        .collect();
    ensure!(
        !places.is_empty(),
        "the loader does not say that it trusts test keys"
    );
    for at in places {
        loader[at..at + OURS.len()].copy_from_slice(OTHERS.as_bytes());
    }
    Ok(loader)
}
