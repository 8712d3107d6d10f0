//! Memory for kernels, initrds and buffers, claimed from the firmware.
//!
//! Where it lies matters: the kernel moves itself to address 0 before it looks at its
//! initrd, so everything that must outlive that lies above. The firmware's own choice is
//! the smallest gap, which may be right there; so the loader names addresses.
//!
//! The loader has no heap: everything else is of a fixed size.
#![expect(unsafe_code, reason = "owns memory of the firmware's allocator")]

use core::ops::Range;
use core::ptr::{self, NonNull};
use core::slice;

use crate::client_interface;

/// Where kernels are put, to begin to run.
pub(crate) const KERNEL_ROOM: Range<usize> = 32 * MEBIBYTE..128 * MEBIBYTE;
/// Where all else is put. Linux runs in the first 768 MiB while it still uses the firmware.
const ROOM: Range<usize> = 128 * MEBIBYTE..768 * MEBIBYTE;

const MEBIBYTE: usize = 1 << 20;
const PAGE_BYTES: usize = 4096;

/// Page-aligned bytes, given back to the firmware when dropped.
pub(crate) struct Memory {
    start: NonNull<u8>,
    length_bytes: usize,
    claimed_bytes: usize,
}

impl Memory {
    /// `length_bytes` zeros; `None` when there is not that much left.
    pub(crate) fn allocate(length_bytes: usize) -> Option<Self> {
        Self::allocate_in(ROOM, length_bytes)
    }

    /// As [`allocate`](Self::allocate), at the lowest free mebibyte in `room`.
    pub(crate) fn allocate_in(room: Range<usize>, length_bytes: usize) -> Option<Self> {
        let claimed_bytes = length_bytes.max(1).checked_next_multiple_of(PAGE_BYTES)?;
        let last = room.end.checked_sub(claimed_bytes)?;
        let start = (room.start..=last)
            .step_by(MEBIBYTE)
            .find(|start| client_interface::claim(*start, claimed_bytes))?;
        let start = NonNull::new(ptr::with_exposed_provenance_mut::<u8>(start))?;
        // SAFETY: the firmware has just given us these bytes.
        unsafe { start.write_bytes(0, length_bytes) };
        Some(Self {
            start,
            length_bytes,
            claimed_bytes,
        })
    }
}

impl AsRef<[u8]> for Memory {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `length_bytes` bytes from `start` are ours until drop and were
        // initialised by `allocate_in`; `&self` forbids a mutable twin.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length_bytes) }
    }
}

impl AsMut<[u8]> for Memory {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_ref`, and `&mut self` forbids any twin.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length_bytes) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: this is what was claimed, released once; borrows of it ended before drop.
        unsafe { client_interface::release(self.start.as_ptr().addr(), self.claimed_bytes) };
    }
}
