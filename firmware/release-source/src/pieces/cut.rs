//! Pieces: chunks in a row, longer ones in longer files.

use crate::chunk::{Chunk, Cutter, LONGEST_CHUNK_BYTES};
use crate::code::Code;
use image_trust::Hasher;
use std::io;

/// What is read at once.
const READ_BYTES: usize = 1 << 20;
/// The first level at which a list of the largest snaps is short enough.
const HIGHEST: u32 = 5;
/// Chunks are of some 2 KiB.
const CHUNK_BITS: u32 = 11;

/// The first 8 bytes of the SHA-256 of a piece's chunks, each as 8 bytes of digest and 4 of
/// length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PieceDigest(pub [u8; 8]);

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Of its bytes.
    pub digest: PieceDigest,
    /// 1 to [`Level::longest_bytes`].
    pub length_bytes: u32,
}

/// How many chunks are a piece: one in the mean at level 0, twice as many at each level above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(u32);

impl Level {
    /// For a file of that length. Where a change begins and ends, a piece is fetched that did
    /// not change in full, and each piece has an entry in the list: the two together are least
    /// where a piece is about as long as the root of the file.
    #[must_use]
    pub fn of(length_bytes: u64) -> Self {
        let bits = length_bytes.saturating_mul(2).checked_ilog2().unwrap_or(0) / 2;
        Self(bits.saturating_sub(CHUNK_BITS).min(HIGHEST))
    }

    pub(super) fn of_number(number: u32) -> Option<Self> {
        (number <= HIGHEST).then_some(Self(number))
    }

    pub(super) fn number(self) -> u32 {
        self.0
    }

    fn most_chunks(self) -> u32 {
        4 << self.0
    }

    /// No piece is longer.
    #[must_use]
    pub fn longest_bytes(self) -> u32 {
        self.most_chunks() * LONGEST_CHUNK_BYTES as u32
    }

    /// A piece ends behind a chunk whose digest ends with as many zero bits.
    fn ends(self, chunk: &Chunk) -> bool {
        let [.., last] = chunk.digest.0;
        u32::from(last) & ((1 << self.0) - 1) == 0
    }
}

/// Cuts a file of `length_bytes` into pieces. `read` fills a buffer with what begins at an
/// offset; each piece goes to `put`, with the offset of its first byte.
pub(super) fn cut(
    length_bytes: u64,
    level: Level,
    mut read: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
    mut put: impl FnMut(Piece, u64),
) -> io::Result<()> {
    let mut buffer = vec![0; READ_BYTES];
    let mut cutter = Cutter::new(Code::Other);
    let mut joint = Joint::default();
    let (mut at, mut began) = (0, 0);
    while at < length_bytes {
        let left = usize::try_from(length_bytes - at).unwrap_or(READ_BYTES);
        let piece = &mut buffer[..left.min(READ_BYTES)];
        read(at, piece)?;
        // What is too short to be cut is read again, but for the end.
        let is_last = at + piece.len() as u64 == length_bytes;
        let mut rest = &*piece;
        while is_last || rest.len() >= LONGEST_CHUNK_BYTES {
            let Some(chunk) = cutter.cut(rest, at) else {
                break;
            };
            rest = rest.get(chunk.length_bytes as usize..).unwrap_or_default();
            at += u64::from(chunk.length_bytes);
            if let Some(piece) = joint.push(&chunk, level) {
                put(piece, began);
                began = at;
            }
        }
    }
    if let Some(piece) = joint.end() {
        put(piece, began);
    }
    Ok(())
}

/// A piece in the making.
#[derive(Default)]
struct Joint {
    hasher: Hasher,
    chunks: u32,
    length_bytes: u32,
}

impl Joint {
    fn push(&mut self, chunk: &Chunk, level: Level) -> Option<Piece> {
        self.hasher.update(&chunk.digest.0);
        self.hasher.update(&chunk.length_bytes.to_le_bytes());
        self.chunks += 1;
        self.length_bytes += chunk.length_bytes;
        let ends = level.ends(chunk) || self.chunks == level.most_chunks();
        if ends { self.end() } else { None }
    }

    fn end(&mut self) -> Option<Piece> {
        let Self {
            hasher,
            chunks,
            length_bytes,
        } = std::mem::take(self);
        let digest = PieceDigest(*hasher.finish().0.first_chunk()?);
        (chunks > 0).then_some(Piece {
            digest,
            length_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_files_have_longer_pieces() {
        let of = |length| Level::of(length).number();
        assert_eq!((of(0), of(1), of(6 << 20)), (0, 0, 0));
        assert_eq!((of(64 << 20), of(1 << 30), of(u64::MAX)), (2, 4, HIGHEST));
    }

    /// Devices look for what publishers listed: both cut in the same way for ever.
    #[test]
    fn pieces_lie_one_behind_the_other_and_stay_as_they_are() {
        let bytes: Vec<u8> = (0..70_000_u32)
            .flat_map(|number| image_trust::sha256(&number.to_le_bytes()).0)
            .collect();
        for (number, count, first) in [(0, 886, 0x759d6253bd3d2ebe), (3, 120, 0x48c8b63f5aaa19e7)] {
            let level = Level::of_number(number).unwrap();
            let (mut pieces, mut end) = (Vec::new(), 0);
            let read = |at: u64, buffer: &mut [u8]| {
                let at = usize::try_from(at).unwrap();
                buffer.copy_from_slice(&bytes[at..at + buffer.len()]);
                Ok(())
            };
            cut(bytes.len() as u64, level, read, |piece, at| {
                assert_eq!(at, end);
                assert!((1..=level.longest_bytes()).contains(&piece.length_bytes));
                end += u64::from(piece.length_bytes);
                pieces.push(piece);
            })
            .unwrap();
            assert_eq!(end, bytes.len() as u64);
            let digest = u64::from_be_bytes(pieces[0].digest.0);
            assert_eq!((pieces.len(), digest), (count, first));
        }
    }
}
