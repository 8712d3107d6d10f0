//! Neither slot boots, and the rescue system installs a release.

use super::{BOARD, NUMBERS, TRIAL, begun, release_6, staged};
use crate::loader::boot_once;
use crate::memory_disk::{Fault, MemoryDisk, Torn};
use crate::release::{Asked, Release, signed_keyring};
use image_format::{BootNumber, BootState, Slot, SlotRecord, SlotStatus};
use image_trust::verify_keyring;
use std::io::Cursor;
use system_update::{
    ActError, Conflict, Downgrade, FailedBefore, Installer, StageError, StageRequest, Staged,
    UpdateFile, stage,
};

/// Both slots hold version 5 with a kernel that is not the one that was signed. system-a
/// was the active one.
fn bricked() -> MemoryDisk {
    let release = Release::new(Asked::version(5));
    let record = SlotRecord {
        status: SlotStatus::Refused,
        manifest_hash: release.manifest_hash,
    };
    let mut disk = MemoryDisk::with_state(&BootState {
        generation: 0,
        boot_number: BootNumber(7),
        flight_sequence: 0,
        floors: NUMBERS,
        active: Slot::A,
        begun_without_up: 0,
        slots: [record, record],
    });
    for slot in Slot::ALL {
        let area = disk.slot_mut(slot);
        area[..release.slot.len()].copy_from_slice(&release.slot);
        area[1 << 20] ^= 1;
    }
    disk
}

fn install(disk: &mut MemoryDisk, boot: u64, file: &[u8]) -> Result<Staged, StageError> {
    let keyring = verify_keyring(&signed_keyring()).unwrap();
    let request = StageRequest {
        installer: Installer::Rescue {
            boot_number: BootNumber(boot),
        },
        board: BOARD,
        keyring: &keyring,
        downgrade: Downgrade::Refuse,
        failed_before: FailedBefore::Refuse,
    };
    let mut source = UpdateFile::new(Cursor::new(file)).unwrap();
    stage(disk, &request, &mut source, &mut |_| {})
}

#[test]
fn the_release_boots_and_the_other_slot_is_as_it_was() {
    let release = release_6();
    let mut disk = bricked();
    let other = disk.slot_mut(Slot::A).to_vec();
    let done = install(&mut disk, 7, &release.file).unwrap();
    assert_eq!((done.slot, done.recorded), (Slot::B, Ok(())));
    assert!(disk.slot_mut(Slot::B)[..release.slot.len()] == release.slot);
    assert!(disk.slot_mut(Slot::A) == other);
    let state = disk.state();
    assert_eq!(state.slot(Slot::A).status, SlotStatus::Refused);
    assert_eq!(state.slot(Slot::B).status, TRIAL);
    assert_eq!(disk.events(), [begun(&release), staged(&release)]);
    assert_eq!(boot_once(&mut disk).kernel, release.kernel);
}

#[test]
fn a_release_that_is_older_than_what_was_there_is_taken_and_one_below_a_floor_is_not() {
    let older = Release::new(Asked::version(4));
    let mut disk = bricked();
    install(&mut disk, 7, &older.file).unwrap();
    assert_eq!(boot_once(&mut disk).kernel, older.kernel);

    let mut asked = Asked::version(9);
    asked.numbers.epoch.0 -= 1;
    let mut disk = bricked();
    let before = disk.bytes.clone();
    let refused = install(&mut disk, 7, &Release::new(asked).file);
    assert!(
        matches!(refused, Err(StageError::Refused(_))),
        "{refused:?}"
    );
    assert!(disk.bytes == before, "something was written");
}

#[test]
fn a_boot_that_is_over_installs_nothing() {
    let mut disk = bricked();
    let before = disk.bytes.clone();
    let refused = install(&mut disk, 6, &release_6().file);
    let conflict = Conflict::Boot(BootNumber(7));
    assert_eq!(refused, Err(StageError::Act(ActError::Conflict(conflict))));
    assert!(disk.bytes == before, "something was written");
}

#[test]
fn slots_that_may_boot_yet_are_not_written() {
    let mut disk = bricked();
    let mut state = disk.state();
    for slot in Slot::ALL {
        state.slot_mut(slot).status = SlotStatus::Installed;
    }
    disk.set_state(&state);
    let refused = install(&mut disk, 7, &release_6().file);
    assert_eq!(refused, Err(StageError::NoBadSlot));
}

#[test]
fn the_power_goes_away_at_every_write_and_the_next_boot_installs_it_after_all() {
    let release = release_6();
    let whole = {
        let mut disk = bricked();
        install(&mut disk, 7, &release.file).unwrap();
        disk
    };
    let (mut on_trial, mut again) = (0, 0);
    for writes_left in 0.. {
        for torn in [Torn::Nothing, Torn::Half, Torn::All] {
            let mut disk = bricked();
            disk.fault = Fault::Cut { writes_left, torn };
            let result = install(&mut disk, 7, &release.file);
            if !matches!(disk.fault, Fault::Off) {
                assert_eq!((on_trial, again), (1 + 3, 3 * 12 + 2));
                return;
            }
            disk.power_on();
            let cut = format!("write {writes_left}, {torn:?}: {result:?}");
            if disk.state().slot(Slot::B).status == TRIAL {
                on_trial += 1;
            } else {
                // Nothing boots: what ran before runs again, in the next boot.
                again += 1;
                let mut state = disk.state();
                state.boot_number = BootNumber(8);
                disk.set_state(&state);
                let staged = install(&mut disk, 8, &release.file).unwrap();
                assert_eq!(staged.slot, Slot::B, "{cut}");
            }
            let length = release.slot.len();
            let mut whole = whole.clone();
            assert!(
                disk.slot_mut(Slot::B)[..length] == whole.slot_mut(Slot::B)[..length],
                "{cut}"
            );
            assert_eq!(boot_once(&mut disk).kernel, release.kernel, "{cut}");
        }
    }
}
