//! The partition tables of the disk.

use gpt_disk_types::{
    BlockSize, GptHeader, GptPartitionEntry, GptPartitionEntryArray, GptPartitionType, Guid, LbaLe,
    U32Le,
};
use image_format::disk::{BOOT_STATE_BYTES, Role};

use super::{DISK_GUID, MemoryDisk, SECTOR, SLOT_BYTES};

/// Partition sizes in the order of [`Role::ALL`], writable last.
const SIZES: [u64; 6] = [
    64 * 1024,
    BOOT_STATE_BYTES,
    SLOT_BYTES,
    SLOT_BYTES,
    SLOT_BYTES,
    64 * 1024,
];

pub fn blank_disk() -> MemoryDisk {
    let total: u64 = SIZES.iter().sum::<u64>() + 256 * 1024;
    let mut bytes = vec![0; usize::try_from(total).unwrap()];
    write_tables(&mut bytes, &entries());
    MemoryDisk::new(bytes)
}

/// The partition entries of the device, to be changed and written again.
pub fn entries() -> [GptPartitionEntry; 128] {
    let mut entries = [GptPartitionEntry::default(); 128];
    let mut next = 2048 / 16;
    for ((entry, role), size) in entries.iter_mut().zip(Role::ALL).zip(SIZES) {
        entry.partition_type_guid = GptPartitionType(role.type_guid());
        entry.unique_partition_guid = role.type_guid();
        entry.starting_lba = LbaLe::from_u64(next);
        next += size / SECTOR as u64;
        entry.ending_lba = LbaLe::from_u64(next - 1);
    }
    entries
}

/// Writes the primary table and its backup.
pub fn write_tables(bytes: &mut [u8], entries: &[GptPartitionEntry; 128]) {
    let blocks = (bytes.len() / SECTOR) as u64;
    put_table(bytes, entries, [1, blocks - 1], 2, blocks);
    put_table(bytes, entries, [blocks - 1, 1], blocks - 33, blocks);
}

fn put_table(
    bytes: &mut [u8],
    entries: &[GptPartitionEntry; 128],
    [lba, other_lba]: [u64; 2],
    entries_lba: u64,
    blocks: u64,
) {
    let mut header = GptHeader {
        my_lba: LbaLe::from_u64(lba),
        alternate_lba: LbaLe::from_u64(other_lba),
        first_usable_lba: LbaLe::from_u64(34),
        last_usable_lba: LbaLe::from_u64(blocks - 34),
        disk_guid: Guid::try_parse(DISK_GUID).unwrap(),
        partition_entry_lba: LbaLe::from_u64(entries_lba),
        number_of_partition_entries: U32Le::from_u32(128),
        ..GptHeader::default()
    };
    let mut storage = entries
        .iter()
        .flat_map(bytemuck::bytes_of)
        .copied()
        .collect::<Vec<u8>>();
    let layout = header.get_partition_entry_array_layout().unwrap();
    let array = GptPartitionEntryArray::new(layout, BlockSize::BS_512, &mut storage).unwrap();
    header.partition_entry_array_crc32 = array.calculate_crc32();
    header.update_header_crc32();
    let at = usize::try_from(entries_lba).unwrap() * SECTOR;
    bytes[at..at + storage.len()].copy_from_slice(&storage);
    let at = usize::try_from(lba).unwrap() * SECTOR;
    bytes[at..at + 92].copy_from_slice(bytemuck::bytes_of(&header));
}
