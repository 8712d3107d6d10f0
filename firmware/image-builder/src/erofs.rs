//! Writes the root file system: erofs without compression.
//!
//! By ourselves, because `mkfs.erofs` lays files out in the order in which the host's file
//! system lists its directories: two machines do not make the same image of the same tree
//! (docs/decisions/0007). Here a tree has one image, and the layout is ours to keep stable:
//!
//! ```text
//! block 0   super block at 1024, the rest zero
//! block 1   inodes in the order of their paths, 32 bytes each; short symbolic links and
//!           directories behind their inode
//! then      contents, each from a block of its own: those of one block first, then those of 2
//!           and 3, of 4 to 7, of 8 to 15 and so on; in the order of their paths among these
//! ```
//!
//! No file shares a block with another, so a file that did not change keeps its blocks from
//! one release to the next: updates and hash tree live on that. A library that grows moves
//! the files behind it, whose inodes say where they lie; so the large ones, which are few, lie
//! last (docs/decisions/0040). Compression belongs on the wire. Format: the kernel's
//! `fs/erofs/erofs_fs.h`, compact inodes, no extended attributes, no feature flags.

mod directory;
mod plan;

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use image_format::disk::Guid;

use crate::tree::{Content, FILE_TIME_SECS, Tree};
use plan::{Body, Node, Plan};

/// Changes when the same tree would be laid out otherwise.
pub(crate) const LAYOUT_VERSION: u32 = 2;

const BLOCK: usize = 4096;
const BLOCK_BITS: u8 = 12;
const SUPER_OFFSET: usize = 1024;
const SUPER_MAGIC: u32 = 0xe0f5_e1e2;
const INODE_BYTES: usize = 32;

/// The contents lie in blocks of their own.
const LAYOUT_PLAIN: u16 = 0;
/// The contents lie behind the inode.
const LAYOUT_INLINE: u16 = 2;

/// Writes the file system of `tree` to the file `image`, a whole number of blocks.
pub(crate) fn write_erofs(tree: &Tree, uuid: Guid, image: &Path) -> Result<()> {
    let plan = Plan::of(tree)?;
    let mut out = BufWriter::with_capacity(1 << 20, File::create(image)?);
    out.write_all(&super_block(&plan, uuid)?)?;
    out.write_all(&inodes(&plan)?)?;
    for node in plan.contents() {
        write_blocks(node, &plan, &mut out)
            .with_context(|| format!("cannot write {:?}", node.path))?;
    }
    out.flush()?;
    Ok(())
}

fn super_block(plan: &Plan<'_>, uuid: Guid) -> Result<Vec<u8>> {
    let mut block = vec![0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| put(&mut block, SUPER_OFFSET + at, bytes);
    put(0, &SUPER_MAGIC.to_le_bytes());
    put(12, &[BLOCK_BITS]);
    put(14, &u16::try_from(plan.root()?.nid)?.to_le_bytes());
    put(16, &(plan.nodes.len() as u64).to_le_bytes());
    put(24, &u64::from(FILE_TIME_SECS).to_le_bytes());
    put(36, &plan.blocks.to_le_bytes());
    // Inodes are counted from the first byte: meta_blkaddr stays 0.
    put(48, &uuid.to_bytes());
    Ok(block)
}

/// All inodes with what stands behind them, in whole blocks.
fn inodes(plan: &Plan<'_>) -> Result<Vec<u8>> {
    let mut area = vec![0; plan.inode_bytes];
    for (number, node) in (1_u32..).zip(&plan.nodes) {
        let at = usize::try_from(node.nid)? * INODE_BYTES - BLOCK;
        let (layout, address) = match node.body {
            Body::Inline { .. } => (LAYOUT_INLINE, 0),
            Body::Blocks { address, .. } => (LAYOUT_PLAIN, address),
        };
        put(&mut area, at, &(layout << 1).to_le_bytes());
        put(&mut area, at + 4, &node.mode.to_le_bytes());
        put(&mut area, at + 6, &node.links.to_le_bytes());
        put(
            &mut area,
            at + 8,
            &u32::try_from(node.body.length())?.to_le_bytes(),
        );
        put(&mut area, at + 16, &address.to_le_bytes());
        put(&mut area, at + 20, &number.to_le_bytes());
        if matches!(node.body, Body::Inline { .. }) {
            put(&mut area, at + INODE_BYTES, &small_content(node, plan)?);
        }
    }
    Ok(area)
}

/// The content that has blocks of its own, padded to whole ones.
fn write_blocks(node: &Node<'_>, plan: &Plan<'_>, out: &mut impl Write) -> Result<()> {
    let Body::Blocks { length, .. } = node.body else {
        return Ok(());
    };
    let written = match node.content {
        Some(Content::Bytes(bytes)) => {
            out.write_all(bytes)?;
            bytes.len() as u64
        }
        Some(Content::File(path)) => {
            let mut file = File::open(path)?.take(length + 1);
            std::io::copy(&mut file, out)?
        }
        None => {
            let content = small_content(node, plan)?;
            out.write_all(&content)?;
            content.len() as u64
        }
    };
    ensure!(
        written == length,
        "the file changed while the image was made"
    );
    let padding = length.next_multiple_of(BLOCK as u64) - length;
    out.write_all(&vec![0; usize::try_from(padding)?])?;
    Ok(())
}

/// What a symbolic link or a directory holds.
fn small_content(node: &Node<'_>, plan: &Plan<'_>) -> Result<Vec<u8>> {
    match node.target {
        Some(target) => Ok(target.as_bytes().to_vec()),
        None => directory::encode(&plan.directory_entries(node)?),
    }
}

/// The plan has room for everything that is put.
fn put(area: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = area.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests;
