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
    /// What the firmware gave, which may begin before `start`.
    allocation: NonNull<u8>,
    count: usize,
}

impl Pages {
    /// `length_bytes` of any content; `None` when the firmware has not that much left.
    pub(crate) fn allocate(length_bytes: usize) -> Option<Self> {
        Self::allocate_aligned(MemoryType::LOADER_DATA, length_bytes, PAGE_SIZE)
    }

    /// The same below the address `limit`.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn allocate_below(limit: u64, length_bytes: usize) -> Option<Self> {
        let count = length_bytes.max(1).div_ceil(PAGE_SIZE);
        let place = AllocateType::MaxAddress(limit.saturating_sub(1));
        let allocation = boot::allocate_pages(place, MemoryType::LOADER_DATA, count).ok()?;
        Some(Self {
            start: allocation,
            length_bytes,
            allocation,
            count,
        })
    }

    /// As [`allocate`](Self::allocate), of a certain type and at a multiple of
    /// `alignment_bytes`, a power of two.
    pub(crate) fn allocate_aligned(
        memory_type: MemoryType,
        length_bytes: usize,
        alignment_bytes: usize,
    ) -> Option<Self> {
        // The firmware aligns to pages; for more, the start is moved within some slack.
        let slack_bytes = alignment_bytes.saturating_sub(PAGE_SIZE);
        let count = length_bytes
            .max(1)
            .checked_add(slack_bytes)?
            .div_ceil(PAGE_SIZE);
        let allocation = boot::allocate_pages(AllocateType::AnyPages, memory_type, count).ok()?;
        let address = allocation.as_ptr().addr();
        let skipped = address
            .checked_next_multiple_of(alignment_bytes)?
            .checked_sub(address)?;
        // SAFETY: less than `alignment_bytes` is skipped, so no more than the slack, and
        // behind it are `length_bytes` that the firmware has just given us.
        let start = unsafe { allocation.add(skipped) };
        Some(Self {
            start,
            length_bytes,
            allocation,
            count,
        })
    }
}

impl AsRef<[u8]> for Pages {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `length_bytes` bytes from `start` are ours until drop, and hold what the
        // firmware left there, which was written; `&self` forbids a mutable twin.
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
        // SAFETY: these are the pages that the firmware gave, freed once; borrows
        // of them ended before drop. If the firmware refuses, they stay lost.
        let _ = unsafe { boot::free_pages(self.allocation, self.count) };
    }
}
