//! The partition table: read from an image, laid out anew for a disk. UEFI 2.10, section 5.3.
//!
//! Partitions keep their places in bytes. `writable`, the last one, ends where PID 1 would
//! let it end (`init`'s `real_length_bytes`): a MiB before the end of the disk, in whole
//! blocks of its file system. So the device finds nothing to map beyond the table.

use std::fs::File;
use std::os::unix::fs::FileExt;

use bytemuck::{bytes_of, pod_read_unaligned};
use crc::{CRC_32_ISO_HDLC, Crc};
use gpt_disk_types::{Crc32, GptHeader, GptPartitionEntry, LbaLe, MasterBootRecord, U32Le};
use image_builder::partition_guid;
use image_format::disk::{Guid, Role};

/// Images are made for these.
pub(crate) const IMAGE_SECTOR_BYTES: u64 = 512;
/// What belongs to the table, and to firmware, at the start of a disk, and at its end to the
/// table alone.
pub(crate) const EDGE_BYTES: u64 = 1 << 20;
/// A multiple of every sector, and a block of ext4.
pub(crate) const BLOCK_BYTES: u64 = 4096;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const ENTRY_BYTES: u64 = size_of::<GptPartitionEntry>() as u64;

/// A disk, as far as its table is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSize {
    /// Its length, in whole sectors.
    pub length_bytes: u64,
    /// Of a sector: 512 or 4096.
    pub sector_bytes: u64,
}

impl DiskSize {
    /// Where the last part of the disk begins, which the second table ends.
    pub(crate) fn tail_offset(self) -> u64 {
        self.length_bytes.saturating_sub(EDGE_BYTES) / BLOCK_BYTES * BLOCK_BYTES
    }

    fn sectors(self, bytes: u64) -> u64 {
        bytes.div_ceil(self.sector_bytes)
    }
}

/// The partitions of an image.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    entries: Vec<GptPartitionEntry>,
    /// With the empty ones.
    count: u32,
}

/// What to write at both edges of a disk.
pub(crate) struct Edges {
    /// From the first byte on: protective MBR, header, entries.
    pub(crate) front: Vec<u8>,
    /// From [`DiskSize::tail_offset`] to the end.
    pub(crate) tail: Vec<u8>,
}

impl Table {
    /// The first table of an image, which `boot_core::read_layout` found good.
    pub(crate) fn read(image: &File) -> std::io::Result<Self> {
        let mut header = [0; size_of::<GptHeader>()];
        image.read_exact_at(&mut header, IMAGE_SECTOR_BYTES)?;
        let header: GptHeader = pod_read_unaligned(&header);
        let count = header.number_of_partition_entries.to_u32();
        let mut bytes = vec![0; count as usize * ENTRY_BYTES as usize];
        image.read_exact_at(
            &mut bytes,
            header.partition_entry_lba.to_u64() * IMAGE_SECTOR_BYTES,
        )?;
        let entries = bytes
            .chunks_exact(ENTRY_BYTES as usize)
            .map(pod_read_unaligned::<GptPartitionEntry>)
            .filter(|entry| entry.is_used())
            .collect();
        Ok(Self { entries, count })
    }

    /// Where it ends on a disk with such sectors.
    pub(crate) fn end_bytes(&self, sector_bytes: u64) -> u64 {
        2 * sector_bytes + self.entries_bytes(sector_bytes)
    }

    fn entries_bytes(&self, sector_bytes: u64) -> u64 {
        (u64::from(self.count) * ENTRY_BYTES).next_multiple_of(sector_bytes)
    }

    /// The table for that disk.
    pub(crate) fn edges(&self, disk: DiskSize, guid: Guid) -> Edges {
        let entries = self.entries_for(disk, guid);
        let blocks = entries.len() as u64 / disk.sector_bytes;
        let last = disk.sectors(disk.length_bytes) - 1;
        let mut header = GptHeader {
            first_usable_lba: LbaLe::from_u64(EDGE_BYTES / disk.sector_bytes),
            last_usable_lba: LbaLe::from_u64(last - blocks - 1),
            disk_guid: guid,
            number_of_partition_entries: U32Le::from_u32(self.count),
            ..GptHeader::default()
        };
        header.partition_entry_array_crc32 = Crc32(U32Le::from_u32(self.checksum(&entries)));
        let mut at = |own, alternate, table| {
            header.my_lba = LbaLe::from_u64(own);
            header.alternate_lba = LbaLe::from_u64(alternate);
            header.partition_entry_lba = LbaLe::from_u64(table);
            header.update_header_crc32();
            let mut sector = bytes_of(&header).to_vec();
            sector.resize(disk.sector_bytes as usize, 0);
            sector
        };
        let mbr = MasterBootRecord::protective_mbr(disk.sectors(disk.length_bytes));
        let mut front = bytes_of(&mbr).to_vec();
        front.resize(disk.sector_bytes as usize, 0);
        front.extend(at(1, last, 2));
        front.extend(&entries);
        let mut tail = vec![0; (disk.length_bytes - disk.tail_offset()) as usize];
        tail.truncate(tail.len() - entries.len() - disk.sector_bytes as usize);
        tail.extend(&entries);
        tail.extend(at(last, 1, last - blocks));
        Edges { front, tail }
    }

    /// Over the entries themselves, without what fills their last sector.
    fn checksum(&self, entries: &[u8]) -> u32 {
        let length = self.count as usize * ENTRY_BYTES as usize;
        CRC.checksum(entries.get(..length).unwrap_or(entries))
    }

    fn entries_for(&self, disk: DiskSize, guid: Guid) -> Vec<u8> {
        let to_lba = |bytes: u64| LbaLe::from_u64(bytes / disk.sector_bytes);
        let mut bytes = Vec::new();
        for entry in &self.entries {
            let role = Role::of_type(entry.partition_type_guid.0);
            let start = entry.starting_lba.to_u64() * IMAGE_SECTOR_BYTES;
            let end = match role {
                Some(Role::Writable) => disk.tail_offset(),
                _ => (entry.ending_lba.to_u64() + 1) * IMAGE_SECTOR_BYTES,
            };
            let mut moved = *entry;
            moved.starting_lba = to_lba(start);
            moved.ending_lba = LbaLe::from_u64(end / disk.sector_bytes - 1);
            if let Some(role) = role {
                moved.unique_partition_guid = partition_guid(role, guid);
            }
            bytes.extend(bytes_of(&moved));
        }
        bytes.resize(self.entries_bytes(disk.sector_bytes) as usize, 0);
        bytes
    }
}

#[cfg(test)]
mod tests;
