//! Turns the loader for 32-bit ARM, an ELF program, into the PE32 file that UEFI starts.
//!
//! Rust's compiler makes PE files for UEFI on 64-bit processors, and has no such target for
//! 32-bit ARM. `bootloader/boot-uefi/arm.ld` links a position independent program of few
//! segments; here each becomes a section, and the words that hold an address become base
//! relocations (Microsoft's "PE Format"; ELF for the Arm Architecture, section 5.6). Not a
//! general converter: whatever a loader should not have is refused by name.

mod elf;
mod error;

pub(crate) use error::Pe32Error;

use elf::{PAGE_BYTES, Program, Segment};

const FILE_ALIGNMENT: usize = 512;
/// Everything in front of the first section.
const HEADERS_BYTES: usize = FILE_ALIGNMENT;

const DOS_HEADER_BYTES: usize = 64;
const SIGNATURE: &[u8] = b"PE\0\0";
/// `IMAGE_FILE_MACHINE_THUMB`: what UEFI calls 32-bit ARM (UEFI 2.10, section 2.1.1).
const MACHINE: u16 = 0x01c2;
/// A complete program, for a processor of 32 bits.
const CHARACTERISTICS: u16 = 0x0102;
const PE32_MAGIC: u16 = 0x010b;
const OPTIONAL_HEADER_BYTES: u16 = 96 + 8 * DIRECTORIES;
const DIRECTORIES: u16 = 16;
const RELOCATION_DIRECTORY: u16 = 5;
const EFI_APPLICATION: u16 = 10;
/// It runs anywhere, and never from memory that can be written.
const DLL_CHARACTERISTICS: u16 = 0x0140;

const CODE: u32 = 0x6000_0020;
const DATA: u32 = 0xc000_0040;
const RELOCATIONS: u32 = 0x4200_0040;
/// `IMAGE_REL_BASED_HIGHLOW`: a word of 32 bits.
const HIGH_LOW: u16 = 3;
const PAGE_MASK: u32 = PAGE_BYTES - 1;

/// The PE32 file of the program in `elf`.
pub(crate) fn pe32_of(elf: &[u8]) -> Result<Vec<u8>, Pe32Error> {
    let program = Program::parse(elf)?;
    let relocations = base_relocations(&program.relocated);
    let mut sections: Vec<_> = program.segments.iter().map(Section::of).collect();
    let end = program.segments.last().map_or(0, Segment::end);
    let relocations = Section {
        name: *b".reloc\0\0",
        address: end.next_multiple_of(PAGE_BYTES),
        memory_bytes: relocations.len() as u32,
        content: &relocations,
        characteristics: RELOCATIONS,
    };
    sections.push(relocations);
    let mut file = headers(&program, &sections);
    for section in &sections {
        file.extend_from_slice(section.content);
        pad(&mut file);
    }
    Ok(file)
}

/// A section: its bytes in the file, and its place in memory.
struct Section<'a> {
    name: [u8; 8],
    address: u32,
    memory_bytes: u32,
    content: &'a [u8],
    characteristics: u32,
}

impl<'a> Section<'a> {
    fn of(segment: &Segment<'a>) -> Self {
        let (name, characteristics) = match segment.is_code {
            true => (*b".text\0\0\0", CODE),
            false => (*b".data\0\0\0", DATA),
        };
        Self {
            name,
            address: segment.address,
            memory_bytes: segment.memory_bytes,
            content: segment.content,
            characteristics,
        }
    }

    fn file_bytes(&self) -> u32 {
        (self.content.len() as u32).next_multiple_of(FILE_ALIGNMENT as u32)
    }

    fn end(&self) -> u32 {
        self.address + self.memory_bytes
    }
}

/// One block for each page that has addresses in it, each a multiple of four bytes long.
fn base_relocations(relocated: &[u32]) -> Vec<u8> {
    let mut blocks = Vec::new();
    for page in relocated.chunk_by(|one, other| one & !PAGE_MASK == other & !PAGE_MASK) {
        let [first, ..] = page else { continue };
        let count = page.len().next_multiple_of(2);
        blocks.extend((first & !PAGE_MASK).to_le_bytes());
        blocks.extend((8 + 2 * count as u32).to_le_bytes());
        for address in page {
            let offset = (address & PAGE_MASK) as u16;
            blocks.extend((HIGH_LOW << 12 | offset).to_le_bytes());
        }
        blocks.resize(blocks.len().next_multiple_of(4), 0);
    }
    blocks
}

fn headers(program: &Program<'_>, sections: &[Section<'_>]) -> Vec<u8> {
    let mut bytes = vec![0; DOS_HEADER_BYTES];
    bytes[..2].copy_from_slice(b"MZ");
    bytes[0x3c] = DOS_HEADER_BYTES as u8;
    bytes.extend(SIGNATURE);
    bytes.extend(MACHINE.to_le_bytes());
    bytes.extend((sections.len() as u16).to_le_bytes());
    // No time, no symbols: the same loader has the same bytes.
    bytes.extend([0; 12]);
    bytes.extend(OPTIONAL_HEADER_BYTES.to_le_bytes());
    bytes.extend(CHARACTERISTICS.to_le_bytes());
    optional_header(&mut bytes, program, sections);
    let mut at = HEADERS_BYTES as u32;
    for section in sections {
        bytes.extend(section.name);
        for field in [
            section.memory_bytes,
            section.address,
            section.file_bytes(),
            at,
        ] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend([0; 12]);
        bytes.extend(section.characteristics.to_le_bytes());
        at += section.file_bytes();
    }
    pad(&mut bytes);
    bytes
}

fn optional_header(bytes: &mut Vec<u8>, program: &Program<'_>, sections: &[Section<'_>]) {
    let total = |kind| -> u32 {
        let of_kind = sections.iter().filter(|one| one.characteristics == kind);
        of_kind.map(Section::file_bytes).sum()
    };
    let first = |kind| {
        let mut of_kind = sections.iter().filter(|one| one.characteristics == kind);
        of_kind.next().map_or(0, |section| section.address)
    };
    let end = sections.last().map_or(0, Section::end);
    bytes.extend(PE32_MAGIC.to_le_bytes());
    // The linker's version.
    bytes.extend([0; 2]);
    for field in [
        total(CODE),
        total(DATA) + total(RELOCATIONS),
        // Variables without content are part of the data.
        0,
        program.entry,
        first(CODE),
        first(DATA),
        // The preferred address: as linked.
        0,
        PAGE_BYTES,
        FILE_ALIGNMENT as u32,
        // Versions of an operating system, of the image and of the subsystem, and a reserved word.
        0,
        0,
        0,
        0,
        end.next_multiple_of(PAGE_BYTES),
        HEADERS_BYTES as u32,
        // The checksum, which UEFI does not look at.
        0,
    ] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(EFI_APPLICATION.to_le_bytes());
    bytes.extend(DLL_CHARACTERISTICS.to_le_bytes());
    // Stack and heap, which are the firmware's affair, and flags.
    bytes.extend([0; 20]);
    bytes.extend(u32::from(DIRECTORIES).to_le_bytes());
    let relocations = sections
        .last()
        .map_or((0, 0), |section| (section.address, section.memory_bytes));
    for directory in 0..DIRECTORIES {
        let (address, length) = match directory {
            RELOCATION_DIRECTORY => relocations,
            _ => (0, 0),
        };
        bytes.extend(address.to_le_bytes());
        bytes.extend(length.to_le_bytes());
    }
}

fn pad(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(FILE_ALIGNMENT), 0);
}

#[cfg(test)]
mod tests;
