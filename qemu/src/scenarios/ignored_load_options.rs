//! Somebody told the firmware to pass words on to the loader.
//!
//! The guest itself makes such a boot entry: the current one with words behind it.

use anyhow::{Result, ensure};
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::evidence::Evidence;
use crate::guest::Guest;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ignored-load-options",
    behaviour: "words that the firmware passes to the loader change nothing",
    tier: Tier::Everyday,
    run,
};

/// UEFI 2.10, section 3.3: the vendor GUID of the boot manager's variables.
const VENDOR: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
const VARIABLES: &str = "/sys/firmware/efi/efivars";
/// ` init=/bin/sh` as the firmware keeps it, for the shell's `printf`.
const EVIL_WORDS: &str = r" \0i\0n\0i\0t\0=\0/\0b\0i\0n\0/\0s\0h\0\0\0";

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;

    // They are mounted to be read only; root may change that.
    guest.run(&format!("mount -o remount,rw {VARIABLES}"))?;
    // Attributes, then the number in two bytes; little-endian, so the low one suffices.
    let current = variable("BootCurrent");
    let read_number = format!("cat {current} | tail -c 2 | od -An -tx1 -N1");
    let number = guest.run(&read_number)?.to_uppercase();
    let entry = variable(&format!("Boot00{number}"));
    guest.run(&format!("cat {entry} > /run/entry"))?;
    guest.run(&format!("printf '{EVIL_WORDS}' >> /run/entry"))?;
    // A variable is written by a single write.
    write_variable(&mut guest, "/run/entry", "Boot00F0")?;
    guest.run(r"printf '\007\0\0\0\360\0' > /run/next")?;
    write_variable(&mut guest, "/run/next", "BootNext")?;
    guest.reboot()?;

    guest.expect("bytes of firmware load options")?;
    guest.expect_up(Slot::A)?;
    let number = guest.run(&read_number)?;
    ensure!(number == "f0", "the firmware used the entry {number}");
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    bench.require_signed_words(&proof, &disk, Slot::A)?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}

fn variable(name: &str) -> String {
    format!("{VARIABLES}/{name}-{VENDOR}")
}

fn write_variable(guest: &mut Guest, file: &str, name: &str) -> Result<()> {
    let variable = variable(name);
    guest.run(&format!("dd if={file} of={variable} bs=4096"))?;
    Ok(())
}
