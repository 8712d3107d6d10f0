//! Tells a reset from a loss of power: a page of memory that holds anything after the one,
//! and zeros after the other. A hypervisor gives memory to a machine only when it is zero.
//!
//! No page is out of Linux's reach on POWER, so it is one that the kernel's code lies over
//! once it runs: that outlasts the reset, too. Before, the loader leaves a mark there. It
//! holds nothing of worth: a wrong mark makes a record wrong, and no image boot that would
//! not boot otherwise.
#![expect(unsafe_code, reason = "reads and writes memory at a fixed address")]

use core::ptr;

use crate::client_interface;

const WORDS: usize = 1024;
const MARK: u32 = 0x8d2f_61b7;

/// What the memory remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// A loader ran here before, and the power stayed on since.
    Kept,
    /// Nothing.
    Lost,
}

/// Looks at the page and leaves a mark for the next boot. `None` when the firmware does
/// not give that page.
pub(crate) fn renew(address: usize) -> Option<Memory> {
    let length_bytes = WORDS.checked_mul(size_of::<u32>())?;
    if !address.is_multiple_of(length_bytes) || !client_interface::claim(address, length_bytes) {
        return None;
    }
    let page = ptr::with_exposed_provenance_mut::<[u32; WORDS]>(address);
    // SAFETY: the firmware has just given us this page, which is as long as the array and
    // aligned to more; any content is a valid array of numbers.
    let found = unsafe { page.read_volatile() };
    // SAFETY: as above.
    unsafe { page.cast::<u32>().write_volatile(MARK) };
    // The kernel has to be able to lie over it.
    // SAFETY: this is what was claimed, and nothing refers to it any more.
    unsafe { client_interface::release(address, length_bytes) };
    if found.iter().any(|word| *word != 0) {
        Some(Memory::Kept)
    } else {
        Some(Memory::Lost)
    }
}
