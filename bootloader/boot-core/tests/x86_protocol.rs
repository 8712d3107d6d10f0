//! Kernels that start without their EFI stub: when, where, and what they are told.

use boot_core::x86_protocol::{
    Handover, MAPPED_BYTES, Region, TABLES_BYTES, X86Kernel, ZERO_PAGE_BYTES, identity_tables,
    regions,
};
use proptest::prelude::*;

const MIB: u64 = 1 << 20;
const PAGE: u64 = 4096;

/// As UEFI numbers them.
const RESERVED: u32 = 0;
const LOADER_DATA: u32 = 2;
const BOOT_SERVICES_DATA: u32 = 4;
const RUNTIME_DATA: u32 = 6;
const FREE: u32 = 7;
const BROKEN: u32 = 8;
const ACPI_TABLES: u32 = 9;
const ACPI_NON_VOLATILE: u32 = 10;
const PERSISTENT: u32 = 14;
const UNACCEPTED: u32 = 15;

/// Code of 0x600 bytes behind two sectors of setup; wants 63 MiB and a bit, from 16 MiB on.
fn kernel() -> Vec<u8> {
    let mut file: Vec<u8> = (0..0xa00_u32).map(|at| (at % 251) as u8 | 1).collect();
    file[..0x400].fill(0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0x1f1, &[1]);
    put(0x201, &[0x6a]);
    put(0x202, b"HdrS");
    put(0x206, &0x020f_u16.to_le_bytes());
    put(0x230, &(2 * MIB as u32).to_le_bytes());
    put(0x234, &[1]);
    put(0x236, &0x7f_u16.to_le_bytes());
    put(0x258, &(16 * MIB).to_le_bytes());
    put(0x260, &(63 * MIB as u32 + 0x98000).to_le_bytes());
    file
}

fn region(memory_type: u32, span: std::ops::Range<u64>) -> Region {
    Region {
        memory_type,
        start: span.start,
        pages: (span.end - span.start) / PAGE,
    }
}

/// OVMF's, somewhat shortened: in the midst of the free memory lies an old stack.
fn small_machine() -> Vec<Region> {
    vec![
        region(FREE, 0..0xa_0000),
        region(FREE, MIB..8 * MIB),
        region(ACPI_NON_VOLATILE, 8 * MIB..9 * MIB),
        region(BOOT_SERVICES_DATA, 9 * MIB..21 * MIB),
        region(FREE, 21 * MIB..59 * MIB),
        region(BOOT_SERVICES_DATA, 59 * MIB..60 * MIB),
        region(FREE, 60 * MIB..86 * MIB),
        region(LOADER_DATA, 86 * MIB..97 * MIB),
        region(BOOT_SERVICES_DATA, 97 * MIB..120 * MIB),
        region(RUNTIME_DATA, 120 * MIB..128 * MIB),
        region(RESERVED, 0xb000_0000..0xc000_0000),
    ]
}

/// Where the file lies, unless a test says something else.
const FILE: u64 = 120 * MIB;

fn place(map: &[Region]) -> Option<u64> {
    place_with_file_at(FILE, map)
}

fn place_with_file_at(file: u64, map: &[Region]) -> Option<u64> {
    let kernel = kernel();
    let kernel = X86Kernel::parse(&kernel).unwrap();
    kernel.place(map.iter().copied(), file)
}

fn stub_has_room(map: &[Region]) -> bool {
    let file = kernel();
    X86Kernel::parse(&file)
        .unwrap()
        .stub_has_room(map.iter().copied())
}

#[test]
fn a_small_machine_has_no_room_until_the_firmware_is_gone() {
    let map = small_machine();
    assert!(!stub_has_room(&map));
    assert_eq!(place(&map), Some(16 * MIB));
}

#[test]
fn the_stub_takes_free_memory_in_one_piece_and_rounds_up() {
    for (length, enough) in [(64 * MIB, true), (64 * MIB - PAGE, false)] {
        assert_eq!(
            stub_has_room(&[region(FREE, 22 * MIB..22 * MIB + length)]),
            enough
        );
        // Before the kernel's lowest place, nothing counts; nor does an unaligned start.
        assert_eq!(
            stub_has_room(&[region(FREE, MIB..16 * MIB + length)]),
            enough
        );
        assert_eq!(
            stub_has_room(&[region(FREE, 21 * MIB..22 * MIB + length)]),
            enough
        );
    }
    // Beyond what our tables map it is as good.
    assert!(stub_has_room(&[region(FREE, 5 << 30..6 << 30)]));
}

#[test]
fn the_loaders_memory_and_what_stays_with_the_firmware_are_not_taken() {
    let free = || {
        vec![
            region(FREE, 16 * MIB..40 * MIB),
            region(FREE, 41 * MIB..96 * MIB),
        ]
    };
    for kind in [
        LOADER_DATA,
        RUNTIME_DATA,
        RESERVED,
        BROKEN,
        ACPI_TABLES,
        ACPI_NON_VOLATILE,
        PERSISTENT,
        UNACCEPTED,
    ] {
        let mut map = free();
        map.insert(1, region(kind, 40 * MIB..41 * MIB));
        assert_eq!(place(&map), None, "{kind}");
    }
    let mut map = free();
    assert_eq!(place(&map), None, "a gap");
    map.insert(1, region(BOOT_SERVICES_DATA, 40 * MIB..41 * MIB));
    assert_eq!(place(&map), Some(16 * MIB));
}

#[test]
fn its_own_file_may_be_written_over_as_far_as_it_was_read() {
    // It takes one page, of which the code begins in the midst; others lie around it.
    let map = |file: u64| {
        [
            region(FREE, 16 * MIB..file),
            region(LOADER_DATA, file..file + PAGE),
            region(FREE, file + PAGE..80 * MIB),
        ]
    };
    for file in [16 * MIB, 20 * MIB, 79 * MIB] {
        assert_eq!(place_with_file_at(file, &map(file)), Some(16 * MIB));
        assert_eq!(place_with_file_at(file + PAGE, &map(file)), None);
        let mut more = map(file);
        more[1].pages = 2;
        more[2] = region(FREE, file + 2 * PAGE..80 * MIB);
        assert_eq!(place_with_file_at(file, &more), None, "two pages");
    }
    // A copy from the first byte to the last would write over what it has not read.
    let file = 16 * MIB - 0x800;
    let free = [region(FREE, MIB..96 * MIB)];
    assert_eq!(place_with_file_at(file, &free), None);
    assert_eq!(place_with_file_at(file - 0x200, &free), Some(16 * MIB));
    assert_eq!(place_with_file_at(u64::MAX - 1, &free), None);
    let lowest = X86Kernel::parse(&kernel()).unwrap().lowest_place();
    assert_eq!(lowest, 16 * MIB);
}

#[test]
fn with_memory_that_is_not_mapped_there_is_no_place() {
    let mut map = small_machine();
    map.push(region(RESERVED, MAPPED_BYTES..2 * MAPPED_BYTES));
    assert_eq!(place(&map), Some(16 * MIB));
    map.push(region(LOADER_DATA, MAPPED_BYTES..MAPPED_BYTES + PAGE));
    assert_eq!(place(&map), None);
}

#[test]
fn a_file_that_does_not_start_in_this_way_is_left_to_its_stub() {
    let good = kernel();
    let parsed = X86Kernel::parse(&good).unwrap();
    assert_eq!(parsed.code(), &good[0x400..]);
    for (at, bytes) in [
        (0x202, &b"HdrX"[..]),
        // Too old to say what it can.
        (0x206, &[0x0b]),
        // No entry for 64 bits.
        (0x236, &[0x7e]),
        // Bound to one address.
        (0x234, &[0]),
        // Aligned to nothing, to what is no power of two, and to less than pages.
        (0x230, &[0; 4]),
        (0x230, &[1, 0, 0x20]),
        (0x230, &[0, 8, 0]),
        // Code outside the file, no code behind the entry, and more of it than room.
        (0x1f1, &[5]),
        (0x1f1, &[4]),
        (0x260, &[0; 4]),
    ] {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        assert!(X86Kernel::parse(&file).is_none(), "{bytes:x?} at {at:#x}");
    }
    // Zero stands for four sectors, and those are too many here.
    let mut file = good;
    file[0x1f1] = 0;
    assert!(X86Kernel::parse(&file).is_none());
    file.resize(0xa00 + 0x400, 1);
    assert_eq!(X86Kernel::parse(&file).unwrap().code().len(), 0x400);
}

const HANDOVER: Handover = Handover {
    command_line: 0x1_0203_0405,
    initrd: 0x2_1213_1415,
    initrd_bytes: 0x3_2223_2425,
    system_table: 0x4_3233_3435,
    map: 0x5_4243_4445,
    map_bytes: 0x5253,
    descriptor_bytes: 48,
    descriptor_version: 1,
    is_secure_boot: false,
};

fn zero_page(handover: &Handover, map: &[Region]) -> [u8; ZERO_PAGE_BYTES] {
    let mut page = [0xff; ZERO_PAGE_BYTES];
    let file = kernel();
    let kernel = X86Kernel::parse(&file).unwrap();
    kernel.fill_zero_page(&mut page, handover, map.iter().copied());
    page
}

fn u32_at(page: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(page[at..at + 4].try_into().unwrap())
}

fn u64_at(page: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(page[at..at + 8].try_into().unwrap())
}

/// Start, length and kind.
fn entries(page: &[u8]) -> Vec<(u64, u64, u32)> {
    let entry = |at| {
        (
            u64_at(page, at),
            u64_at(page, at + 8),
            u32_at(page, at + 16),
        )
    };
    (0..usize::from(page[0x1e8]))
        .map(|index| entry(0x2d0 + 20 * index))
        .collect()
}

#[test]
fn the_zero_page_is_as_linux_documents_it() {
    let page = zero_page(&HANDOVER, &small_machine());
    let file = kernel();
    // The header as it is in the file, up to its end, but for what the loader fills in.
    assert_eq!(page[0x1f1..0x210], file[0x1f1..0x210]);
    assert_eq!(page[0x230..0x26c], file[0x230..0x26c]);
    assert!(page[0x26c..0x2d0].iter().all(|&byte| byte == 0));
    assert_eq!(page[0x210], 0xff);
    assert_eq!(
        (u32_at(&page, 0x228), u32_at(&page, 0x0c8)),
        (0x0203_0405, 1)
    );
    assert_eq!(
        (u32_at(&page, 0x218), u32_at(&page, 0x0c0)),
        (0x1213_1415, 2)
    );
    assert_eq!(
        (u32_at(&page, 0x21c), u32_at(&page, 0x0c4)),
        (0x2223_2425, 3)
    );
    // `struct efi_info`
    assert_eq!(&page[0x1c0..0x1c4], b"EL64");
    let firmware: Vec<u32> = (0x1c4..0x1e0)
        .step_by(4)
        .map(|at| u32_at(&page, at))
        .collect();
    assert_eq!(firmware, [0x3233_3435, 48, 1, 0x4243_4445, 0x5253, 4, 5]);
    assert_eq!(page[0x1ec], 2);
    let locked = Handover {
        is_secure_boot: true,
        ..HANDOVER
    };
    assert_eq!(zero_page(&locked, &[])[0x1ec], 3);
}

#[test]
fn the_map_has_one_entry_for_what_touches_and_is_of_one_kind() {
    assert_eq!(
        entries(&zero_page(&HANDOVER, &small_machine())),
        [
            (0, 0xa_0000, 1),
            (MIB, 7 * MIB, 1),
            (8 * MIB, MIB, 4),
            (9 * MIB, 111 * MIB, 1),
            (120 * MIB, 8 * MIB, 2),
            (0xb000_0000, 256 * MIB, 2),
        ]
    );
    let others = [
        region(ACPI_TABLES, 0..PAGE),
        region(BROKEN, PAGE..2 * PAGE),
        region(PERSISTENT, 2 * PAGE..3 * PAGE),
        region(UNACCEPTED, 3 * PAGE..4 * PAGE),
    ];
    assert_eq!(
        entries(&zero_page(&HANDOVER, &others)),
        [(0, PAGE, 3), (PAGE, PAGE, 5), (2 * PAGE, PAGE, 7)]
    );
}

#[test]
fn a_map_that_is_too_long_is_cut() {
    let map: Vec<Region> = (0..200)
        .map(|index| region(FREE, 2 * index * PAGE..(2 * index + 1) * PAGE))
        .collect();
    let page = zero_page(&HANDOVER, &map);
    let entries = entries(&page);
    assert_eq!(entries.len(), 128);
    assert_eq!(entries[127], (254 * PAGE, PAGE, 1));
    assert!(page[0x2d0 + 128 * 20..].iter().all(|&byte| byte == 0));
}

#[test]
fn descriptors_may_be_longer_than_what_is_known_of_them() {
    let mut map = [0xff; 2 * 48 + 40];
    map[..4].copy_from_slice(&FREE.to_le_bytes());
    map[8..16].copy_from_slice(&MIB.to_le_bytes());
    map[24..32].copy_from_slice(&3_u64.to_le_bytes());
    let found: Vec<Region> = regions(&map, 48).collect();
    assert_eq!(found.len(), 2);
    let first = found[0];
    assert_eq!(
        (first.memory_type, first.start, first.pages),
        (FREE, MIB, 3)
    );
    assert_eq!(regions(&map, 0).count(), 0);
}

#[test]
fn tables_lead_from_every_address_to_the_same() {
    let at = 0x1234_5000;
    let tables: Vec<u64> = identity_tables(at).collect();
    assert_eq!(tables.len() * 8, TABLES_BYTES);
    let follow = |entry: u64| {
        assert_eq!(entry & 0xfff, 3);
        ((entry & !0xfff) - at) / 8
    };
    for address in [0, 0x1f_ffff, 16 * MIB, 0xb000_0123, MAPPED_BYTES - 1] {
        let index = |shift: u32| (address >> shift) & 511;
        let middle = follow(tables[index(39) as usize]) + index(30);
        let last = follow(tables[middle as usize]) + index(21);
        let page = tables[last as usize];
        assert_eq!(page & 0xfff, 0x83);
        assert_eq!((page & !0xfff) + (address & 0x1f_ffff), address);
    }
    let unused = tables[1..512].iter().chain(&tables[516..1024]);
    assert!(unused.into_iter().all(|&entry| entry == 0));
}

proptest! {
    #[test]
    fn no_header_and_no_map_panics(
        fields in proptest::collection::vec((0x1f0_usize..0x270, any::<u8>()), 0..40),
        map in proptest::collection::vec((0_u32..17, any::<u64>(), any::<u64>()), 0..20),
        at in any::<u64>(),
    ) {
        let mut file = kernel();
        for (at, byte) in fields {
            file[at] = byte;
        }
        let map = map.into_iter().map(|(memory_type, start, pages)| Region {
            memory_type,
            start,
            pages,
        });
        if let Some(kernel) = X86Kernel::parse(&file) {
            let _ = kernel.stub_has_room(map.clone());
            let place = kernel.place(map.clone(), at);
            prop_assert!(place.is_none_or(|place| place < MAPPED_BYTES));
            kernel.fill_zero_page(&mut [0; ZERO_PAGE_BYTES], &HANDOVER, map);
        }
    }
}
