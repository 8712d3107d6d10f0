//! Finds our partitions by role: UEFI 2.10, section 5.3.
//!
//! The table is read, never written. The primary is tried first, the backup at
//! the end of the disk when the primary is damaged; each counts only as a whole,
//! with both checksums right. Two partitions of one role, or roles that overlap,
//! are refused rather than guessed about.

use crate::platform::{Disk, read_at};
use core::fmt;
use core::ops::Range;
use crc::{CRC_32_ISO_HDLC, Crc};
use embedded_io::SeekFrom;
use gpt_disk_types::{GptHeader, GptPartitionEntry};
use image_format::disk::{Guid, Role};

/// Block sizes of disks in use.
const BLOCK_SIZES: [u64; 2] = [512, 4096];
const HEADER_BYTES: usize = size_of::<GptHeader>();
/// Where the header's checksum lies in it.
const CHECKSUM: Range<usize> = 16..20;
const ENTRY_BYTES: usize = size_of::<GptPartitionEntry>();
/// More entries than any table of ours or of common tools has.
const MAX_ENTRIES: u32 = 128;
/// Entries are read in chunks of the largest block.
const CHUNK_BYTES: usize = 4096;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A partition, in bytes from the start of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its first byte.
    pub offset_bytes: u64,
    /// Its length.
    pub length_bytes: u64,
}

impl Partition {
    fn end_bytes(&self) -> u64 {
        self.offset_bytes.saturating_add(self.length_bytes)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.offset_bytes < other.end_bytes() && other.offset_bytes < self.end_bytes()
    }
}

/// The disk's identity and our partitions on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The GPT's disk GUID.
    pub disk_guid: Guid,
    partitions: [Option<Partition>; Role::ALL.len()],
}

impl Layout {
    /// The partition of that role, if the disk has one.
    #[must_use]
    pub fn partition(&self, role: Role) -> Option<Partition> {
        Role::ALL
            .into_iter()
            .zip(self.partitions)
            .find_map(|(each, partition)| if each == role { partition } else { None })
    }
}

/// Why a disk has no layout of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GptError {
    /// The device reported an error while reading.
    Unreadable,
    /// No header, neither at the start nor at the end.
    NoTable,
    /// The header's checksum or one of its fields is wrong.
    Header,
    /// The checksum of the entries is wrong.
    Entries,
    /// A partition of ours lies outside the usable blocks.
    Bounds(Role),
    /// Two partitions claim the same role.
    Twice(Role),
    /// Two partitions of ours overlap.
    Overlap(Role, Role),
}

impl fmt::Display for GptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("the device cannot be read"),
            Self::NoTable => f.write_str("the disk has no partition table (GPT)"),
            Self::Header => f.write_str("the partition table's header is damaged"),
            Self::Entries => f.write_str("the partition table's entries are damaged"),
            Self::Bounds(role) => write!(f, "the partition {role} leaves the disk"),
            Self::Twice(role) => write!(f, "the disk has two partitions {role}"),
            Self::Overlap(one, two) => write!(f, "the partitions {one} and {two} overlap"),
        }
    }
}

impl core::error::Error for GptError {}

/// Reads the partition table.
///
/// # Errors
/// What is wrong with the primary table, when the backup is no better.
pub fn read_layout<D: Disk>(disk: &mut D) -> Result<Layout, GptError> {
    let length_bytes = disk
        .seek(SeekFrom::End(0))
        .map_err(|_| GptError::Unreadable)?;
    let mut read = |block_bytes, lba| {
        read_table(disk, block_bytes, lba).map(|layout| layout.inside(length_bytes))
    };
    let mut first_error = GptError::NoTable;
    for block_bytes in BLOCK_SIZES {
        match read(block_bytes, 1) {
            Ok(layout) => return Ok(layout),
            Err(error) if first_error == GptError::NoTable => first_error = error,
            Err(_) => {}
        }
    }
    for block_bytes in BLOCK_SIZES {
        let blocks = length_bytes.checked_div(block_bytes).unwrap_or(0);
        if let Ok(layout) = read(block_bytes, blocks.saturating_sub(1)) {
            return Ok(layout);
        }
    }
    Err(first_error)
}

/// Where the disk ends by the word of its primary table, for firmware that does not say it
/// itself. `start` is the disk's start, two blocks at least.
#[must_use]
pub fn end_of_disk(start: &[u8]) -> Option<u64> {
    BLOCK_SIZES.into_iter().find_map(|block_bytes| {
        let header = start.get(usize::try_from(block_bytes).ok()?..)?;
        let header: GptHeader = bytemuck::pod_read_unaligned(header.get(..HEADER_BYTES)?);
        let is_good = header.is_signature_valid()
            && header.header_crc32 == header.calculate_header_crc32()
            && header.my_lba.to_u64() == 1;
        let blocks = header.alternate_lba.to_u64().checked_add(1)?;
        is_good.then(|| blocks.checked_mul(block_bytes)).flatten()
    })
}

fn read_table<D: Disk>(disk: &mut D, block_bytes: u64, lba: u64) -> Result<Layout, GptError> {
    let mut bytes = [0; HEADER_BYTES];
    let offset = lba.checked_mul(block_bytes).ok_or(GptError::NoTable)?;
    read_at(disk, offset, &mut bytes).map_err(|_| GptError::Unreadable)?;
    let header: GptHeader = bytemuck::pod_read_unaligned(&bytes);
    if !header.is_signature_valid() {
        return Err(GptError::NoTable);
    }
    let entries = header.number_of_partition_entries.to_u32();
    // The checksum covers the header with zeros in its own place.
    if let Some(checksum) = bytes.get_mut(CHECKSUM) {
        checksum.fill(0);
    }
    if header.header_crc32.0.to_u32() != CRC.checksum(&bytes)
        || header.header_size.to_u32() as usize != HEADER_BYTES
        || header.size_of_partition_entry.to_u32() as usize != ENTRY_BYTES
        || header.my_lba.to_u64() != lba
        || entries > MAX_ENTRIES
    {
        return Err(GptError::Header);
    }
    let mut layout = Layout {
        disk_guid: header.disk_guid,
        partitions: [None; Role::ALL.len()],
    };
    let mut found = Ok(());
    let mut crc = CRC.digest();
    let mut offset = header
        .partition_entry_lba
        .to_u64()
        .checked_mul(block_bytes)
        .ok_or(GptError::Header)?;
    let mut left = usize::try_from(entries)
        .ok()
        .and_then(|entries| entries.checked_mul(ENTRY_BYTES))
        .ok_or(GptError::Header)?;
    let mut chunk = [0; CHUNK_BYTES];
    while left > 0 {
        let chunk = chunk
            .get_mut(..left.min(CHUNK_BYTES))
            .ok_or(GptError::Header)?;
        read_at(disk, offset, chunk).map_err(|_| GptError::Unreadable)?;
        crc.update(chunk);
        for entry in chunk.chunks_exact(ENTRY_BYTES) {
            let entry: GptPartitionEntry = bytemuck::pod_read_unaligned(entry);
            found = found.and_then(|()| layout.add(&header, &entry, block_bytes));
        }
        left = left.saturating_sub(chunk.len());
        offset = offset.saturating_add(chunk.len() as u64);
    }
    if crc.finalize() != header.partition_entry_array_crc32.0.to_u32() {
        return Err(GptError::Entries);
    }
    found.map(|()| layout)
}

impl Layout {
    /// Without the partitions that leave the disk. The usable blocks are those that the
    /// table names, and a disk may have fewer, as when an image was cut short or written to
    /// a card that is too small: what lies inside still boots.
    fn inside(mut self, length_bytes: u64) -> Self {
        for partition in &mut self.partitions {
            *partition = partition.filter(|partition| partition.end_bytes() <= length_bytes);
        }
        self
    }

    /// Takes the entry in if it has a role of ours.
    fn add(
        &mut self,
        header: &GptHeader,
        entry: &GptPartitionEntry,
        block_bytes: u64,
    ) -> Result<(), GptError> {
        let guid = entry.partition_type_guid.0;
        let Some(role) = Role::of_type(guid) else {
            return Ok(());
        };
        let (first, last) = (entry.starting_lba.to_u64(), entry.ending_lba.to_u64());
        let usable = header.first_usable_lba.to_u64()..=header.last_usable_lba.to_u64();
        if first > last || !usable.contains(&first) || !usable.contains(&last) {
            return Err(GptError::Bounds(role));
        }
        let partition = partition_of(first, last, block_bytes).ok_or(GptError::Bounds(role))?;
        for (other, place) in Role::ALL.into_iter().zip(self.partitions.iter_mut()) {
            match place {
                Some(_) if other == role => return Err(GptError::Twice(role)),
                Some(taken) if taken.overlaps(&partition) => {
                    return Err(GptError::Overlap(other, role));
                }
                None if other == role => *place = Some(partition),
                _ => {}
            }
        }
        Ok(())
    }
}

fn partition_of(first: u64, last: u64, block_bytes: u64) -> Option<Partition> {
    let blocks = last.checked_sub(first)?.checked_add(1)?;
    let offset_bytes = first.checked_mul(block_bytes)?;
    let length_bytes = blocks.checked_mul(block_bytes)?;
    offset_bytes.checked_add(length_bytes)?;
    Some(Partition {
        offset_bytes,
        length_bytes,
    })
}
