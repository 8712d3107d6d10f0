//! The disks are those that they are called.

use super::*;
use crate::sectors::fingerprint;
use std::collections::HashSet;

#[test]
fn a_table_of_4096_byte_blocks_is_where_such_a_disk_has_it() {
    for disk in LAYOUTS {
        let (base, _) = disk.partitioned();
        let block = disk.block.as_usize();
        assert_eq!(&base[block..block + 8], b"EFI PART", "{}", disk.name);
        let other = if block == 512 { 4096 } else { 512 };
        assert_ne!(&base[other..other + 8], b"EFI PART", "{}", disk.name);
    }
}

#[test]
fn disks_differ_in_their_bytes_and_in_where_the_slots_are() {
    let places = |layout: &Layout| [BootState, SystemA, SystemB].map(|role| layout.partition(role));
    let mut seen = HashSet::new();
    for disk in LAYOUTS {
        let (base, layout) = disk.partitioned();
        assert!(places(&layout).iter().all(Option::is_some), "{}", disk.name);
        let block = disk.block.as_usize();
        let places = format!("{block} {:?}", places(&layout));
        assert!(seen.insert(fingerprint(&places)), "{}", disk.name);
        assert!(seen.insert(fingerprint(&base[..64 << 10])), "{}", disk.name);
    }
}

#[test]
fn every_day_has_both_sizes_of_sectors_with_and_without_a_second_home() {
    let all = || Devices::Everyday.all();
    for second_home in [false, true] {
        for sector_bytes in [512, 4096] {
            assert!(
                all().any(|(disk, home)| (disk.sector_bytes, home) == (sector_bytes, second_home))
            );
        }
    }
    assert_eq!(Devices::All.all().count(), 2 * LAYOUTS.len());
}
