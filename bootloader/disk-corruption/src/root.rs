//! The root as dm-verity reads it: a block counts only if every digest from it up to the
//! signed root hash is right.

use crate::overlay::Overlay;
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Root};
use image_trust::Hasher;
use std::ops::Range;

const DIGEST_BYTES: usize = 32;
const DIGESTS_PER_BLOCK: u64 = BLOCK_BYTES / DIGEST_BYTES as u64;

/// A root and its hash tree in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MountedRoot {
    /// Where the partition begins.
    pub(crate) slot_bytes: u64,
    /// As the manifest describes it.
    pub(crate) root: Root,
}

impl MountedRoot {
    pub(crate) fn data(&self) -> Range<u64> {
        let start = self.slot_bytes + self.root.offset_bytes;
        start..start + self.root.data_blocks * BLOCK_BYTES
    }

    pub(crate) fn tree(&self) -> Range<u64> {
        let start = self.slot_bytes + self.root.tree_offset_bytes;
        start..start + self.root.tree_blocks * BLOCK_BYTES
    }

    pub(crate) fn block(&self, number: u64) -> Range<u64> {
        let start = self.data().start + number * BLOCK_BYTES;
        start..start + BLOCK_BYTES
    }

    /// The blocks of the tree that vouch for a data block, the lowest first, and where its
    /// digest stands in each.
    pub(crate) fn path(&self, number: u64) -> Vec<(Range<u64>, usize)> {
        // Lengths of the levels, the lowest first; on the disk the highest is first.
        let mut levels = Vec::new();
        let mut blocks = self.root.data_blocks;
        while blocks > 1 {
            blocks = blocks.div_ceil(DIGESTS_PER_BLOCK);
            levels.push(blocks);
        }
        let mut index = number;
        let mut path = Vec::new();
        for (level, _) in levels.iter().enumerate() {
            let above: u64 = levels[level + 1..].iter().sum();
            let start = self.tree().start + (above + index / DIGESTS_PER_BLOCK) * BLOCK_BYTES;
            let place = (index % DIGESTS_PER_BLOCK) as usize * DIGEST_BYTES;
            path.push((start..start + BLOCK_BYTES, place));
            index /= DIGESTS_PER_BLOCK;
        }
        path
    }

    pub(crate) fn digest(&self, block: &[u8]) -> Digest {
        let mut hasher = Hasher::new();
        hasher.update(&self.root.salt.0);
        hasher.update(block);
        hasher.finish()
    }

    /// Whether the kernel would take this block of the data.
    pub(crate) fn vouches(&self, disk: &Overlay, number: u64) -> bool {
        let mut digest = self.digest(&disk.bytes(&self.block(number)));
        for (block, place) in self.path(number) {
            let content = disk.bytes(&block);
            if content.get(place..place + DIGEST_BYTES) != Some(&digest.0[..]) {
                return false;
            }
            digest = self.digest(&content);
        }
        digest == self.root.root_hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: u64 = 130;

    /// A root of 130 blocks and a tree of two levels over it.
    fn root() -> (Overlay, MountedRoot) {
        let data: Vec<u8> = (0..BLOCKS * BLOCK_BYTES)
            .map(|at| (at / 999) as u8)
            .collect();
        let mut root = MountedRoot {
            slot_bytes: 0,
            root: Root {
                offset_bytes: 0,
                data_blocks: BLOCKS,
                tree_offset_bytes: BLOCKS * BLOCK_BYTES,
                tree_blocks: 3,
                root_hash: Digest::ZERO,
                salt: Digest([3; 32]),
            },
        };
        let level = |blocks: &[u8]| -> Vec<u8> {
            let blocks = blocks.chunks(BLOCK_BYTES as usize);
            let mut level: Vec<u8> = blocks.flat_map(|block| root.digest(block).0).collect();
            level.resize(level.len().next_multiple_of(BLOCK_BYTES as usize), 0);
            level
        };
        let low = level(&data);
        let high = level(&low);
        root.root.root_hash = root.digest(&high);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), [data, high, low].concat()).expect("a file");
        (Overlay::open(file.path()).expect("a file"), root)
    }

    #[test]
    fn the_tree_vouches_for_every_block_and_for_no_other() {
        let (disk, root) = root();
        assert_eq!(root.tree().end, disk.length_bytes());
        assert!((0..BLOCKS).all(|block| root.vouches(&disk, block)));
        let mut swapped = disk.clone();
        swapped.put(root.block(0).start, &disk.bytes(&root.block(129)));
        let vouched = |block: &u64| root.vouches(&swapped, *block);
        assert!((0..BLOCKS).filter(vouched).eq(1..BLOCKS));
    }

    /// However many digests above a changed block are put right, the signed one is not.
    #[test]
    fn digests_that_were_put_right_do_not_help() {
        let (untouched, root) = root();
        let mut disk = untouched.clone();
        disk.put(root.block(129).start, &[0xee]);
        let mut digest = root.digest(&disk.bytes(&root.block(129)));
        for (block, place) in root.path(129) {
            disk.put(block.start + place as u64, &digest.0);
            digest = root.digest(&disk.bytes(&block));
            assert!(!root.vouches(&disk, 129));
        }
        let signed_too = MountedRoot {
            root: Root {
                root_hash: digest,
                ..root.root
            },
            ..root
        };
        assert!(signed_too.vouches(&disk, 129));
    }
}
