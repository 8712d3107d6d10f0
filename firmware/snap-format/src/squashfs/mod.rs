//! Squashfs 4.0, as `snap pack` writes it: read before the kernel mounts it, and written.
//!
//! Reading takes bytes that nobody vouches for. Every length has a bound before memory is
//! asked for, names lead nowhere, links are not followed, and a tree has an end even where
//! its directories contain each other. What is not needed is not read: owners, extended
//! attributes, the table for NFS.
//!
//! The format: <https://www.kernel.org/doc/html/latest/filesystems/squashfs.html>.

mod directory;
mod error;
mod fragment;
mod inode;
mod lzo;
mod metadata;
mod read_at;
mod superblock;
mod unpack;
mod walk;
mod write;

pub use error::{Part, SquashfsError};
pub use inode::{Content, Inode, Kind, Listing};
pub use read_at::ReadAt;
pub use superblock::{BLOCK_BYTES, Compressor, MAGIC, Superblock};
pub use walk::{Entry, MAX_DEPTH, MAX_ENTRIES};
pub(crate) use write::{Node, NodeKind, write};

use inode::InodePlace;
use metadata::Cursor;

/// A file system in a file.
#[derive(Debug)]
pub struct Squashfs<R> {
    source: R,
    superblock: Superblock,
}

impl<R: ReadAt> Squashfs<R> {
    /// Reads and checks the superblock.
    ///
    /// # Errors
    /// It is no squashfs, or one that is not understood or cut off.
    pub fn open(source: R) -> Result<Self, SquashfsError> {
        let superblock = Superblock::read(&source)?;
        Ok(Squashfs { source, superblock })
    }

    /// What is said of the whole.
    #[must_use]
    pub fn superblock(&self) -> &Superblock {
        &self.superblock
    }

    /// The directory at the top.
    ///
    /// # Errors
    /// It is damaged, or no directory.
    pub fn root(&self) -> Result<Inode, SquashfsError> {
        let place = InodePlace::from_reference(self.superblock.root_inode);
        let root = self.inode(place)?;
        match root.kind {
            Kind::Directory(_) => Ok(root),
            _ => Err(SquashfsError::Damaged(Part::Inode)),
        }
    }

    /// What stands at `path`, without a `/` in front. No link on the way is followed.
    ///
    /// # Errors
    /// A directory on the way is damaged.
    pub fn find(&self, path: &str) -> Result<Option<Inode>, SquashfsError> {
        let mut found = self.root()?;
        for name in path.split('/') {
            let Kind::Directory(listing) = &found.kind else {
                return Ok(None);
            };
            let entries = self.list(listing)?;
            let Some((_, place)) = entries.into_iter().find(|(other, _)| other == name) else {
                return Ok(None);
            };
            found = self.inode(place)?;
        }
        Ok(Some(found))
    }

    /// The content of the file at `path`, at most `max_bytes` long.
    ///
    /// # Errors
    /// It is not there, no file, longer, or damaged.
    pub fn read(&self, path: &str, max_bytes: usize) -> Result<Vec<u8>, SquashfsError> {
        let missing = || SquashfsError::NoFile(path.to_owned());
        let inode = self.find(path)?.ok_or_else(missing)?;
        let Kind::File(file) = &inode.kind else {
            return Err(missing());
        };
        let too_long = || SquashfsError::TooLong {
            path: path.to_owned(),
            max_bytes,
        };
        let length = usize::try_from(file.length_bytes).map_err(|_| too_long())?;
        if length > max_bytes {
            return Err(too_long());
        }
        let block_bytes = self.superblock.block_bytes;
        let mut content = Vec::with_capacity(length);
        let mut sizes = Cursor::at(self, file.sizes_at);
        let mut position = file.start;
        while content.len() < length {
            let wanted = (length - content.len()).min(block_bytes);
            if wanted < block_bytes && file.fragment.is_some() {
                break;
            }
            let size = u32::from_le_bytes(sizes.take()?);
            content.extend(self.data_block(position, size, wanted)?);
            position = position
                .checked_add(u64::from(size & SIZE_BITS))
                .ok_or(SquashfsError::Damaged(Part::Block))?;
        }
        if content.len() < length {
            content.extend(self.fragment_of(file, length - content.len())?);
        }
        Ok(content)
    }

    /// A block of a file: `size` as it stands in the inode, `wanted` bytes of content.
    fn data_block(
        &self,
        position: u64,
        size: u32,
        wanted: usize,
    ) -> Result<Vec<u8>, SquashfsError> {
        let damaged = SquashfsError::Damaged(Part::Block);
        let stored_bytes = (size & SIZE_BITS) as usize;
        if size == 0 {
            return Ok(vec![0; wanted]);
        }
        if stored_bytes > self.superblock.block_bytes {
            return Err(damaged);
        }
        let mut stored = vec![0; stored_bytes];
        self.read_inside(&mut stored, position, Part::Block)?;
        let content = if size & STORED_PLAIN != 0 {
            stored
        } else {
            let compressor = self.superblock.compressor;
            unpack::unpack(
                compressor,
                &stored,
                self.superblock.block_bytes,
                Part::Block,
            )?
        };
        match content.len() == wanted {
            true => Ok(content),
            false => Err(damaged),
        }
    }

    /// Reads where the superblock says that there is something.
    fn read_inside(
        &self,
        buffer: &mut [u8],
        position: u64,
        part: Part,
    ) -> Result<(), SquashfsError> {
        let end = position.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.superblock.used_bytes) {
            return Err(SquashfsError::Damaged(part));
        }
        self.source
            .read_exact_at(buffer, position)
            .map_err(SquashfsError::Io)
    }
}

/// The length of a block, as it is stored.
const SIZE_BITS: u32 = (1 << 24) - 1;
/// The block is stored as it is.
const STORED_PLAIN: u32 = 1 << 24;

#[cfg(test)]
mod tests;
