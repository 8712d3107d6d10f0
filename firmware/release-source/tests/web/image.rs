//! Small releases, signed, with content that can be cut.

use image_builder::signing::{KeyDirectory, padded_envelope};
use image_builder::{chunk_file_of, write_chunk_file};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Epoch, Manifest, Part, Root, Version};
use image_trust::{HashTree, sha256, tree_blocks};
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use system_update::Parts;

const ALIGNMENT: usize = 1 << 20;

/// An update file.
pub(crate) struct Release {
    pub(crate) bytes: Vec<u8>,
    pub(crate) parts: Parts,
}

/// Bytes that nobody compresses and nobody finds twice.
pub(crate) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let step = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(step).take(length).collect()
}

/// A root of some files, each in blocks of its own.
pub(crate) fn root(files: &[Vec<u8>]) -> Vec<u8> {
    let block = BLOCK_BYTES as usize;
    let padded = files.iter().flat_map(|file| {
        let mut file = file.clone();
        file.resize(file.len().next_multiple_of(block), 0);
        file
    });
    padded.collect()
}

impl Release {
    /// With these parts.
    pub(crate) fn new(keys: &KeyDirectory, kernel: &[u8], initrd: &[u8], root: &[u8]) -> Self {
        let behind = |part: &Part| {
            let end = (part.offset_bytes + part.length_bytes) as usize;
            end.next_multiple_of(ALIGNMENT)
        };
        let part = |offset_bytes: usize, bytes: &[u8]| Part {
            offset_bytes: offset_bytes as u64,
            length_bytes: bytes.len() as u64,
            sha256: sha256(bytes),
        };
        let placed_kernel = part(ALIGNMENT, kernel);
        let placed_initrd = part(behind(&placed_kernel), initrd);
        let root_offset = behind(&placed_initrd) as u64;
        let (blocks, rest) = root.as_chunks();
        assert!(rest.is_empty());
        let data_blocks = blocks.len() as u64;
        let salt = Digest([7; 32]);
        let mut tree = HashTree::new(data_blocks, salt);
        let mut root_hash = None;
        for block in blocks {
            let Ok(hash) = tree.push(block, |_, _| Ok::<(), Infallible>(()));
            root_hash = hash;
        }
        let parts = Parts {
            kernel: placed_kernel,
            initrd: placed_initrd,
            root: Root {
                offset_bytes: root_offset,
                data_blocks,
                tree_offset_bytes: root_offset + data_blocks * BLOCK_BYTES,
                tree_blocks: tree_blocks(data_blocks),
                root_hash: root_hash.unwrap(),
                salt,
            },
        };
        let manifest = Manifest {
            board: "x86_64-uefi",
            product: "twinkeel",
            version: Version(1),
            epoch: Epoch(1),
            build_time_secs: 1_790_000_000,
            command_line: "panic=10",
            kernel: parts.kernel,
            initrd: parts.initrd,
            root: parts.root,
        };
        let envelope = keys.seal(&manifest).unwrap();
        let mut bytes = padded_envelope(&envelope).unwrap();
        for (offset, part) in [
            (parts.kernel.offset_bytes, kernel),
            (parts.initrd.offset_bytes, initrd),
            (parts.root.offset_bytes, root),
        ] {
            bytes.resize(offset as usize, 0);
            bytes.extend(part);
        }
        Self { bytes, parts }
    }

    /// Writes the update file and its chunk file.
    pub(crate) fn publish(&self, path: &Path) {
        fs::write(path, &self.bytes).unwrap();
        write_chunk_file(path, &chunk_file_of(path)).unwrap();
    }
}
