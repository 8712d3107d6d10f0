//! Each refusal, by its name, and with not a byte written.

use super::{Device, release_6};
use crate::release::{Asked, NUMBERS, Release, RootAt};
use image_format::refusal::{BoardName, PartName, SignatureError};
use image_format::{
    BootNumber, Digest, Epoch, FrameError, Kind, Refusal, Serial, Slot, SlotStatus, Version,
};
use std::str::FromStr;
use system_update::{
    ActError, Conflict, Downgrade, FailedBefore, Finding, Judgement, OpenCase, SourceError,
    StageError, close_case,
};

/// What was asked for is refused as `expected`, and the disk is as it was.
fn is_refused(mut device: Device, file: &[u8], expected: &StageError) {
    let before = device.disk.bytes.clone();
    assert_eq!(device.stage(file).as_ref(), Err(expected));
    assert!(device.disk.bytes == before, "{expected} wrote something");
}

#[test]
fn a_release_that_is_not_for_this_device() {
    let asked = |change: fn(&mut Asked)| {
        let mut asked = Asked::version(6);
        change(&mut asked);
        asked
    };
    let untrusted = Refusal::Untrusted {
        record: Kind::Manifest,
        error: SignatureError::BelowThreshold { have: 0, need: 1 },
    };
    let table = [
        (asked(|asked| asked.signed_by = [9; 32]), untrusted),
        (
            asked(|asked| asked.board = "other-board"),
            Refusal::WrongBoard {
                image: BoardName::from_str("other-board").unwrap(),
            },
        ),
        (
            asked(|asked| asked.numbers.epoch = Epoch(1)),
            Refusal::EpochBelowFloor {
                epoch: Epoch(1),
                floor: NUMBERS.epoch,
            },
        ),
        (
            asked(|asked| asked.numbers.serial = Serial(2)),
            Refusal::SerialBelowFloor {
                serial: Serial(2),
                floor: NUMBERS.serial,
            },
        ),
        (
            asked(|asked| asked.root = RootAt::SlotEnd),
            Refusal::Bounds {
                part: PartName::HashTree,
            },
        ),
        (
            asked(|asked| asked.root = RootAt::Nowhere),
            Refusal::NotASystem,
        ),
    ];
    for (asked, refusal) in table {
        let release = Release::new(asked);
        is_refused(Device::new(), &release.file, &StageError::Refused(refusal));
    }
}

#[test]
fn an_envelope_that_is_damaged_or_not_there() {
    let release = release_6();
    let mut damaged = release.file.clone();
    damaged[20] ^= 1;
    let refusal = Refusal::Damaged {
        record: Kind::Delegation,
        error: FrameError::Checksum,
    };
    is_refused(Device::new(), &damaged, &StageError::Refused(refusal));
    let blank = vec![0; release.file.len()];
    is_refused(Device::new(), &blank, &StageError::Refused(Refusal::Empty));
    let mut unsigned = release.file.clone();
    unsigned[60_000] = 1;
    is_refused(
        Device::new(),
        &unsigned,
        &StageError::Refused(Refusal::TrailingBytes),
    );
}

#[test]
fn a_file_that_ends_early_or_is_too_long() {
    let file = release_6().file;
    let need_bytes = file.len() as u64;
    for have in [65_536, 65_537, 200_000, file.len() - 4096, file.len() - 1] {
        let error = SourceError::EndsEarly {
            have_bytes: have as u64,
            need_bytes,
        };
        is_refused(Device::new(), &file[..have], &StageError::Source(error));
    }
    let error = SourceError::EndsEarly {
        have_bytes: 100,
        need_bytes: 65_536,
    };
    is_refused(Device::new(), &file[..100], &StageError::Source(error));
    let longer = [&file[..], &[0]].concat();
    let error = SourceError::TooLong {
        have_bytes: need_bytes + 1,
        need_bytes,
    };
    is_refused(Device::new(), &longer, &StageError::Source(error));
}

#[test]
fn an_older_release_unless_it_is_asked_for() {
    let older = Release::new(Asked::version(4));
    let error = StageError::Older {
        offered: Version(4),
        running: Version(5),
    };
    is_refused(Device::new(), &older.file, &error);

    let mut device = Device::new();
    device.downgrade = Downgrade::Allow;
    device.stage(&older.file).unwrap();
    assert_eq!(device.disk.state().trial(), Some(Slot::B));
}

#[test]
fn asking_for_an_older_release_takes_nobody_below_a_floor() {
    let mut asked = Asked::version(4);
    asked.numbers.epoch = Epoch(1);
    let mut device = Device::new();
    device.downgrade = Downgrade::Allow;
    let refusal = Refusal::EpochBelowFloor {
        epoch: Epoch(1),
        floor: NUMBERS.epoch,
    };
    let file = Release::new(asked).file;
    is_refused(device, &file, &StageError::Refused(refusal));
}

#[test]
fn a_release_that_failed_here_unless_it_is_asked_for_again() {
    let release = release_6();
    let mut device = Device::new();
    let finding = Finding {
        verdict: image_format::Verdict::Failed,
        reason: image_format::flight::text("it hung"),
    };
    let case = OpenCase {
        slot: Slot::B,
        manifest_hash: release.manifest_hash,
        judgement: Judgement::Clear(finding.clone()),
    };
    close_case(&mut device.disk, &device.running, &case, &finding).unwrap();
    let error = StageError::FailedBefore {
        version: Version(6),
        manifest_hash: release.manifest_hash,
    };
    is_refused(device.clone(), &release.file, &error);

    device.failed_before = FailedBefore::Allow;
    device.stage(&release.file).unwrap();
    assert_eq!(device.disk.state().trial(), Some(Slot::B));
}

#[test]
fn any_release_while_the_running_slot_is_not_confirmed() {
    let trial = SlotStatus::Trial {
        attempts_left: 0,
        attempts_given: 1,
    };
    for status in [trial, SlotStatus::Installed, SlotStatus::Refused] {
        let mut device = Device::new();
        let mut state = device.disk.state();
        state.slot_mut(Slot::A).status = status;
        device.disk.set_state(&state);
        let running = Slot::A;
        let error = StageError::Unconfirmed { running, status };
        is_refused(device, &release_6().file, &error);
    }
}

#[test]
fn any_release_where_another_system_runs_than_the_caller_believes() {
    let mut other_boot = Device::new();
    other_boot.running.boot_number = BootNumber(6);
    let mut other_image = Device::new();
    other_image.running.manifest_hash = Digest([9; 32]);
    let runs = Device::new().running;
    for (device, conflict) in [
        (other_boot, Conflict::Boot(runs.boot_number)),
        (other_image, Conflict::Image(runs.manifest_hash)),
    ] {
        let error = StageError::Act(ActError::Conflict(conflict));
        is_refused(device, &release_6().file, &error);
    }
}
