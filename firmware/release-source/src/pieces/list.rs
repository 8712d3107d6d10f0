//! The list of a snap's pieces.
//!
//! It lies beside the snap, under the same address with [`SUFFIX`] behind:
//!
//! ```text
//! offset   bytes  content
//! 0        8      "TKpieces"
//! 8        4      version, 1
//! 12       4      p: how many pieces
//! 16       8      length of the snap
//! 24       4      level: a piece ends behind a chunk whose digest ends with so many zero bits,
//!                 behind 4 << level chunks, and at the end
//! 28       12 p   the pieces
//! ...      32     SHA-256 of all that is in front of it; then the file ends
//! ```
//!
//! and a piece
//!
//! ```text
//! 8   the first bytes of the SHA-256 of its chunks, each as 8 bytes of digest and 4 of length
//! 4   its length
//! ```
//!
//! Chunks end as [`Cutter`](crate::Cutter) says for no code. All integers are little-endian.

use super::cut::{Level, Piece, PieceDigest, cut};
use crate::chunk_file::{ChunkFileError, take};
use image_trust::sha256;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// What stands behind a snap's address.
pub const SUFFIX: &str = ".pieces";

const MAGIC: &[u8; 8] = b"TKpieces";
const VERSION: u32 = 1;
const HEADER_BYTES: u64 = 28;
const PIECE_BYTES: u64 = 12;
const CHECKSUM_BYTES: u64 = 32;
/// As many as a snap of some GiB has: what is asked of a server is bounded.
const MOST_PIECES: u32 = 1 << 17;
/// No list is longer.
pub const LONGEST_BYTES: u64 = HEADER_BYTES + PIECE_BYTES * MOST_PIECES as u64 + CHECKSUM_BYTES;

/// The pieces of a snap, from front to back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceList {
    /// How it was cut.
    pub level: Level,
    /// What lies one behind the other.
    pub pieces: Vec<Piece>,
}

impl PieceList {
    /// Cuts a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn of(file: &File) -> io::Result<Self> {
        let length_bytes = file.metadata()?.len();
        let level = Level::of(length_bytes);
        let mut pieces = Vec::new();
        let read = |at, buffer: &mut [u8]| file.read_exact_at(buffer, at);
        cut(length_bytes, level, read, |piece, _| pieces.push(piece))?;
        Ok(Self { level, pieces })
    }

    /// How long the snap is.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        let lengths = self.pieces.iter();
        lengths.map(|piece| u64::from(piece.length_bytes)).sum()
    }

    /// As it stands in the file. A list that is too long for devices is one, too: they fetch
    /// the whole snap.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(self.length_bytes().to_le_bytes());
        bytes.extend(self.level.number().to_le_bytes());
        for piece in &self.pieces {
            bytes.extend(piece.digest.0);
            bytes.extend(piece.length_bytes.to_le_bytes());
        }
        let checksum = sha256(&bytes);
        bytes.extend(checksum.0);
        bytes
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`ChunkFileError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, ChunkFileError> {
        let (covered, checksum) = bytes
            .split_last_chunk::<{ CHECKSUM_BYTES as usize }>()
            .ok_or(ChunkFileError::Length)?;
        let mut rest = covered;
        let (list, length_bytes) = Self::fields(&mut rest).ok_or(ChunkFileError::Length)??;
        if !rest.is_empty() {
            return Err(ChunkFileError::Length);
        }
        if sha256(covered).0 != *checksum {
            return Err(ChunkFileError::Checksum);
        }
        if list.length_bytes() != length_bytes {
            return Err(ChunkFileError::Numbers);
        }
        Ok(list)
    }

    fn fields(bytes: &mut &[u8]) -> Option<Result<(Self, u64), ChunkFileError>> {
        if take(bytes)? != *MAGIC {
            return Some(Err(ChunkFileError::Magic));
        }
        let version = u32::from_le_bytes(take(bytes)?);
        if version != VERSION {
            return Some(Err(ChunkFileError::Version(version)));
        }
        let count = u32::from_le_bytes(take(bytes)?);
        let length_bytes = u64::from_le_bytes(take(bytes)?);
        let level = Level::of_number(u32::from_le_bytes(take(bytes)?));
        let Some(level) = level.filter(|_| count <= MOST_PIECES) else {
            return Some(Err(ChunkFileError::Numbers));
        };
        let mut pieces = Vec::new();
        for _ in 0..count {
            let piece = Piece {
                digest: PieceDigest(take(bytes)?),
                length_bytes: u32::from_le_bytes(take(bytes)?),
            };
            if !(1..=level.longest_bytes()).contains(&piece.length_bytes) {
                return Some(Err(ChunkFileError::Numbers));
            }
            pieces.push(piece);
        }
        Some(Ok((Self { level, pieces }, length_bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn list() -> PieceList {
        let mut file = tempfile::tempfile().unwrap();
        for number in 0..500_u32 {
            file.write_all(&sha256(&number.to_le_bytes()).0).unwrap();
        }
        PieceList::of(&file).unwrap()
    }

    #[test]
    fn a_list_reads_as_it_was_written() {
        let list = list();
        assert!(list.pieces.len() > 2 && list.length_bytes() == 16_000);
        assert_eq!(PieceList::parse(&list.bytes()), Ok(list));
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_reason() {
        use ChunkFileError as E;
        let good = list().bytes();
        // Each with the checksum that belongs to it.
        let with = |at: usize, byte: u8| {
            let mut bytes = good[..good.len() - 32].to_vec();
            bytes[at] = byte;
            let checksum = sha256(&bytes);
            bytes.extend(checksum.0);
            PieceList::parse(&bytes)
        };
        assert_eq!(with(0, b'x'), Err(E::Magic));
        assert_eq!(with(8, 9), Err(E::Version(9)));
        assert_eq!(with(12, 1), Err(E::Length));
        assert_eq!(with(15, 1), Err(E::Numbers));
        assert_eq!(with(16, 1), Err(E::Numbers));
        assert_eq!(with(24, 6), Err(E::Numbers));
        assert_eq!(with(39, 1), Err(E::Numbers));
        let mut damaged = good.clone();
        damaged[30] ^= 1;
        assert_eq!(PieceList::parse(&damaged), Err(E::Checksum));
        assert_eq!(PieceList::parse(&good[..good.len() - 1]), Err(E::Length));
        assert_eq!(PieceList::parse(&[]), Err(E::Length));
    }
}
