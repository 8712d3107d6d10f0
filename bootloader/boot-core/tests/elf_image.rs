//! Kernels as ELF files: each header that lies has its own reason, and no header panics.

use boot_core::elf_image::{ElfError, ElfImage};

const PROGRAM_HEADERS: usize = 64;
/// Where every address of a kernel begins.
const BASE: u64 = 0xc000_0000_0000_0000;
const CODE: u32 = 5;
const DATA: u32 = 6;

struct Segment {
    kind: u32,
    flags: u32,
    file: u64,
    address: u64,
    length_in_file: u64,
    length_in_memory: u64,
}

/// Code of 0x80 bytes, data of 0x40 with variables behind, and a note.
fn segments() -> Vec<Segment> {
    let load = |flags, file, address, length_in_file, length_in_memory| Segment {
        kind: 1,
        flags,
        file,
        address,
        length_in_file,
        length_in_memory,
    };
    vec![
        load(CODE, 0x200, BASE, 0x80, 0x80),
        Segment {
            kind: 4,
            ..load(4, 0x200, BASE, 0x10, 0x10)
        },
        load(DATA, 0x300, BASE + 0x1000, 0x40, 0x100),
    ]
}

fn kernel_of(segments: &[Segment]) -> Vec<u8> {
    let mut file = vec![0; 0x340];
    file[0x200..0x280].fill(0xc0);
    file[0x300..].fill(0xda);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &[3, 0, 21, 0]);
    put(24, &(BASE + 0x10).to_le_bytes());
    put(32, &[PROGRAM_HEADERS as u8]);
    put(54, &[56, 0, segments.len() as u8]);
    for (index, segment) in segments.iter().enumerate() {
        let at = PROGRAM_HEADERS + 56 * index;
        put(at, &segment.kind.to_le_bytes());
        put(at + 4, &segment.flags.to_le_bytes());
        for (offset, value) in [
            (8, segment.file),
            (16, segment.address),
            (24, segment.address),
            (32, segment.length_in_file),
            (40, segment.length_in_memory),
        ] {
            put(at + offset, &value.to_le_bytes());
        }
    }
    file
}

fn refusal(file: &[u8]) -> ElfError {
    ElfImage::parse(file).expect_err("refused")
}

fn refusal_with(change: impl FnOnce(&mut Vec<Segment>)) -> ElfError {
    let mut segments = segments();
    change(&mut segments);
    refusal(&kernel_of(&segments))
}

#[test]
fn a_kernel_is_laid_out_as_its_headers_say() {
    let file = kernel_of(&segments());
    let image = ElfImage::parse(&file).unwrap();
    assert_eq!(image.size_bytes(), 0x1100);
    assert_eq!(image.entry_offset(), 0x10);
    let mut memory = vec![0xff; image.size_bytes()];
    image.place(&mut memory).unwrap();
    assert!(memory[..0x80].iter().all(|&byte| byte == 0xc0), "code");
    assert!(memory[0x80..0x1000].iter().all(|&byte| byte == 0));
    assert_eq!(memory[0x1000..0x1040], [0xda; 0x40], "data");
    assert!(memory[0x1040..].iter().all(|&byte| byte == 0), "variables");
    memory.push(0);
    assert_eq!(image.place(&mut memory), Err(ElfError::Memory));
}

#[test]
fn a_file_of_another_kind_is_named() {
    let good = kernel_of(&segments());
    for (at, value, expected) in [
        (0, 0, ElfError::NotElf),
        (4, 1, ElfError::Form { class: 1, order: 1 }),
        (5, 2, ElfError::Form { class: 2, order: 2 }),
        (18, 20, ElfError::Machine { found: 20 }),
        (16, 1, ElfError::NotExecutable),
        (16, 4, ElfError::NotExecutable),
        (54, 32, ElfError::Truncated),
        (56, 0, ElfError::NoSegment),
        (57, 1, ElfError::Truncated),
        (39, 0x80, ElfError::Truncated),
        (31, 0xd0, ElfError::EntryOutsideCode),
        (31, 0xb0, ElfError::EntryOutsideCode),
        // In the data.
        (25, 0x10, ElfError::EntryOutsideCode),
    ] {
        let mut file = good.clone();
        file[at] = value;
        assert_eq!(refusal(&file), expected, "byte {at} as {value:#x}");
    }
}

#[test]
fn segments_that_lie_are_refused_by_name() {
    let outside_file = refusal_with(|segments| segments[2].file = 0x301);
    assert_eq!(outside_file, ElfError::SegmentOutsideFile);
    let endless = refusal_with(|segments| segments[2].file = u64::MAX);
    assert_eq!(endless, ElfError::SegmentOutsideFile);
    let no_room = refusal_with(|segments| segments[2].length_in_memory = 0x3f);
    assert_eq!(no_room, ElfError::SegmentOutsideImage);
    let huge = refusal_with(|segments| segments[2].length_in_memory = 1 << 30);
    assert_eq!(huge, ElfError::SegmentOutsideImage);
    let beyond_all = refusal_with(|segments| segments[2].length_in_memory = u64::MAX);
    assert_eq!(beyond_all, ElfError::SegmentOutsideImage);
    let over_code = refusal_with(|segments| segments[2].address = BASE + 0x7f);
    assert_eq!(over_code, ElfError::Overlap);
    let before_code = refusal_with(|segments| segments[2].address = BASE - 1);
    assert_eq!(before_code, ElfError::Overlap);
    let too_many = refusal_with(|segments| {
        segments.clear();
        for index in 0..9 {
            segments.push(Segment {
                kind: 1,
                flags: CODE,
                file: 0,
                address: BASE + 0x100 * index,
                length_in_file: 1,
                length_in_memory: 0x100,
            });
        }
    });
    // Nine headers reach over what would be the code in the file, which nobody reads here.
    assert_eq!(too_many, ElfError::TooManySegments);
}

#[test]
fn no_cut_and_no_flipped_bit_panics_or_leaves_the_memory() {
    let good = kernel_of(&segments());
    for length in 0..good.len() {
        refusal(&good[..length]);
    }
    for at in 0..0x200 {
        for bit in 0..8 {
            let mut file = good.clone();
            file[at] ^= 1 << bit;
            if let Ok(image) = ElfImage::parse(&file)
                && image.size_bytes() < 1 << 20
            {
                let mut memory = vec![0; image.size_bytes()];
                image.place(&mut memory).unwrap();
            }
        }
    }
}
