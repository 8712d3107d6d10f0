//! A slot can be read again after the rescue system ran.

use anyhow::{Result, ensure};
use image_format::{Slot, Source};

use super::{Scenario, Tier, rescue};
use crate::bench::Bench;
use crate::disk::Spot;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "rescue-left",
    behaviour: "a slot that reads well again boots at the next start, and the record tells of both",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    rescue::ruin_slots(&disk)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Source::Rescue)?;
    guest.prove(bench.expected(Source::Rescue)?)?;
    guest.power_off()?;
    let before = disk.read_flight()?;

    // Nobody comes; the same again tells nothing new.
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Source::Rescue)?;
    guest.expect("press Enter for a shell")?;
    guest.pull_the_plug()?;
    let after = disk.read_flight()?;
    ensure!(after == before, "the record has grown to {after:?}");

    // The same bit back: whatever was wrong with the disk has passed.
    disk.flip_bit(Slot::A, Spot::Kernel)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    let proof = guest.prove(bench.expected(Slot::A)?)?;
    ensure!(proof.boot_number == 3, "this is boot {}", proof.boot_number);
    guest.power_off()?;

    let [refused, _] = rescue::causes();
    let refused = Evidence::of_guest(&proof, &disk, &refused)?;
    Ok(refused.and(Evidence::of_guest(&proof, &disk, &rescue::rescue_runs())?))
}
