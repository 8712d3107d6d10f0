//! The tables of the two targets that are used, as the kernel reads them
//! (`Documentation/admin-guide/device-mapper`).
//!
//! Pure: numbers to text. Lengths and starts are in sectors of 512 bytes,
//! whatever the disk's own sector is.

use super::DeviceNumber;
use anyhow::{Context, ensure};
use image_format::Root;
use image_format::manifest::BLOCK_BYTES;

/// Bytes of the device mapper's unit.
pub(crate) const SECTOR_BYTES: u64 = 512;

/// A table of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    /// Name of the target.
    pub(crate) target: &'static str,
    /// Length of the mapped device.
    pub(crate) length_sectors: u64,
    /// The target's parameters.
    pub(crate) parameters: String,
}

/// A part of a disk as a device of its own.
///
/// # Errors
/// When it does not start and end between two sectors, or is empty.
pub(crate) fn linear(
    disk: DeviceNumber,
    offset_bytes: u64,
    length_bytes: u64,
) -> anyhow::Result<Table> {
    let aligned = [offset_bytes, length_bytes]
        .iter()
        .all(|bytes| bytes % SECTOR_BYTES == 0);
    ensure!(
        aligned && length_bytes > 0,
        "cannot map {length_bytes} bytes at {offset_bytes}: not whole sectors"
    );
    Ok(Table {
        target: "linear",
        length_sectors: length_bytes / SECTOR_BYTES,
        parameters: format!("{disk} {}", offset_bytes / SECTOR_BYTES),
    })
}

/// The bytes of a slot that [`verity`] needs: the root and, behind it, its tree.
///
/// # Errors
/// When the tree does not lie directly behind the root, or nothing is there.
pub(crate) fn root_extent_bytes(root: &Root) -> anyhow::Result<u64> {
    let overflow = "cannot map the root: its size in the manifest overflows";
    let data_bytes = root
        .data_blocks
        .checked_mul(BLOCK_BYTES)
        .context(overflow)?;
    let tree_bytes = root
        .tree_blocks
        .checked_mul(BLOCK_BYTES)
        .context(overflow)?;
    let tree_offset = root
        .offset_bytes
        .checked_add(data_bytes)
        .context(overflow)?;
    ensure!(
        root.data_blocks > 0 && tree_offset == root.tree_offset_bytes,
        "cannot map the root: its hash tree does not lie directly behind it"
    );
    data_bytes.checked_add(tree_bytes).context(overflow)
}

/// The verified root. `data` holds root and tree, as [`root_extent_bytes`] says.
///
/// A damaged block is an error for whoever reads it, and an event for PID 1,
/// which decides: none of the target's own reactions (restart, panic) could
/// record the cause first.
pub(crate) fn verity(data: DeviceNumber, root: &Root) -> Table {
    let Root {
        data_blocks,
        root_hash,
        salt,
        ..
    } = root;
    Table {
        target: "verity",
        length_sectors: data_blocks.saturating_mul(BLOCK_BYTES / SECTOR_BYTES),
        parameters: format!(
            "1 {data} {data} {BLOCK_BYTES} {BLOCK_BYTES} {data_blocks} {data_blocks} \
             sha256 {root_hash} {salt}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::Digest;

    const DISK: DeviceNumber = DeviceNumber {
        major: 254,
        minor: 16,
    };

    fn root() -> Root {
        Root {
            offset_bytes: 40 << 20,
            data_blocks: 1000,
            tree_offset_bytes: (40 << 20) + 1000 * 4096,
            tree_blocks: 9,
            root_hash: Digest([0xab; 32]),
            salt: Digest([0x01; 32]),
        }
    }

    #[test]
    fn linear_counts_in_sectors() {
        let table = linear(DISK, 1 << 20, 4096).unwrap();
        assert_eq!((table.target, table.length_sectors), ("linear", 8));
        assert_eq!(table.parameters, "254:16 2048");
        assert!(linear(DISK, 1, 4096).is_err());
        assert!(linear(DISK, 512, 100).is_err());
        assert!(linear(DISK, 512, 0).is_err());
    }

    #[test]
    fn verity_finds_the_tree_behind_the_data() {
        let table = verity(DISK, &root());
        assert_eq!((table.target, table.length_sectors), ("verity", 8000));
        let (hash, salt) = ("ab".repeat(32), "01".repeat(32));
        assert_eq!(
            table.parameters,
            format!("1 254:16 254:16 4096 4096 1000 1000 sha256 {hash} {salt}")
        );
    }

    #[test]
    fn a_root_whose_tree_lies_elsewhere_is_refused() {
        assert_eq!(root_extent_bytes(&root()).unwrap(), 1009 * 4096);
        let mut moved = root();
        moved.tree_offset_bytes += 4096;
        assert!(root_extent_bytes(&moved).is_err());
        let mut huge = root();
        huge.data_blocks = u64::MAX / 8;
        assert!(root_extent_bytes(&huge).is_err());
        let mut empty = root();
        empty.data_blocks = 0;
        empty.tree_offset_bytes = empty.offset_bytes;
        assert!(root_extent_bytes(&empty).is_err());
    }
}
