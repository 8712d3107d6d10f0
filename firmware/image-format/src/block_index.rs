//! The block index of a release: what tells a device which of its blocks it already holds.
//!
//! It lies beside the update file and is no part of it:
//!
//! ```text
//! offset  bytes  content
//! 0       8      "TKblocks"
//! 8       4      version, 1
//! 12      4      n: how many blocks
//! 16      8 n    of each block, the first 8 bytes of its digest
//! ```
//!
//! The blocks are those of the kernel, of the initrd and of the root, one after the other,
//! each of 4096 bytes; the last one of kernel and initrd is filled up with zeros. A digest is
//! that of the root's hash tree: SHA-256 over the manifest's salt and the block.
//!
//! Nothing signs it, and nothing has to: it only says where to look. Whoever lies in it makes
//! a device fetch more than it must, or put together what the signed hashes then refuse.

use core::fmt;

const MAGIC: &[u8; 8] = b"TKblocks";
const VERSION: u32 = 1;

/// In front of the digests.
pub const HEADER_BYTES: usize = 16;

/// The beginning of a block's digest.
pub type DigestStart = [u8; 8];

/// The index, in its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockIndex<'a> {
    digests: &'a [DigestStart],
}

/// Bytes that are no block index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockIndexError {
    /// They do not begin as one.
    Magic,
    /// It has another version.
    Version(u32),
    /// It is longer or shorter than it says.
    Length,
}

impl fmt::Display for BlockIndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("it is no block index"),
            Self::Version(version) => write!(f, "its version {version} is not known"),
            Self::Length => f.write_str("it is longer or shorter than it says"),
        }
    }
}

impl core::error::Error for BlockIndexError {}

impl<'a> BlockIndex<'a> {
    /// Reads an index.
    ///
    /// # Errors
    /// See [`BlockIndexError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BlockIndexError> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(BlockIndexError::Magic)?;
        if magic != MAGIC {
            return Err(BlockIndexError::Magic);
        }
        let (version, rest) = rest.split_first_chunk().ok_or(BlockIndexError::Length)?;
        match u32::from_le_bytes(*version) {
            VERSION => {}
            other => return Err(BlockIndexError::Version(other)),
        }
        let (count, rest) = rest.split_first_chunk().ok_or(BlockIndexError::Length)?;
        let (digests, behind) = rest.as_chunks();
        let is_whole = usize::try_from(u32::from_le_bytes(*count)) == Ok(digests.len());
        if !is_whole || !behind.is_empty() {
            return Err(BlockIndexError::Length);
        }
        Ok(Self { digests })
    }

    /// What stands in front of the digests of `blocks` blocks.
    #[must_use]
    pub fn header(blocks: u32) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let parts = MAGIC
            .iter()
            .copied()
            .chain(VERSION.to_le_bytes())
            .chain(blocks.to_le_bytes());
        for (byte, value) in header.iter_mut().zip(parts) {
            *byte = value;
        }
        header
    }

    /// The blocks' digests, in their order.
    #[must_use]
    pub fn digests(&self) -> &'a [DigestStart] {
        self.digests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = b"TKblocks\x01\0\0\0\x02\0\0\0abcdefgh12345678";

    #[test]
    fn two_blocks_are_read_back() {
        let index = BlockIndex::parse(TWO).expect("it is good");
        assert_eq!(index.digests(), [*b"abcdefgh", *b"12345678"]);
        assert_eq!(BlockIndex::header(2), TWO[..HEADER_BYTES]);
    }

    #[test]
    fn every_cut_and_every_other_header_is_refused() {
        for length in 0..TWO.len() {
            assert!(BlockIndex::parse(&TWO[..length]).is_err(), "{length}");
        }
        let mut longer = [0; 33];
        longer[..32].copy_from_slice(TWO);
        assert_eq!(BlockIndex::parse(&longer), Err(BlockIndexError::Length));
        for bit in 0..HEADER_BYTES * 8 {
            let mut changed = [0; 32];
            changed.copy_from_slice(TWO);
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(BlockIndex::parse(&changed).is_err(), "bit {bit}");
        }
    }
}
