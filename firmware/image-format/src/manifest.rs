//! The signed description of a system image.

use crate::digest::Digest;
use crate::number::{Epoch, Version};
use serde::{Deserialize, Serialize};

/// Parts of a slot start at multiples of this, which is also the block size of
/// the root and of its hash tree.
pub const BLOCK_BYTES: u64 = 4096;
/// The longest command line of a manifest, in bytes.
pub const MAX_COMMAND_LINE_BYTES: usize = 1024;
/// The longest board id and product name, in bytes.
pub const MAX_NAME_BYTES: usize = 32;

/// What a system image is and where its parts lie in the slot.
///
/// The payload of a [`Kind::Manifest`](crate::Kind::Manifest) frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest<'a> {
    /// The board that it is for. Loader and updater refuse any other.
    pub board: &'a str,
    /// The product line.
    pub product: &'a str,
    /// Which release it is.
    pub version: Version,
    /// Below the device's floor it does not boot.
    pub epoch: Epoch,
    /// When it was made, in seconds since 1970. A lower bound of the present.
    pub build_time_secs: u64,
    /// The kernel's command line, before the loader's own words.
    pub command_line: &'a str,
    /// The kernel: a file that the board's firmware can start.
    pub kernel: Part,
    /// The initrd, which holds PID 1.
    pub initrd: Part,
    /// The read-only root and its hash tree.
    pub root: Root,
}

/// A part of the slot that the loader reads whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From the slot's first byte; a multiple of [`BLOCK_BYTES`].
    pub offset_bytes: u64,
    /// Its exact length.
    pub length_bytes: u64,
    /// Of exactly these bytes.
    pub sha256: Digest,
}

/// The root file system and its dm-verity hash tree (SHA-256, data and hash
/// blocks of [`BLOCK_BYTES`], no superblock, salt before the block).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Start of the file system, from the slot's first byte.
    pub offset_bytes: u64,
    /// Its length in blocks.
    pub data_blocks: u64,
    /// Start of the hash tree, from the slot's first byte.
    pub tree_offset_bytes: u64,
    /// Its length in blocks.
    pub tree_blocks: u64,
    /// The digest at the tree's root.
    pub root_hash: Digest,
    /// Hashed before each block.
    pub salt: Digest,
}
