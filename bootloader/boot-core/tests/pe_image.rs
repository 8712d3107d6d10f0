//! Kernels as PE images: each header that lies has its own reason, and no header panics.

mod kernel;

use std::iter::once;

use boot_core::pe_image::{Machine, PeError, PeImage};
use kernel::{Kernel, OPTIONAL_HEADER, SECTION_TABLE};

fn refusal(file: &[u8]) -> PeError {
    PeImage::parse(file, Machine::X86_64).expect_err("refused")
}

#[test]
fn a_kernel_is_laid_out_as_its_headers_say() {
    let file = Kernel::x86_64().file();
    let image = PeImage::parse(&file, Machine::X86_64).unwrap();
    assert_eq!(image.size_bytes(), 0x4000);
    assert_eq!(image.alignment_bytes(), 0x1000);
    assert_eq!(image.entry_offset(), 0x1010);
    assert!(image.executable_spans().eq(once(0x1000..0x2000)));

    let mut memory = vec![0xff; image.size_bytes()];
    image.place(&mut memory).unwrap();
    assert_eq!(memory[..0x200], file[..0x200], "headers");
    assert!(memory[0x200..0x1000].iter().all(|&byte| byte == 0));
    assert_eq!(memory[0x1000..0x1400], file[0x200..0x600], "code");
    assert!(memory[0x1400..0x2000].iter().all(|&byte| byte == 0));
    assert_eq!(memory[0x2000..0x2100], file[0x600..0x700], "data");
    assert!(memory[0x2100..].iter().all(|&byte| byte == 0), "variables");
}

#[test]
fn kernels_of_the_other_processors_are_laid_out_too() {
    for (kernel, machine) in [
        (Kernel::aarch64(), Machine::Aarch64),
        (Kernel::arm(), Machine::Arm),
    ] {
        let file = kernel.file();
        let image = PeImage::parse(&file, machine).unwrap();
        let mut memory = vec![0xff; image.size_bytes()];
        image.place(&mut memory).unwrap();
        assert_eq!(memory[0x1000..0x1400], file[0x200..0x600]);
        let found = refusal(&file);
        assert!(matches!(found, PeError::Machine { .. }), "{found:?}");
    }
}

#[test]
fn a_kernel_that_does_not_claim_to_bear_less_is_executable_whole() {
    let mut file = Kernel::x86_64().file();
    file[OPTIONAL_HEADER + 71] = 0;
    let image = PeImage::parse(&file, Machine::X86_64).unwrap();
    assert!(image.executable_spans().eq(once(0..0x4000)));
}

#[test]
fn memory_of_another_size_is_refused() {
    let file = Kernel::x86_64().file();
    let image = PeImage::parse(&file, Machine::X86_64).unwrap();
    for size in [0, 0x3fff, 0x4001] {
        assert_eq!(image.place(&mut vec![0; size]), Err(PeError::Memory));
    }
}

/// Changes one field and names the reason.
#[test]
fn every_field_that_lies_has_its_own_reason() {
    let code = SECTION_TABLE;
    let data = SECTION_TABLE + 40;
    let table: &[(&str, usize, &[u8], PeError)] = &[
        ("first signature", 0, b"ZM", PeError::NotPe),
        ("second signature", 0x40, b"NE", PeError::NotPe),
        (
            "machine",
            0x44,
            &[0x4c, 0x01],
            PeError::Machine { found: 0x14c },
        ),
        (
            "sections",
            0x46,
            &[17],
            PeError::TooManySections { found: 17 },
        ),
        ("characteristics", 0x56, &[0x04], PeError::NotExecutable),
        (
            "optional header",
            OPTIONAL_HEADER,
            &[0x0b, 0x01],
            PeError::Form { found: 0x10b },
        ),
        (
            "entry in data",
            OPTIONAL_HEADER + 16,
            &[0, 0x20],
            PeError::EntryOutsideCode,
        ),
        (
            "entry in headers",
            OPTIONAL_HEADER + 16,
            &[0, 0],
            PeError::EntryOutsideCode,
        ),
        (
            "alignment",
            OPTIONAL_HEADER + 32,
            &[3, 0, 0, 0],
            PeError::Alignment { found: 3 },
        ),
        (
            "no alignment",
            OPTIONAL_HEADER + 32,
            &[0; 4],
            PeError::Alignment { found: 0 },
        ),
        (
            "huge alignment",
            OPTIONAL_HEADER + 32,
            &[0, 0, 0x40, 0],
            PeError::Alignment { found: 4 << 20 },
        ),
        (
            "size",
            OPTIONAL_HEADER + 56,
            &[0, 0x21, 0, 0],
            PeError::SectionOutsideImage,
        ),
        (
            "tiny size",
            OPTIONAL_HEADER + 56,
            &[0, 0x01, 0, 0],
            PeError::SectionOutsideImage,
        ),
        (
            "headers' size",
            OPTIONAL_HEADER + 60,
            &[0, 0, 1, 0],
            PeError::Truncated,
        ),
        (
            "tiny headers",
            OPTIONAL_HEADER + 60,
            &[0x40, 0, 0, 0],
            PeError::Truncated,
        ),
        (
            "subsystem",
            OPTIONAL_HEADER + 68,
            &[3],
            PeError::Subsystem { found: 3 },
        ),
        (
            "relocations",
            OPTIONAL_HEADER + 156,
            &[12],
            PeError::Relocations,
        ),
        (
            "section in headers",
            code + 12,
            &[0, 1, 0, 0],
            PeError::Overlap,
        ),
        (
            "sections overlap",
            data + 12,
            &[0, 0x1f, 0, 0],
            PeError::Overlap,
        ),
        (
            "code outside file",
            code + 20,
            &[0, 0, 1, 0],
            PeError::SectionOutsideFile,
        ),
        (
            "file offset overflows",
            code + 20,
            &[0xff; 4],
            PeError::SectionOutsideFile,
        ),
        (
            "data outside image",
            data + 8,
            &[0xff; 4],
            PeError::SectionOutsideImage,
        ),
        (
            "code not executable",
            code + 39,
            &[0x40],
            PeError::EntryOutsideCode,
        ),
    ];
    for (name, offset, bytes, expected) in table {
        let mut file = Kernel::x86_64().file();
        file[*offset..*offset + bytes.len()].copy_from_slice(bytes);
        assert_eq!(refusal(&file), *expected, "{name}");
    }
}

#[test]
fn a_fixed_address_is_refused_and_a_preferred_one_is_not() {
    let mut file = Kernel::x86_64().file();
    file[OPTIONAL_HEADER + 24 + 6] = 1;
    assert!(PeImage::parse(&file, Machine::X86_64).is_ok());
    file[0x56] |= 1;
    assert_eq!(refusal(&file), PeError::FixedAddress);
}

#[test]
fn every_truncation_is_refused() {
    let file = Kernel::x86_64().file();
    for length in 0..file.len() {
        let found = refusal(&file[..length]);
        let expected = match length {
            0..2 => found == PeError::NotPe,
            2..0x200 => matches!(found, PeError::Truncated | PeError::NotPe),
            _ => found == PeError::SectionOutsideFile,
        };
        assert!(expected, "{length} bytes: {found:?}");
    }
}

/// Whatever the headers say, the parser answers, and what it accepts stays inside.
#[test]
fn no_flipped_bits_panic() {
    let good = Kernel::x86_64().file();
    let mut refused = 0;
    for at in 0..0x200 {
        for bit in 0..8 {
            for other in [None, Some(SECTION_TABLE + 11), Some(OPTIONAL_HEADER + 59)] {
                let mut file = good.clone();
                file[at] ^= 1 << bit;
                if let Some(other) = other {
                    file[other] ^= 0x80;
                }
                match PeImage::parse(&file, Machine::X86_64) {
                    Ok(image) if image.size_bytes() <= 1 << 20 => {
                        image.place(&mut vec![0; image.size_bytes()]).unwrap();
                        assert!(
                            image
                                .executable_spans()
                                .all(|span| span.end <= image.size_bytes())
                        );
                    }
                    Ok(_) => {}
                    Err(_) => refused += 1,
                }
            }
        }
    }
    assert!(refused > 2000, "only {refused} were refused");
}
