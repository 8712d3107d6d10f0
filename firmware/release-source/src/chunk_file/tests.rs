//! A chunk file of two groups, byte for byte, and what is wrong with every other one.

use super::*;
use crate::chunk::{Chunk, ChunkDigest, DistancesDigest, LONGEST_CHUNK_BYTES};
use crate::code::Code;
use image_format::{Digest, ENVELOPE_BYTES, Part, Root};
use image_trust::sha256;
use system_update::Parts;

/// Chunks of 8 and 1 bytes, and one of 8 KiB; frames of 3, 1 and 5, and of 2 and 4 for the
/// addresses of the first two.
const GOLDEN: &[u8] = include_bytes!("golden/version-3.chunks");
const INDEX_BYTES: usize = HEADER_BYTES + 2 * 20 + 32;

/// Of an image that ends behind those chunks.
fn parts() -> Parts {
    let part = |number| Part {
        offset_bytes: 0,
        length_bytes: 1,
        sha256: Digest([number; 32]),
    };
    Parts {
        kernel: part(1),
        initrd: part(2),
        root: Root {
            offset_bytes: ENVELOPE_BYTES as u64 + 9 + LONGEST_CHUNK_BYTES as u64,
            data_blocks: 0,
            tree_offset_bytes: 0,
            tree_blocks: 0,
            root_hash: Digest([3; 32]),
            salt: Digest::ZERO,
        },
    }
}

fn listed(digest: u8, length_bytes: u32, frame_bytes: u32, addresses_bytes: u32) -> ListedChunk {
    ListedChunk {
        chunk: Chunk {
            digest: ChunkDigest([digest; 8]),
            distances: DistancesDigest([length_bytes as u8; 6]),
            length_bytes,
        },
        frame_bytes,
        addresses_bytes,
    }
}

fn parse(file: &[u8]) -> Result<(Header, Index), ChunkFileError> {
    let (header, rest) = file.split_first_chunk().ok_or(ChunkFileError::Length)?;
    let header = Header::parse(header)?;
    let groups = rest.get(..header.groups_bytes());
    let groups = groups.ok_or(ChunkFileError::Length)?;
    Ok((header, Index::parse(&header, groups, file.len() as u64)?))
}

#[test]
fn the_golden_file_says_what_it_says() {
    let (header, index) = parse(GOLDEN).unwrap();
    assert_eq!(header.compare(&parts()), Ok(()));
    assert_eq!(index.chunks_offset_bytes(), INDEX_BYTES as u64);
    assert_eq!(index.frames_offset_bytes(), INDEX_BYTES as u64 + 3 * 20);
    let lists = &GOLDEN[INDEX_BYTES..];
    let [first, second] = &index.groups[..] else {
        panic!("it has two groups");
    };
    let numbers = |group: &Group| (group.chunks, group.length_bytes, group.frames_bytes);
    assert_eq!(numbers(first), (2, 9, 10));
    assert_eq!(numbers(second), (1, LONGEST_CHUNK_BYTES as u32, 5));
    assert_eq!(header.code(), Code::X86_64);
    let expected = [listed(0x80, 8, 3, 2), listed(0x92, 1, 1, 4)];
    assert_eq!(parse_list(first, &lists[..40]), Ok(expected.to_vec()));
    let longest = listed(0x80, LONGEST_CHUNK_BYTES as u32, 5, 0);
    assert_eq!(parse_list(second, &lists[40..60]), Ok(vec![longest]));
    assert_eq!(Index::write(&header, &index.groups), GOLDEN[..INDEX_BYTES]);
}

#[test]
fn every_other_bit_in_front_of_the_chunks_and_every_cut_is_refused() {
    for bit in 0..INDEX_BYTES * 8 {
        let mut changed = GOLDEN.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(parse(&changed).is_err(), "bit {bit}");
    }
    for length in 0..GOLDEN.len() {
        assert!(parse(&GOLDEN[..length]).is_err(), "cut to {length}");
    }
    let longer = [GOLDEN, b"x"].concat();
    assert_eq!(parse(&longer), Err(ChunkFileError::Length));
}

#[test]
fn each_refusal_has_its_name() {
    let changed = |at: usize, to: u8| {
        let mut file = GOLDEN.to_vec();
        file[at] = to;
        let signed = INDEX_BYTES - 32;
        let checksum = sha256(&file[..signed]);
        file[signed..INDEX_BYTES].copy_from_slice(&checksum.0);
        file
    };
    let refused = |file: &[u8]| parse(file).map(|_| ());
    assert_eq!(refused(&changed(0, b't')), Err(ChunkFileError::Magic));
    assert_eq!(refused(&changed(8, 2)), Err(ChunkFileError::Version(2)));
    assert_eq!(refused(&changed(12, 0)), Err(ChunkFileError::Numbers));
    assert_eq!(refused(&changed(16, 0)), Err(ChunkFileError::Numbers));
    // The code, and frames longer than chunks and addresses can be.
    assert_eq!(refused(&changed(24, 3)), Err(ChunkFileError::Numbers));
    let frames = changed(HEADER_BYTES + 16, 2 * 9 + 2 * 3 + 1);
    assert_eq!(refused(&frames), Err(ChunkFileError::Numbers));
    // The chunks of the first group.
    assert_eq!(
        refused(&changed(HEADER_BYTES + 8, 1)),
        Err(ChunkFileError::Length)
    );
    assert_eq!(
        refused(&changed(HEADER_BYTES + 8, 0)),
        Err(ChunkFileError::Numbers)
    );
    let (header, _) = parse(&changed(28, 9)).unwrap();
    assert_eq!(header.compare(&parts()), Err(ChunkFileError::OtherRelease));
}

#[test]
fn a_list_is_that_of_its_group() {
    let (_, index) = parse(GOLDEN).unwrap();
    let group = &index.groups[0];
    let list = &GOLDEN[INDEX_BYTES..INDEX_BYTES + 40];
    for bit in 0..list.len() * 8 {
        let mut changed = list.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(parse_list(group, &changed).is_err(), "bit {bit}");
    }
    assert_eq!(parse_list(group, &list[..20]), Err(ChunkFileError::Length));
}

/// Nobody could tell otherwise which of the frames in front is whose.
#[test]
fn a_chunk_has_a_frame_of_addresses_if_it_has_distances_and_no_longer_than_they_can_be() {
    let refused = |entry: ListedChunk| {
        let mut list = Vec::new();
        put_chunk(&entry, &mut list);
        let mut grouping = Grouping::default();
        let ended = grouping.push(&entry.chunk).or_else(|| grouping.end());
        let (digest, chunks) = ended.unwrap();
        let group = Group {
            digest,
            chunks,
            length_bytes: entry.chunk.length_bytes,
            frames_bytes: entry.frame_bytes + entry.addresses_bytes,
        };
        parse_list(&group, &list).err()
    };
    assert_eq!(refused(listed(0x80, 8, 3, 11)), None);
    let numbers = Some(ChunkFileError::Numbers);
    assert_eq!(refused(listed(0x80, 8, 3, 12)), numbers);
    assert_eq!(refused(listed(0x80, 8, 3, 0)), numbers);
    assert_eq!(refused(listed(0x80, 256, 3, 1)), numbers);
}

#[test]
fn a_group_ends_behind_a_digest_that_begins_with_six_zero_bits_or_256_chunks() {
    let chunk = |digest| listed(digest, 1, 1, 1).chunk;
    let mut grouping = Grouping::default();
    assert_eq!(grouping.push(&chunk(0x04)), None);
    assert_eq!(grouping.push(&chunk(0x03)).map(|(_, count)| count), Some(2));
    for _ in 1..MOST_CHUNKS_IN_GROUP {
        assert_eq!(grouping.push(&chunk(0xff)), None);
    }
    let ended = grouping.push(&chunk(0xff)).map(|(_, count)| count);
    assert_eq!(ended, Some(MOST_CHUNKS_IN_GROUP));
    assert_eq!(grouping.end(), None);
}
