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

#[cfg(test)]
mod tests {
    use super::*;
    use image_trust::verify_keyring;
    use system_update::{Downgrade, FailedBefore, StageRequest, UpdateFile, stage};

    /// The disk of a device that got its update.
    fn updated(device: &Device) -> Result<Vec<u8>> {
        let report = device.report();
        let keyring = verify_keyring(&device.signed_keyring)?;
        let request = StageRequest {
            installer: report.installer(),
            board: BOARD,
            keyring: &keyring,
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        };
        let mut disk = FromStd::new(Cursor::new(device.disk.clone()));
        let mut file = UpdateFile::new(Cursor::new(device.new.file()))?;
        stage(&mut disk, &request, &mut file, &mut |_| ())?;
        Ok(disk.into_inner().into_inner())
    }

    fn reason(device: &Device, disk: &[u8]) -> String {
        judge(device, disk).unwrap_err().to_string()
    }

    #[test]
    fn what_boots_is_told_and_what_is_wrong_is_noticed() -> Result<()> {
        let device = Device::new()?;
        assert_eq!(judge(&device, &device.disk)?, Boots::Old);
        let updated = updated(&device)?;
        assert_eq!(judge(&device, &updated)?, Boots::New);

        let damaged = |at: usize| {
            let mut disk = updated.clone();
            disk[at] ^= 1;
            disk
        };
        let [a, b] = [Role::SystemA, Role::SystemB].map(|role| device.range(role));
        // The last byte of the hash tree: the loader does not read it.
        let tree = b.start + device.new.slot.len() - 1;
        assert!(reason(&device, &damaged(tree)).contains("not whole"));
        for untouchable in [a.end - 1, b.end, 512] {
            assert!(reason(&device, &damaged(untouchable)).contains("may touch"));
        }
        // A kernel that does not verify is not started.
        assert_eq!(judge(&device, &damaged(b.start + (64 << 10)))?, Boots::Old);
        assert!(reason(&device, &updated[1..]).contains("another length"));
        Ok(())
    }
}
