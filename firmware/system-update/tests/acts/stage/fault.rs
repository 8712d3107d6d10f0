//! The disk or the file fails on the way: the slot stays empty, whatever it was, and what
//! runs goes on.

use super::{Device, begun, release_6, running_release, staged};
use crate::loader::{Started, boot_once};
use crate::memory_disk::Fault;
use crate::release::{INITRD_OFFSET, KERNEL_OFFSET, ROOT_OFFSET, TREE_OFFSET};
use image_format::refusal::PartName;
use image_format::{ENVELOPE_BYTES, Event, Slot, SlotRecord};
use system_update::{ActError, Piece, SourceError, StageError};

/// Staging ends with `expected`; then system-a boots, and nothing is asked of system-b.
fn fails(mut device: Device, file: &[u8], expected: &StageError) -> Device {
    assert_eq!(device.stage(file).as_ref(), Err(expected));
    device.disk.power_on();
    assert_eq!(*device.disk.state().slot(Slot::B), SlotRecord::EMPTY);
    boots_as_before(device.clone());
    device
}

fn boots_as_before(mut device: Device) {
    let started = Started {
        slot: "system-a".into(),
        kernel: running_release().kernel,
    };
    assert_eq!(boot_once(&mut device.disk), started);
}

fn with_fault(fault: Fault) -> Device {
    let mut device = Device::new();
    device.disk.fault = fault;
    device
}

#[test]
fn wrong_bytes_in_a_part_are_named_and_recorded_and_the_release_can_be_staged_again() {
    let release = release_6();
    for (offset, part) in [
        (KERNEL_OFFSET, PartName::Kernel),
        (INITRD_OFFSET + 7, PartName::Initrd),
        (ROOT_OFFSET, PartName::Root),
        (TREE_OFFSET - 1, PartName::Root),
    ] {
        let mut file = release.file.clone();
        file[offset] ^= 1;
        let error = StageError::WrongBytes { part };
        let mut device = fails(Device::new(), &file, &error);
        let reason = format!("the {part} that was sent is not the one that was signed");
        let failed = Event::StagingFailed {
            slot: Slot::B,
            reason: reason.as_str().try_into().unwrap(),
        };
        assert_eq!(device.disk.events(), [begun(&release), failed]);
        device.stage(&release.file).unwrap();
        assert_eq!(device.disk.events().last(), Some(&staged(&release)));
        assert_eq!(boot_once(&mut device.disk).kernel, release.kernel);
    }
}

#[test]
fn unsigned_bytes_between_the_parts_are_refused() {
    for (from, to) in [
        (ENVELOPE_BYTES, KERNEL_OFFSET),
        (KERNEL_OFFSET + release_6().kernel.len(), INITRD_OFFSET),
    ] {
        for offset in [from, to - 1] {
            let mut file = release_6().file;
            file[offset] = 1;
            let error = SourceError::NotZero {
                from_bytes: from as u64,
                to_bytes: to as u64,
            };
            fails(Device::new(), &file, &StageError::Source(error));
        }
    }
}

#[test]
fn a_write_that_fails_is_an_error_at_every_write() {
    let mut failures = 0;
    loop {
        let mut device = with_fault(Fault::Write(failures));
        let result = device.stage(&release_6().file);
        if !matches!(device.disk.fault, Fault::None) {
            result.unwrap();
            break;
        }
        device.disk.power_on();
        match result {
            // Only the flight record is the poorer.
            Ok(staged) => {
                let last = staged.recorded == Err(ActError::Record(boot_core::flight::NotRecorded));
                let first = device.disk.events().len() == 1;
                assert!(last || first, "write {failures}");
                assert_eq!(device.disk.state().trial(), Some(Slot::B));
            }
            Err(error) => {
                let of_the_disk = matches!(
                    error,
                    StageError::Write { .. } | StageError::Act(ActError::Write(_))
                );
                assert!(of_the_disk, "write {failures}: {error}");
                assert_eq!(device.disk.state().trial(), None, "write {failures}");
                boots_as_before(device);
            }
        }
        failures += 1;
    }
    // State, entry, envelope; kernel, initrd, two pieces of root, four blocks of tree;
    // envelope, state, entry.
    assert_eq!(failures, 3 + 8 + 3);
}

#[test]
fn a_flush_that_fails_is_an_error_at_every_flush() {
    let mut failures = 0;
    loop {
        let mut device = with_fault(Fault::Flush(failures));
        let result = device.stage(&release_6().file);
        if !matches!(device.disk.fault, Fault::None) {
            result.unwrap();
            break;
        }
        // The flush of an entry that failed loses the entry at most.
        match result {
            Ok(_) => assert_eq!(device.disk.state().trial(), Some(Slot::B)),
            Err(error) => {
                let of_the_disk = matches!(
                    error,
                    StageError::Write { .. } | StageError::Act(ActError::Write(_))
                );
                assert!(of_the_disk, "flush {failures}: {error}");
            }
        }
        failures += 1;
    }
    // State, entry, envelope; the parts; envelope, state, entry.
    assert_eq!(failures, 7);
}

#[test]
fn a_failed_flush_of_the_parts_leaves_no_envelope() {
    let error = StageError::Write {
        piece: Piece::Part(PartName::Root),
    };
    let mut device = fails(with_fault(Fault::Flush(3)), &release_6().file, &error);
    let envelope = &device.disk.slot_mut(Slot::B)[..ENVELOPE_BYTES];
    assert!(envelope.iter().all(|byte| *byte == 0));
}

#[test]
fn what_does_not_come_back_from_the_disk_is_found_before_anything_is_armed() {
    let start = Device::new().disk.place_of(Slot::B).start;
    let pieces = [
        (KERNEL_OFFSET, Piece::Part(PartName::Kernel)),
        (INITRD_OFFSET, Piece::Part(PartName::Initrd)),
        (ROOT_OFFSET, Piece::Part(PartName::Root)),
        // The second piece of the root, and the last block of the tree.
        (TREE_OFFSET - 1, Piece::Part(PartName::Root)),
        (TREE_OFFSET + 3 * 4096, Piece::Part(PartName::HashTree)),
        (0, Piece::Envelope),
    ];
    for (offset, piece) in pieces {
        let at = start + offset as u64;
        let error = StageError::ReadBack { piece };
        fails(
            with_fault(Fault::Lost(at..at + 1)),
            &release_6().file,
            &error,
        );
        fails(
            with_fault(Fault::Unreadable(at..at + 1)),
            &release_6().file,
            &error,
        );
    }
}
