//! Everything in a squashfs, in one list.

use super::error::SquashfsError;
use super::inode::{Inode, Kind};
use super::{ReadAt, Squashfs};

/// How many files and directories a snap has at most.
pub const MAX_ENTRIES: usize = 1 << 17;
/// How deep they are.
pub const MAX_DEPTH: usize = 64;
/// How long all their paths are together.
const MAX_PATHS_BYTES: usize = 32 << 20;

/// Something in a squashfs, and where.
#[derive(Clone, Debug)]
pub struct Entry {
    /// From the top, without a `/` in front.
    pub path: String,
    /// What it is.
    pub inode: Inode,
}

impl<R: ReadAt> Squashfs<R> {
    /// Everything but the top itself, a directory before what is in it.
    ///
    /// # Errors
    /// A directory is damaged, or there is no end to them.
    pub fn walk(&self) -> Result<Vec<Entry>, SquashfsError> {
        let mut entries = Vec::new();
        let mut paths_bytes = 0;
        let mut waiting = vec![(String::new(), 0, self.root()?)];
        while let Some((path, depth, inode)) = waiting.pop() {
            if let Kind::Directory(listing) = &inode.kind {
                for (name, place) in self.list(listing)?.into_iter().rev() {
                    let path = match path.as_str() {
                        "" => name,
                        above => format!("{above}/{name}"),
                    };
                    paths_bytes += path.len();
                    let many = entries.len() + waiting.len() >= MAX_ENTRIES;
                    if many || depth >= MAX_DEPTH || paths_bytes > MAX_PATHS_BYTES {
                        return Err(SquashfsError::TooMany);
                    }
                    waiting.push((path, depth + 1, self.inode(place)?));
                }
            }
            if depth > 0 {
                entries.push(Entry { path, inode });
            }
        }
        Ok(entries)
    }
}
