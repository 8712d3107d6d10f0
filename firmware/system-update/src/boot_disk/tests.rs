//! The whole disk, in all the pieces that it is read and written in.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn disk(length: usize) -> (tempfile::TempDir, BootDisk) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("disk");
    let bytes: Vec<u8> = (0..length).map(|at| (at / 512) as u8).collect();
    std::fs::write(&path, bytes).unwrap();
    let disk = BootDisk::open_urgently(&path).unwrap();
    (directory, disk)
}

#[test]
fn any_offset_and_length_reads_what_was_written() {
    for buffer_bytes in [BLOCK_BYTES, 2 * BLOCK_BYTES, SLOT_TRANSFER_BYTES] {
        let (directory, mut disk) = disk(5 * 4096 + 512);
        disk.buffer = AlignedBuffer::new(buffer_bytes);
        let mut model = std::fs::read(directory.path().join("disk")).unwrap();
        for (offset, length) in [
            (0, 4096),
            (4096, 8192),
            (100, 1),
            (4000, 5000),
            (8192, 3 * 4096 + 512),
            (4096, 4 * 4096 + 511),
            (20480, 512),
            (20481, 511),
            (0, 5 * 4096 + 512),
        ] {
            let written: Vec<u8> = (0..length).map(|at| (at * 7 + offset) as u8).collect();
            disk.seek(SeekFrom::Start(offset as u64)).unwrap();
            disk.write_all(&written).unwrap();
            disk.flush().unwrap();
            disk.seek(SeekFrom::Start(offset as u64)).unwrap();
            let mut read = vec![0; length];
            disk.read_exact(&mut read).unwrap();
            assert!(read == written, "{length} bytes at {offset}");
            model[offset..offset + length].copy_from_slice(&written);
            let all = std::fs::read(directory.path().join("disk")).unwrap();
            assert!(all == model, "around {length} bytes at {offset}");
        }
    }
}

#[test]
fn a_partial_write_keeps_the_bytes_around_it() {
    let (_directory, mut disk) = disk(8192);
    disk.seek(SeekFrom::Start(1000)).unwrap();
    disk.write_all(&[0xee; 10]).unwrap();
    disk.seek(SeekFrom::Start(0)).unwrap();
    let mut all = [0; 8192];
    disk.read_exact(&mut all).unwrap();
    assert_eq!(all[1000..1010], [0xee; 10]);
    assert_eq!((all[999], all[1010], all[8191]), (1, 1, 15));
}

#[test]
fn a_block_that_cannot_be_read_is_mended_by_writing_it() {
    let (directory, _) = disk(3 * 4096 + 512);
    let path = directory.path().join("disk");
    let mut unreadable = BootDisk::open(&path, File::options().write(true), None).unwrap();
    for (offset, length) in [(4096, 4096), (3 * 4096, 512)] {
        unreadable.seek(SeekFrom::Start(offset)).unwrap();
        unreadable.write_all(&vec![0xee; length]).unwrap();
    }
    unreadable.seek(SeekFrom::Start(100)).unwrap();
    assert!(unreadable.write(&[0xee; 10]).is_err());
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[4096..8192], [0xee; 4096]);
    assert_eq!(bytes[3 * 4096..], [0xee; 512]);
}

#[test]
fn nothing_lies_behind_the_end() {
    let (_directory, mut disk) = disk(4096);
    assert_eq!(disk.seek(SeekFrom::End(0)).unwrap(), 4096);
    assert_eq!(disk.read(&mut [0; 1]).unwrap(), 0);
    assert!(disk.write(&[0]).is_err());
    assert!(disk.seek(SeekFrom::Current(-5000)).is_err());
}

#[test]
fn a_second_process_that_writes_a_slot_is_told_so_and_does_not_wait() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("lock");
    let take = || {
        take_lock(
            path.to_str().unwrap(),
            FlockOperation::NonBlockingLockExclusive,
        )
    };
    let first = take().unwrap();
    let error = take().unwrap_err();
    assert_eq!(crate::StageError::from(error), crate::StageError::Busy);
    drop(first);
    assert!(take().is_ok());
}

#[derive(Clone, Debug)]
enum Act {
    Seek(SeekFrom),
    Read(usize),
    Write(Vec<u8>),
    Flush,
}

fn act() -> impl Strategy<Value = Act> {
    let length = prop_oneof![0..600_usize, 4090..4102_usize, 0..9000_usize];
    prop_oneof![
        (0..13_000_u64).prop_map(|at| Act::Seek(SeekFrom::Start(at))),
        (-13_000..100_i64).prop_map(|by| Act::Seek(SeekFrom::Current(by))),
        (-13_000..1_i64).prop_map(|by| Act::Seek(SeekFrom::End(by))),
        length.clone().prop_map(Act::Read),
        (length, any::<u8>()).prop_map(|(length, byte)| Act::Write(vec![byte; length])),
        Just(Act::Flush),
    ]
}

/// What a disk is: bytes, and a position.
struct Model {
    bytes: Vec<u8>,
    position: u64,
}

impl Model {
    fn seek(&mut self, to: SeekFrom) -> Option<u64> {
        let length = self.bytes.len() as u64;
        self.position = match to {
            SeekFrom::Start(at) => at,
            SeekFrom::Current(by) => self.position.checked_add_signed(by)?,
            SeekFrom::End(by) => length.checked_add_signed(by)?,
        };
        Some(self.position)
    }

    /// The next `length` bytes, as many as there are.
    fn next(&mut self, length: usize) -> &mut [u8] {
        let start = (self.position as usize).min(self.bytes.len());
        let end = (start + length).min(self.bytes.len());
        self.position += (end - start) as u64;
        &mut self.bytes[start..end]
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    /// In whatever pieces it is read and written, the disk is its bytes; and so is the file
    /// behind it, in the end.
    #[test]
    fn the_disk_is_its_bytes(
        length in prop_oneof![Just(12_288_usize), Just(12_800), Just(4096), Just(512)],
        buffer_bytes in prop_oneof![Just(BLOCK_BYTES), Just(2 * BLOCK_BYTES)],
        acts in prop::collection::vec(act(), 1..40),
    ) {
        let (directory, mut disk) = disk(length);
        disk.buffer = AlignedBuffer::new(buffer_bytes);
        let bytes = std::fs::read(directory.path().join("disk")).unwrap();
        let mut model = Model { bytes, position: 0 };
        for act in acts {
            match act {
                Act::Seek(to) => prop_assert_eq!(disk.seek(to).ok(), model.seek(to)),
                Act::Read(length) => {
                    let expected = model.next(length).to_vec();
                    let mut read = vec![0; expected.len()];
                    disk.read_exact(&mut read).unwrap();
                    prop_assert!(read == expected);
                }
                Act::Write(bytes) => {
                    let room = model.next(bytes.len());
                    room.copy_from_slice(&bytes[..room.len()]);
                    disk.write_all(&bytes[..room.len()]).unwrap();
                }
                Act::Flush => disk.flush().unwrap(),
            }
        }
        let on_disk = std::fs::read(directory.path().join("disk")).unwrap();
        prop_assert!(on_disk == model.bytes);
    }
}
