//! What an image consists of.

use image_format::manifest::BLOCK_BYTES;
use image_format::{Part, Root};

/// The parts of an image, and where in the slot they lie: those of a manifest that verified,
/// so that each of them lies inside the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The kernel.
    pub kernel: Part,
    /// The initrd.
    pub initrd: Part,
    /// The root, with the place of its hash tree.
    pub root: Root,
}

impl Parts {
    /// Where the image ends, behind the start of the slot: with the root's last block, for the
    /// device makes the hash tree itself.
    #[must_use]
    pub fn image_bytes(&self) -> u64 {
        self.root.offset_bytes + self.root_bytes()
    }

    /// How long the root is.
    #[must_use]
    pub fn root_bytes(&self) -> u64 {
        self.root.data_blocks * BLOCK_BYTES
    }
}
