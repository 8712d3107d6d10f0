//! Chunks in a row, under one digest.

use super::{BLOCK_HEADER_BYTES, take};
use crate::chunk::{Chunk, LONGEST_CHUNK_BYTES};
use image_trust::Hasher;

/// No group has more.
pub const MOST_CHUNKS_IN_GROUP: u32 = 256;
/// A group ends once in 64 chunks.
const END_MASK: u8 = 0xfc;
/// No group is longer.
pub const LONGEST_GROUP_BYTES: u32 = MOST_CHUNKS_IN_GROUP * LONGEST_CHUNK_BYTES as u32;
pub(super) const GROUP_ENTRY_BYTES: usize = 20;

/// The first 8 bytes of the SHA-256 of a group's chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupDigest(pub [u8; 8]);

/// An entry of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Of its chunks.
    pub digest: GroupDigest,
    /// 1 to [`MOST_CHUNKS_IN_GROUP`].
    pub chunks: u32,
    /// Of the image.
    pub length_bytes: u32,
    /// Of all frames of its chunks.
    pub frames_bytes: u32,
}

impl Group {
    /// As it stands in the file.
    #[must_use]
    pub fn bytes(&self) -> [u8; GROUP_ENTRY_BYTES] {
        let mut bytes = [0; GROUP_ENTRY_BYTES];
        bytes[..8].copy_from_slice(&self.digest.0);
        bytes[8..12].copy_from_slice(&self.chunks.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.length_bytes.to_le_bytes());
        bytes[16..].copy_from_slice(&self.frames_bytes.to_le_bytes());
        bytes
    }

    /// Twice as long as its chunks, with the header of a block in front of all addresses.
    fn most_frames_bytes(&self) -> u32 {
        2 * self.length_bytes + self.chunks * BLOCK_HEADER_BYTES
    }

    /// Reads an entry.
    pub(super) fn parse(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let group = Self {
            digest: GroupDigest(take(bytes)?),
            chunks: u32::from_le_bytes(take(bytes)?),
            length_bytes: u32::from_le_bytes(take(bytes)?),
            frames_bytes: u32::from_le_bytes(take(bytes)?),
        };
        let is_possible = (1..=MOST_CHUNKS_IN_GROUP).contains(&group.chunks)
            && (group.chunks..=LONGEST_GROUP_BYTES).contains(&group.length_bytes)
            && (group.chunks..=group.most_frames_bytes()).contains(&group.frames_bytes);
        is_possible.then_some(group)
    }
}

/// Puts chunks into groups, one after the other.
#[derive(Default)]
pub struct Grouping {
    hasher: Hasher,
    chunks: u32,
}

impl Grouping {
    /// Adds a chunk; returns the digest of the group and how many chunks it has, if it ends
    /// behind this one.
    pub fn push(&mut self, chunk: &Chunk) -> Option<(GroupDigest, u32)> {
        self.hasher.update(&chunk.digest.0);
        self.hasher.update(&chunk.distances.0);
        self.hasher.update(&chunk.length_bytes.to_le_bytes());
        self.chunks += 1;
        let ends = chunk.digest.0[0] & END_MASK == 0 || self.chunks == MOST_CHUNKS_IN_GROUP;
        if ends { self.end() } else { None }
    }

    /// Ends the group where the image does; there is none without chunks.
    pub fn end(&mut self) -> Option<(GroupDigest, u32)> {
        let Self { hasher, chunks } = std::mem::take(self);
        let digest = hasher.finish().0;
        (chunks > 0).then_some((GroupDigest(*digest.first_chunk()?), chunks))
    }
}
