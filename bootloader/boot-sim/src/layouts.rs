//! Disks that the sequences are played on: sizes of blocks and sectors, order, places and
//! lengths of the partitions.

use crate::disk::Disk;
use crate::sectors::Sectors;
use Role::{BootState, Rescue, SystemA, SystemB, SystemBoot, Writable};
use boot_core::{Layout, SecondHome, read_layout};
use crc::{CRC_32_ISO_HDLC, Crc};
use gpt::disk::LogicalBlockSize;
use gpt_disk_types::{Crc32, GptHeader, GptPartitionEntry, U32Le};
use image_format::disk::{BLOCK_BYTES, BOOT_STATE_BYTES, Role};
use std::io::Cursor;
use std::sync::Arc;

const DISK_BYTES: usize = 24 << 20;
/// Entries of a partition table, as tools make it.
const USUAL_TABLE: u32 = 128;
/// Its checksum is most of what a boot takes in memory, so the other disks have this one.
const SHORT_TABLE: u32 = 16;
const OUR_OWN: &str = "a1a1a1a1-0000-4000-8000-000000000001";

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DiskLayout {
    pub(crate) name: &'static str,
    /// What the partition table counts in.
    block: LogicalBlockSize,
    /// What the disk writes at once, or not at all.
    pub(crate) sector_bytes: usize,
    order: &'static [Role],
    /// Partitions begin at multiples of this.
    alignment_bytes: u64,
    slot_bytes: u64,
    /// Of the partition table.
    entries: u32,
}

const USUAL: &[Role] = &[BootState, Rescue, SystemA, SystemB];
const WHOLE: &[Role] = &[SystemBoot, BootState, Rescue, SystemA, SystemB, Writable];
const STATE_LAST: &[Role] = &[Rescue, SystemA, SystemB, BootState];
const B_FIRST: &[Role] = &[SystemB, SystemA, BootState, Rescue];
const APART: &[Role] = &[SystemA, BootState, SystemB, Writable, Rescue];

const SMALL: DiskLayout = DiskLayout {
    name: "512",
    block: LogicalBlockSize::Lb512,
    sector_bytes: 512,
    order: USUAL,
    alignment_bytes: 4096,
    slot_bytes: 256 << 10,
    entries: SHORT_TABLE,
};
/// A disk of 4096-byte sectors that speaks of 512-byte blocks.
const LARGE: DiskLayout = DiskLayout {
    name: "4096",
    sector_bytes: 4096,
    order: WHOLE,
    alignment_bytes: 1 << 20,
    entries: USUAL_TABLE,
    ..SMALL
};
/// A disk of 4096-byte sectors that says so.
const NATIVE: DiskLayout = DiskLayout {
    name: "4kn",
    block: LogicalBlockSize::Lb4096,
    ..LARGE
};

/// The first ones are for every day.
const LAYOUTS: [DiskLayout; 16] = [
    SMALL,
    LARGE,
    DiskLayout {
        name: "512-b-first",
        order: B_FIRST,
        slot_bytes: 192 << 10,
        ..SMALL
    },
    DiskLayout {
        name: "512-odd",
        order: STATE_LAST,
        alignment_bytes: 512,
        slot_bytes: 171 << 9,
        ..SMALL
    },
    NATIVE,
    DiskLayout {
        name: "512-whole",
        order: WHOLE,
        ..SMALL
    },
    DiskLayout {
        name: "512-apart",
        order: APART,
        alignment_bytes: 64 << 10,
        ..SMALL
    },
    DiskLayout {
        name: "512-wide",
        alignment_bytes: 1 << 20,
        slot_bytes: 512 << 10,
        ..SMALL
    },
    DiskLayout {
        name: "4096-usual",
        order: USUAL,
        entries: SHORT_TABLE,
        ..LARGE
    },
    DiskLayout {
        name: "4096-state-last",
        order: STATE_LAST,
        entries: SHORT_TABLE,
        ..LARGE
    },
    DiskLayout {
        name: "4096-b-first",
        order: B_FIRST,
        entries: SHORT_TABLE,
        ..LARGE
    },
    DiskLayout {
        name: "4096-dense",
        order: APART,
        alignment_bytes: 4096,
        slot_bytes: 132 << 10,
        entries: SHORT_TABLE,
        ..LARGE
    },
    DiskLayout {
        name: "4kn-usual",
        order: USUAL,
        entries: SHORT_TABLE,
        ..NATIVE
    },
    DiskLayout {
        name: "4kn-state-last",
        order: STATE_LAST,
        entries: SHORT_TABLE,
        ..NATIVE
    },
    DiskLayout {
        name: "4kn-b-first",
        order: B_FIRST,
        entries: SHORT_TABLE,
        ..NATIVE
    },
    DiskLayout {
        name: "4kn-dense",
        order: APART,
        alignment_bytes: 4096,
        slot_bytes: 132 << 10,
        entries: SHORT_TABLE,
        ..NATIVE
    },
];

/// On which of them a sequence is played, with and without a second home of the floors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Devices {
    /// The first ones, in turn without a second home and with one.
    Everyday,
    /// All, each with and without.
    All,
}

impl Devices {
    /// Disks, and whether there is a second home.
    pub(crate) fn all(self) -> impl Iterator<Item = (DiskLayout, bool)> {
        let number = match self {
            Self::Everyday => 5,
            Self::All => LAYOUTS.len(),
        };
        let disks = LAYOUTS.into_iter().take(number).enumerate();
        let both = disks.flat_map(|(place, disk)| [(place, disk, false), (place, disk, true)]);
        both.filter(move |(place, _, second_home)| {
            self == Self::All || (place % 2 == 1) == *second_home
        })
        .map(|(_, disk, second_home)| (disk, second_home))
    }
}

impl DiskLayout {
    /// Whether all third cuts are tried on it in a full run: where a block is one sector, and
    /// on one of the disks where it is eight.
    pub(crate) fn stands_for_others(&self) -> bool {
        self.sector_bytes == BLOCK_BYTES || self.name == SMALL.name
    }

    /// An empty disk with its partitions.
    pub(crate) fn partitioned(&self) -> (Vec<u8>, Layout) {
        let mut disk = gpt::GptConfig::new()
            .writable(true)
            .logical_block_size(self.block)
            .create_from_device(Cursor::new(vec![0; DISK_BYTES]), OUR_OWN.parse().ok())
            .expect("a disk in memory");
        let block_bytes = self.block.as_u64();
        for role in self.order {
            let bytes = match role {
                BootState => BOOT_STATE_BYTES,
                _ => self.slot_bytes,
            };
            let guid = role.type_guid().to_string().parse().expect("a GUID");
            let os = gpt::partition_types::OperatingSystem::None;
            let kind = gpt::partition_types::Type { guid, os };
            let alignment = self.alignment_bytes / block_bytes;
            disk.add_partition(role.name(), bytes, kind, 0, Some(alignment))
                .expect("room for the partition");
        }
        let mut base = disk.write().expect("a disk in memory").into_inner();
        for lba in [1, DISK_BYTES as u64 / block_bytes - 1] {
            self.cut_table(&mut base, lba * block_bytes);
        }
        let base = Arc::new(base);
        let sectors = Sectors::new(Arc::clone(&base), self.sector_bytes);
        let layout = read_layout(&mut Disk::new(sectors, SecondHome::None)).expect("the tables");
        (Arc::unwrap_or_clone(base), layout)
    }

    /// Leaves the first entries in the table whose header lies at `offset_bytes`.
    fn cut_table(&self, base: &mut [u8], offset_bytes: u64) {
        let at = offset_bytes as usize..offset_bytes as usize + size_of::<GptHeader>();
        let mut header: GptHeader = bytemuck::pod_read_unaligned(&base[at.clone()]);
        let first = header.partition_entry_lba.to_u64() * self.block.as_u64();
        let length = self.entries as usize * size_of::<GptPartitionEntry>();
        let entries = &base[first as usize..][..length];
        let crc = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(entries);
        header.number_of_partition_entries = U32Le::from_u32(self.entries);
        header.partition_entry_array_crc32 = Crc32(U32Le::from_u32(crc));
        header.update_header_crc32();
        base[at].copy_from_slice(bytemuck::bytes_of(&header));
    }
}

#[cfg(test)]
mod tests;
