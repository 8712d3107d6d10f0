//! Memory for kernels, initrds and buffers: whole pages from the firmware, of
//! the type that an operating system takes over as its own.
//!
//! The loader has no heap: everything else is of a fixed size.
#![expect(unsafe_code, reason = "owns pages of the firmware's allocator")]

use core::ptr::NonNull;
use core::slice;

use uefi::boot::{self, AllocateType, MemoryType, PAGE_SIZE};

/// Page-aligned bytes, given back to the firmware when dropped.
pub(crate) struct Pages {
    start: NonNull<u8>,
    length_bytes: usize,
    count: usize,
}

impl Pages {
    /// `length_bytes` zeros; `None` when the firmware has not that much left.
    pub(crate) fn allocate(length_bytes: usize) -> Option<Self> {
        let count = length_bytes.div_ceil(PAGE_SIZE).max(1);
        let start =
            boot::allocate_pages(AllocateType::AnyPages, MemoryType::LOADER_DATA, count).ok()?;
        // SAFETY: the firmware has just given us `count` pages from `start`, and
        // `length_bytes` is not more. A `u8` has no alignment to keep.
        unsafe { start.write_bytes(0, length_bytes) };
        Some(Self {
            start,
            length_bytes,
            count,
        })
    }
}

impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `length_bytes` bytes from `start` are ours until drop and were
        // initialised by `allocate`; `&self` forbids a mutable twin.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length_bytes) }
    }
}

impl AsMut<[u8]> for Pages {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_ref`, and `&mut self` forbids any twin.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length_bytes) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: these are the pages that `allocate` got, freed once; borrows
        // of them ended before drop. If the firmware refuses, they stay lost.
        let _ = unsafe { boot::free_pages(self.start, self.count) };
    }
}
