//! The ends of files, several in one block. `snap pack` makes none; other tools do.

use super::error::{Part, SquashfsError};
use super::inode::Content;
use super::metadata::{Cursor, Place};
use super::{ReadAt, SIZE_BITS, STORED_PLAIN, Squashfs, unpack};

/// An entry of the table.
const ENTRY_BYTES: u32 = 16;
/// How many entries one block of the table has.
const ENTRIES: u32 = 512;

impl<R: ReadAt> Squashfs<R> {
    /// The last `wanted` bytes of a file.
    pub(super) fn fragment_of(
        &self,
        file: &Content,
        wanted: usize,
    ) -> Result<Vec<u8>, SquashfsError> {
        let damaged = || SquashfsError::Damaged(Part::Fragment);
        let (number, offset) = file.fragment.ok_or_else(damaged)?;
        if number >= self.superblock.fragments {
            return Err(damaged());
        }
        let pointer = u64::from(number / ENTRIES) * 8;
        let pointer = self.superblock.fragment_table.checked_add(pointer);
        let mut block = [0; 8];
        self.read_inside(&mut block, pointer.ok_or_else(damaged)?, Part::Fragment)?;
        let place = Place {
            block: u64::from_le_bytes(block),
            offset: (number % ENTRIES * ENTRY_BYTES) as usize,
        };
        let mut cursor = Cursor::at(self, place);
        let (start, size) = (cursor.u64()?, cursor.u32()?);
        let stored_bytes = (size & SIZE_BITS) as usize;
        if stored_bytes == 0 || stored_bytes > self.superblock.block_bytes {
            return Err(damaged());
        }
        let mut stored = vec![0; stored_bytes];
        self.read_inside(&mut stored, start, Part::Fragment)?;
        let ends = if size & STORED_PLAIN != 0 {
            stored
        } else {
            let (compressor, most) = (self.superblock.compressor, self.superblock.block_bytes);
            unpack::unpack(compressor, &stored, most, Part::Fragment)?
        };
        let begin = offset as usize;
        let own = begin
            .checked_add(wanted)
            .and_then(|end| ends.get(begin..end));
        own.map(<[u8]>::to_vec).ok_or_else(damaged)
    }
}
