//! The dm-verity hash tree, made while the data streams by: Linux's format 1, SHA-256,
//! 4096-byte blocks, the salt before each block, no superblock.
//!
//! The levels follow one another from the root down, each padded to whole blocks: that is
//! where the kernel looks for them. A block of a level holds 128 digests of the level
//! below (of the data for the lowest), zeros behind the last.
//!
//! The image builder makes a release's tree with this; a device makes it again from the
//! root that it was sent, and compares the root hash.

use crate::Hasher;
use crate::manifest::{DIGESTS_PER_BLOCK, tree_blocks};
use image_format::Digest;
use image_format::manifest::BLOCK_BYTES;

const BLOCK: usize = BLOCK_BYTES as usize;

/// As many levels as 64 bits can count blocks of.
const MAX_LEVELS: usize = 10;

/// A block of the root or of its tree.
pub type Block = [u8; BLOCK];

/// A hash tree in the making. It holds one block of each level.
#[derive(Clone, Debug)]
pub struct HashTree {
    salt: Digest,
    /// Blocks of data that are still to come.
    blocks_left: u64,
    /// The lowest first.
    levels: heapless::Vec<Level, MAX_LEVELS>,
}

impl HashTree {
    /// The tree over `data_blocks` blocks.
    #[must_use]
    pub fn new(data_blocks: u64, salt: Digest) -> Self {
        let mut levels = heapless::Vec::new();
        let mut level_blocks = data_blocks;
        while level_blocks > 1 {
            level_blocks = level_blocks.div_ceil(DIGESTS_PER_BLOCK);
            // In front of a level lie the levels above it: a tree over its blocks. There is
            // room for all.
            let _ = levels.push(Level::at(tree_blocks(level_blocks)));
        }
        Self {
            salt,
            blocks_left: data_blocks,
            levels,
        }
    }

    /// Takes the next block of data. Each block of the tree that is complete by it goes to
    /// `put`, with its number from the start of the tree. The last block of data completes
    /// the tree: then the root hash is returned.
    ///
    /// # Errors
    /// Those of `put`; the tree is of no use then.
    pub fn push<E>(
        &mut self,
        data: &Block,
        mut put: impl FnMut(u64, &Block) -> Result<(), E>,
    ) -> Result<Option<Digest>, E> {
        let is_last = self.blocks_left == 1;
        self.blocks_left = self.blocks_left.saturating_sub(1);
        let mut digest = salted(&self.salt, data);
        for level in &mut self.levels {
            level.add(digest);
            if !level.is_full() && !is_last {
                return Ok(None);
            }
            put(level.number, &level.block)?;
            digest = salted(&self.salt, &level.block);
            level.begin_next();
        }
        Ok(is_last.then_some(digest))
    }
}

/// The block of a level that is being filled.
#[derive(Clone, Debug)]
struct Level {
    /// Of the block, from the start of the tree.
    number: u64,
    block: Block,
    used_bytes: usize,
}

impl Level {
    fn at(number: u64) -> Self {
        Self {
            number,
            block: [0; BLOCK],
            used_bytes: 0,
        }
    }

    fn add(&mut self, digest: Digest) {
        let room = self.block.get_mut(self.used_bytes..);
        if let Some(room) = room.and_then(|rest| rest.first_chunk_mut()) {
            *room = digest.0;
        }
        self.used_bytes = self.used_bytes.saturating_add(digest.0.len());
    }

    fn is_full(&self) -> bool {
        self.used_bytes >= BLOCK
    }

    fn begin_next(&mut self) {
        *self = Self::at(self.number.saturating_add(1));
    }
}

fn salted(salt: &Digest, block: &Block) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&salt.0);
    hasher.update(block);
    hasher.finish()
}
