//! The names in a directory.

use super::error::{Part, SquashfsError};
use super::inode::{InodePlace, Listing};
use super::metadata::Cursor;
use super::{MAX_ENTRIES, ReadAt, Squashfs};

/// How many names follow one header.
pub(super) const MAX_RUN: usize = 256;

/// The longest name, as Linux has it.
const MAX_NAME_BYTES: usize = 255;

impl<R: ReadAt> Squashfs<R> {
    /// Names and where their inodes are. No name is `.` or `..` or has a `/` in it.
    pub(super) fn list(
        &self,
        listing: &Listing,
    ) -> Result<Vec<(String, InodePlace)>, SquashfsError> {
        let damaged = || SquashfsError::Damaged(Part::Directory);
        let mut cursor = Cursor::at(self, listing.place);
        let mut left = listing.length_bytes as usize;
        let mut entries: Vec<(String, InodePlace)> = Vec::new();
        let mut take = |bytes: usize| {
            left = left.checked_sub(bytes).ok_or_else(damaged)?;
            Ok::<_, SquashfsError>(left)
        };
        if listing.length_bytes == 0 {
            return Ok(entries);
        }
        loop {
            take(12)?;
            let run = cursor.u32()? as usize + 1;
            let block = cursor.u32()?;
            cursor.u32()?;
            if run > MAX_RUN {
                return Err(damaged());
            }
            let mut rest = 0;
            for _ in 0..run {
                let offset = cursor.u16()?;
                cursor.take::<4>()?;
                let length = usize::from(cursor.u16()?) + 1;
                if length > MAX_NAME_BYTES {
                    return Err(damaged());
                }
                let mut name = vec![0; length];
                cursor.fill(&mut name)?;
                rest = take(8 + length)?;
                let name = String::from_utf8(name).map_err(|_| damaged())?;
                let leads_away = name == "." || name == ".." || name.contains(['/', '\0']);
                // Names are sorted: one that stood there twice would be seen here.
                let sorted = entries.last().is_none_or(|(before, _)| *before < name);
                if leads_away || !sorted {
                    return Err(damaged());
                }
                let block = block.into();
                entries.push((name, InodePlace { block, offset }));
                if entries.len() > MAX_ENTRIES {
                    return Err(SquashfsError::TooMany);
                }
            }
            if rest == 0 {
                return Ok(entries);
            }
        }
    }
}
