//! Directories: blocks of entries, each block with its names behind.
//!
//! All entries of a directory, `.` and `..` among them, are sorted by their names' bytes:
//! the kernel finds a name by halving.

use anyhow::{Result, ensure};

use super::BLOCK;

const ENTRY_BYTES: usize = 12;
const LONGEST_NAME: usize = 255;

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DirectoryEntry {
    pub(super) name: Vec<u8>,
    pub(super) nid: u64,
    pub(super) file_type: u8,
}

/// The length of a directory with these names, sorted, in bytes.
pub(super) fn length_of<'a>(names: impl Iterator<Item = &'a [u8]>) -> Result<u64> {
    let (mut full_blocks, mut used) = (0, 0);
    for name in names {
        ensure!(
            name.len() <= LONGEST_NAME,
            "a name is longer than {LONGEST_NAME} bytes"
        );
        let more = ENTRY_BYTES + name.len();
        if used + more > BLOCK {
            full_blocks += 1;
            used = 0;
        }
        used += more;
    }
    Ok((full_blocks * BLOCK + used) as u64)
}

/// The bytes of a directory. `entries` are sorted.
pub(super) fn encode(entries: &[DirectoryEntry]) -> Result<Vec<u8>> {
    let mut directory = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let count = entries_of_a_block(rest);
        let (block, behind) = rest.split_at(count);
        directory.resize(directory.len().next_multiple_of(BLOCK), 0);
        encode_block(block, &mut directory)?;
        rest = behind;
    }
    Ok(directory)
}

fn entries_of_a_block(entries: &[DirectoryEntry]) -> usize {
    let mut used = 0;
    let fits = |entry: &&DirectoryEntry| {
        used += ENTRY_BYTES + entry.name.len();
        used <= BLOCK
    };
    entries.iter().take_while(fits).count()
}

fn encode_block(entries: &[DirectoryEntry], into: &mut Vec<u8>) -> Result<()> {
    let mut name_offset = entries.len() * ENTRY_BYTES;
    for entry in entries {
        into.extend(entry.nid.to_le_bytes());
        into.extend(u16::try_from(name_offset)?.to_le_bytes());
        into.extend([entry.file_type, 0]);
        name_offset += entry.name.len();
    }
    for entry in entries {
        into.extend(&entry.name);
    }
    Ok(())
}
