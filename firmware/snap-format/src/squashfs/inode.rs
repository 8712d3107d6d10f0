//! What is known of a file, directory or link.

use super::error::{Part, SquashfsError};
use super::metadata::{Cursor, METADATA_BYTES, Place};
use super::{ReadAt, Squashfs};

/// The longest target of a link, as Linux has it.
const MAX_LINK_BYTES: u32 = 4096;

/// In place of a fragment's number: there is none.
pub(super) const NO_FRAGMENT: u32 = u32::MAX;

/// A file, directory, link or something else.
#[derive(Clone, Debug)]
pub struct Inode {
    /// Permissions, with setuid, setgid and the sticky bit.
    pub mode: u16,
    /// What it is.
    pub kind: Kind,
}

/// What an inode is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Names.
    Directory(Listing),
    /// Bytes.
    File(Content),
    /// A link to a path, which nobody follows here.
    Symlink(String),
    /// A device.
    Device,
    /// A pipe or a socket.
    Channel,
}

/// Where the names of a directory are.
#[derive(Clone, Debug)]
pub struct Listing {
    pub(super) place: Place,
    pub(super) length_bytes: u32,
}

/// Where the content of a file is.
#[derive(Clone, Debug)]
pub struct Content {
    pub(super) length_bytes: u64,
    pub(super) start: u64,
    pub(super) fragment: Option<(u32, u32)>,
    /// Where the lengths of its blocks are.
    pub(super) sizes_at: Place,
}

/// Where an inode is, from the begin of their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InodePlace {
    pub(super) block: u64,
    pub(super) offset: u16,
}

impl InodePlace {
    pub(super) fn from_reference(reference: u64) -> Self {
        InodePlace {
            block: reference >> 16,
            offset: (reference & 0xffff) as u16,
        }
    }
}

impl<R: ReadAt> Squashfs<R> {
    pub(super) fn inode(&self, place: InodePlace) -> Result<Inode, SquashfsError> {
        let damaged = || SquashfsError::Damaged(Part::Inode);
        let table = self.superblock.inode_table;
        let block = table.checked_add(place.block).ok_or_else(damaged)?;
        let offset = usize::from(place.offset);
        if block >= self.superblock.directory_table || offset >= METADATA_BYTES {
            return Err(damaged());
        }
        let mut cursor = Cursor::at(self, Place { block, offset });
        let kind = cursor.u16()?;
        let mode = cursor.u16()? & 0o7777;
        // Owners, time and number.
        cursor.take::<12>()?;
        let kind = match kind {
            1 => self.directory(&mut cursor)?,
            8 => self.long_directory(&mut cursor)?,
            2 => Self::file(&mut cursor)?,
            9 => Self::long_file(&mut cursor)?,
            3 | 10 => Self::link(&mut cursor)?,
            4 | 5 | 11 | 12 => Kind::Device,
            6 | 7 | 13 | 14 => Kind::Channel,
            _ => return Err(damaged()),
        };
        Ok(Inode { mode, kind })
    }

    fn directory(&self, cursor: &mut Cursor<'_, R>) -> Result<Kind, SquashfsError> {
        let block = cursor.u32()?;
        cursor.u32()?;
        let length_bytes = cursor.u16()?.into();
        let offset = cursor.u16()?;
        self.listing(block, offset, length_bytes)
    }

    fn long_directory(&self, cursor: &mut Cursor<'_, R>) -> Result<Kind, SquashfsError> {
        cursor.u32()?;
        let length_bytes = cursor.u32()?;
        let block = cursor.u32()?;
        cursor.take::<6>()?;
        let offset = cursor.u16()?;
        self.listing(block, offset, length_bytes)
    }

    fn listing(&self, block: u32, offset: u16, length_bytes: u32) -> Result<Kind, SquashfsError> {
        let damaged = SquashfsError::Damaged(Part::Inode);
        let block = self.superblock.directory_table.checked_add(block.into());
        let offset = usize::from(offset);
        let place = block.map(|block| Place { block, offset });
        match place.filter(|place| place.offset < METADATA_BYTES) {
            // The length counts two entries, `.` and `..`, that are not there.
            Some(place) => Ok(Kind::Directory(Listing {
                place,
                length_bytes: length_bytes.saturating_sub(3),
            })),
            None => Err(damaged),
        }
    }

    fn file(cursor: &mut Cursor<'_, R>) -> Result<Kind, SquashfsError> {
        let start = cursor.u32()?.into();
        let fragment = cursor.u32()?;
        let offset = cursor.u32()?;
        let length_bytes = cursor.u32()?.into();
        Ok(Self::content(
            cursor,
            start,
            length_bytes,
            (fragment, offset),
        ))
    }

    fn long_file(cursor: &mut Cursor<'_, R>) -> Result<Kind, SquashfsError> {
        let start = cursor.u64()?;
        let length_bytes = cursor.u64()?;
        cursor.take::<12>()?;
        let fragment = cursor.u32()?;
        let offset = cursor.u32()?;
        cursor.u32()?;
        Ok(Self::content(
            cursor,
            start,
            length_bytes,
            (fragment, offset),
        ))
    }

    fn content(
        cursor: &Cursor<'_, R>,
        start: u64,
        length_bytes: u64,
        fragment: (u32, u32),
    ) -> Kind {
        Kind::File(Content {
            length_bytes,
            start,
            fragment: Some(fragment).filter(|(number, _)| *number != NO_FRAGMENT),
            sizes_at: cursor.place(),
        })
    }

    fn link(cursor: &mut Cursor<'_, R>) -> Result<Kind, SquashfsError> {
        cursor.u32()?;
        let length = cursor.u32()?;
        if length == 0 || length > MAX_LINK_BYTES {
            return Err(SquashfsError::Damaged(Part::Inode));
        }
        let mut target = vec![0; length as usize];
        cursor.fill(&mut target)?;
        Ok(Kind::Symlink(String::from_utf8_lossy(&target).into_owned()))
    }
}
