//! A release goes into the other slot: what is left on the disk when it does, and when it
//! does not.

mod again;
mod cut;
mod fault;
mod pieces;
mod refusal;
mod rescue;

use crate::memory_disk::MemoryDisk;
use crate::release::{Asked, BOARD, NUMBERS, Release, signed_keyring};
use image_format::{BootNumber, BootState, Digest, Event, Slot, SlotRecord, SlotStatus, Version};
use image_trust::verify_keyring;
use std::io::Cursor;
use std::sync::LazyLock;
use system_update::{
    Downgrade, FailedBefore, Installer, Progress, ReleaseSource, RollbackError, Running,
    StageError, StageRequest, Staged, Step, UpdateFile, rollback, stage,
};

const TRIAL: SlotStatus = SlotStatus::Trial {
    attempts_left: 3,
    attempts_given: 3,
};

/// system-a runs version 5 and is confirmed, system-b holds version 4, confirmed once.
#[derive(Clone)]
pub(crate) struct Device {
    pub(crate) disk: MemoryDisk,
    pub(crate) running: Running,
    pub(crate) downgrade: Downgrade,
    pub(crate) failed_before: FailedBefore,
}

static DEVICE: LazyLock<Device> = LazyLock::new(Device::make);
static RELEASE_5: LazyLock<Release> = LazyLock::new(|| Release::new(Asked::version(5)));
static RELEASE_6: LazyLock<Release> = LazyLock::new(|| Release::new(Asked::version(6)));

pub(crate) fn running_release() -> Release {
    RELEASE_5.clone()
}

pub(crate) fn release_6() -> Release {
    RELEASE_6.clone()
}

impl Device {
    pub(crate) fn new() -> Self {
        DEVICE.clone()
    }

    fn make() -> Self {
        let (a, b) = (running_release(), Release::new(Asked::version(4)));
        let record = |release: &Release| SlotRecord {
            status: SlotStatus::Confirmed,
            manifest_hash: release.manifest_hash,
        };
        let state = BootState {
            generation: 0,
            boot_number: BootNumber(7),
            flight_sequence: 0,
            floors: NUMBERS,
            active: Slot::A,
            begun_without_up: 0,
            slots: [record(&a), record(&b)],
        };
        let mut disk = MemoryDisk::with_state(&state);
        for (slot, release) in [(Slot::A, &a), (Slot::B, &b)] {
            disk.slot_mut(slot)[..release.slot.len()].copy_from_slice(&release.slot);
        }
        Self {
            disk,
            running: Running {
                slot: Slot::A,
                manifest_hash: a.manifest_hash,
                boot_number: BootNumber(7),
            },
            downgrade: Downgrade::Refuse,
            failed_before: FailedBefore::Refuse,
        }
    }

    pub(crate) fn stage(&mut self, file: &[u8]) -> Result<Staged, StageError> {
        self.stage_and_tell(file, &mut |_| {})
    }

    fn stage_and_tell(
        &mut self,
        file: &[u8],
        progress: &mut impl FnMut(Progress),
    ) -> Result<Staged, StageError> {
        let mut source = UpdateFile::new(Cursor::new(file)).unwrap();
        self.stage_from(&mut source, progress)
    }

    fn stage_from(
        &mut self,
        source: &mut impl ReleaseSource,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Staged, StageError> {
        let keyring = verify_keyring(&signed_keyring()).unwrap();
        let request = StageRequest {
            installer: Installer::System {
                running: self.running,
                version: Version(5),
            },
            board: BOARD,
            keyring: &keyring,
            downgrade: self.downgrade,
            failed_before: self.failed_before,
        };
        stage(&mut self.disk, &request, source, progress)
    }
}

fn begun(release: &Release) -> Event {
    Event::StagingBegun {
        slot: Slot::B,
        version: release.version,
        manifest_hash: release.manifest_hash,
    }
}

fn staged(release: &Release) -> Event {
    Event::Staged {
        slot: Slot::B,
        version: release.version,
        manifest_hash: release.manifest_hash,
    }
}

#[test]
fn a_release_is_in_the_other_slot_byte_for_byte_and_on_trial() {
    let release = release_6();
    let mut device = Device::new();
    let before = device.disk.clone();
    let done = device.stage(&release.file);
    assert_eq!(
        done,
        Ok(Staged {
            slot: Slot::B,
            version: release.version,
            manifest_hash: release.manifest_hash,
            recorded: Ok(()),
        })
    );
    let length = release.slot.len();
    assert!(device.disk.slot_mut(Slot::B)[..length] == release.slot);

    let mut expected = before.clone().state();
    *expected.slot_mut(Slot::B) = SlotRecord {
        status: TRIAL,
        manifest_hash: release.manifest_hash,
    };
    assert_eq!(device.disk.state(), expected);
    assert_eq!(device.disk.events(), [begun(&release), staged(&release)]);
    // The running slot, and all else but the boot state, is as it was.
    let (place, mut outside) = (device.disk.place_of(Slot::B), before);
    let state = outside
        .layout()
        .partition(image_format::disk::Role::BootState)
        .unwrap();
    let state = state.offset_bytes..state.offset_bytes + state.length_bytes;
    let same = |(at, (old, new)): (usize, (&u8, &u8))| {
        old == new || place.contains(&(at as u64)) || state.contains(&(at as u64))
    };
    assert!(
        outside
            .bytes
            .iter()
            .zip(&device.disk.bytes)
            .enumerate()
            .all(same)
    );
}

#[test]
fn progress_goes_from_nothing_to_all_in_both_steps() {
    let mut seen = Vec::new();
    let done = Device::new().stage_and_tell(&release_6().file, &mut |now| seen.push(now));
    done.unwrap();
    for step in [Step::Write, Step::ReadBack] {
        let of_step: Vec<_> = seen.iter().filter(|now| now.step == step).collect();
        assert!(of_step.is_sorted_by(|a, b| a.done_bytes < b.done_bytes));
        let last = of_step.last().unwrap();
        assert_eq!(last.done_bytes, last.total_bytes);
        // Kernel, initrd, and the root in two pieces.
        assert_eq!(of_step.len(), 4);
    }
}

#[test]
fn a_trial_of_the_other_slot_is_disarmed_and_a_rollback_that_was_asked_for_is_off() {
    for (active, other) in [
        (Slot::A, TRIAL),
        (Slot::B, SlotStatus::Confirmed),
        (Slot::A, SlotStatus::Refused),
    ] {
        let mut device = Device::new();
        let mut state = device.disk.state();
        state.active = active;
        state.slot_mut(Slot::B).status = other;
        device.disk.set_state(&state);
        // A source that fails at once behind the envelope shows the state in between.
        let mut file = release_6().file;
        let last = file.len() - 1;
        file[last] ^= 1;
        device.stage(&file).unwrap_err();
        let between = device.disk.state();
        assert_eq!((between.active, between.trial()), (Slot::A, None));
        assert_eq!(*between.slot(Slot::B), SlotRecord::EMPTY);
        // There is nothing to roll back to.
        let refused = rollback(&mut device.disk, &device.running);
        assert_eq!(refused, Err(RollbackError::Empty(Slot::B)));
        device.stage(&release_6().file).unwrap();
        assert_eq!(device.disk.state().trial(), Some(Slot::B));
    }
}

#[test]
fn the_floors_do_not_rise() {
    let mut asked = Asked::version(6);
    asked.numbers.epoch.0 += 1;
    asked.numbers.serial.0 += 1;
    let mut device = Device::new();
    device.stage(&Release::new(asked).file).unwrap();
    assert_eq!(device.disk.state().floors, NUMBERS);
}

#[test]
fn the_same_release_may_be_installed_beside_itself() {
    let mut device = Device::new();
    device.stage(&running_release().file).unwrap();
    assert_eq!(device.disk.state().slot(Slot::B).status, TRIAL);
    assert_ne!(
        device.disk.state().slot(Slot::B).manifest_hash,
        Digest::ZERO
    );
}
