//! The partition table, both copies, with blocks of 512 and of 4096 bytes.
//!
//! The input is one byte of [flags](BLOCKS_OF_4096), the length of the disk in blocks, the
//! primary header, the backup's, and the entries that both have. The partitions that are
//! found lie inside the disk in whole blocks, and no two overlap; and the same disk says the
//! same again.

use crate::sparse_disk::SparseDisk;
use crate::{Answer, Seed, Target};
use boot_core::read_layout;
use crc::{CRC_32_ISO_HDLC, Crc};
use gpt_disk_types::{GptHeader, GptPartitionEntry, GptPartitionType, LbaLe, U32Le};
use image_format::disk::Role;

pub(crate) const TARGET: Target = Target {
    name: "gpt",
    about: "the partition table, both copies",
    max_bytes: MAX_BYTES,
    run,
    seeds,
};

const BLOCKS_OF_4096: u8 = 1;
/// The checksums of that header are put right, so that what it says is believed.
const REPAIR_PRIMARY: u8 = 2;
const REPAIR_BACKUP: u8 = 4;

const HEADER_BYTES: usize = size_of::<GptHeader>();
const ENTRIES_LBA: u64 = 2;
/// Flags, length, two headers, and as many entries as a table may have.
const MAX_BYTES: usize = 5 + 2 * HEADER_BYTES + 128 * size_of::<GptPartitionEntry>();
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

fn run(input: &[u8]) -> Answer {
    let described = match parse_disk(input) {
        Some(mut disk) => check(&mut disk),
        None => Answer::Refused,
    };
    let mut raw = SparseDisk::new(input.len() as u64);
    raw.pieces.push((0, input.to_vec()));
    described.or(check(&mut raw))
}

fn check(disk: &mut SparseDisk) -> Answer {
    let Ok(layout) = read_layout(disk) else {
        return Answer::Refused;
    };
    let found: Vec<_> = Role::ALL
        .into_iter()
        .filter_map(|role| layout.partition(role))
        .map(|found| {
            assert!(found.length_bytes > 0);
            assert!((found.offset_bytes | found.length_bytes).is_multiple_of(512));
            let end = u128::from(found.offset_bytes) + u128::from(found.length_bytes);
            assert!(end <= u128::from(disk.length_bytes), "{found:?} is outside");
            (u128::from(found.offset_bytes), end)
        })
        .collect();
    for (at, (start, end)) in found.iter().enumerate() {
        for (other_start, other_end) in &found[..at] {
            assert!(end <= other_start || other_end <= start);
        }
    }
    assert_eq!(read_layout(disk), Ok(layout));
    Answer::Accepted
}

/// The disk that an input describes.
fn parse_disk(input: &[u8]) -> Option<SparseDisk> {
    let ([flags], rest) = input.split_first_chunk()?;
    let (blocks, rest) = rest.split_first_chunk()?;
    let (primary, rest) = rest.split_first_chunk::<HEADER_BYTES>()?;
    let (backup, entries) = rest.split_first_chunk::<HEADER_BYTES>()?;
    let block_bytes = match flags & BLOCKS_OF_4096 {
        0 => 512,
        _ => 4096,
    };
    let blocks = u64::from(u32::from_le_bytes(*blocks));
    let mut disk = SparseDisk::new(blocks * block_bytes);
    disk.pieces
        .push((ENTRIES_LBA * block_bytes, entries.to_vec()));
    for (header, lba, repair) in [
        (primary, 1, REPAIR_PRIMARY),
        (backup, blocks.saturating_sub(1), REPAIR_BACKUP),
    ] {
        let mut header: GptHeader = bytemuck::pod_read_unaligned(header);
        if flags & repair != 0 {
            let covered = header.number_of_partition_entries.to_u32() as usize * 128;
            let mut covered_entries = entries.to_vec();
            covered_entries.resize(covered.min(128 * 128), 0);
            header.my_lba = LbaLe::from_u64(lba);
            header.partition_entry_lba = LbaLe::from_u64(ENTRIES_LBA);
            header.partition_entry_array_crc32.0 = U32Le::from_u32(CRC.checksum(&covered_entries));
            header.update_header_crc32();
        }
        let offset = lba * block_bytes;
        disk.pieces
            .push((offset, bytemuck::bytes_of(&header).to_vec()));
    }
    Some(disk)
}

fn seeds() -> Vec<Seed> {
    vec![
        ("512", seed(REPAIR_PRIMARY | REPAIR_BACKUP)),
        (
            "4096",
            seed(BLOCKS_OF_4096 | REPAIR_PRIMARY | REPAIR_BACKUP),
        ),
        ("backup", seed(REPAIR_BACKUP)),
        ("too-short", {
            let mut input = seed(REPAIR_PRIMARY | REPAIR_BACKUP);
            input[1] = 90;
            input
        }),
    ]
}

/// Our six partitions, ten blocks each.
fn seed(flags: u8) -> Vec<u8> {
    const BLOCKS: u32 = 128;
    let header = GptHeader {
        first_usable_lba: LbaLe::from_u64(34),
        last_usable_lba: LbaLe::from_u64(u64::from(BLOCKS) - 2),
        disk_guid: Role::Rescue.type_guid(),
        number_of_partition_entries: U32Le::from_u32(6),
        ..GptHeader::default()
    };
    let mut input = vec![flags];
    input.extend(BLOCKS.to_le_bytes());
    input.extend(bytemuck::bytes_of(&header));
    input.extend(bytemuck::bytes_of(&header));
    for (role, start) in Role::ALL.into_iter().zip((34..).step_by(10)) {
        let entry = GptPartitionEntry {
            partition_type_guid: GptPartitionType(role.type_guid()),
            unique_partition_guid: role.type_guid(),
            starting_lba: LbaLe::from_u64(start),
            ending_lba: LbaLe::from_u64(start + 9),
            ..GptPartitionEntry::default()
        };
        input.extend(bytemuck::bytes_of(&entry));
    }
    input
}
