//! Which disk a partition is on.

use boot_core::device_path::nodes_up_to;

const DISK: &[u8] = &[2, 1, 6, 0, 7, 7, 3, 18, 5, 0, 1];
const PARTITION: &[u8] = &[4, 1, 4, 0];
const END_NODE: &[u8] = &[0x7f, 0xff, 4, 0];

fn path(parts: &[&[u8]]) -> Vec<u8> {
    [parts, &[END_NODE]].concat().concat()
}

#[test]
fn a_partition_is_on_the_disk_whose_path_it_continues() {
    let (disk, partition) = (path(&[DISK]), path(&[DISK, PARTITION]));
    assert_eq!(nodes_up_to(&disk, &partition), Some(2));
    assert_eq!(nodes_up_to(&partition, &partition), Some(3));
    assert_eq!(nodes_up_to(&partition, &disk), None);
    assert_eq!(nodes_up_to(&path(&[PARTITION]), &partition), None);
}

#[test]
fn an_empty_path_leads_nowhere() {
    assert_eq!(nodes_up_to(&path(&[]), &path(&[DISK])), None);
}

#[test]
fn what_is_no_path_is_refused() {
    let good = path(&[DISK, PARTITION]);
    for broken in [
        &[][..],
        DISK,
        &good[..good.len() - 4],
        &[2, 1, 3, 0, 0x7f, 0xff, 4, 0],
        &[2, 1, 0, 0, 0x7f, 0xff, 4, 0],
        // Read on from the middle of its header, it would be one.
        &[2, 1, 2, 0, 4, 0, 0x7f, 0xff, 4, 0],
        &[2, 1, 9, 0, 0x7f, 0xff, 4, 0],
    ] {
        assert_eq!(nodes_up_to(broken, broken), None, "{broken:?}");
        assert_eq!(nodes_up_to(broken, &good), None, "{broken:?}");
        assert_eq!(nodes_up_to(&path(&[DISK]), broken), None, "{broken:?}");
    }
}

/// A node that only begins like the disk's is another one: lengths are compared, too.
#[test]
fn a_disk_with_a_longer_node_is_another_disk() {
    let longer = path(&[&[2, 1, 6, 0, 7, 7, 3, 18, 6, 0, 1, 9]]);
    assert_eq!(nodes_up_to(&path(&[DISK]), &longer), None);
}
