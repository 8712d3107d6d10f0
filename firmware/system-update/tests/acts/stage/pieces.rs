//! A source that fetches gives what it has, which is seldom a whole number of blocks.

use super::{Device, release_6};
use crate::release::{INITRD_OFFSET, KERNEL_OFFSET, ROOT_OFFSET};
use image_format::{ENVELOPE_BYTES, Slot};
use std::io::Cursor;
use system_update::{Parts, ReleaseSource, SourceError, StageError, UpdateFile};

/// Gives a few bytes at a time, and none from `end_bytes` of the slot on.
struct Trickle {
    file: UpdateFile<Cursor<Vec<u8>>>,
    step_bytes: usize,
    end_bytes: u64,
}

impl Trickle {
    fn new(step_bytes: usize, end_bytes: u64) -> Self {
        Self {
            file: UpdateFile::new(Cursor::new(release_6().file)).unwrap(),
            step_bytes,
            end_bytes,
        }
    }
}

impl ReleaseSource for Trickle {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.file.read_envelope(area)
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        self.file.begin(parts)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        if offset_bytes >= self.end_bytes {
            return Err(SourceError::Unreadable("the line is down".to_owned()));
        }
        let length = buffer.len().min(self.step_bytes);
        self.file.read(offset_bytes, &mut buffer[..length])
    }
}

#[test]
fn in_pieces_of_any_size_a_release_is_the_same() {
    let release = release_6();
    for step_bytes in [511, 4095, 4096, 4097, 70_000] {
        let mut device = Device::new();
        let mut source = Trickle::new(step_bytes, u64::MAX);
        device.stage_from(&mut source, &mut |_| {}).unwrap();
        let slot = &device.disk.slot_mut(Slot::B)[..release.slot.len()];
        assert!(slot == release.slot, "in pieces of {step_bytes}");
    }
}

/// What a source gave is in the slot, and behind it is what an earlier attempt left.
#[test]
fn where_a_source_fails_the_slot_goes_on_as_it_was() {
    const STEP_BYTES: usize = 3000;
    let release = release_6();
    let before = Device::new().disk.slot_mut(Slot::B).to_vec();
    for part in [KERNEL_OFFSET, INITRD_OFFSET, ROOT_OFFSET] {
        for steps in 1..4 {
            let end = part + steps * STEP_BYTES;
            let mut device = Device::new();
            let mut source = Trickle::new(STEP_BYTES, end as u64);
            let refused = device.stage_from(&mut source, &mut |_| {}).unwrap_err();
            assert!(matches!(refused, StageError::Source(_)), "{refused}");
            let slot = device.disk.slot_mut(Slot::B);
            assert!(slot[part..end] == release.slot[part..end], "{end}");
            let behind = slot[end..].iter().zip(&before[end..]);
            assert!(behind.clone().all(|(now, before)| now == before), "{end}");
        }
    }
}

#[test]
fn a_source_that_gives_nothing_is_refused() {
    let mut device = Device::new();
    let refused = device.stage_from(&mut Trickle::new(0, u64::MAX), &mut |_| {});
    assert!(
        matches!(refused, Err(StageError::WrongBytes { .. })),
        "{refused:?}"
    );
}
