//! What is left of a disk, by the judgement of the real loader.

use anyhow::{Result, bail, ensure};
use boot_core::{Board, SecondHome};
use embedded_io_adapters::std::FromStd;
use host_machine::{End, Machine, Started};
use image_format::disk::Role;
use std::io::Cursor;

use crate::device::Device;
use crate::release::BOARD;

/// What would run after a reboot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boots {
    /// What ran before.
    Old,
    /// The release that was offered.
    New,
}

/// Boots a copy of `disk`. What starts has to be whole: kernel and initrd as they were signed,
/// and, of the new system, every byte of its root and its hash tree. Nothing but the boot
/// state and the other slot may have changed.
///
/// # Errors
/// What is wrong with the disk.
pub(crate) fn judge(device: &Device, disk: &[u8]) -> Result<Boots> {
    require_untouched(device, disk)?;
    let mut copy = FromStd::new(Cursor::new(disk.to_vec()));
    let mut machine = Machine {
        disk: &mut copy,
        second_home: SecondHome::None,
    };
    let started = match machine.boot(&Board { id: BOARD }, &device.signed_keyring) {
        End::Started(started) => started,
        End::Halted(halt) => bail!("nothing boots: {halt}"),
        End::Panicked(_) => bail!("the loader panicked"),
    };
    let (boots, release) = match slot_of(&started) {
        Some("system-a") => (Boots::Old, &device.old),
        Some("system-b") => (Boots::New, &device.new),
        other => bail!("{other:?} boots"),
    };
    ensure!(
        started.kernel == release.kernel() && started.initrd.starts_with(release.initrd()),
        "what boots is not the system that was signed"
    );
    if boots == Boots::New {
        let slot = &disk[device.range(Role::SystemB)];
        ensure!(
            slot.starts_with(&release.slot),
            "the new system boots, and is not whole"
        );
    }
    Ok(boots)
}

fn slot_of(started: &Started) -> Option<&str> {
    let mut words = started.words.split(' ');
    words.find_map(|word| word.strip_prefix("twinkeel.slot="))
}

fn require_untouched(device: &Device, disk: &[u8]) -> Result<()> {
    ensure!(
        disk.len() == device.disk.len(),
        "the disk has another length"
    );
    let (state, slot) = (device.range(Role::BootState), device.range(Role::SystemB));
    // The boot state lies in front of the slots.
    for place in [0..state.start, state.end..slot.start, slot.end..disk.len()] {
        ensure!(
            disk[place.clone()] == device.disk[place.clone()],
            "something between {} and {} changed, which no update may touch",
            place.start,
            place.end
        );
    }
    Ok(())
}
