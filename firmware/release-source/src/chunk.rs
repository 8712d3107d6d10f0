//! Cutting bytes where their content says so, so that what moved is still the same chunk.
//!
//! Part of the format of chunk files: another way to cut is another version of them.

use image_trust::sha256;

/// No chunk is shorter, but for the last one of an image.
const SHORTEST_CHUNK_BYTES: usize = 2 << 10;
/// No chunk is longer.
pub const LONGEST_CHUNK_BYTES: usize = 32 << 10;
/// A chunk ends where so many of the highest bits are zero: once in 8 KiB.
const CUT_BITS: u32 = 13;
/// The rolling sum forgets what is farther back, for it has so many bits.
const WINDOW_BYTES: usize = 64;

/// The first 8 bytes of a chunk's SHA-256: enough to find it, and to notice damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChunkDigest(pub [u8; 8]);

impl ChunkDigest {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = sha256(bytes).0;
        Self(*digest.first_chunk().unwrap_or(&[0; 8]))
    }
}

/// A piece of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Of its bytes.
    pub digest: ChunkDigest,
    /// 1 to [`LONGEST_CHUNK_BYTES`].
    pub length_bytes: u32,
}

/// The first chunk of `bytes`, which hold [`LONGEST_CHUNK_BYTES`] at least, or all that is
/// left of an image. There is none in no bytes.
///
/// A sum rolls over the bytes: shifted by a bit, plus the next byte's entry of a fixed table.
/// From the 2048th byte on, the chunk ends where the sum's 13 highest bits are zero.
#[must_use]
pub fn next_chunk(bytes: &[u8]) -> Option<Chunk> {
    let longest = &bytes[..bytes.len().min(LONGEST_CHUNK_BYTES)];
    let mut sum = 0_u64;
    let mut end = longest.len();
    let before = SHORTEST_CHUNK_BYTES - WINDOW_BYTES;
    for (at, byte) in longest.iter().enumerate().skip(before) {
        sum = (sum << 1).wrapping_add(TABLE[usize::from(*byte)]);
        let length = at + 1;
        if length >= SHORTEST_CHUNK_BYTES && sum >> (u64::BITS - CUT_BITS) == 0 {
            end = length;
            break;
        }
    }
    let chunk = &longest[..end];
    (end > 0).then(|| Chunk {
        digest: ChunkDigest::of(chunk),
        length_bytes: u32::try_from(end).unwrap_or(u32::MAX),
    })
}

/// 256 numbers of SplitMix64, from the seed 0.
static TABLE: [u64; 256] = table();

const fn table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut state = 0_u64;
    let mut index = 0;
    while index < table.len() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        table[index] = mixed ^ (mixed >> 31);
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(bytes: usize) -> Vec<u8> {
        let mut state = 1_u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..bytes).map(step).collect()
    }

    fn lengths(mut bytes: &[u8]) -> Vec<u32> {
        let mut lengths = Vec::new();
        while let Some(chunk) = next_chunk(bytes) {
            lengths.push(chunk.length_bytes);
            bytes = &bytes[chunk.length_bytes as usize..];
        }
        lengths
    }

    /// Devices and publishers of any age have to cut alike.
    #[test]
    fn the_cuts_of_noise_stay_where_they_are() {
        let found = lengths(&noise(100_000));
        assert_eq!(found, GOLDEN);
        assert_eq!(TABLE[0], 0xe220_a839_7b1d_cdaf);
    }

    const GOLDEN: [u32; 8] = [32_768, 11_001, 21_703, 11_775, 12_672, 2_504, 5_800, 1_777];

    #[test]
    fn an_insertion_moves_the_cuts_behind_it_and_no_more() {
        let old = noise(400_000);
        let new = [&old[..10_000], b"more", &old[10_000..]].concat();
        let (old, new) = (lengths(&old), lengths(&new));
        let same = old.iter().rev().zip(new.iter().rev());
        let same = same.take_while(|(old, new)| old == new).count();
        assert!(same + 4 > old.len(), "{same} of {}", old.len());
    }

    #[test]
    fn what_never_changes_is_cut_at_the_longest() {
        let longest = LONGEST_CHUNK_BYTES as u32;
        assert_eq!(
            lengths(&vec![0; 70_000]),
            [longest, longest, 70_000 - 2 * longest]
        );
        assert_eq!(lengths(b"x"), [1]);
        assert_eq!(next_chunk(b""), None);
    }
}
