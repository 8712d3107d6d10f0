//! What scenarios share in which firmware with Secure Boot refuses the loader.

use anyhow::Result;
use image_builder::secure_boot::SecureBootKeys;

use crate::bench::Bench;
use crate::disk::TestDisk;
use crate::esp::Esp;
use crate::evidence::{Evidence, LOADER, Memory};

/// EDK2's boot manager, for a program whose signature is not good.
const REFUSAL: [&str; 2] = ["failed to load", "Access Denied"];
/// The boot manager when it has tried everything that it found.
const END: &str = "No bootable option or device was found";

/// The file of the loader on the disk.
pub(super) fn read_loader(bench: &Bench<'_>, disk: &TestDisk) -> Result<Vec<u8>> {
    Esp::of(disk)?.read(Esp::loader_path(bench.world().board())?)
}

/// Puts another file into the loader's place.
pub(super) fn write_loader(bench: &Bench<'_>, disk: &TestDisk, loader: &[u8]) -> Result<()> {
    Esp::of(disk)?.write(Esp::loader_path(bench.world().board())?, loader)
}

/// Starts the disk under firmware that knows `keys`, and sees the loader refused.
pub(super) fn prove(bench: &Bench<'_>, disk: &TestDisk, keys: &SecureBootKeys) -> Result<Evidence> {
    let before = Memory::of(disk)?;
    let mut guest = bench.start_secure_boot(disk, &keys.enrolled())?;
    guest.allow(END);
    guest.forbid(LOADER);
    guest.expect(END)?;
    let console = guest.heard();
    guest.pull_the_plug()?;
    Evidence::of_firmware_refusal(&console, &REFUSAL, disk, &before)
}
