//! The partition table: every bit of it, both copies, both ends.

mod device;

use boot_core::gpt::{GptError, end_of_disk};
use boot_core::read_layout;
use device::{Device, Image, MemoryDisk};
use gpt_disk_types::{GptPartitionEntry, GptPartitionType, Guid, LbaLe};
use image_format::disk::{PREP_TYPE, Role};

fn disk() -> MemoryDisk {
    Device::new(&Image::new(1), &Image::new(1)).disk
}

/// A small view of the same disk: the table at the start, none at the end.
fn without_backup() -> MemoryDisk {
    let mut disk = disk();
    let backup = disk.bytes.len() - 33 * 512;
    disk.bytes[backup..].fill(0);
    disk
}

#[test]
fn all_roles_are_found_in_order() {
    let layout = read_layout(&mut disk()).unwrap();
    assert_eq!(layout.disk_guid.to_string(), device::DISK_GUID);
    let starts = Role::ALL.map(|role| layout.partition(role).unwrap().offset_bytes);
    assert!(starts.is_sorted());
    assert_eq!(
        layout.partition(Role::SystemA).unwrap().length_bytes,
        device::SLOT_BYTES
    );
}

#[test]
fn a_flipped_bit_of_the_primary_table_is_found_and_the_backup_used() {
    let good = read_layout(&mut disk()).unwrap();
    let mut whole = disk();
    let mut alone = without_backup();
    let entries = 1024..1024 + 128 * 128;
    for at in (512..512 + 92).chain(entries.step_by(37)) {
        for bit in 0..8 {
            for disk in [&mut whole, &mut alone] {
                disk.log.clear();
                disk.bytes[at] ^= 1 << bit;
            }
            assert_eq!(read_layout(&mut whole), Ok(good), "byte {at} bit {bit}");
            let error = read_layout(&mut alone).unwrap_err();
            match at {
                512..520 => assert_eq!(error, GptError::NoTable),
                520..604 => assert_eq!(error, GptError::Header, "byte {at} bit {bit}"),
                _ => assert_eq!(error, GptError::Entries),
            }
            for disk in [&mut whole, &mut alone] {
                disk.bytes[at] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn the_table_tells_where_the_disk_ends_only_when_it_is_whole() {
    let mut disk = disk();
    let end = Some(disk.bytes.len() as u64);
    assert_eq!(end_of_disk(&disk.bytes[..8192]), end);
    assert_eq!(end_of_disk(&disk.bytes[..604]), end);
    assert_eq!(end_of_disk(&disk.bytes[..603]), None);
    for at in 512..604 {
        disk.bytes[at] ^= 0x10;
        assert_eq!(end_of_disk(&disk.bytes[..8192]), None, "byte {at}");
        disk.bytes[at] ^= 0x10;
    }
    // The backup is no primary, wherever it lies.
    let backup = disk.bytes.len() - 512;
    disk.bytes.copy_within(backup.., 512);
    assert_eq!(end_of_disk(&disk.bytes[..8192]), None);
}

#[test]
fn a_disk_without_a_table_is_named() {
    let mut disk = disk();
    disk.bytes.fill(0);
    assert_eq!(read_layout(&mut disk), Err(GptError::NoTable));
    disk.bytes.truncate(100);
    assert_eq!(read_layout(&mut disk), Err(GptError::Unreadable));
}

#[test]
fn the_loader_may_lie_in_a_prep_partition_but_not_in_two_kinds_at_once() {
    let with_types = |types: [Guid; 2]| {
        let mut entries = device::entries();
        entries[6] = entries[5];
        entries[0].partition_type_guid = GptPartitionType(types[0]);
        entries[6].partition_type_guid = GptPartitionType(types[1]);
        let mut disk = disk();
        device::write_tables(&mut disk.bytes, &entries);
        read_layout(&mut disk)
    };
    let esp = Role::SystemBoot.type_guid();
    let good = read_layout(&mut disk()).unwrap();
    assert_eq!(with_types([PREP_TYPE, Guid::ZERO]), Ok(good));
    let both = with_types([PREP_TYPE, esp]);
    assert_eq!(both, Err(GptError::Twice(Role::SystemBoot)));
}

fn layout_with(change: impl FnOnce(&mut [GptPartitionEntry; 128])) -> Result<(), GptError> {
    let mut entries = device::entries();
    change(&mut entries);
    let mut disk = disk();
    device::write_tables(&mut disk.bytes, &entries);
    read_layout(&mut disk).map(drop)
}

#[test]
fn a_table_that_is_intact_but_makes_no_sense_is_refused_by_name() {
    assert_eq!(layout_with(|_| {}), Ok(()));
    let twice = layout_with(|entries| {
        entries[6] = entries[5];
        entries[6].starting_lba = LbaLe::from_u64(40);
        entries[6].ending_lba = LbaLe::from_u64(41);
    });
    assert_eq!(twice, Err(GptError::Twice(Role::Writable)));
    let overlap = layout_with(|entries| entries[4].starting_lba = entries[3].ending_lba);
    assert_eq!(
        overlap,
        Err(GptError::Overlap(Role::SystemA, Role::SystemB))
    );
    for (first, last) in [(33, 40), (41, 40), (40, u64::MAX), (u64::MAX, u64::MAX)] {
        let outside = layout_with(|entries| {
            entries[0].starting_lba = LbaLe::from_u64(first);
            entries[0].ending_lba = LbaLe::from_u64(last);
        });
        assert_eq!(
            outside,
            Err(GptError::Bounds(Role::SystemBoot)),
            "{first} {last}"
        );
    }
}

/// Found by the fuzzer: the header's own word for the end of the disk was taken.
#[test]
fn a_partition_that_leaves_the_disk_is_absent_and_the_others_stay() {
    let mut disk = without_backup();
    disk.bytes.truncate(disk.bytes.len() - 224 * 1024);
    let layout = read_layout(&mut disk).unwrap();
    assert_eq!(layout.partition(Role::Writable), None);
    assert!(layout.partition(Role::SystemB).is_some());
}

#[test]
fn a_header_that_belongs_elsewhere_is_refused() {
    let mut disk = without_backup();
    let backup = self::disk().bytes[disk.bytes.len() - 512..].to_vec();
    disk.bytes[512..1024].copy_from_slice(&backup);
    assert_eq!(read_layout(&mut disk), Err(GptError::Header));
}
