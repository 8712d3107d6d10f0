//! Tells a reset from a loss of power: a mark in memory outlasts the one and not the other.
//!
//! The mark lies in a page of its own at an address that the board's file names: memory
//! that neither firmware nor kernel use. It is reserved, so that the kernel leaves it alone,
//! and holds nothing of worth: a wrong mark makes a record wrong, and no image boot that
//! would not boot otherwise.
#![expect(unsafe_code, reason = "reads and writes memory at a fixed address")]

use core::ptr::NonNull;

use uefi::boot::{self, AllocateType, MemoryType};

/// Random, so that no other content of memory looks like it.
const MARK: [u64; 4] = [
    0x8d2f_61b7_0e4c_93a5,
    0x17c6_5ad8_f230_4be9,
    0xb354_9e0f_72a1_c86d,
    0x60eb_47f9_1d85_2c3a,
];

/// What the memory remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// A loader ran here before, and the power stayed on since.
    Kept,
    /// Nothing.
    Lost,
}

/// Looks for the mark of the boot before, and leaves one for the next. `None` when the
/// firmware does not give that page.
pub(crate) fn renew(address: u64) -> Option<Memory> {
    let page =
        boot::allocate_pages(AllocateType::Address(address), MemoryType::RESERVED, 1).ok()?;
    Some(renew_at(page.cast()))
}

fn renew_at(mark: NonNull<[u64; MARK.len()]>) -> Memory {
    // SAFETY: the firmware has just given us this page, which is larger than the mark and
    // aligned to more; any content is a valid array of numbers. It is never given back.
    let found = unsafe { mark.read_volatile() };
    // SAFETY: as above.
    unsafe { mark.write_volatile(MARK) };
    if found == MARK {
        Memory::Kept
    } else {
        Memory::Lost
    }
}
