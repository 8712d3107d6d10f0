//! What the device holds already: its slots, cut into chunks.

use crate::chunk::{Chunk, ChunkDigest, LONGEST_CHUNK_BYTES, next_chunk};
use crate::chunk_file::{GroupDigest, Grouping};
use boot_core::Disk;
use boot_core::platform::read_at;
use image_format::ENVELOPE_BYTES;
use std::collections::HashMap;

/// What is read of a slot at once.
const PIECE_BYTES: usize = 1 << 20;

/// Where an image lies on the disk, or a part of one. Nobody has to vouch for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// Of the slot's first byte.
    pub offset_bytes: u64,
    /// Of all that is worth looking at.
    pub length_bytes: u64,
}

/// A chunk, and where it lies on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeldChunk {
    pub(crate) chunk: Chunk,
    pub(crate) at: u64,
}

/// All chunks of some slots: 40 bytes for each.
#[derive(Default)]
pub(crate) struct Held {
    chunks: Vec<HeldChunk>,
    by_digest: HashMap<ChunkDigest, usize>,
    /// The first chunk behind each group, and how many there are.
    groups: HashMap<GroupDigest, (usize, u32)>,
}

impl Held {
    /// Cuts a slot into chunks, up to the first byte that cannot be read.
    pub(crate) fn scan<D: Disk>(&mut self, disk: &mut D, seed: Seed) {
        let mut at = seed.offset_bytes.saturating_add(ENVELOPE_BYTES as u64);
        let end = seed.offset_bytes.saturating_add(seed.length_bytes);
        let mut buffer = vec![0; PIECE_BYTES];
        let mut grouping = Grouping::default();
        while at < end {
            let left = usize::try_from(end - at).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            let piece = &mut buffer[..left];
            if read_at(disk, at, piece).is_err() {
                break;
            }
            // What is too short to be cut is read again, but for the end.
            let is_last = at + left as u64 == end;
            let mut rest = &*piece;
            while is_last || rest.len() >= LONGEST_CHUNK_BYTES {
                let Some(chunk) = next_chunk(rest) else {
                    break;
                };
                self.add(HeldChunk { chunk, at }, &mut grouping);
                rest = &rest[chunk.length_bytes as usize..];
                at += u64::from(chunk.length_bytes);
            }
        }
        let last = grouping.end();
        self.add_group(last);
    }

    fn add(&mut self, held: HeldChunk, grouping: &mut Grouping) {
        let number = self.chunks.len();
        self.chunks.push(held);
        self.by_digest.entry(held.chunk.digest).or_insert(number);
        let ended = grouping.push(&held.chunk);
        self.add_group(ended);
    }

    fn add_group(&mut self, ended: Option<(GroupDigest, u32)>) {
        if let Some((digest, count)) = ended {
            self.groups
                .entry(digest)
                .or_insert((self.chunks.len(), count));
        }
    }

    /// The chunks of a group, if all of them are held in a row.
    pub(crate) fn group(&self, digest: GroupDigest) -> Option<&[HeldChunk]> {
        let (end, count) = *self.groups.get(&digest)?;
        self.chunks.get(end.checked_sub(count as usize)?..end)
    }

    /// Where the chunk lies.
    pub(crate) fn find(&self, chunk: &Chunk) -> Option<u64> {
        let held = self.chunks.get(*self.by_digest.get(&chunk.digest)?)?;
        (held.chunk == *chunk).then_some(held.at)
    }
}
