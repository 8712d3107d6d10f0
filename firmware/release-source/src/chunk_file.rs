//! The chunk file: an image cut into chunks, each compressed, and their index.
//!
//! It lies beside the update file, under the same address with [`SUFFIX`] behind:
//!
//! ```text
//! offset   bytes  content
//! 0        8      "TKchunks"
//! 8        4      version, 3
//! 12       4      g: how many groups
//! 16       8      length of the update file
//! 24       4      whose distances were taken out: 0 nobody's, 1 x86-64, 2 A64
//! 28       32     SHA-256 of the kernel, as the manifest says
//! 60       32     SHA-256 of the initrd
//! 92       32     root hash
//! 124      20 g   the groups
//! ...      32     SHA-256 of all that is in front of it
//! ...      20 c   the chunks of all groups, c in all
//! ...             the frames of all groups, without a gap; then the file ends
//! ```
//!
//! A group is
//!
//! ```text
//! 8   the first bytes of the SHA-256 of its chunks, each as 14 bytes of digests and 4 of length
//! 4   how many chunks: 1 to 256
//! 4   how many bytes of the image
//! 4   how many bytes of frames: those of addresses first, then those of plain bytes
//! ```
//!
//! and a chunk
//!
//! ```text
//! 8   the first bytes of the SHA-256 of its plain bytes
//! 6   the first bytes of the SHA-256 of its distances, 4 bytes each; zeros: it has none
//! 2   its length
//! 2   the length of the frame of its plain bytes
//! 2   the length of the frame of its addresses, 0: it has none
//! ```
//!
//! Chunks end as [`Cutter`](crate::Cutter) says, and [`Code`](crate::Code) says what plain
//! bytes, distances and addresses are. The first chunk begins behind the envelope's area, and
//! the last ends with the update file. A group ends behind a chunk whose digest begins with
//! six zero bits, behind 256 chunks, and at the end. All integers are little-endian.
//!
//! The frame of a chunk's plain bytes is what follows a raw block in a frame of zstd (RFC 8878):
//! the raw block is the [prefix](PREFIX_BYTES), the plain bytes of the image in front of the
//! chunk, which who unpacks the chunk has already. Where that is not shorter than the chunk, the
//! plain bytes themselves stand in its place. The frame of its addresses is the same, behind the
//! [addresses](ADDRESSES_PREFIX_BYTES) of the chunks in front, but never stands as it is.
//!
//! So a device fetches the groups first, some 20 bytes for each 128 KiB of the image; then the
//! chunks of those groups that it does not hold as a whole; then frames.

mod groups;
mod header;
mod list;
#[cfg(test)]
mod tests;

pub use groups::{Group, GroupDigest, Grouping, LONGEST_GROUP_BYTES, MOST_CHUNKS_IN_GROUP};
pub use header::{HEADER_BYTES, Header, Index};
pub use list::{CHUNK_ENTRY_BYTES, ListedChunk, parse_list, put_chunk};

use std::fmt;

/// What stands behind an update file's address.
pub const SUFFIX: &str = ".chunks";

/// How much of the image in front of a chunk its frame may repeat.
pub const PREFIX_BYTES: usize = 16 << 10;

/// How much of the addresses in front of those of a chunk their frame may repeat: more saves
/// little, and is copied for each frame.
pub const ADDRESSES_PREFIX_BYTES: usize = 4 << 10;

/// What addresses take that do not compress, beyond themselves.
const BLOCK_HEADER_BYTES: u32 = 3;

/// Bytes that are no chunk file, or not the one that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkFileError {
    /// They do not begin as one.
    Magic,
    /// It has another version.
    Version(u32),
    /// It ends early, or is longer than it says.
    Length,
    /// It was damaged.
    Checksum,
    /// Numbers in it contradict one another.
    Numbers,
    /// It is that of another release.
    OtherRelease,
}

impl fmt::Display for ChunkFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("it is no chunk file; publish the release again"),
            Self::Version(version) => write!(f, "its version {version} is not known"),
            Self::Length => f.write_str("it is too short or too long; publish it again"),
            Self::Checksum => f.write_str("it is damaged; publish it again"),
            Self::Numbers => f.write_str("its numbers contradict one another; publish it again"),
            Self::OtherRelease => {
                f.write_str("it belongs to another release; publish it beside its own")
            }
        }
    }
}

impl std::error::Error for ChunkFileError {}

/// Takes a little-endian number off the front of `bytes`.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
