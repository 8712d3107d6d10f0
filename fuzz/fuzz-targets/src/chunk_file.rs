//! A chunk file, as any web server may have it beside an update file.
//!
//! What is taken says the same when it is written again, and its numbers add up: chunks lie
//! in the image, and frames in the file. The checksum in front of the chunks, and the digests
//! of groups, are put right first.

use crate::{Answer, Seed, Target};
use image_format::{Digest, ENVELOPE_BYTES, Part, Root};
use image_trust::sha256;
use release_source::chunk_file::{
    CHUNK_ENTRY_BYTES, Group, Grouping, HEADER_BYTES, Header, Index, ListedChunk, parse_list,
    put_chunk,
};
use release_source::{Chunk, ChunkDigest, Code, DistancesDigest, LONGEST_CHUNK_BYTES};
use system_update::Parts;

pub(crate) const TARGET: Target = Target {
    name: "chunk_file",
    about: "what lies beside an update file on a web server",
    max_bytes: 4096,
    run,
    seeds,
};

const CHECKSUM_BYTES: usize = 32;

fn run(file: &[u8]) -> Answer {
    let mut file = file.to_vec();
    mend_checksum(&mut file);
    let Some((header, behind)) = file.split_first_chunk::<HEADER_BYTES>() else {
        return Answer::Refused;
    };
    let Ok(header) = Header::parse(header) else {
        return Answer::Refused;
    };
    let Some(groups) = behind.get(..header.groups_bytes()) else {
        return Answer::Refused;
    };
    let Ok(index) = Index::parse(&header, groups, file.len() as u64) else {
        return Answer::Refused;
    };
    let written = Index::write(&header, &index.groups);
    assert_eq!(written.len() as u64, index.chunks_offset_bytes());
    assert!(file.starts_with(&written));
    let mut lists = &file[written.len()..];
    let mut frames_bytes = 0;
    let mut answer = Answer::Refused;
    for group in &index.groups {
        let (list, rest) = lists.split_at(group.chunks as usize * CHUNK_ENTRY_BYTES);
        lists = rest;
        frames_bytes += u64::from(group.frames_bytes);
        answer = answer.or(run_list(group, list));
    }
    assert_eq!(lists.len() as u64, frames_bytes);
    answer
}

fn run_list(group: &Group, list: &[u8]) -> Answer {
    let Ok(listed) = parse_list(&mended(group, list), list) else {
        return Answer::Refused;
    };
    let mut written = Vec::new();
    let (mut length_bytes, mut frames_bytes) = (0, 0);
    for entry in &listed {
        put_chunk(entry, &mut written);
        assert!(entry.chunk.length_bytes as usize <= LONGEST_CHUNK_BYTES);
        assert!((1..=entry.chunk.length_bytes).contains(&entry.frame_bytes));
        length_bytes += entry.chunk.length_bytes;
        let has_distances = entry.chunk.distances != DistancesDigest::NONE;
        assert_eq!(entry.addresses_bytes > 0, has_distances);
        frames_bytes += entry.frame_bytes + entry.addresses_bytes;
    }
    assert_eq!(written, list);
    let sums = (group.length_bytes, group.frames_bytes);
    assert_eq!((length_bytes, frames_bytes), sums);
    Answer::Accepted
}

fn mend_checksum(file: &mut [u8]) {
    let header = file.first_chunk().map(Header::parse);
    let Some(Ok(header)) = header else {
        return;
    };
    let end = HEADER_BYTES + header.groups_bytes();
    let Some(start) = file.get_mut(..end) else {
        return;
    };
    let (signed, checksum) = start.split_at_mut(end - CHECKSUM_BYTES);
    checksum.copy_from_slice(&sha256(signed).0);
}

/// The group with the digest of these chunks.
fn mended(group: &Group, list: &[u8]) -> Group {
    let (entries, _) = list.as_chunks::<CHUNK_ENTRY_BYTES>();
    let mut grouping = Grouping::default();
    let mut digest = None;
    for entry in entries {
        let (Some((digests, lengths)), Some(distances)) =
            (entry.split_first_chunk(), entry[8..].first_chunk())
        else {
            continue;
        };
        let [low, high] = [lengths[6], lengths[7]];
        digest = grouping.push(&Chunk {
            digest: ChunkDigest(*digests),
            distances: DistancesDigest(*distances),
            length_bytes: u16::from_le_bytes([low, high]).into(),
        });
    }
    let digest = digest.or_else(|| grouping.end());
    digest.map_or(*group, |(digest, _)| Group { digest, ..*group })
}

fn seeds() -> Vec<Seed> {
    let good = file(&[&[(8, 3), (1, 1)], &[(LONGEST_CHUNK_BYTES as u32, 5)]]);
    let mut longer = good.clone();
    longer.push(0);
    vec![
        ("two-groups", good),
        ("one-chunk", file(&[&[(1, 1)]])),
        ("refused-longer", longer),
        ("refused-frame-longer-than-its-chunk", file(&[&[(4, 5)]])),
    ]
}

/// With these groups of chunks: the length of each, and of its frame.
fn file(groups: &[&[(u32, u32)]]) -> Vec<u8> {
    let (mut entries, mut lists, mut frames) = (Vec::new(), Vec::new(), Vec::new());
    for group in groups {
        let mut list = Vec::new();
        for (length_bytes, frame_bytes) in *group {
            let digest = ChunkDigest([0x80 | list.len() as u8; 8]);
            let chunk = Chunk {
                digest,
                distances: DistancesDigest([*length_bytes as u8; 6]),
                length_bytes: *length_bytes,
            };
            put_chunk(
                &ListedChunk {
                    chunk,
                    frame_bytes: *frame_bytes,
                    addresses_bytes: addresses_bytes(*length_bytes),
                },
                &mut list,
            );
        }
        let sum = |of: fn(&(u32, u32)) -> u32| group.iter().map(of).sum();
        let entry = Group {
            digest: release_source::chunk_file::GroupDigest([0; 8]),
            chunks: group.len() as u32,
            length_bytes: sum(|(length, _)| *length),
            frames_bytes: sum(|(length, frame)| frame + addresses_bytes(*length)),
        };
        frames.resize(frames.len() + entry.frames_bytes as usize, 0xf7);
        entries.push(mended(&entry, &list));
        lists.extend(list);
    }
    let image: u64 = entries
        .iter()
        .map(|group| u64::from(group.length_bytes))
        .sum();
    let header = Header::new(
        entries.len() as u32,
        Code::X86_64,
        &parts(ENVELOPE_BYTES as u64 + image),
    );
    [Index::write(&header, &entries), lists, frames].concat()
}

/// Of chunks whose length, as their distances' digest has it, is not zeros.
fn addresses_bytes(length_bytes: u32) -> u32 {
    if length_bytes as u8 == 0 { 0 } else { 2 }
}

/// Parts that end there.
fn parts(image_bytes: u64) -> Parts {
    let part = |number: u8| Part {
        offset_bytes: 0,
        length_bytes: 1,
        sha256: Digest([number; 32]),
    };
    Parts {
        kernel: part(1),
        initrd: part(2),
        root: Root {
            offset_bytes: image_bytes,
            data_blocks: 0,
            tree_offset_bytes: 0,
            tree_blocks: 0,
            root_hash: Digest([3; 32]),
            salt: Digest::ZERO,
        },
    }
}
