//! Linux's own boot protocol on x86_64: how a kernel starts without its EFI stub (Linux,
//! `Documentation/arch/x86/boot.rst`, "64-bit Boot Protocol", and `zero-page.rst`).
//!
//! The stub unpacks the kernel while the firmware is there, and for that needs memory that
//! the firmware has free in one piece. On a small machine there is none: where it has not
//! what it needs, Linux 6.1 unpacks over the firmware. Once the firmware is gone, most of
//! its memory is free as well. A shell asks [`X86Kernel::stub_has_room`], with the kernel's
//! bytes after they were verified, and starts a kernel for which there is none as is told
//! here.

mod memory;
mod zero_page;

pub use memory::{MAPPED_BYTES, Region, TABLES_BYTES, identity_tables, regions};
pub use zero_page::{Handover, ZERO_PAGE_BYTES};

use core::ops::Range;
use memory::{Usage, find_room};

/// Where a kernel begins to run, counted from the start of its code.
pub const ENTRY_OFFSET: u64 = 0x200;

const SECTOR_BYTES: usize = 512;
/// Of the setup header: its fields by their place in the file.
const SETUP_SECTORS_AT: usize = 0x1f1;
const HEADER_LENGTH_AT: usize = 0x201;
const MAGIC_AT: usize = 0x202;
const MAGIC: &[u8] = b"HdrS";
const VERSION_AT: usize = 0x206;
const ALIGNMENT_AT: usize = 0x230;
const IS_RELOCATABLE_AT: usize = 0x234;
const FLAGS_AT: usize = 0x236;
const PREFERRED_ADDRESS_AT: usize = 0x258;
const NEEDED_BYTES_AT: usize = 0x260;
/// The first version with the flags.
const LEAST_VERSION: u16 = 0x020c;
/// `XLF_KERNEL_64`: it has an entry for 64 bits.
const HAS_64_BIT_ENTRY: u16 = 1;
/// What a file means that says zero.
const DEFAULT_SETUP_SECTORS: usize = 4;
/// Firmware counts memory in so much.
const PAGE_BYTES: u64 = 4096;

/// A kernel that can be started in this way.
#[derive(Clone, Copy, Debug)]
pub struct X86Kernel<'a> {
    header: &'a [u8],
    code: &'a [u8],
    file_bytes: u64,
    room: Room,
}

/// What a kernel unpacks itself into.
#[derive(Clone, Copy, Debug)]
struct Room {
    bytes: u64,
    alignment: u64,
    lowest: u64,
}

impl<'a> X86Kernel<'a> {
    /// Parses the setup header of `file`. `None` when only its stub, if that, can start it.
    #[must_use]
    pub fn parse(file: &'a [u8]) -> Option<Self> {
        let magic = file.get(MAGIC_AT..)?.starts_with(MAGIC);
        let version = u16::from_le_bytes(field(file, VERSION_AT)?);
        let flags = u16::from_le_bytes(field(file, FLAGS_AT)?);
        let [is_relocatable] = field(file, IS_RELOCATABLE_AT)?;
        if !magic || version < LEAST_VERSION || flags & HAS_64_BIT_ENTRY == 0 || is_relocatable == 0
        {
            return None;
        }
        let alignment = u64::from(u32::from_le_bytes(field(file, ALIGNMENT_AT)?));
        if !alignment.is_power_of_two() || alignment < PAGE_BYTES {
            return None;
        }
        // The stub rounds up what it takes.
        let needed = u64::from(u32::from_le_bytes(field(file, NEEDED_BYTES_AT)?));
        let bytes = needed.checked_next_multiple_of(alignment)?;
        let code = file.get(setup_bytes(file)?..)?;
        if code.len() as u64 <= ENTRY_OFFSET || code.len() as u64 > bytes {
            return None;
        }
        Some(Self {
            header: file.get(header_span(file)?)?,
            code,
            file_bytes: file.len() as u64,
            room: Room {
                bytes,
                alignment,
                lowest: u64::from_le_bytes(field(file, PREFERRED_ADDRESS_AT)?),
            },
        })
    }

    /// What is to be copied to where the kernel shall be.
    #[must_use]
    pub fn code(&self) -> &'a [u8] {
        self.code
    }

    /// Where it can be at the lowest: what is kept is best kept below.
    #[must_use]
    pub fn lowest_place(&self) -> u64 {
        self.room.lowest
    }

    /// Whether its stub finds what it needs in the firmware's map of memory, as it is now.
    #[must_use]
    pub fn stub_has_room(&self, map: impl Iterator<Item = Region>) -> bool {
        let free = map.filter(|region| region.usage() == Usage::Free);
        find_room(free.map(|region| region.span()), self.room).is_some()
    }

    /// Where it can be when the firmware is gone: the lowest place that is right for it, with
    /// nothing of the loader's in it but its own file, which begins at `file`. Its code is
    /// to be copied there from the first byte to the last. `None` where there is none, or
    /// where some memory is beyond [`MAPPED_BYTES`].
    #[must_use]
    pub fn place(&self, map: impl Iterator<Item = Region> + Clone, file: u64) -> Option<u64> {
        let mut memory = map.clone().filter(Region::is_memory);
        if memory.any(|region| region.span().end > MAPPED_BYTES) {
            return None;
        }
        let end = file.checked_add(self.file_bytes)?;
        let pages = file..end.checked_next_multiple_of(PAGE_BYTES)?;
        let abandoned = map.filter_map(|region| region.abandoned_with(&pages));
        // A place in the midst of the code would be written over what is to be read.
        let code = end.checked_sub(self.code.len() as u64)?..end;
        find_room(abandoned, self.room).filter(|place| !code.contains(place))
    }
}

/// From the start of the file to the kernel's code.
fn setup_bytes(file: &[u8]) -> Option<usize> {
    let [sectors] = field(file, SETUP_SECTORS_AT)?;
    let sectors = match sectors {
        0 => DEFAULT_SETUP_SECTORS,
        sectors => sectors.into(),
    };
    sectors.checked_add(1)?.checked_mul(SECTOR_BYTES)
}

/// Where the setup header lies, in the file and in the zero page.
fn header_span(file: &[u8]) -> Option<Range<usize>> {
    let [length] = field(file, HEADER_LENGTH_AT)?;
    Some(SETUP_SECTORS_AT..MAGIC_AT.checked_add(length.into())?)
}

fn field<const BYTES: usize>(file: &[u8], at: usize) -> Option<[u8; BYTES]> {
    file.get(at..)?.first_chunk().copied()
}
