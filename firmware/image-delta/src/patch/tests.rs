//! Patches made by hand, and what becomes of broken ones.

use super::*;
use crate::streams::MAX_UNPACKED_BYTES;
use crate::{GivenDigest, MAX_SEGMENTS, MAX_STORED_BYTES, number};
use image_format::Digest;
use image_trust::Hasher;
use std::io::Cursor;

const OLD: &[u8] = b"The quick brown fox jumps over the lazy dog.";
const NEW: [&[u8]; 2] = [b"The quick red fox jumps", b"over the hazy dog!!"];
/// Where the second segment's bytes stand.
const GAP_END: u64 = 4096;

/// A step, with the runs of what it takes: as numbers.
fn streams(steps: &[u64], runs: &[u64], differences: &[u8], fresh: &[u8]) -> Streams {
    let numbers = |numbers: &[u64]| {
        let mut bytes = Vec::new();
        for number in numbers {
            number::put(*number, &mut bytes);
        }
        bytes
    };
    Streams {
        steps: numbers(steps),
        runs: numbers(runs),
        differences: differences.to_vec(),
        fresh: fresh.to_vec(),
    }
}

/// As a patch holds it: nothing gets shorter.
fn stored(streams: &Streams) -> Vec<u8> {
    let as_it_is = |bytes: &[u8]| Ok::<_, std::convert::Infallible>(bytes.to_vec());
    let Ok(stored) = streams.pack(as_it_is);
    stored
}

fn file(segments: &[(u64, u64, Vec<u8>)]) -> Vec<u8> {
    let records = segments
        .iter()
        .map(|(offset, length, stored)| SegmentRecord {
            offset_bytes: *offset,
            length_bytes: *length,
            stored_bytes: stored.len() as u32,
            checksum: CHECKSUM.checksum(stored),
            given: given(*offset),
        });
    let header = Header {
        from: Digest([1; 32]),
        to: Digest([2; 32]),
        envelope: b"envelope".to_vec(),
        segments: records.collect(),
        segments_offset_bytes: 0,
    };
    let mut file = header.encode();
    for (_, _, stored) in segments {
        file.extend(stored);
    }
    file
}

/// Of what the sample gives there.
fn given(offset: u64) -> GivenDigest {
    let mut hasher = Hasher::new();
    hasher.update(NEW[usize::from(offset == GAP_END)]);
    GivenDigest::of(hasher)
}

fn sample() -> Vec<u8> {
    let first = streams(&[0, 10, 3, 10, 10, 0], &[10, 10], &[], b"red");
    let differ = b'h'.wrapping_sub(b'l');
    let second = streams(&[52, 17, 2], &[9, 1, 7], &[differ], b"!!");
    file(&[
        (0, NEW[0].len() as u64, stored(&first)),
        (GAP_END, NEW[1].len() as u64, stored(&second)),
    ])
}

fn open(file: &[u8]) -> Result<Patch<Cursor<&[u8]>, &[u8]>, PatchError> {
    Patch::open(Cursor::new(file), OLD)
}

/// The patch with one segment of these streams.
fn one(length: u64, streams: &Streams) -> Vec<u8> {
    file(&[(0, length, stored(streams))])
}

/// What reading `length` bytes of the new release says.
fn refusal(file: &[u8], length: usize) -> String {
    let read = open(file).and_then(|mut patch| patch.read_at(0, &mut vec![0; length]));
    read.expect_err("refused").to_string()
}

#[test]
fn the_bytes_of_a_patch_are_these() {
    let mut golden = b"TKPATCH2".to_vec();
    golden.extend(144_u32.to_le_bytes());
    golden.extend(HEADER_CHECKSUM.to_le_bytes());
    golden.extend([1; 32]);
    golden.extend([2; 32]);
    golden.extend([8, 0, 0, 0, 2, 0, 0, 0]);
    golden.extend(b"envelope");
    golden.extend([0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 0, 0, 0, 0, 43, 0, 0, 0]);
    golden.extend(FIRST_CHECKSUM.to_le_bytes());
    golden.extend(FIRST_GIVEN.to_be_bytes());
    golden.extend([
        0, 16, 0, 0, 0, 0, 0, 0, 19, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0,
    ]);
    golden.extend(SECOND_CHECKSUM.to_le_bytes());
    golden.extend(SECOND_GIVEN.to_be_bytes());
    for length in [6, 2, 0, 3] {
        golden.extend([length, 0, 0, 0, length, 0, 0, 0]);
    }
    golden.extend([0, 10, 3, 10, 10, 0, 10, 10]);
    golden.extend(b"red");
    for length in [3, 3, 1, 2] {
        golden.extend([length, 0, 0, 0, length, 0, 0, 0]);
    }
    golden.extend([52, 17, 2, 9, 1, 7, 252]);
    golden.extend(b"!!");
    assert_eq!(sample(), golden);
}

/// As zlib's `crc32` has them.
const HEADER_CHECKSUM: u32 = 0xd217_04b7;
const FIRST_CHECKSUM: u32 = 0x1d4c_21ac;
const SECOND_CHECKSUM: u32 = 0x0848_9a87;
/// The first digits that `sha256sum` has for the two pieces.
const FIRST_GIVEN: u64 = 0x60be_fa10_4b0c_2fa7;
const SECOND_GIVEN: u64 = 0x1c5f_df77_6c47_a8a2;

#[test]
fn the_new_release_comes_out_in_pieces_of_any_size() {
    let file = sample();
    for size in 1..30 {
        let mut patch = open(&file).expect("a patch");
        for (new, start) in NEW.into_iter().zip([0, GAP_END]) {
            let mut read = vec![0; new.len()];
            for (number, piece) in read.chunks_mut(size).enumerate() {
                let offset = start + (number * size) as u64;
                patch.read_at(offset, piece).expect("its bytes");
            }
            assert_eq!(read, new, "in pieces of {size}");
        }
    }
}

/// Counts what is read.
struct Counted<'a>(Cursor<&'a [u8]>, usize);

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1 += read;
        Ok(read)
    }
}

impl Seek for Counted<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_device_that_was_interrupted_reads_no_segment_before_the_one_it_needs() {
    let file = sample();
    let mut patch = Patch::open(Counted(Cursor::new(&file), 0), OLD).expect("a patch");
    let mut read = [0; 4];
    patch.read_at(GAP_END + 9, &mut read).expect("its bytes");
    assert_eq!(&read, b"hazy");
    let first_segment = 43;
    assert_eq!(patch.patch.1, file.len() - first_segment);
}

/// What a patch reads of its file for a device in whose slot this is left; the new release
/// comes out in any case.
fn read_beside(slot: &[u8]) -> usize {
    let file = sample();
    let patch = Patch::open(Counted(Cursor::new(&file), 0), OLD).expect("a patch");
    let mut patch = patch.resuming(slot);
    for (new, start) in NEW.into_iter().zip([0, GAP_END]) {
        let mut read = vec![0; new.len()];
        patch.read_at(start, &mut read).expect("its bytes");
        assert_eq!(read, new);
    }
    patch.patch.1
}

#[test]
fn segments_that_the_slot_holds_from_the_front_on_are_not_read() {
    let whole = sample().len();
    let (first_segment, second_segment) = (43, 41);
    let mut slot = NEW[0].to_vec();
    slot.resize(GAP_END as usize, 0);
    slot.extend(NEW[1]);
    assert_eq!(read_beside(&slot), whole - first_segment - second_segment);
    let cut = slot.len() - 1;
    assert_eq!(read_beside(&slot[..cut]), whole - first_segment);
    slot[cut] ^= 1;
    assert_eq!(read_beside(&slot), whole - first_segment);
    // What lies behind a segment that was not written was not written either.
    slot[cut] ^= 1;
    slot[0] ^= 1;
    assert_eq!(read_beside(&slot), whole);
    assert_eq!(read_beside(&[]), whole);
}

#[test]
fn another_version_is_named() {
    let mut other = sample();
    other[7] = b'1';
    let refused = open(&other).err().expect("refused").to_string();
    assert!(
        refused.contains("a version that is not known here (\"1\")"),
        "{refused}"
    );
    assert!(refused.ends_with("use the update file"), "{refused}");
}

#[test]
fn what_no_segment_gives_is_named() {
    let file = sample();
    let mut patch = open(&file).expect("a patch");
    for offset in [NEW[0].len() as u64, GAP_END - 1, GAP_END + 19] {
        let error = patch.read_at(offset, &mut [0]).expect_err("not there");
        assert!(
            matches!(error, PatchError::NotCovered { offset_bytes } if offset_bytes == offset),
            "{error}"
        );
    }
}

/// All that a patch gives.
fn read_all(file: &[u8]) -> Result<(), PatchError> {
    let mut patch = open(file)?;
    for segment in patch.header().segments.clone() {
        let mut read = [0; 64];
        for offset in segment.offset_bytes..segment.end_bytes().min(segment.offset_bytes + 64) {
            patch.read_at(offset, &mut read[..1])?;
        }
    }
    Ok(())
}

#[test]
fn a_copy_that_is_cut_off_or_has_one_bit_turned_is_noticed() {
    let whole = sample();
    assert!(read_all(&whole).is_ok());
    for length in 0..whole.len() {
        assert!(read_all(&whole[..length]).is_err(), "cut at {length}");
    }
    for bit in 0..whole.len() * 8 {
        let mut turned = whole.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        assert!(read_all(&turned).is_err(), "bit {bit}");
    }
}

#[test]
fn steps_that_lead_nowhere_are_refused() {
    let nothing: &[u8] = &[];
    let behind_the_end = one(4, &streams(&[84, 3, 1], &[3], nothing, b"x"));
    assert!(refusal(&behind_the_end, 4).contains("behind the end"));
    let before_the_start = one(4, &streams(&[1, 4, 0], &[4], nothing, nothing));
    assert!(refusal(&before_the_start, 4).contains("behind the end"));
    for (steps, runs, place) in [
        (&[0, 0, 0][..], &[][..], "an empty step"),
        (&[0, 4, 0], &[5], "a run"),
        (&[0, 4, 0], &[0, 0], "a run"),
        (&[0, 4, 0], &[3, 2], "a run"),
        (&[0, 4, 0], &[3, 1], "the end of a stream"),
        (&[0, 0, 4], &[], "the end of a stream"),
        (&[0, 4], &[4], "a number"),
    ] {
        let file = one(4, &streams(steps, runs, nothing, nothing));
        let said = refusal(&file, 4);
        assert!(
            said.contains(&format!("({place})")),
            "{steps:?} {runs:?}: {said}"
        );
    }
}

#[test]
fn segments_out_of_order_are_refused() {
    let stored = stored(&streams(&[0, 4, 0], &[4], &[], &[]));
    for offsets in [[4, 0], [0, 3], [0, u64::MAX - 1]] {
        let file = file(&offsets.map(|offset| (offset, 4, stored.clone())));
        assert!(refusal(&file, 1).contains("the order of its segments"));
    }
    let empty = file(&[(0, 0, stored)]);
    assert!(refusal(&empty, 1).contains("the order of its segments"));
}

/// Streams of these lengths; none of their bytes are there.
fn lengths(unpacked: [usize; 4], stored: usize) -> Vec<u8> {
    let lengths = unpacked.map(|unpacked| [unpacked as u32, stored as u32]);
    lengths
        .into_iter()
        .flatten()
        .flat_map(u32::to_le_bytes)
        .collect()
}

#[test]
fn no_length_in_a_patch_asks_for_more_memory_than_allowed() {
    let half = MAX_UNPACKED_BYTES / 2;
    let too_much = file(&[(0, 1, lengths([half, half, 1, 0], 0))]);
    assert!(refusal(&too_much, 1).contains("more memory"));
    let mut long = sample();
    long[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(refusal(&long, 1).contains("its header"));
    let too_long = vec![0; MAX_STORED_BYTES + 1];
    assert!(refusal(&file(&[(0, 1, too_long)]), 1).contains("a segment"));
    let many = (0..=MAX_SEGMENTS as u64).map(|number| (number, 1, Vec::new()));
    assert!(refusal(&file(&many.collect::<Vec<_>>()), 1).contains("more memory"));
}

/// A zstd frame of one block: so many times the same byte.
fn frame(window_descriptor: u8, repeated: u32) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window_descriptor];
    let (last, run_length) = (1, 1 << 1);
    frame.extend(&(repeated << 3 | run_length | last).to_le_bytes()[..3]);
    frame.push(b'x');
    frame
}

#[test]
fn a_frame_with_a_large_window_or_other_lengths_is_refused() {
    let segment = |unpacked: usize, frame: &[u8]| {
        let mut stored: Vec<u8> = [0, 0, 0, 0].repeat(6);
        stored.extend((unpacked as u32).to_le_bytes());
        stored.extend((frame.len() as u32).to_le_bytes());
        stored.extend(frame);
        let mut streams = Streams::default();
        Unpacker::new().unpack(&stored, &mut streams)?;
        Ok::<_, PatchError>(streams)
    };
    // 4 MiB: an exponent of 12 above 10.
    let (allowed, larger) = (12 << 3, 13 << 3);
    let streams = segment(1000, &frame(allowed, 1000)).expect("unpacked");
    assert_eq!(streams.fresh, [b'x'; 1000]);
    assert!(segment(1000, &frame(larger, 1000)).is_err());
    assert!(segment(1001, &frame(allowed, 1000)).is_err());
    assert!(segment(999, &frame(allowed, 1000)).is_err());
    assert!(segment(1000, &frame(allowed, 1000)[..9]).is_err());
}
