//! The chunk file: an image cut into chunks, each compressed on its own, and their index.
//!
//! It lies beside the update file, under the same address with [`SUFFIX`] behind:
//!
//! ```text
//! offset   bytes  content
//! 0        8      "TKchunks"
//! 8        4      version, 1
//! 12       4      g: how many groups
//! 16       8      length of the update file
//! 24       32     SHA-256 of the kernel, as the manifest says
//! 56       32     SHA-256 of the initrd
//! 88       32     root hash
//! 120      20 g   the groups
//! ...      32     SHA-256 of all that is in front of it
//! ...      12 c   the chunks of all groups, c in all
//! ...             the frames of all chunks, without a gap; then the file ends
//! ```
//!
//! A group is
//!
//! ```text
//! 8   the first bytes of the SHA-256 of its chunks, each as 8 bytes of digest and 4 of length
//! 4   how many chunks: 1 to 128
//! 4   how many bytes of the image
//! 4   how many bytes of frames
//! ```
//!
//! and a chunk
//!
//! ```text
//! 8   the first bytes of the SHA-256 of its content
//! 2   its length
//! 2   the length of its frame
//! ```
//!
//! A frame is one of zstd (RFC 8878), of a window no longer than the chunk; where that is not
//! shorter than the chunk, the chunk itself stands in its place. Chunks end as
//! [`next_chunk`](crate::next_chunk) says; the first begins behind the envelope's area, and
//! the last ends with the update file. A group ends behind a chunk whose digest begins with
//! five zero bits, behind 128 chunks, and at the end. All integers are little-endian.
//!
//! So a device fetches the groups first, some 20 bytes for each 350 KiB of the image; then the
//! chunks of those groups that it does not hold as a whole; then frames.

mod groups;
mod header;
mod list;
#[cfg(test)]
mod tests;

pub use groups::{Group, GroupDigest, Grouping, MOST_CHUNKS_IN_GROUP};
pub use header::{HEADER_BYTES, Header, Index};
pub use list::{CHUNK_ENTRY_BYTES, ListedChunk, parse_list, put_chunk};

use std::fmt;

/// What stands behind an update file's address.
pub const SUFFIX: &str = ".chunks";

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
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
