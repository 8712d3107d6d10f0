//! The sizes of the partitions.

use std::ops::RangeInclusive;

use serde::Deserialize;

use crate::error::BoardError;
use crate::schema::Firmware;

/// A table has room for our partitions, and takes no more than what UEFI reserves for it.
const TABLE_ENTRIES: RangeInclusive<u32> = 6..=128;

/// The sizes of the partitions in the image file, in MiB. That of `boot-state` is part of
/// the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Geometry {
    /// The loader's partition.
    pub system_boot_mib: u64,
    /// The rescue system.
    pub rescue_mib: u64,
    /// Each of the two slots.
    pub system_slot_mib: u64,
    /// The writable file system before the device grows it.
    pub writable_mib: u64,
    /// How many partitions the table has room for: fewer than usual where the firmware lies
    /// close behind it, four in each sector of 512 bytes from the third on.
    #[serde(default = "usual_table_entries")]
    pub table_entries: u32,
}

fn usual_table_entries() -> u32 {
    128
}

impl Geometry {
    pub(crate) fn check(&self, id: &str, firmware: Firmware) -> Result<(), BoardError> {
        if !TABLE_ENTRIES.contains(&self.table_entries) {
            return Err(BoardError::TableEntries { id: id.to_owned() });
        }
        // FAT32 begins at 65525 clusters; a slot's kernel begins at 1 MiB; a smaller ext4 has no room for its journal.
        let system_boot_least_mib = match firmware {
            Firmware::Uefi => 64,
            Firmware::OpenFirmware => 1,
        };
        for (key, value, least_mib) in [
            (
                "system_boot_mib",
                self.system_boot_mib,
                system_boot_least_mib,
            ),
            ("rescue_mib", self.rescue_mib, 2),
            ("system_slot_mib", self.system_slot_mib, 2),
            ("writable_mib", self.writable_mib, 32),
        ] {
            if value < least_mib {
                return Err(BoardError::PartitionTooSmall {
                    id: id.to_owned(),
                    key,
                    least_mib,
                });
            }
        }
        Ok(())
    }
}
