//! A device whose firmware checks the loader.

use anyhow::{Result, ensure};
use image_format::Slot;
use serde_json::Value;

use super::{Scenario, Tier, confirmed, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-signed",
    behaviour: "firmware with Secure Boot starts the signed loader, and that Debian's kernel, locked down",
    tier: Tier::EveryBoard,
    run,
};

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let keys = bench.world().secure_boot_keys()?;
    let loader = refused_by_firmware::read_loader(bench, &disk)?;
    refused_by_firmware::write_loader(bench, &disk, &keys.sign_loader(&loader)?)?;

    let mut guest = bench.start_secure_boot(&disk, &keys.enrolled())?;
    guest.expect("Secure Boot is on")?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    let info: Value = serde_json::from_str(&guest.run("snappy info --json")?)?;
    ensure!(info["secure_boot"] == "on", "the system says {info}");
    ensure!(info["lockdown"] == "integrity", "the system says {info}");
    // The kernel itself is asked too, and must refuse a module that nobody signed.
    let lockdown = guest.run("cat /sys/kernel/security/lockdown")?;
    ensure!(lockdown == "none [integrity] confidentiality", "{lockdown}");
    require_signed_modules(&mut guest)?;
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

/// All modules that init wanted are in the kernel, and one that is not signed stays out.
fn require_signed_modules(guest: &mut Guest) -> Result<()> {
    let complaints = guest.run("dmesg | grep -c 'cannot load the kernel module' || true")?;
    ensure!(
        complaints == "0",
        "init could not load {complaints} modules"
    );
    guest.run("modprobe isofs && rmmod isofs")?;
    // Debian's signature stands at the end of the file.
    let module = guest.run("find /lib/modules/ -name isofs.ko")?;
    guest.run(&format!("head -c -400 {module} > /run/unsigned.ko"))?;
    let outcome = guest.run("insmod /run/unsigned.ko 2>&1 || echo refused")?;
    ensure!(
        outcome.ends_with("refused"),
        "a module without a signature was loaded: {outcome}"
    );
    Ok(())
}
