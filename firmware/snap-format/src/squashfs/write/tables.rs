//! The tables of inodes and of names, as they grow.

use super::super::directory::MAX_RUN;
use super::super::inode::NO_FRAGMENT;
use super::super::metadata::{METADATA_BYTES, PLAIN};
use super::{Written, pack};
use std::io;

/// A table, packed block by block.
#[derive(Default)]
struct Table {
    packed: Vec<u8>,
    pending: Vec<u8>,
}

impl Table {
    /// Where the next byte goes: the block's begin in the packed table, and the place in it.
    fn place(&self) -> (u32, u16) {
        (self.packed.len() as u32, self.pending.len() as u16)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(bytes);
        while self.pending.len() >= METADATA_BYTES {
            let rest = self.pending.split_off(METADATA_BYTES);
            self.flush()?;
            self.pending = rest;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let packed = pack(&self.pending)?;
        let (stored, flag) = match packed.len() < self.pending.len() {
            true => (&packed, 0),
            false => (&self.pending, PLAIN),
        };
        self.packed
            .extend((stored.len() as u16 | flag).to_le_bytes());
        self.packed.extend(stored);
        self.pending.clear();
        Ok(())
    }
}

/// Both tables, packed.
pub(super) struct Finished {
    pub(super) inodes: Vec<u8>,
    pub(super) directories: Vec<u8>,
}

/// Both tables.
pub(super) struct Tables {
    inodes: Table,
    directories: Table,
    next_number: u32,
    made_secs: u32,
}

impl Tables {
    pub(super) fn new(made_secs: u32) -> Self {
        Tables {
            inodes: Table::default(),
            directories: Table::default(),
            next_number: 1,
            made_secs,
        }
    }

    /// The first of `count` numbers in a row.
    pub(super) fn take_numbers(&mut self, count: u32) -> u32 {
        let first = self.next_number;
        self.next_number += count;
        first
    }

    /// How many inodes there are.
    pub(super) fn inodes(&self) -> u32 {
        self.next_number - 1
    }

    pub(super) fn finish(mut self) -> io::Result<Finished> {
        self.inodes.flush()?;
        self.directories.flush()?;
        Ok(Finished {
            inodes: self.inodes.packed,
            directories: self.directories.packed,
        })
    }

    fn inode(&mut self, kind: u16, mode: u16, number: u32, rest: &[u8]) -> io::Result<u64> {
        let (block, offset) = self.inodes.place();
        let mut inode = Vec::with_capacity(16 + rest.len());
        // The owner and the group are the first in their table.
        for field in [kind, mode, 0, 0] {
            inode.extend(field.to_le_bytes());
        }
        inode.extend(self.made_secs.to_le_bytes());
        inode.extend(number.to_le_bytes());
        inode.extend(rest);
        self.inodes.write(&inode)?;
        Ok(u64::from(block) << 16 | u64::from(offset))
    }

    pub(super) fn file(
        &mut self,
        mode: u16,
        number: u32,
        start: u64,
        length: u64,
        sizes: &[u32],
    ) -> io::Result<u64> {
        let mut rest = Vec::new();
        let short = (u32::try_from(start), u32::try_from(length));
        let kind = if let (Ok(start), Ok(length)) = short {
            for field in [start, NO_FRAGMENT, 0, length] {
                rest.extend(field.to_le_bytes());
            }
            2
        } else {
            // No holes, one link, no fragment, no attributes.
            for field in [start, length, 0] {
                rest.extend(field.to_le_bytes());
            }
            for field in [1, NO_FRAGMENT, 0, u32::MAX] {
                rest.extend(field.to_le_bytes());
            }
            9
        };
        rest.extend(sizes.iter().flat_map(|size| size.to_le_bytes()));
        self.inode(kind, mode, number, &rest)
    }

    pub(super) fn link(&mut self, number: u32, target: &str) -> io::Result<u64> {
        let mut rest = Vec::new();
        rest.extend(1_u32.to_le_bytes());
        rest.extend((target.len() as u32).to_le_bytes());
        rest.extend(target.as_bytes());
        self.inode(3, 0o777, number, &rest)
    }

    pub(super) fn directory(
        &mut self,
        mode: u16,
        entries: &[(&str, Written)],
        number: u32,
        parent: u32,
    ) -> io::Result<u64> {
        let (block, offset) = self.directories.place();
        let listing = listing(entries);
        self.directories.write(&listing)?;
        let subdirectories = entries.iter().filter(|(_, entry)| entry.kind == 1);
        let links = 2 + subdirectories.count() as u32;
        let length = listing.len() as u32 + 3;
        let mut rest = Vec::new();
        let kind = if let Ok(length) = u16::try_from(length) {
            rest.extend(block.to_le_bytes());
            rest.extend(links.to_le_bytes());
            rest.extend(length.to_le_bytes());
            rest.extend(offset.to_le_bytes());
            rest.extend(parent.to_le_bytes());
            1
        } else {
            for field in [links, length, block, parent] {
                rest.extend(field.to_le_bytes());
            }
            // No index: whoever looks for a name reads from the begin.
            rest.extend(0_u16.to_le_bytes());
            rest.extend(offset.to_le_bytes());
            rest.extend(u32::MAX.to_le_bytes());
            8
        };
        self.inode(kind, mode, number, &rest)
    }
}

/// The names of a directory, in runs whose inodes are in one block.
fn listing(entries: &[(&str, Written)]) -> Vec<u8> {
    let mut listing = Vec::new();
    let block = |entry: &Written| (entry.reference >> 16) as u32;
    let mut rest = entries;
    while let Some((_, first)) = rest.first() {
        let fits = |(_, entry): &&(&str, Written)| {
            block(entry) == block(first) && i16::try_from(entry.number - first.number).is_ok()
        };
        let run = rest.iter().take(MAX_RUN).take_while(fits).count();
        let (now, later) = rest.split_at(run);
        for field in [run as u32 - 1, block(first), first.number] {
            listing.extend(field.to_le_bytes());
        }
        for (name, entry) in now {
            let offset = (entry.reference & 0xffff) as u16;
            let number = (entry.number - first.number) as u16;
            let last = name.len() as u16 - 1;
            for field in [offset, number, entry.kind, last] {
                listing.extend(field.to_le_bytes());
            }
            listing.extend(name.as_bytes());
        }
        rest = later;
    }
    listing
}
