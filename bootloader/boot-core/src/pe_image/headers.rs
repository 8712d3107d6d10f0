//! The headers of a PE file, as far as a kernel needs them (PE Format: "MS-DOS Stub",
//! "COFF File Header", "Optional Header").

use super::{MAX_SECTIONS, PeError};

/// Where the file says where its signature is.
const SIGNATURE_OFFSET_AT: usize = 0x3c;
const DOS_MAGIC: &[u8] = b"MZ";
const SIGNATURE: &[u8] = b"PE\0\0";
/// Behind the signature, the COFF header; behind that, the optional one.
const COFF_HEADER_BYTES: usize = 20;
const SECTION_HEADER_BYTES: usize = 40;

const RELOCATIONS_STRIPPED: u16 = 0x0001;
const EXECUTABLE_IMAGE: u16 = 0x0002;
const EFI_APPLICATION: u16 = 10;
const NX_COMPATIBLE: u16 = 0x0100;
/// The base relocation table is the sixth of the data directories, of eight bytes each.
const RELOCATION_DIRECTORY: u32 = 5;
const DIRECTORY_BYTES: usize = 8;
/// The largest that x86 and ARM kernels have; more would only waste memory.
const MAX_ALIGNMENT_BYTES: u32 = 2 << 20;

/// A processor that kernels are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// `IMAGE_FILE_MACHINE_AMD64`
    X86_64,
    /// `IMAGE_FILE_MACHINE_ARM64`
    Aarch64,
    /// `IMAGE_FILE_MACHINE_THUMB`, which 32-bit ARM kernels carry.
    Arm,
}

impl Machine {
    fn number(self) -> u16 {
        match self {
            Self::X86_64 => 0x8664,
            Self::Aarch64 => 0xaa64,
            Self::Arm => 0x01c2,
        }
    }

    fn form(self) -> Form {
        match self {
            Self::X86_64 | Self::Aarch64 => Form::Pe32Plus,
            Self::Arm => Form::Pe32,
        }
    }
}

/// The two forms of the optional header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Pe32,
    Pe32Plus,
}

impl Form {
    fn magic(self) -> u16 {
        match self {
            Self::Pe32 => 0x10b,
            Self::Pe32Plus => 0x20b,
        }
    }

    /// Where the number of data directories stands; they begin behind it.
    fn directory_count_at(self) -> usize {
        match self {
            Self::Pe32 => 92,
            Self::Pe32Plus => 108,
        }
    }

    fn image_base(self, optional: &[u8]) -> Result<u64, PeError> {
        match self {
            Self::Pe32 => Ok(u32_at(optional, 28)?.into()),
            Self::Pe32Plus => {
                let (low, high) = (u32_at(optional, 24)?, u32_at(optional, 28)?);
                Ok(u64::from(high) << 32 | u64::from(low))
            }
        }
    }
}

/// What the headers say, checked as far as they can be without the sections.
#[derive(Clone, Debug)]
pub(super) struct Headers {
    pub(super) image_bytes: usize,
    pub(super) headers_bytes: usize,
    pub(super) alignment_bytes: usize,
    pub(super) entry_offset: usize,
    pub(super) is_nx_compatible: bool,
    /// Where the section headers begin and end in the file.
    pub(super) section_table: core::ops::Range<usize>,
}

impl Headers {
    pub(super) fn parse(file: &[u8], machine: Machine) -> Result<Self, PeError> {
        let coff = find_coff_header(file)?;
        let found = u16_at(coff, 0)?;
        if found != machine.number() {
            return Err(PeError::Machine { found });
        }
        let section_count = u16_at(coff, 2)?;
        if usize::from(section_count) > MAX_SECTIONS {
            return Err(PeError::TooManySections {
                found: section_count,
            });
        }
        let characteristics = u16_at(coff, 18)?;
        if characteristics & EXECUTABLE_IMAGE == 0 {
            return Err(PeError::NotExecutable);
        }
        let rest = coff.get(COFF_HEADER_BYTES..).ok_or(PeError::Truncated)?;
        let optional_bytes = usize::from(u16_at(coff, 16)?);
        let optional = rest.get(..optional_bytes).ok_or(PeError::Truncated)?;
        check_addresses(optional, machine.form(), characteristics)?;
        let found = u16_at(optional, 68)?;
        if found != EFI_APPLICATION {
            return Err(PeError::Subsystem { found });
        }
        let section_table = section_table(file, rest, optional_bytes, section_count)?;
        let headers = Self {
            image_bytes: length_at(optional, 56)?,
            headers_bytes: length_at(optional, 60)?,
            alignment_bytes: alignment(optional)?,
            entry_offset: length_at(optional, 16)?,
            is_nx_compatible: u16_at(optional, 70)? & NX_COMPATIBLE != 0,
            section_table,
        };
        // The headers come along into memory, the section table among them.
        if headers.headers_bytes > file.len() || headers.headers_bytes < headers.section_table.end {
            return Err(PeError::Truncated);
        }
        if headers.headers_bytes > headers.image_bytes {
            return Err(PeError::SectionOutsideImage);
        }
        Ok(headers)
    }
}

/// From the COFF header on.
fn find_coff_header(file: &[u8]) -> Result<&[u8], PeError> {
    if !file.starts_with(DOS_MAGIC) {
        return Err(PeError::NotPe);
    }
    let offset = length_at(file, SIGNATURE_OFFSET_AT)?;
    let signed = file.get(offset..).ok_or(PeError::Truncated)?;
    signed.strip_prefix(SIGNATURE).ok_or(PeError::NotPe)
}

/// It must be able to run anywhere, as it is.
fn check_addresses(optional: &[u8], form: Form, characteristics: u16) -> Result<(), PeError> {
    let found = u16_at(optional, 0)?;
    if found != form.magic() {
        return Err(PeError::Form { found });
    }
    if characteristics & RELOCATIONS_STRIPPED != 0 && form.image_base(optional)? != 0 {
        return Err(PeError::FixedAddress);
    }
    let count_at = form.directory_count_at();
    if u32_at(optional, count_at)? > RELOCATION_DIRECTORY {
        // Directories begin four bytes behind their count; the length is the second half.
        let skipped = DIRECTORY_BYTES.saturating_mul(RELOCATION_DIRECTORY as usize);
        let length_at = count_at.saturating_add(8).saturating_add(skipped);
        if u32_at(optional, length_at)? != 0 {
            return Err(PeError::Relocations);
        }
    }
    Ok(())
}

fn alignment(optional: &[u8]) -> Result<usize, PeError> {
    let found = u32_at(optional, 32)?;
    if !found.is_power_of_two() || found > MAX_ALIGNMENT_BYTES {
        return Err(PeError::Alignment { found });
    }
    length_at(optional, 32)
}

/// Where the section headers stand: behind the optional header.
fn section_table(
    file: &[u8],
    behind_coff: &[u8],
    optional_bytes: usize,
    count: u16,
) -> Result<core::ops::Range<usize>, PeError> {
    let table = behind_coff
        .get(optional_bytes..)
        .ok_or(PeError::Truncated)?;
    let start = file.len().saturating_sub(table.len());
    let end = start.saturating_add(usize::from(count).saturating_mul(SECTION_HEADER_BYTES));
    if end > file.len() {
        return Err(PeError::Truncated);
    }
    Ok(start..end)
}

pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, PeError> {
    let field = bytes.get(offset..).and_then(<[u8]>::first_chunk);
    field
        .map(|field| u16::from_le_bytes(*field))
        .ok_or(PeError::Truncated)
}

pub(super) fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, PeError> {
    let field = bytes.get(offset..).and_then(<[u8]>::first_chunk);
    field
        .map(|field| u32::from_le_bytes(*field))
        .ok_or(PeError::Truncated)
}

/// A length or offset of 32 bits.
pub(super) fn length_at(bytes: &[u8], offset: usize) -> Result<usize, PeError> {
    usize::try_from(u32_at(bytes, offset)?).map_err(|_| PeError::SectionOutsideImage)
}
