//! Tables: rows of blocks of 8 KiB, each packed by itself, read as one stream.

use super::error::{Part, SquashfsError};
use super::{ReadAt, Squashfs, unpack};

/// How much of a table is packed at once.
pub(super) const METADATA_BYTES: usize = 8192;

/// In the two bytes before a block: it is stored as it is.
pub(super) const PLAIN: u16 = 1 << 15;

/// A place in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where its block begins, from the begin of the file.
    pub(super) block: u64,
    /// Where it is in the unpacked block.
    pub(super) offset: usize,
}

/// Reads on from a place.
pub(super) struct Cursor<'a, R> {
    archive: &'a Squashfs<R>,
    next_block: u64,
    block: Vec<u8>,
    offset: usize,
    /// Where the block in hand began.
    begun: u64,
}

impl<'a, R: ReadAt> Cursor<'a, R> {
    pub(super) fn at(archive: &'a Squashfs<R>, place: Place) -> Self {
        Cursor {
            archive,
            next_block: place.block,
            block: Vec::new(),
            offset: place.offset,
            begun: place.block,
        }
    }

    /// Where reading goes on.
    pub(super) fn place(&self) -> Place {
        Place {
            block: self.begun,
            offset: self.offset,
        }
    }

    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], SquashfsError> {
        let mut taken = [0; N];
        self.fill(&mut taken)?;
        Ok(taken)
    }

    pub(super) fn u16(&mut self) -> Result<u16, SquashfsError> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, SquashfsError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, SquashfsError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    pub(super) fn fill(&mut self, target: &mut [u8]) -> Result<(), SquashfsError> {
        let mut filled = 0;
        while filled < target.len() {
            if self.block.is_empty() {
                self.load()?;
                if self.offset > self.block.len() {
                    return Err(SquashfsError::Damaged(Part::Metadata));
                }
            } else if self.offset >= self.block.len() {
                self.load()?;
                self.offset = 0;
            }
            let rest = self.block.get(self.offset..).unwrap_or_default();
            let count = rest.len().min(target.len() - filled);
            let parts = target
                .get_mut(filled..filled + count)
                .zip(rest.get(..count));
            if let Some((target, rest)) = parts {
                target.copy_from_slice(rest);
            }
            filled += count;
            self.offset += count;
        }
        Ok(())
    }

    fn load(&mut self) -> Result<(), SquashfsError> {
        let damaged = SquashfsError::Damaged(Part::Metadata);
        let mut header = [0; 2];
        let archive = self.archive;
        archive.read_inside(&mut header, self.next_block, Part::Metadata)?;
        let header = u16::from_le_bytes(header);
        let stored_bytes = usize::from(header & !PLAIN);
        if stored_bytes == 0 || stored_bytes > METADATA_BYTES {
            return Err(damaged);
        }
        let mut stored = vec![0; stored_bytes];
        archive.read_inside(&mut stored, self.next_block + 2, Part::Metadata)?;
        self.begun = self.next_block;
        self.next_block += 2 + stored_bytes as u64;
        self.block = if header & PLAIN == 0 {
            let compressor = archive.superblock.compressor;
            unpack::unpack(compressor, &stored, METADATA_BYTES, Part::Metadata)?
        } else {
            stored
        };
        Ok(())
    }
}
