//! Somebody put files on the system partition that other boot programs obey.

use anyhow::Result;
use image_format::Slot;

use super::{Scenario, Tier, confirmed};
use crate::bench::Bench;
use crate::esp::Esp;
use crate::evidence::Evidence;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "ignored-files",
    behaviour: "stray files beside the loader change nothing",
    tier: Tier::Everyday,
    run,
};

const EVIL_WORDS: &str = "init=/bin/sh systemd.debug-shell=1\n";

/// What systemd-boot, GRUB, the firmware's shell, U-Boot and boards' own boot programs
/// look for.
const STRAY_FILES: &[&str] = &[
    "startup.nsh",
    "cmdline.txt",
    "config.txt",
    "uEnv.txt",
    "boot.scr",
    "extlinux/extlinux.conf",
    "grub/grub.cfg",
    "EFI/BOOT/grub.cfg",
    "loader/loader.conf",
    "loader/entries/evil.conf",
    "loader/credentials/evil.cred",
];

/// What programs of systemd's kind look for beside themselves, behind their own name.
const STRAY_COMPANIONS: &[&str] = &[".extra", ".extra.d/evil.cred"];

fn run(bench: &Bench<'_>) -> Result<Evidence> {
    let disk = bench.disk()?;
    let expected = bench.expected(Slot::A)?;
    let esp = Esp::of(&disk)?;
    for path in STRAY_FILES {
        esp.write(path, EVIL_WORDS)?;
    }
    let loader = Esp::loader_path(bench.world().board())?;
    for end in STRAY_COMPANIONS {
        esp.write(&format!("{loader}{end}"), EVIL_WORDS)?;
    }

    let mut guest = bench.start(&disk)?;
    guest.expect_up(Slot::A)?;
    guest.expect_confirmed(Slot::A)?;
    let proof = guest.prove(expected)?;
    guest.power_off()?;
    bench.require_signed_words(&proof, &disk, Slot::A)?;
    Evidence::of_guest(&proof, &disk, &confirmed::as_a(expected.manifest))
}
