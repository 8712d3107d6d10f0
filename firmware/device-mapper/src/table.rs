//! The tables of the two targets that are used, as the kernel reads them
//! (`Documentation/admin-guide/device-mapper`).
//!
//! Pure: numbers to text. Lengths and starts are in sectors of 512 bytes,
//! whatever the disk's own sector is.

use crate::{DeviceNumber, MapError};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Root};

/// Bytes of the device mapper's unit.
pub const SECTOR_BYTES: u64 = 512;

/// A table of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name of the target.
    pub target: &'static str,
    /// Length of the mapped device.
    pub length_sectors: u64,
    /// The target's parameters.
    pub parameters: String,
}

/// A part of a disk as a device of its own.
///
/// # Errors
/// When it does not start and end between two sectors, or is empty.
pub fn linear(disk: DeviceNumber, offset_bytes: u64, length_bytes: u64) -> Result<Table, MapError> {
    let aligned = [offset_bytes, length_bytes]
        .iter()
        .all(|bytes| bytes % SECTOR_BYTES == 0);
    if !aligned || length_bytes == 0 {
        return Err(MapError::Geometry(format!(
            "{length_bytes} bytes at {offset_bytes} are not whole sectors"
        )));
    }
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
pub fn root_extent_bytes(root: &Root) -> Result<u64, MapError> {
    let overflow = || MapError::Geometry("the root's size in the manifest overflows".to_owned());
    let data_bytes = root
        .data_blocks
        .checked_mul(BLOCK_BYTES)
        .ok_or_else(overflow)?;
    let tree_bytes = root
        .tree_blocks
        .checked_mul(BLOCK_BYTES)
        .ok_or_else(overflow)?;
    let tree_offset = root
        .offset_bytes
        .checked_add(data_bytes)
        .ok_or_else(overflow)?;
    if root.data_blocks == 0 || tree_offset != root.tree_offset_bytes {
        return Err(MapError::Geometry(
            "the root's hash tree does not lie directly behind it".to_owned(),
        ));
    }
    data_bytes.checked_add(tree_bytes).ok_or_else(overflow)
}

/// The verified root. `data` holds root and tree, as [`root_extent_bytes`] says.
#[must_use]
pub fn verity(data: DeviceNumber, root: &Root) -> Table {
    verity_of(&Verity {
        data,
        data_blocks: root.data_blocks,
        tree: data,
        tree_at_block: root.data_blocks,
        root_hash: root.root_hash,
        salt: root.salt,
    })
}

/// What a hash tree verifies, and where the two lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verity {
    /// Where the data lies.
    pub data: DeviceNumber,
    /// So many blocks.
    pub data_blocks: u64,
    /// Where the hash tree lies.
    pub tree: DeviceNumber,
    /// It begins at this block of its device.
    pub tree_at_block: u64,
    /// Names all data.
    pub root_hash: Digest,
    /// Before each block.
    pub salt: Digest,
}

/// Verified data.
///
/// A damaged block is an error for whoever reads it, and an event for PID 1,
/// which decides: none of the target's own reactions (restart, panic) could
/// record the cause first.
#[must_use]
pub fn verity_of(verity: &Verity) -> Table {
    let Verity {
        data,
        data_blocks,
        tree,
        tree_at_block,
        root_hash,
        salt,
    } = verity;
    Table {
        target: "verity",
        length_sectors: data_blocks.saturating_mul(BLOCK_BYTES / SECTOR_BYTES),
        parameters: format!(
            "1 {data} {tree} {BLOCK_BYTES} {BLOCK_BYTES} {data_blocks} {tree_at_block} \
             sha256 {root_hash} {salt}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
