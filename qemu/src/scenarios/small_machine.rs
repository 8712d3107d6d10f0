//! A machine that has no room for the kernel's EFI stub beside its firmware.

use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::least_memory::goal_mib;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "small-machine",
    behaviour: "too little memory for the kernel's EFI stub: the loader starts the kernel without it, and without the firmware",
    tier: Tier::Everyday,
    run,
};

/// What the loader says when it lets go of the firmware.
const WITHOUT_STUB: &str = "no room for the kernel's EFI stub";
/// What the stub says on the same console.
const STUB: &str = "EFI stub: ";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let small = bench.with_memory(goal_mib(bench.world().board().architecture));

    let mut guest = small.start(&disk)?;
    guest.forbid(STUB);
    guest.expect(WITHOUT_STUB)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    bench.require_signed_words(&proof, &disk, Slot::A)?;
    // The kernel has found what stays of the firmware: the boot counts in its variables.
    let firmware = guest.run("ls /sys/firmware/efi/efivars | grep -c ^BootCurrent")?;
    ensure!(firmware == "1", "the firmware's variables: {firmware}");
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
