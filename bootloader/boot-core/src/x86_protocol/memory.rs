//! The firmware's map of memory, and room in it (UEFI 2.10, section 7.2).

use core::ops::Range;

use super::{PAGE_BYTES, Room, field};

/// What a shell maps, address for address, for a kernel that it starts without the firmware.
pub const MAPPED_BYTES: u64 = 4 << 30;
/// The tables that do so: one of each upper level, and four of large pages.
pub const TABLES_BYTES: usize = 6 * TABLE_BYTES as usize;

const TABLE_BYTES: u64 = PAGE_BYTES;
const TABLE_ENTRIES: u64 = 512;
const LARGE_PAGE_BYTES: u64 = 2 << 20;
/// Of an entry: present and writable; and a large page, not a further table.
const IS_TABLE: u64 = 0b11;
const IS_PAGE: u64 = 0b1000_0011;

/// The processor's tables (Intel's manual, volume 3, section 4.5), entry by entry, for
/// memory at `address`.
pub fn identity_tables(address: u64) -> impl Iterator<Item = u64> {
    let table = move |number: u64| address.wrapping_add(number.wrapping_mul(TABLE_BYTES));
    let top = entries([table(1)]);
    let middle = entries([table(2), table(3), table(4), table(5)]);
    let pages = (0..MAPPED_BYTES).step_by(LARGE_PAGE_BYTES as usize);
    top.chain(middle).chain(pages.map(|page| page | IS_PAGE))
}

/// A table of tables.
fn entries<const COUNT: usize>(tables: [u64; COUNT]) -> impl Iterator<Item = u64> {
    let used = tables.into_iter().map(|table| table | IS_TABLE);
    used.chain(core::iter::repeat(0))
        .take(TABLE_ENTRIES as usize)
}

/// An entry of the map.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// `EFI_MEMORY_TYPE`
    pub memory_type: u32,
    /// Its first address.
    pub start: u64,
    /// So many pages of 4 KiB.
    pub pages: u64,
}

/// What the firmware says of its memory: entries of `descriptor_bytes` each.
pub fn regions(map: &[u8], descriptor_bytes: usize) -> impl Iterator<Item = Region> + Clone {
    // An entry of no length is no entry.
    map.chunks_exact(descriptor_bytes.max(1))
        .map_while(Region::parse)
}

/// What an operating system may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// Nobody uses it.
    Free,
    /// The firmware uses it for as long as it is there.
    Firmware,
    /// The loader and what it hands over.
    Loader,
    /// Not to be touched.
    Reserved,
    /// To be read.
    AcpiTables,
    AcpiNonVolatile,
    Broken,
    Persistent,
    /// This version of the standard does not know it.
    Unknown,
}

impl Region {
    /// Of an `EFI_MEMORY_DESCRIPTOR`, which may be longer.
    fn parse(descriptor: &[u8]) -> Option<Self> {
        Some(Self {
            memory_type: u32::from_le_bytes(field(descriptor, 0)?),
            start: u64::from_le_bytes(field(descriptor, 8)?),
            pages: u64::from_le_bytes(field(descriptor, 24)?),
        })
    }

    pub(super) fn span(&self) -> Range<u64> {
        let bytes = self.pages.saturating_mul(PAGE_BYTES);
        self.start..self.start.saturating_add(bytes)
    }

    /// What of it nobody uses any more when the firmware is gone, and the loader has done with
    /// `pages` of its own.
    pub(super) fn abandoned_with(&self, pages: &Range<u64>) -> Option<Range<u64>> {
        let span = self.span();
        match self.usage() {
            Usage::Free | Usage::Firmware => Some(span),
            Usage::Loader => {
                let common = span.start.max(pages.start)..span.end.min(pages.end);
                (!common.is_empty()).then_some(common)
            }
            _ => None,
        }
    }

    pub(super) fn usage(&self) -> Usage {
        match self.memory_type {
            1 | 2 => Usage::Loader,
            3 | 4 => Usage::Firmware,
            7 => Usage::Free,
            8 => Usage::Broken,
            9 => Usage::AcpiTables,
            10 => Usage::AcpiNonVolatile,
            14 => Usage::Persistent,
            0 | 5 | 6 | 11..=13 => Usage::Reserved,
            _ => Usage::Unknown,
        }
    }

    /// Whether an operating system takes it as its own.
    pub(super) fn is_memory(&self) -> bool {
        matches!(self.usage(), Usage::Free | Usage::Firmware | Usage::Loader)
    }
}

/// The lowest place for `room` in `spans` of memory. Those that touch are one where they come
/// one after the other.
pub(super) fn find_room(spans: impl Iterator<Item = Range<u64>>, room: Room) -> Option<u64> {
    let mut piece = 0..0;
    for span in spans {
        if span.start != piece.end {
            piece.start = span.start;
        }
        piece.end = span.end;
        let start = piece.start.max(room.lowest);
        let place = start.checked_next_multiple_of(room.alignment)?;
        let end = place.checked_add(room.bytes)?;
        if end <= piece.end {
            return Some(place);
        }
    }
    None
}
