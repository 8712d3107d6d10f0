//! The hash tree of a root that lies in memory, as `image-trust` makes it.

use anyhow::{Context, Result, ensure};
use image_format::Digest;
use image_format::manifest::BLOCK_BYTES;
use image_trust::{sha256, tree_blocks};
use std::convert::Infallible;

const BLOCK: usize = BLOCK_BYTES as usize;

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
        let (blocks, _) = data.as_chunks();
        let data_blocks = blocks.len() as u64;
        let mut tree = image_trust::HashTree::new(data_blocks, *salt);
        let mut bytes = vec![0; tree_blocks(data_blocks) as usize * BLOCK];
        let mut root_hash = None;
        for block in blocks {
            let Ok(complete) = tree.push(block, |number, tree_block| {
                let start = number as usize * BLOCK;
                bytes[start..start + BLOCK].copy_from_slice(tree_block);
                Ok::<_, Infallible>(())
            });
            root_hash = complete;
        }
        let root_hash = root_hash.context("the last block completes no tree")?;
        Ok(Self { bytes, root_hash })
    }
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
