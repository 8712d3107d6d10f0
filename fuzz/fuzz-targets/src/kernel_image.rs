//! The kernel as a PE image, for every processor.
//!
//! Whatever is accepted begins to run in executable memory of its own, names spans inside
//! its memory, and is laid out without an error: the headers at its start, zeros behind the
//! last section. (That nothing is written outside is what slices are for.)

use crate::{Answer, Seed, Target};
use boot_core::pe_image::{Machine, PeError, PeImage};

pub(crate) const TARGET: Target = Target {
    name: "kernel_image",
    about: "the kernel as a PE image",
    max_bytes: 64 << 10,
    run,
    seeds,
};

/// Larger images are not laid out here: that would only take time.
const MAX_PLACED_BYTES: usize = 64 << 10;

fn run(file: &[u8]) -> Answer {
    let mut answer = Answer::Refused;
    for machine in [Machine::X86_64, Machine::Aarch64, Machine::Arm] {
        if let Ok(image) = PeImage::parse(file, machine) {
            check(&image, file);
            answer = Answer::Accepted;
        }
    }
    answer
}

fn check(image: &PeImage<'_>, file: &[u8]) {
    assert!(image.alignment_bytes().is_power_of_two());
    let spans: Vec<_> = image.executable_spans().collect();
    for span in &spans {
        assert!(span.start <= span.end && span.end <= image.size_bytes());
    }
    let entry = image.entry_offset();
    assert!(spans.iter().any(|span| span.contains(&entry)));
    if image.size_bytes() > MAX_PLACED_BYTES {
        return;
    }
    let mut memory = vec![0xaa; image.size_bytes()];
    assert_eq!(image.place(&mut memory), Ok(()));
    assert!(memory.starts_with(&file[..2]), "the headers come along");
    let mut again = vec![0x55; image.size_bytes()];
    assert_eq!(image.place(&mut again), Ok(()));
    assert!(memory == again, "a byte was left as it was");
    memory.push(0);
    assert_eq!(image.place(&mut memory), Err(PeError::Memory));
}

fn seeds() -> Vec<Seed> {
    vec![
        ("x86_64", kernel(0x8664, 0x20b, 108)),
        ("aarch64", kernel(0xaa64, 0x20b, 108)),
        ("arm", kernel(0x01c2, 0x10b, 92)),
    ]
}

/// 0x200 bytes of headers, 0x40 of code, 0x20 of data with room behind: as small as the
/// form allows, so that every bit of it can be flipped.
fn kernel(machine: u16, magic: u16, directory_count_at: usize) -> Vec<u8> {
    const OPTIONAL_HEADER: usize = 0x58;
    let optional_bytes = directory_count_at + 4 + 6 * 8;
    let mut file = vec![0_u8; 0x260];
    file[0x200..].fill(0x90);
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &[0x40]);
    put(0x40, b"PE\0\0");
    put(0x44, &machine.to_le_bytes());
    put(0x46, &[2]);
    put(0x54, &[optional_bytes as u8]);
    put(0x56, &[0x06, 0x02]);
    put(OPTIONAL_HEADER, &magic.to_le_bytes());
    for (offset, value) in [
        (16, 0x1010_u32),
        (32, 0x1000),
        (36, 0x200),
        (56, 0x3000),
        (60, 0x200),
        (68, 10 | 0x100 << 16),
        (directory_count_at, 6),
    ] {
        put(OPTIONAL_HEADER + offset, &value.to_le_bytes());
    }
    let sections = [
        [0x1000_u32, 0x1000, 0x40, 0x200, 0x6000_0020],
        [0x1000, 0x2000, 0x20, 0x240, 0xc000_0040],
    ];
    for (index, fields) in sections.into_iter().enumerate() {
        let at = OPTIONAL_HEADER + optional_bytes + 40 * index;
        for (field, value) in [8, 12, 16, 20, 36].into_iter().zip(fields) {
            put(at + field, &value.to_le_bytes());
        }
    }
    file
}
