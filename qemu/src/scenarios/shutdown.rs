//! A device that is switched off in order.

use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::ext4::Ext4;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "shutdown",
    behaviour: "`poweroff` keeps what was just written and leaves a clean file system",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run("echo precious > /writable/precious")?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;

    let writable = Ext4::writable_of(&disk)?;
    writable.require_clean()?;
    let kept = writable.read("/precious")?;
    ensure!(kept == "precious\n", "the file holds {kept:?}");
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
