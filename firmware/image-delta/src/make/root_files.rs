//! Where the contents of a root lie: of an erofs as `image-builder` writes it.

use super::MakeError;
use std::ops::Range;

const BLOCK: usize = 4096;
const SUPER_OFFSET: usize = 1024;
const MAGIC: u32 = 0xe0f5_e1e2;
const BLOCK_BITS: u8 = 12;
const INODE_BYTES: usize = 32;
const ENTRY_BYTES: usize = 12;
const LAYOUT_PLAIN: u16 = 0;
const LAYOUT_INLINE: u16 = 2;
const MODE_TYPE: u16 = 0o170_000;
const MODE_DIRECTORY: u16 = 0o040_000;
/// Deeper is no tree that anybody made.
const MAX_DEPTH: usize = 64;

/// A content that has blocks of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RootFile {
    /// Of the file, directory or link.
    pub(super) path: Vec<u8>,
    /// Its blocks.
    pub(super) place: Range<u64>,
}

/// All of them, in the order of their blocks.
pub(super) fn files_of(root: &[u8]) -> Result<Vec<RootFile>, MakeError> {
    let root = Bytes(root);
    let bits = root.take(SUPER_OFFSET + 12, 1)?;
    if root.u32(SUPER_OFFSET)? != MAGIC || bits != [BLOCK_BITS] {
        return Err(MakeError::Root("its super block is not ours"));
    }
    let mut walk = Walk {
        root,
        path: Vec::new(),
        files: Vec::new(),
    };
    walk.inode(root.u16(SUPER_OFFSET + 14)?.into(), 0)?;
    let mut files = walk.files;
    files.sort_by_key(|file| file.place.start);
    Ok(files)
}

#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(self, at: usize, length: usize) -> Result<&'a [u8], MakeError> {
        let bytes = self.0.get(at..).and_then(|rest| rest.get(..length));
        bytes.ok_or(MakeError::Root("it ends early"))
    }

    fn u16(self, at: usize) -> Result<u16, MakeError> {
        let bytes = self.take(at, 2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn u32(self, at: usize) -> Result<u32, MakeError> {
        Ok(u32::from(self.u16(at)?) | u32::from(self.u16(at + 2)?) << 16)
    }
}

struct Walk<'a> {
    root: Bytes<'a>,
    path: Vec<u8>,
    files: Vec<RootFile>,
}

impl Walk<'_> {
    /// What is at the path, and below.
    fn inode(&mut self, number: usize, depth: usize) -> Result<(), MakeError> {
        let (root, at) = (self.root, number * INODE_BYTES);
        let (layout, mode) = (root.u16(at)? >> 1, root.u16(at + 4)?);
        let length = root.u32(at + 8)? as usize;
        let start = match layout {
            LAYOUT_PLAIN => root.u32(at + 16)? as usize * BLOCK,
            LAYOUT_INLINE => at + INODE_BYTES,
            _ => return Err(MakeError::Root("an inode has a layout that is not ours")),
        };
        let content = root.take(start, length)?;
        if layout == LAYOUT_PLAIN && length > 0 {
            let end = (start + length).next_multiple_of(BLOCK);
            self.files.push(RootFile {
                path: self.path.clone(),
                place: start as u64..end as u64,
            });
        }
        if mode & MODE_TYPE != MODE_DIRECTORY {
            return Ok(());
        }
        if depth == MAX_DEPTH {
            return Err(MakeError::Root("its directories lie too deep"));
        }
        for block in content.chunks(BLOCK) {
            self.directory(Bytes(block), depth)?;
        }
        Ok(())
    }

    fn directory(&mut self, block: Bytes<'_>, depth: usize) -> Result<(), MakeError> {
        // The first name begins behind the last entry.
        let count = usize::from(block.u16(8)?) / ENTRY_BYTES;
        for entry in 0..count {
            let at = entry * ENTRY_BYTES;
            let start = usize::from(block.u16(at + 8)?);
            let end = match entry + 1 < count {
                true => block.u16(at + ENTRY_BYTES + 8)?.into(),
                false => block.0.len(),
            };
            let name = block.take(start, end.saturating_sub(start))?;
            // The last name of a full block has zeros behind it.
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            if name != b"." && name != b".." {
                let length = self.path.len();
                self.path.push(b'/');
                self.path.extend(name);
                self.inode(block.u32(at)? as usize, depth + 1)?;
                self.path.truncate(length);
            }
        }
        Ok(())
    }
}
