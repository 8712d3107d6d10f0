//! A patch between two releases: whoever has the server, or sits on the line, can make one.
//!
//! What is taken has segments in order and within bounds, gives as many bytes as it says or
//! refuses, and never more memory is asked for than a patch may have. Behind its checksums a
//! fuzzer finds nothing, so the bytes are also given to it as the one segment of a patch that
//! is good otherwise.

use crate::{Answer, Seed, Target};
use image_delta::{MAX_SEGMENTS, MAX_STORED_BYTES, Patch};
use std::io::Cursor;

pub(crate) const TARGET: Target = Target {
    name: "patch",
    about: "a patch from the running release to a new one",
    max_bytes: 4096,
    run,
    seeds,
};

/// What runs on the device.
const OLD: &[u8] = b"The quick brown fox jumps over the lazy dog. ";
/// What a segment is asked for: more than most give.
const ASKED_BYTES: u64 = 4096;
const CHECKSUM: crc::Crc<u32> = crc::Crc::<u32>::new(&crc::CRC_32_ISO_HDLC);

fn run(bytes: &[u8]) -> Answer {
    read_all(bytes).or(read_all(&around(bytes)))
}

/// Reads what there is of each segment.
fn read_all(file: &[u8]) -> Answer {
    let Ok(mut patch) = Patch::open(Cursor::new(file), OLD) else {
        return Answer::Refused;
    };
    let segments = patch.header().segments.clone();
    assert!(segments.len() <= MAX_SEGMENTS);
    let mut end = 0;
    let mut answer = Answer::Accepted;
    for segment in segments {
        assert!(segment.offset_bytes >= end && segment.stored_bytes as usize <= MAX_STORED_BYTES);
        end = segment.end_bytes();
        let asked = usize::try_from(segment.length_bytes.min(ASKED_BYTES)).unwrap_or_default();
        let mut whole = vec![0; asked];
        let all = patch.read_at(segment.offset_bytes, &mut whole).is_ok();
        if !all {
            answer = Answer::Refused;
        }
        // In two pieces, and from the second: the same bytes.
        let mut second = vec![0; asked / 2];
        let from = segment.offset_bytes + (asked - second.len()) as u64;
        if all && patch.read_at(from, &mut second).is_ok() {
            assert!(whole.ends_with(&second));
        }
    }
    answer
}

/// A patch that consists of this segment.
fn around(segment: &[u8]) -> Vec<u8> {
    let mut header = [[1; 32], [2; 32]].concat();
    header.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    header.extend(0_u64.to_le_bytes());
    header.extend(GIVEN_BYTES.to_le_bytes());
    header.extend(
        u32::try_from(segment.len())
            .unwrap_or_default()
            .to_le_bytes(),
    );
    header.extend(CHECKSUM.checksum(segment).to_le_bytes());
    header.extend([0; 8]);
    let mut file = b"TKPATCH2".to_vec();
    file.extend(
        u32::try_from(header.len())
            .unwrap_or_default()
            .to_le_bytes(),
    );
    file.extend(CHECKSUM.checksum(&header).to_le_bytes());
    file.extend(header);
    file.extend(segment);
    file
}

/// What the seeds' segments give.
const GIVEN_BYTES: u64 = 23;

/// A stream as it is.
fn plain(stream: &[u8]) -> (usize, Vec<u8>) {
    (stream.len(), stream.to_vec())
}

fn segment(streams: [(usize, Vec<u8>); 4]) -> Vec<u8> {
    let mut lengths = Vec::new();
    for (unpacked, stored) in &streams {
        for length in [*unpacked, stored.len()] {
            lengths.extend(u32::try_from(length).unwrap_or_default().to_le_bytes());
        }
    }
    let stored = streams.into_iter().flat_map(|(_, stored)| stored);
    lengths.into_iter().chain(stored).collect()
}

/// Twenty-three times the same byte, as a zstd frame of one block.
fn repeated() -> (usize, Vec<u8>) {
    let frame = [
        0x28,
        0xb5,
        0x2f,
        0xfd,
        0,
        0,
        23 << 3 | 1 << 1 | 1,
        0,
        0,
        b'x',
    ];
    (23, frame.to_vec())
}

fn seeds() -> Vec<Seed> {
    let none = || plain(b"");
    let moves = segment([
        plain(&[0, 10, 3, 10, 10, 0]),
        plain(&[4, 1, 5, 10]),
        plain(&[1]),
        plain(b"red"),
    ]);
    let unpacks = segment([plain(&[0, 0, 23]), none(), none(), repeated()]);
    let outside = segment([plain(&[84, 23, 0]), plain(&[23]), none(), none()]);
    let whole = around(&moves);
    vec![
        ("moves", moves),
        ("unpacks", unpacks),
        ("whole", whole),
        ("refused-outside", outside),
    ]
}
