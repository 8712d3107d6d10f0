//! What the device holds already: its slots, cut into chunks.

use crate::chunk::{Chunk, ChunkDigest, Cutter, DistancesDigest, LONGEST_CHUNK_BYTES};
use crate::chunk_file::{GroupDigest, Grouping};
use crate::code::Code;
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

/// How a chunk of a release is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeldAs {
    /// From this byte of the disk on.
    Same(u64),
    /// But for its distances.
    Plain(u64),
}

/// All chunks of some slots: some 60 bytes for each.
pub(crate) struct Held {
    code: Code,
    chunks: Vec<HeldChunk>,
    by_digest: HashMap<ChunkDigest, u32>,
    /// Those with distances.
    by_distances: HashMap<(ChunkDigest, DistancesDigest), u32>,
    /// The first chunk behind each group, and how many there are.
    groups: HashMap<GroupDigest, (usize, u32)>,
}

impl Held {
    /// Nothing yet.
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            chunks: Vec::new(),
            by_digest: HashMap::new(),
            by_distances: HashMap::new(),
            groups: HashMap::new(),
        }
    }

    /// Cuts a slot into chunks, up to the first byte that cannot be read.
    pub(crate) fn scan<D: Disk>(&mut self, disk: &mut D, seed: Seed) {
        let mut at = seed.offset_bytes.saturating_add(ENVELOPE_BYTES as u64);
        let end = seed.offset_bytes.saturating_add(seed.length_bytes);
        let mut buffer = vec![0; PIECE_BYTES];
        let mut cutter = Cutter::new(self.code);
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
                let Some(chunk) = cutter.cut(rest, at - seed.offset_bytes) else {
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
        if let Ok(number) = u32::try_from(self.chunks.len()) {
            let HeldChunk { chunk, .. } = held;
            self.by_digest.entry(chunk.digest).or_insert(number);
            if chunk.distances != DistancesDigest::NONE {
                let both = (chunk.digest, chunk.distances);
                self.by_distances.entry(both).or_insert(number);
            }
        }
        self.chunks.push(held);
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

    /// Whether the chunk is held, and where.
    pub(crate) fn find(&self, chunk: &Chunk) -> Option<HeldAs> {
        let both = (chunk.digest, chunk.distances);
        let same = self.by_distances.get(&both);
        let number = *same.or_else(|| self.by_digest.get(&chunk.digest))?;
        let held = self.chunks.get(number as usize)?;
        let is_as_long = held.chunk.length_bytes == chunk.length_bytes;
        is_as_long.then_some(match held.chunk == *chunk {
            true => HeldAs::Same(held.at),
            false => HeldAs::Plain(held.at),
        })
    }
}
