//! A device in set-up mode, as it comes from its maker, gets its owner's keys.
//!
//! The firmware itself judges the files that `cargo xtask keys secure-boot` makes for it.

use anyhow::{Result, ensure};
use image_builder::secure_boot::EnrolledKey;
use image_format::Slot;

use super::{Scenario, Tier, confirmed, refused_by_firmware};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::ext4::Ext4;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "secure-boot-enrolled",
    behaviour: "keys are enrolled from the running system: the next boot has Secure Boot on",
    tier: Tier::Full,
    run,
};

const VARIABLES: &str = "/sys/firmware/efi/efivars";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let keys = bench.world().secure_boot_keys()?;
    let loader = refused_by_firmware::read_loader(bench, &disk)?;
    refused_by_firmware::write_loader(bench, &disk, &keys.sign_loader(&loader)?)?;
    let mut enrolled = keys.enrolled();
    for key in &enrolled {
        let file = format!("{}.auth", key.name);
        let path = keys.directory().join("enrol").join(&file);
        Ext4::writable_of(&disk)?.write(&path, &file)?;
    }

    let mut guest = bench.start_secure_boot(&disk, &[])?;
    guest.expect("Secure Boot is off")?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    guest.run(&format!("mount -o remount,rw {VARIABLES}"))?;
    // The device leaves set-up mode with PK, and from then on wants other signatures.
    enrolled.reverse();
    for key in &enrolled {
        enrol(&mut guest, key)?;
    }
    guest.reboot()?;

    guest.expect("Secure Boot is on")?;
    guest.expect_up(Slot::A)?;
    let proof = guest.prove(expected)?;
    ensure!(proof.boot_number == 2, "this is boot {}", proof.boot_number);
    guest.power_off()?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

/// As the kernel wants it: attributes and value, in a single write.
fn enrol(guest: &mut Guest, key: &EnrolledKey) -> Result<()> {
    let EnrolledKey {
        name,
        vendor,
        attributes,
        ..
    } = key;
    guest.run(&format!(r"printf '\{attributes:o}\0\0\0' > /run/{name}"))?;
    guest.run(&format!("cat /writable/{name}.auth >> /run/{name}"))?;
    guest.run(&format!(
        "dd if=/run/{name} of={VARIABLES}/{name}-{vendor} bs=65536"
    ))?;
    Ok(())
}
