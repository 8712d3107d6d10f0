//! A partition table with fewer entries than usual.
//!
//! The first stage of some boards lies 8 KiB into the disk, in the middle of a table of 128
//! entries (UEFI 2.10, section 5.3.2, reserves 16 KiB for them). Such a board's table ends
//! before; all entries behind the first few are empty anyway.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use bytemuck::{bytes_of, pod_read_unaligned};
use gpt_disk_types::{BlockSize, Crc32, GptHeader, GptPartitionEntryArray, U32Le};

const SECTOR_BYTES: u64 = 512;
const ENTRY_BYTES: usize = 128;

/// Shortens the table whose header is in sector `lba` to `entries`.
pub(crate) fn shorten(disk: &File, lba: u64, entries: u32) -> Result<()> {
    let mut sector = [0; SECTOR_BYTES as usize];
    disk.read_exact_at(&mut sector, lba * SECTOR_BYTES)?;
    let (header, _) = sector
        .split_at_mut_checked(size_of::<GptHeader>())
        .context("a header has a sector")?;
    let mut table: GptHeader = pod_read_unaligned(header);
    table.number_of_partition_entries = U32Le::from_u32(entries);
    table.partition_entry_array_crc32 = entries_crc(disk, &table)?;
    table.update_header_crc32();
    header.copy_from_slice(bytes_of(&table));
    disk.write_all_at(&sector, lba * SECTOR_BYTES)?;
    Ok(())
}

fn entries_crc(disk: &File, table: &GptHeader) -> Result<Crc32> {
    let layout = table
        .get_partition_entry_array_layout()
        .map_err(|error| anyhow::anyhow!("cannot shorten the partition table: {error}"))?;
    let block = BlockSize::BS_512;
    let length_bytes = layout.num_blocks(block).context("a table has a length")? * SECTOR_BYTES;
    let mut entries = vec![0; usize::try_from(length_bytes)?];
    disk.read_exact_at(&mut entries, layout.start_lba.to_u64() * SECTOR_BYTES)?;
    let array = GptPartitionEntryArray::new(layout, block, &mut entries)
        .map_err(|error| anyhow::anyhow!("cannot shorten the partition table: {error}"))?;
    Ok(array.calculate_crc32())
}

/// Where a table with that many entries ends on the disk.
pub(crate) fn end_bytes(entries: u32) -> u64 {
    let entries_bytes = u64::from(entries) * ENTRY_BYTES as u64;
    2 * SECTOR_BYTES + entries_bytes.next_multiple_of(SECTOR_BYTES)
}
