//! Cuts a transfer at any byte offset into the block requests that a
//! firmware's disk understands.
//!
//! Called by the disks of the firmware shells, once per request; the loops of
//! `embedded_io` (`read_exact`, `write_all`) do the rest. Pure arithmetic: it
//! must not know a firmware and does no I/O.

use core::num::NonZeroU64;

/// The longest single request: firmware costs 0.1 to 0.6 ms a request whatever
/// its length, and gains nothing beyond this.
pub const LARGEST_REQUEST_BYTES: u64 = 1 << 20;

/// How a disk is cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    block_bytes: NonZeroU64,
    size_bytes: u64,
    bounce_bytes: u64,
}

/// Whether the firmware may transfer straight into or out of the caller's
/// buffer, as far as the buffer's address goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buffer {
    /// Its address is as aligned as the device asks.
    Aligned,
    /// The bytes have to pass through the bounce buffer.
    Unaligned,
}

/// The next request of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Whole blocks, straight between the device and the front of the caller's
    /// buffer.
    Direct {
        /// The first block.
        first_block: u64,
        /// Whole blocks, at most [`LARGEST_REQUEST_BYTES`].
        length_bytes: usize,
    },
    /// Blocks that pass through the bounce buffer.
    Bounce {
        /// The first block.
        first_block: u64,
        /// Whole blocks, at most what the bounce buffer holds.
        length_bytes: usize,
        /// Where the caller's bytes begin among them.
        skip_bytes: usize,
        /// How many of them are the caller's.
        take_bytes: usize,
    },
}

impl Geometry {
    /// A disk whose last block is `last_block`, reached through a bounce buffer
    /// of `bounce_bytes`. `None` if no such disk can be: blocks of no length or
    /// longer than the bounce buffer, or a size past 2^64 bytes.
    pub fn new(block_bytes: u32, last_block: u64, bounce_bytes: usize) -> Option<Self> {
        let block_bytes = NonZeroU64::new(u64::from(block_bytes))?;
        let bounce_bytes = round_down(u64::try_from(bounce_bytes).ok()?, block_bytes);
        let size_bytes = last_block.checked_add(1)?.checked_mul(block_bytes.get())?;
        (bounce_bytes > 0).then_some(Self {
            block_bytes,
            size_bytes,
            bounce_bytes,
        })
    }

    /// The length of the disk.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The first request of a transfer of `length_bytes` at `position_bytes`;
    /// `None` when there is nothing to transfer, or nothing left of the disk.
    pub fn next_request(
        &self,
        position_bytes: u64,
        length_bytes: usize,
        buffer: Buffer,
    ) -> Option<Request> {
        let left_bytes = self.size_bytes.checked_sub(position_bytes)?;
        let wanted_bytes = u64::try_from(length_bytes).ok()?.min(left_bytes);
        if wanted_bytes == 0 {
            return None;
        }
        let first_block = position_bytes / self.block_bytes;
        let skip_bytes = position_bytes % self.block_bytes;
        let whole_bytes = round_down(wanted_bytes.min(LARGEST_REQUEST_BYTES), self.block_bytes);
        if buffer == Buffer::Aligned && skip_bytes == 0 && whole_bytes > 0 {
            return Some(Request::Direct {
                first_block,
                length_bytes: usize::try_from(whole_bytes).ok()?,
            });
        }
        let covering_bytes = skip_bytes
            .checked_add(wanted_bytes)?
            .checked_next_multiple_of(self.block_bytes.get())?
            .min(self.bounce_bytes);
        let take_bytes = covering_bytes.checked_sub(skip_bytes)?.min(wanted_bytes);
        Some(Request::Bounce {
            first_block,
            length_bytes: usize::try_from(covering_bytes).ok()?,
            skip_bytes: usize::try_from(skip_bytes).ok()?,
            take_bytes: usize::try_from(take_bytes).ok()?,
        })
    }
}

fn round_down(bytes: u64, block_bytes: NonZeroU64) -> u64 {
    bytes.saturating_sub(bytes % block_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNCE: usize = 64 << 10;

    fn disk(block_bytes: u32) -> Geometry {
        Geometry::new(block_bytes, (8 << 20) / u64::from(block_bytes) - 1, BOUNCE).unwrap()
    }

    #[test]
    fn impossible_disks_are_refused() {
        assert_eq!(Geometry::new(0, 100, BOUNCE), None);
        assert_eq!(Geometry::new(512, u64::MAX, BOUNCE), None);
        assert_eq!(Geometry::new(512, u64::MAX / 512, BOUNCE), None);
        assert_eq!(Geometry::new(128 << 10, 100, BOUNCE), None);
        assert_eq!(disk(512).size_bytes(), 8 << 20);
        assert_eq!(disk(4096).size_bytes(), 8 << 20);
    }

    #[test]
    fn a_table_of_requests() {
        use Buffer::{Aligned, Unaligned};
        let direct = |first_block, length_bytes| {
            Some(Request::Direct {
                first_block,
                length_bytes,
            })
        };
        let bounce = |first_block, length_bytes, skip_bytes, take_bytes| {
            Some(Request::Bounce {
                first_block,
                length_bytes,
                skip_bytes,
                take_bytes,
            })
        };
        let end = 8 << 20;
        for (block_bytes, position, length, buffer, expected) in [
            (512, 0, 4096, Aligned, direct(0, 4096)),
            (512, 1024, 3 << 20, Aligned, direct(2, 1 << 20)),
            (512, 512, 1000, Aligned, direct(1, 512)),
            (512, 512, 511, Aligned, bounce(1, 512, 0, 511)),
            (512, 513, 511, Aligned, bounce(1, 512, 1, 511)),
            (512, 513, 512, Aligned, bounce(1, 1024, 1, 512)),
            (512, 513, 1 << 20, Aligned, bounce(1, BOUNCE, 1, BOUNCE - 1)),
            (512, 0, 4096, Unaligned, bounce(0, 4096, 0, 4096)),
            (512, 0, 1 << 20, Unaligned, bounce(0, BOUNCE, 0, BOUNCE)),
            (4096, 4096, 4096, Aligned, direct(1, 4096)),
            (4096, 512, 512, Aligned, bounce(0, 4096, 512, 512)),
            (4096, 0, 10_000, Aligned, direct(0, 8192)),
            (512, end - 512, 4096, Aligned, direct(16_383, 512)),
            (512, end - 1, 4096, Aligned, bounce(16_383, 512, 511, 1)),
            (512, end, 1, Aligned, None),
            (512, end + 1, 1, Aligned, None),
            (512, u64::MAX, usize::MAX, Unaligned, None),
            (512, 0, 0, Aligned, None),
        ] {
            assert_eq!(
                disk(block_bytes).next_request(position, length, buffer),
                expected,
                "{length} bytes at {position}, {buffer:?}, blocks of {block_bytes}"
            );
        }
    }

    /// Whatever the transfer, its requests end, touch only whole blocks of the
    /// disk, and hand over exactly the bytes asked for.
    #[test]
    fn requests_cover_the_transfer_exactly() {
        for block_bytes in [512_u32, 520, 4096] {
            let geometry = Geometry::new(block_bytes, 6000, BOUNCE).unwrap();
            let lengths = [1, 511, 512, 4095, 4096, 4097, 66_000, (1 << 20) + 513];
            for position in [
                0,
                1,
                511,
                512,
                513,
                4096,
                65_535,
                geometry.size_bytes() - 700,
            ] {
                for length in lengths {
                    for buffer in [Buffer::Aligned, Buffer::Unaligned] {
                        assert_covered(geometry, u64::from(block_bytes), position, length, buffer);
                    }
                }
            }
        }
    }

    fn assert_covered(
        geometry: Geometry,
        block_bytes: u64,
        start: u64,
        length: usize,
        buffer: Buffer,
    ) {
        let expected_end = (start + length as u64).min(geometry.size_bytes());
        let mut position = start;
        while position < expected_end {
            let left = length - (position - start) as usize;
            let request = geometry.next_request(position, left, buffer).unwrap();
            let (first_block, span, taken_from, taken) = match request {
                Request::Direct {
                    first_block,
                    length_bytes,
                } => (first_block, length_bytes, 0, length_bytes),
                Request::Bounce {
                    first_block,
                    length_bytes,
                    skip_bytes,
                    take_bytes,
                } => (first_block, length_bytes, skip_bytes, take_bytes),
            };
            assert!(
                (span as u64).is_multiple_of(block_bytes)
                    && taken > 0
                    && taken_from + taken <= span
            );
            assert_eq!(first_block * block_bytes + taken_from as u64, position);
            assert!(first_block * block_bytes + span as u64 <= geometry.size_bytes());
            position += taken as u64;
        }
        assert_eq!(position, expected_end);
    }
}
