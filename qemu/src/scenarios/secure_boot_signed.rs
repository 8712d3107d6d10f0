//! A device whose firmware checks the loader.

use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-signed",
    behaviour: "firmware with Secure Boot starts the signed loader, and that Debian's kernel, locked down",
    tier: Tier::Everyday,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let keys = bench.world().secure_boot_keys()?;
    let loader = refused_by_firmware::read_loader(bench, &disk)?;
    refused_by_firmware::write_loader(bench, &disk, &keys.sign_loader(&loader)?)?;

    let mut guest = bench.start_secure_boot(&disk, &keys)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    let modules = guest.run("lsmod | wc -l")?;
    let lockdown = guest.run("cat /sys/kernel/security/lockdown")?;
    ensure!(
        lockdown.contains("[integrity]"),
        "the kernel is not locked down: {lockdown}"
    );
    ensure!(modules != "0", "no modules");
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
