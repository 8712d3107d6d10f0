//! The kernel as an ELF file, for POWER.
//!
//! Whatever is accepted begins to run inside its memory, and is laid out without an error,
//! every byte of it. (That nothing is written outside is what slices are for.)

use crate::{Answer, Seed, Target};
use boot_core::elf_image::{ElfError, ElfImage, MAX_IMAGE_BYTES};

pub(crate) const TARGET: Target = Target {
    name: "kernel_elf",
    about: "the kernel as an ELF file",
    max_bytes: 4 << 10,
    run,
    seeds,
};

/// Larger images are not laid out here: that would only take time.
const MAX_PLACED_BYTES: usize = 64 << 10;

fn run(file: &[u8]) -> Answer {
    let Ok(image) = ElfImage::parse(file) else {
        return Answer::Refused;
    };
    assert!(image.size_bytes() as u64 <= MAX_IMAGE_BYTES);
    assert!(image.entry_offset() < image.size_bytes());
    if image.size_bytes() <= MAX_PLACED_BYTES {
        let mut memory = vec![0xaa; image.size_bytes()];
        assert_eq!(image.place(&mut memory), Ok(()));
        let mut again = vec![0x55; image.size_bytes()];
        assert_eq!(image.place(&mut again), Ok(()));
        assert!(memory == again, "a byte was left as it was");
        memory.push(0);
        assert_eq!(image.place(&mut memory), Err(ElfError::Memory));
    }
    Answer::Accepted
}

fn seeds() -> Vec<Seed> {
    vec![("code-and-data", kernel())]
}

/// 0x20 bytes of code and 0x10 of data with room behind, right behind the headers: as small
/// as the form allows, so that every bit of it can be flipped.
fn kernel() -> Vec<u8> {
    const BASE: u64 = 0xc000_0000_0000_0000;
    const HEADERS: u64 = 64 + 2 * 56;
    let mut file = vec![0xc0; 64 + 2 * 56 + 0x30];
    file[..64 + 2 * 56].fill(0);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"\x7fELF\x02\x01\x01");
    put(16, &[3, 0, 21, 0]);
    put(24, &(BASE + 4).to_le_bytes());
    put(32, &[64]);
    put(54, &[56, 0, 2]);
    let segments = [
        (5_u8, [HEADERS, BASE, BASE, 0x20, 0x20]),
        (6, [HEADERS + 0x20, BASE + 0x100, BASE + 0x100, 0x10, 0x40]),
    ];
    for (index, (flags, fields)) in segments.into_iter().enumerate() {
        let at = 64 + 56 * index;
        put(at, &[1, 0, 0, 0, flags]);
        for (offset, value) in (8..).step_by(8).zip(fields) {
            put(at + offset, &value.to_le_bytes());
        }
    }
    file
}
