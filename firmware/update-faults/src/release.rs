//! Small releases, really signed: some MiB in all, so that one can be cut at every KiB.

use anyhow::{Context, Result};
use image_builder::signing::KeyDirectory;
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Epoch, Manifest, Part, Root, Version, parse_envelope};
use image_trust::{HashTree, sha256};

/// The board that they are for.
pub(crate) const BOARD: &str = "faulty-board";

const KERNEL_OFFSET: usize = 64 << 10;
const KERNEL_BYTES: usize = (256 << 10) + 100;
const INITRD_OFFSET: usize = 384 << 10;
const INITRD_BYTES: usize = (192 << 10) + 7;
const ROOT_OFFSET: usize = 640 << 10;
const BLOCK: usize = BLOCK_BYTES as usize;
/// More than one piece of what an update moves at once, and a tree of two levels.
const ROOT_BLOCKS: usize = 300;
const TREE_OFFSET: usize = ROOT_OFFSET + ROOT_BLOCKS * BLOCK;

/// A signed system.
pub(crate) struct Release {
    pub(crate) version: Version,
    pub(crate) manifest_hash: Digest,
    /// What a slot holds of it.
    pub(crate) slot: Vec<u8>,
}

impl Release {
    pub(crate) fn new(keys: &KeyDirectory, version: u64) -> Result<Self> {
        let kernel = bytes(version, 1, KERNEL_BYTES);
        let initrd = bytes(version, 2, INITRD_BYTES);
        let root = bytes(version, 3, ROOT_BLOCKS * BLOCK);
        let (tree, root_hash) = tree_over(&root)?;
        let manifest = Manifest {
            board: BOARD,
            product: "test",
            version: Version(version),
            epoch: Epoch(0),
            build_time_secs: 1,
            command_line: "panic=10",
            kernel: part(KERNEL_OFFSET, &kernel),
            initrd: part(INITRD_OFFSET, &initrd),
            root: Root {
                offset_bytes: ROOT_OFFSET as u64,
                data_blocks: ROOT_BLOCKS as u64,
                tree_offset_bytes: TREE_OFFSET as u64,
                tree_blocks: image_trust::tree_blocks(ROOT_BLOCKS as u64),
                root_hash,
                salt: Digest::ZERO,
            },
        };
        let mut slot = keys.seal(&manifest)?;
        let manifest_hash = sha256(parse_envelope(&slot)?.manifest.bytes);
        for (offset, part) in [
            (KERNEL_OFFSET, &kernel),
            (INITRD_OFFSET, &initrd),
            (ROOT_OFFSET, &root),
            (TREE_OFFSET, &tree),
        ] {
            slot.resize(offset, 0);
            slot.extend_from_slice(part);
        }
        Ok(Self {
            version: Version(version),
            manifest_hash,
            slot,
        })
    }

    /// What an update file holds of it.
    pub(crate) fn file(&self) -> &[u8] {
        &self.slot[..TREE_OFFSET]
    }

    /// Its kernel.
    pub(crate) fn kernel(&self) -> &[u8] {
        &self.slot[KERNEL_OFFSET..][..KERNEL_BYTES]
    }

    /// Its initrd.
    pub(crate) fn initrd(&self) -> &[u8] {
        &self.slot[INITRD_OFFSET..][..INITRD_BYTES]
    }
}

/// Bytes without a period that a server's mistake could fall into.
fn bytes(version: u64, part: u64, length: usize) -> Vec<u8> {
    let mut state = (version << 8 | part).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..length.div_ceil(8)).flat_map(|_| next()).collect();
    bytes.truncate(length);
    bytes
}

fn part(offset_bytes: usize, bytes: &[u8]) -> Part {
    Part {
        offset_bytes: offset_bytes as u64,
        length_bytes: bytes.len() as u64,
        sha256: sha256(bytes),
    }
}

fn tree_over(root: &[u8]) -> Result<(Vec<u8>, Digest)> {
    let (blocks, _) = root.as_chunks();
    let data_blocks = blocks.len() as u64;
    let mut bytes = vec![0; usize::try_from(image_trust::tree_blocks(data_blocks))? * BLOCK];
    let mut tree = HashTree::new(data_blocks, Digest::ZERO);
    let mut root_hash = None;
    for block in blocks {
        root_hash = tree.push(block, |number, block| {
            let start = usize::try_from(number)? * BLOCK;
            bytes[start..start + BLOCK].copy_from_slice(block);
            anyhow::Ok(())
        })?;
    }
    Ok((bytes, root_hash.context("a root has a block")?))
}
