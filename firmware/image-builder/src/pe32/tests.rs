//! Golden headers, and everything that a loader must not have refused by name.

use super::*;

const HEADER: usize = 52;
const PART: usize = 32;
const CODE_AT: usize = 0x100;
const DATA_AT: usize = 0x180;
/// Of the data: two words that hold addresses, the relocations of both, the dynamic table.
const RELOCATIONS_AT: usize = DATA_AT + 0x10;
const DYNAMIC_AT: usize = DATA_AT + 0x20;
const LENGTH: usize = DATA_AT + 0x60;

/// A program of one word of code at 0x1000 and of data at 0x2000, as `arm.ld` links it.
fn program() -> Vec<u8> {
    let mut elf = vec![0; LENGTH];
    let mut put = |at: usize, words: &[u32]| {
        for (at, word) in (at..).step_by(4).zip(words) {
            elf[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
    };
    // ELF, 32 bits, little endian; ET_DYN, EM_ARM; entry; three program headers.
    put(0, &[0x464c_457f, 0x0001_0101, 0, 0]);
    put(16, &[0x0028_0003, 1, 0x1000, HEADER as u32, 0, 0x0500_0400]);
    put(40, &[(PART as u32) << 16 | HEADER as u32, 3, 0]);
    put(HEADER, &[1, CODE_AT as u32, 0x1000, 0, 4, 4, 5, 0x1000]);
    put(
        HEADER + PART,
        &[1, DATA_AT as u32, 0x2000, 0, 0x60, 0x1100, 6, 0x1000],
    );
    put(
        HEADER + 2 * PART,
        &[2, DYNAMIC_AT as u32, 0x2020, 0, 0x40, 0x40, 6, 4],
    );
    put(CODE_AT, &[0xe12f_ff1e]);
    put(DATA_AT, &[0x1000, 0, 0x3100, 0]);
    // In no order, as linkers may have them.
    put(RELOCATIONS_AT, &[0x2008, 23, 0x2000, 23]);
    // DT_REL, DT_RELSZ, DT_RELENT, DT_RELCOUNT, DT_FLAGS_1, DT_NULL.
    put(
        DYNAMIC_AT,
        &[
            17,
            0x2010,
            18,
            16,
            19,
            8,
            0x6fff_fffa,
            2,
            0x6fff_fffb,
            1,
            0,
            0,
        ],
    );
    elf
}

fn word(file: &[u8], at: usize) -> u32 {
    let bytes = file.get(at..).and_then(<[u8]>::first_chunk);
    u32::from_le_bytes(*bytes.expect("the file is long enough"))
}

fn words(file: &[u8], at: usize, count: usize) -> Vec<u32> {
    (0..count).map(|index| word(file, at + 4 * index)).collect()
}

#[test]
fn the_headers_are_these_bytes() {
    let file = pe32_of(&program()).expect("it is good");
    assert_eq!(&file[..2], b"MZ");
    assert_eq!(word(&file, 0x3c), 0x40);
    // PE, machine and three sections, nothing of when and how, length and kind.
    assert_eq!(
        words(&file, 0x40, 6),
        [0x4550, 0x0003_01c2, 0, 0, 0, 0x0102_00e0]
    );
    let optional = 0x58;
    // Form, sizes of code and data, entry, where both begin.
    assert_eq!(
        words(&file, optional, 7),
        [0x10b, 0x200, 0x400, 0, 0x1000, 0x1000, 0x2000]
    );
    // Preferred address, alignments.
    assert_eq!(words(&file, optional + 28, 3), [0, 0x1000, 0x200]);
    // Length in memory and of the headers; no checksum; an EFI application.
    assert_eq!(
        words(&file, optional + 56, 4),
        [0x5000, 0x200, 0, 0x0140_000a]
    );
    assert_eq!(word(&file, optional + 92), 16);
    assert_eq!(words(&file, optional + 96 + 40, 2), [0x4000, 12]);
}

#[test]
fn each_segment_is_a_section_and_the_relocations_are_one_more() {
    let elf = program();
    let file = pe32_of(&elf).expect("it is good");
    let table = 0x58 + 224;
    for (index, name, fields, characteristics) in [
        (0, b".text\0\0\0", [4, 0x1000, 0x200, 0x200], 0x6000_0020),
        (
            1,
            b".data\0\0\0",
            [0x1100, 0x2000, 0x200, 0x400],
            0xc000_0040,
        ),
        (2, b".reloc\0\0", [12, 0x4000, 0x200, 0x600], 0x4200_0040),
    ] {
        let at = table + 40 * index;
        assert_eq!(&file[at..at + 8], name);
        assert_eq!(words(&file, at + 8, 4), fields);
        assert_eq!(words(&file, at + 24, 4), [0, 0, 0, characteristics]);
    }
    assert_eq!(file[0x200..0x204], elf[CODE_AT..CODE_AT + 4]);
    assert_eq!(file[0x400..0x460], elf[DATA_AT..]);
    // One page, twelve bytes, two words: in order.
    assert_eq!(words(&file, 0x600, 3), [0x2000, 12, 0x3008_3000]);
    assert_eq!(file.len(), 0x800);
}

#[test]
fn blocks_are_padded_to_words_and_begin_anew_in_each_page() {
    let blocks = base_relocations(&[0x2004, 0x3000, 0x3ffc, 0x5010]);
    assert_eq!(
        words(&blocks, 0, blocks.len() / 4),
        [
            0x2000,
            12,
            0x3004,
            0x3000,
            12,
            0x3ffc_3000,
            0x5000,
            12,
            0x3010
        ]
    );
    assert!(base_relocations(&[]).is_empty());
}

/// Changes one word and names the reason.
#[test]
fn what_a_loader_must_not_have_is_refused_by_name() {
    let (code, data, dynamic) = (HEADER, HEADER + PART, HEADER + 2 * PART);
    for (what, at, value, expected) in [
        ("a script", 0, 0x2f20_2123, Pe32Error::NotElf),
        ("64 bits", 4, 0x0001_0102, Pe32Error::NotElf),
        ("big endian", 4, 0x0001_0201, Pe32Error::NotElf),
        ("x86", 16, 0x0003_0003, Pe32Error::Machine { found: 3 }),
        ("fixed", 16, 0x0028_0002, Pe32Error::NotPositionIndependent),
        ("interpreter", dynamic, 3, Pe32Error::Segment { kind: 3 }),
        ("thread's own", dynamic, 7, Pe32Error::Segment { kind: 7 }),
        (
            "writable code",
            code + 24,
            7,
            Pe32Error::WritableCode { address: 0x1000 },
        ),
        (
            "over the headers",
            code + 8,
            0,
            Pe32Error::Place { address: 0 },
        ),
        (
            "within a page",
            data + 8,
            0x2010,
            Pe32Error::Place { address: 0x2010 },
        ),
        (
            "over the code",
            data + 8,
            0x1000,
            Pe32Error::Place { address: 0x1000 },
        ),
        (
            "less memory than content",
            data + 20,
            0x5f,
            Pe32Error::Place { address: 0x2000 },
        ),
        (
            "all of the memory",
            data + 20,
            0x8000_0000,
            Pe32Error::Place { address: 0x2000 },
        ),
        ("a library", DYNAMIC_AT, 1, Pe32Error::Dynamic { tag: 1 }),
        (
            "other relocations",
            DYNAMIC_AT,
            7,
            Pe32Error::Dynamic { tag: 7 },
        ),
        (
            "a symbol's address",
            RELOCATIONS_AT + 4,
            2,
            Pe32Error::Relocation {
                kind: 2,
                address: 0x2008,
            },
        ),
        (
            "relative to a symbol",
            RELOCATIONS_AT + 4,
            0x117,
            Pe32Error::Relocation {
                kind: 23,
                address: 0x2008,
            },
        ),
        (
            "a word without content",
            RELOCATIONS_AT,
            0x205e,
            Pe32Error::RelocatesOutside { address: 0x205e },
        ),
        (
            "an address behind the end",
            DATA_AT + 8,
            0x3101,
            Pe32Error::RelocatesOutside { address: 0x2008 },
        ),
        (
            "a table outside",
            DYNAMIC_AT + 4,
            0x2060,
            Pe32Error::RelocatesOutside { address: 0x2060 },
        ),
        (
            "entry in data",
            24,
            0x2000,
            Pe32Error::Entry { address: 0x2000 },
        ),
        (
            "entry nowhere",
            24,
            0x1004,
            Pe32Error::Entry { address: 0x1004 },
        ),
    ] {
        let mut elf = program();
        elf[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
        assert_eq!(pe32_of(&elf), Err(expected), "{what}");
    }
}

#[test]
fn a_program_that_ends_early_is_refused() {
    let elf = program();
    for length in 0..elf.len() {
        assert!(pe32_of(&elf[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_program_without_addresses_needs_no_relocations() {
    let mut elf = program();
    elf[DYNAMIC_AT + 12] = 0;
    let file = pe32_of(&elf).expect("it is good");
    assert_eq!(words(&file, 0x58 + 96 + 40, 2), [0x4000, 0]);
}
