//! The chunks of a group.

use super::groups::{Group, Grouping};
use super::{BLOCK_HEADER_BYTES, ChunkFileError, take};
use crate::chunk::{Chunk, ChunkDigest, DistancesDigest, LONGEST_CHUNK_BYTES};

/// What a chunk takes in the index.
pub const CHUNK_ENTRY_BYTES: usize = 20;

/// A chunk, and how long its frames are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedChunk {
    /// The chunk.
    pub chunk: Chunk,
    /// Of that of its plain bytes: 1 to the chunk's own length.
    pub frame_bytes: u32,
    /// Of that of its addresses; 0: it has none.
    pub addresses_bytes: u32,
}

/// Writes an entry.
pub fn put_chunk(listed: &ListedChunk, out: &mut Vec<u8>) {
    let ListedChunk {
        chunk,
        frame_bytes,
        addresses_bytes,
    } = listed;
    out.extend(chunk.digest.0);
    out.extend(chunk.distances.0);
    for length in [chunk.length_bytes, *frame_bytes, *addresses_bytes] {
        out.extend(&length.to_le_bytes()[..2]);
    }
}

/// Reads the chunks of `group`.
///
/// # Errors
/// They are not those of the group.
pub fn parse_list(group: &Group, bytes: &[u8]) -> Result<Vec<ListedChunk>, ChunkFileError> {
    let (entries, rest) = bytes.as_chunks::<CHUNK_ENTRY_BYTES>();
    if entries.len() != group.chunks as usize || !rest.is_empty() {
        return Err(ChunkFileError::Length);
    }
    let listed: Option<Vec<_>> = entries.iter().map(|entry| parse_chunk(entry)).collect();
    let listed = listed.ok_or(ChunkFileError::Numbers)?;
    let mut grouping = Grouping::default();
    let mut digest = None;
    let (mut length_bytes, mut frames_bytes) = (0, 0);
    for entry in &listed {
        digest = grouping.push(&entry.chunk);
        length_bytes += entry.chunk.length_bytes;
        frames_bytes += entry.frame_bytes + entry.addresses_bytes;
    }
    let digest = digest.or_else(|| grouping.end());
    if digest != Some((group.digest, group.chunks)) {
        return Err(ChunkFileError::Checksum);
    }
    if (length_bytes, frames_bytes) != (group.length_bytes, group.frames_bytes) {
        return Err(ChunkFileError::Numbers);
    }
    Ok(listed)
}

fn parse_chunk(mut bytes: &[u8]) -> Option<ListedChunk> {
    let bytes = &mut bytes;
    let digest = ChunkDigest(take(bytes)?);
    let distances = DistancesDigest(take(bytes)?);
    let length_bytes = u32::from(u16::from_le_bytes(take(bytes)?));
    let frame_bytes = u32::from(u16::from_le_bytes(take(bytes)?));
    let addresses_bytes = u32::from(u16::from_le_bytes(take(bytes)?));
    let is_possible = length_bytes as usize <= LONGEST_CHUNK_BYTES
        && (1..=length_bytes).contains(&frame_bytes)
        && addresses_bytes <= length_bytes + BLOCK_HEADER_BYTES
        && (addresses_bytes == 0) == (distances == DistancesDigest::NONE);
    is_possible.then_some(ListedChunk {
        chunk: Chunk {
            digest,
            distances,
            length_bytes,
        },
        frame_bytes,
        addresses_bytes,
    })
}
