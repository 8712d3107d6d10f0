//! Manifests that are genuine and make no sense.

use super::*;
use image_format::refusal::PartName;

const SLOT: u64 = 8 << 20;

fn check(change: impl FnOnce(&mut Manifest<'static>)) -> Result<(), Refusal> {
    let mut changed = manifest();
    change(&mut changed);
    let checked = check_manifest(&changed, SLOT);
    // What the builder is told before it signs is what the device says afterwards.
    let requirements = Requirements {
        kind: ImageKind::of(&changed),
        ..requirements()
    };
    let envelope = Frames::of(&delegation(), &changed).bytes();
    let verified = verify_envelope(trusted(), &envelope, &requirements).map(drop);
    assert_eq!(verified, checked);
    checked
}

fn out_of_bounds(part: PartName) -> Result<(), Refusal> {
    Err(Refusal::Bounds { part })
}

#[test]
fn offsets_are_multiples_of_a_block() {
    for odd in [1, 512, 4095] {
        let kernel = check(|it| it.kernel.offset_bytes += odd);
        assert_eq!(kernel, out_of_bounds(PartName::Kernel));
        let initrd = check(|it| it.initrd.offset_bytes += odd);
        assert_eq!(initrd, out_of_bounds(PartName::Initrd));
        let root = check(|it| it.root.offset_bytes += odd);
        assert_eq!(root, out_of_bounds(PartName::Root));
        let tree = check(|it| it.root.tree_offset_bytes += odd);
        assert_eq!(tree, out_of_bounds(PartName::HashTree));
    }
}

#[test]
fn parts_lie_behind_the_envelope() {
    assert_eq!(check(|it| it.kernel.offset_bytes = 65536), Ok(()));
    for offset in [0, 4096, 61440] {
        let kernel = check(|it| it.kernel.offset_bytes = offset);
        assert_eq!(kernel, out_of_bounds(PartName::Kernel));
        let root = check(|it| it.root.offset_bytes = offset);
        assert_eq!(root, out_of_bounds(PartName::Root));
    }
}

#[test]
fn parts_end_within_the_slot() {
    let last = SLOT - 4096;
    assert_eq!(check(|it| it.initrd.offset_bytes = last), Ok(()));
    let over = check(|it| {
        it.initrd.offset_bytes = last;
        it.initrd.length_bytes = 4097;
    });
    assert_eq!(over, out_of_bounds(PartName::Initrd));
    assert_eq!(
        check(|it| it.root.tree_offset_bytes = SLOT - 3 * 4096),
        Ok(())
    );
    let over = check(|it| it.root.tree_offset_bytes = SLOT - 2 * 4096);
    assert_eq!(over, out_of_bounds(PartName::HashTree));
}

/// The last block is read and written whole: a slot that ends inside it is too short.
#[test]
fn a_part_needs_its_last_block_whole() {
    let mut last = manifest();
    last.initrd.offset_bytes = SLOT - 4096;
    last.initrd.length_bytes = 100;
    assert_eq!(check_manifest(&last, SLOT), Ok(()));
    assert_eq!(
        check_manifest(&last, SLOT - 1),
        out_of_bounds(PartName::Initrd)
    );
}

/// Scar: sizes around 2 GiB and 4 GiB, and sums that wrap.
#[test]
fn huge_numbers_do_not_wrap() {
    let huge = [
        (1 << 31) - 1,
        1 << 31,
        (1 << 32) - 1,
        1 << 32,
        (1 << 63) - 1,
        1 << 63,
        u64::MAX - 4095,
        u64::MAX,
    ];
    for number in huge {
        let kernel = check(|it| it.kernel.length_bytes = number);
        assert_eq!(kernel, out_of_bounds(PartName::Kernel));
        let initrd = check(|it| it.initrd.offset_bytes = number);
        assert_eq!(initrd, out_of_bounds(PartName::Initrd));
        let root = check(|it| {
            it.root.data_blocks = number;
            it.root.tree_blocks = tree_blocks(number);
        });
        assert_eq!(root, out_of_bounds(PartName::Root));
        let root = check(|it| it.root.offset_bytes = number);
        assert_eq!(root, out_of_bounds(PartName::Root));
        let tree = check(|it| it.root.tree_offset_bytes = number);
        assert_eq!(tree, out_of_bounds(PartName::HashTree));
        let tree = check(|it| it.root.tree_blocks = number);
        assert_eq!(tree, out_of_bounds(PartName::HashTree));
    }
}

#[test]
fn loaded_parts_are_neither_empty_nor_larger_than_memory_allows() {
    for length_bytes in [0, MAX_LOADED_BYTES + 1] {
        let kernel = check(|it| it.kernel.length_bytes = length_bytes);
        assert_eq!(kernel, out_of_bounds(PartName::Kernel));
        let initrd = check(|it| it.initrd.length_bytes = length_bytes);
        assert_eq!(initrd, out_of_bounds(PartName::Initrd));
    }
    let mut large = manifest();
    large.initrd.offset_bytes = 1 << 30;
    large.initrd.length_bytes = MAX_LOADED_BYTES;
    assert_eq!(check_manifest(&large, 2 << 30), Ok(()));
    large.initrd.length_bytes += 1;
    assert_eq!(
        check_manifest(&large, 2 << 30),
        out_of_bounds(PartName::Initrd)
    );
}

/// Each part moved onto each other one: the later of the two is named.
#[test]
fn parts_do_not_overlap() {
    use PartName::{HashTree, Initrd, Kernel, Root};
    let place = |it: &mut Manifest<'static>, part, offset| match part {
        Kernel => it.kernel.offset_bytes = offset,
        Initrd => it.initrd.offset_bytes = offset,
        Root => it.root.offset_bytes = offset,
        HashTree => it.root.tree_offset_bytes = offset,
    };
    let parts = [Kernel, Initrd, Root, HashTree];
    for (index, earlier) in parts.into_iter().enumerate() {
        for later in parts.into_iter().skip(index + 1) {
            let overlapping = check(|it| {
                place(it, earlier, 6 << 20);
                place(it, later, 6 << 20);
            });
            assert_eq!(overlapping, out_of_bounds(later), "{earlier} and {later}");
        }
    }
    // The kernel has two blocks: the second is its own although it is not full.
    let second_block = (1 << 20) + 4096;
    let overlapping = check(|it| it.initrd.offset_bytes = second_block);
    assert_eq!(overlapping, out_of_bounds(Initrd));
    assert_eq!(
        check(|it| it.initrd.offset_bytes = second_block + 4096),
        Ok(())
    );
}

/// In any order, without a gap.
#[test]
fn parts_may_touch() {
    let touching = check(|it| {
        it.root.tree_offset_bytes = 1 << 20;
        it.root.offset_bytes = (1 << 20) + 3 * 4096;
        it.initrd.offset_bytes = (1 << 20) + 203 * 4096;
        it.kernel.offset_bytes = (1 << 20) + 204 * 4096;
    });
    assert_eq!(touching, Ok(()));
}

#[test]
fn the_hash_tree_has_the_blocks_that_the_root_needs() {
    for (data, tree) in [
        (0, 0),
        (1, 0),
        (2, 1),
        (128, 1),
        (129, 3),
        (128 * 128, 129),
        (128 * 128 + 1, 129 + 1 + 2),
        (66_651, 521 + 5 + 1),
    ] {
        assert_eq!(tree_blocks(data), tree, "{data} data blocks");
    }
    for tree in [0, 2, 4] {
        let wrong = check(|it| it.root.tree_blocks = tree);
        assert_eq!(wrong, out_of_bounds(PartName::HashTree));
    }
}

/// The rescue system is a kernel and an initrd.
#[test]
fn a_root_is_there_or_it_is_not() {
    let absent = Root {
        offset_bytes: 0,
        data_blocks: 0,
        tree_offset_bytes: 0,
        tree_blocks: 0,
        ..manifest().root
    };
    assert_eq!(check(|it| it.root = absent), Ok(()));
    assert_eq!(
        check(|it| it.root.data_blocks = 0),
        out_of_bounds(PartName::Root)
    );
    let half = Root {
        tree_blocks: 3,
        ..absent
    };
    assert_eq!(check(|it| it.root = half), out_of_bounds(PartName::Root));
}

#[test]
fn names_and_command_line_are_words() {
    let bad_name = damaged(Kind::Manifest, FrameError::Payload);
    for product in [
        "",
        "two words",
        "tab\t",
        "é",
        "a-name-of-more-than-thirty-two-bytes",
    ] {
        assert_eq!(check(|it| it.product = product), bad_name, "{product:?}");
    }
    let longest = "p".repeat(1024);
    let longest: &'static str = longest.leak();
    for line in ["", "quiet panic=10", "not.twinkeel.debug", longest] {
        assert_eq!(check(|it| it.command_line = line), Ok(()), "{line:?}");
    }
    let too_long: &'static str = "p".repeat(1025).leak();
    for line in [
        too_long,
        "panic=10\nroot=/dev/sda1",
        "panic=10\0",
        "panic=10 é",
        "tab\there",
        "\x7f",
        "twinkeel.slot=system-b",
        "panic=10 twinkeel.disk=x quiet",
        "\"twinkeel.boot=1\"",
        "twinkeel.boot",
        // PID 1 would not take it.
        "twinkeel.debug=1",
    ] {
        assert_eq!(
            check(|it| it.command_line = line),
            Err(Refusal::CommandLine),
            "{line:?}"
        );
    }
}
