//! The dm-verity hash tree: Linux's format 1, SHA-256, 4096-byte blocks, the salt before
//! each block, no superblock.
//!
//! The levels follow one another from the root down, each padded to whole blocks: that is
//! where the kernel looks for them. A block of a level holds 128 digests of the level
//! below (of the data for the lowest), zeros behind the last.

use anyhow::{Result, ensure};
use image_format::Digest;
use image_format::manifest::BLOCK_BYTES;
use image_trust::{Hasher, sha256};

const BLOCK: usize = BLOCK_BYTES as usize;
const DIGESTS_PER_BLOCK: usize = BLOCK / 32;

/// A hash tree over the blocks of a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HashTree {
    /// The levels, the highest first.
    pub(crate) bytes: Vec<u8>,
    /// Names all data.
    pub(crate) root_hash: Digest,
}

/// One salt for all releases of a product line: equal blocks of two releases have equal
/// digests, so the trees on a device say which blocks of an update it already holds.
pub(crate) fn salt_of_product(product: &str) -> Digest {
    sha256(format!("twinkeel hash tree of {product}").as_bytes())
}

impl HashTree {
    /// Over `data`, which is a whole number of blocks.
    pub(crate) fn over(data: &[u8], salt: &Digest) -> Result<Self> {
        ensure!(
            !data.is_empty() && data.len().is_multiple_of(BLOCK),
            "cannot hash a root of {} bytes: not a whole number of blocks",
            data.len()
        );
        let mut levels: Vec<Vec<u8>> = Vec::new();
        let mut digests = digests_of(data, salt);
        while digests.len() > 1 {
            let level = pack(&digests);
            digests = digests_of(&level, salt);
            levels.push(level);
        }
        let root_hash = digests.first().copied().unwrap_or(Digest::ZERO);
        levels.reverse();
        Ok(Self {
            bytes: levels.concat(),
            root_hash,
        })
    }
}

fn digests_of(blocks: &[u8], salt: &Digest) -> Vec<Digest> {
    let digest = |block: &[u8]| {
        let mut hasher = Hasher::new();
        hasher.update(&salt.0);
        hasher.update(block);
        hasher.finish()
    };
    blocks.chunks(BLOCK).map(digest).collect()
}

fn pack(digests: &[Digest]) -> Vec<u8> {
    let mut level = Vec::with_capacity(digests.len().div_ceil(DIGESTS_PER_BLOCK) * BLOCK);
    for digest in digests {
        level.extend_from_slice(&digest.0);
    }
    level.resize(level.len().next_multiple_of(BLOCK), 0);
    level
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    use crate::host_tool::{host_tool, output_of};

    /// Blocks that differ from one another, so that a swap would show.
    fn data(blocks: usize) -> Vec<u8> {
        (0..blocks)
            .flat_map(|block| (0..BLOCK).map(move |byte| (block * 7 + byte) as u8))
            .collect()
    }

    /// `veritysetup format --no-superblock --salt=<01 times 32>` over the same data.
    #[test]
    fn known_answers() -> Result<()> {
        let salt = Digest([1; 32]);
        for (blocks, root_hash) in KNOWN_ANSWERS {
            let tree = HashTree::over(&data(blocks), &salt)?;
            assert_eq!(tree.root_hash.to_string(), root_hash, "{blocks} blocks");
            let expected = image_trust::tree_blocks(blocks as u64) * BLOCK_BYTES;
            assert_eq!(tree.bytes.len() as u64, expected, "{blocks} blocks");
        }
        Ok(())
    }

    const KNOWN_ANSWERS: [(usize, &str); 4] = [
        (
            1,
            "719211047b7d7fd5bbf5bdff4eb0a4155829a3b610bec64779f975bba76bc04d",
        ),
        (
            2,
            "24994e7a3a69bdb170d8f11b860b1e0cae644d020373bf2c27fd4beda092f547",
        ),
        (
            128,
            "702cfb6ba7bbb68d6270150e04e31ac0f41fb746e119d494aacc7c7d0fc19b08",
        ),
        (
            129,
            "40b8bbe888b95778ebdfade6dd1bdb83d195f00f17e3a9008dac7d4b307e6f8d",
        ),
    ];

    /// Another implementation's opinion, where it is installed.
    #[test]
    fn veritysetup_accepts_the_tree_and_finds_a_flipped_bit() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let at = |name: &str| directory.path().join(name);
        let salt = salt_of_product("twinkeel");
        let mut root = data(300);
        let tree = HashTree::over(&root, &salt)?;
        fs::write(at("tree"), &tree.bytes)?;
        for intact in [true, false] {
            fs::write(at("root"), &root)?;
            let mut verify = host_tool("veritysetup");
            verify
                .args([
                    "verify",
                    "--no-superblock",
                    "--format=1",
                    "--hash=sha256",
                    "--data-blocks=300",
                ])
                .arg(format!("--salt={salt}"))
                .args([at("root"), at("tree")])
                .arg(tree.root_hash.to_string());
            // Not installed everywhere: the known answers speak there.
            let Ok(output) = output_of(&mut verify) else {
                return Ok(());
            };
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.success(), intact, "{errors}");
            root[299 * BLOCK] ^= 1;
        }
        Ok(())
    }

    #[test]
    fn half_a_block_is_refused() {
        assert!(HashTree::over(&[0; 4095], &Digest::ZERO).is_err());
        assert!(HashTree::over(&[], &Digest::ZERO).is_err());
    }

    #[test]
    fn product_lines_have_their_own_salts() {
        assert_ne!(salt_of_product("a"), salt_of_product("b"));
    }
}
