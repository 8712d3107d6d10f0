//! A device that boots for the first time.

use anyhow::{Result, ensure};
use image_format::{Slot, SlotStatus};

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "first-boot",
    behaviour: "boots the first slot, confirms it, and boots it again as confirmed",
    tier: Tier::EveryBoard,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;

    let mut guest = bench.start(&disk)?;
    guest.expect("TEST KEYS")?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    ensure!(proof.boot_number == 1, "this is boot {}", proof.boot_number);
    guest.reboot()?;

    guest.expect_up(Slot::A)?;
    let proof = guest.prove(expected)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;

    let state = disk.read_state()?;
    ensure!(state.slot(Slot::A).status == SlotStatus::Confirmed);
    ensure!(state.begun_without_up == 0, "the boot did not count as up");
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
