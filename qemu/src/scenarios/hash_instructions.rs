//! Kernel and initrd are hashed with the processor's instructions, or without.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::evidence::Evidence;
use crate::guest::Guest;

pub(super) const BY_PROCESSOR: Scenario = Scenario {
    name: "hash-by-processor",
    behaviour: "a processor with instructions for SHA-256: the loader hashes with them",
    tier: Tier::EveryBoard,
    run: by_processor,
};

pub(super) const PORTABLE: Scenario = Scenario {
    name: "hash-portable",
    behaviour: "a processor without instructions for SHA-256: the loader boots all the same",
    tier: Tier::Everyday,
    run: portable,
};

/// What the loader says before it reads a slot, and only where it has them.
const BY_INSTRUCTIONS: &str = "SHA-256 by the processor";

fn by_processor(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let mut guest = bench.start(&disk)?;
    guest.expect(BY_INSTRUCTIONS)?;
    boots(bench, &disk, guest)
}

fn portable(bench: &Bench<'_>) -> Result<Evidence> {
    let bench = bench.with_other_processor()?;
    let disk = bench.disk()?;
    let mut guest = bench.start(&disk)?;
    guest.forbid(BY_INSTRUCTIONS);
    boots(&bench, &disk, guest)
}

fn boots(bench: &Bench<'_>, disk: &TestDisk, mut guest: Guest) -> Result<Evidence> {
    let expected = bench.expected(Slot::A)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, disk, &confirmed::as_a(expected.manifest))
}
