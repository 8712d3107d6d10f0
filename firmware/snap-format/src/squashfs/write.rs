//! Writes a squashfs: xz, blocks of 128 KiB, no fragments, everything root's, as `snap pack`
//! does. Same tree, same bytes: nothing of this machine or of the time goes in.

mod tables;

use super::superblock::{BLOCK_BYTES, Compressor, LENGTH_BYTES, MAGIC, NO_TABLE};
use super::{SIZE_BITS, STORED_PLAIN};
use lzma_rust2::{CheckType, LzmaOptions, XzOptions, XzWriter};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use tables::Tables;

/// A file, directory or link to write.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) mode: u16,
    pub(crate) kind: NodeKind,
}

/// What a node is.
#[derive(Debug)]
pub(crate) enum NodeKind {
    /// Nodes, sorted by name.
    Directory(Vec<Node>),
    /// A file with that content.
    File(PathBuf),
    /// A link to that path.
    Symlink(String),
}

/// A file of a disk is padded so that Linux can use it as one.
const PADDING_BYTES: u64 = 4096;

/// Nothing is in fragments, equal files may share blocks, and there are no attributes.
const FLAGS: u16 = 0x0010 | 0x0040 | 0x0200;

/// Writes the tree below `root` to `out`, which is empty.
pub(crate) fn write<W: Write + Seek>(root: &[Node], out: &mut W, made_secs: u32) -> io::Result<()> {
    out.seek(SeekFrom::Start(LENGTH_BYTES as u64))?;
    let mut writer = Writer {
        out,
        position: LENGTH_BYTES as u64,
        tables: Tables::new(made_secs),
    };
    let root_inode = writer.root(root)?;
    let Writer {
        out,
        position: inode_table,
        tables,
    } = writer;
    let inodes = tables.inodes();
    let finished = tables.finish()?;
    let directory_table = inode_table + finished.inodes.len() as u64;
    let owners = directory_table + finished.directories.len() as u64;
    out.write_all(&finished.inodes)?;
    out.write_all(&finished.directories)?;
    // One owner, root, in a block that is not packed, and where that block is.
    out.write_all(&0x8004_u16.to_le_bytes())?;
    out.write_all(&0_u32.to_le_bytes())?;
    let owner_table = owners + 6;
    out.write_all(&owners.to_le_bytes())?;
    let used_bytes = owner_table + 8;
    let padding = used_bytes.next_multiple_of(PADDING_BYTES) - used_bytes;
    io::copy(&mut io::repeat(0).take(padding), out)?;

    let mut superblock = Vec::with_capacity(LENGTH_BYTES);
    superblock.extend(MAGIC);
    superblock.extend(inodes.to_le_bytes());
    superblock.extend(made_secs.to_le_bytes());
    superblock.extend((BLOCK_BYTES as u32).to_le_bytes());
    superblock.extend(0_u32.to_le_bytes());
    superblock.extend(Compressor::Xz.id().to_le_bytes());
    superblock.extend((BLOCK_BYTES.ilog2() as u16).to_le_bytes());
    superblock.extend(FLAGS.to_le_bytes());
    for number in [1_u16, 4, 0] {
        superblock.extend(number.to_le_bytes());
    }
    for number in [
        root_inode,
        used_bytes,
        owner_table,
        NO_TABLE,
        inode_table,
        directory_table,
        NO_TABLE,
        NO_TABLE,
    ] {
        superblock.extend(number.to_le_bytes());
    }
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&superblock)
}

struct Writer<'a, W> {
    out: &'a mut W,
    position: u64,
    tables: Tables,
}

/// A node that is written: what its directory says of it.
struct Written {
    reference: u64,
    number: u32,
    kind: u16,
}

impl<W: Write> Writer<'_, W> {
    /// Where the inode of the top is.
    fn root(&mut self, nodes: &[Node]) -> io::Result<u64> {
        let number = self.tables.take_numbers(1);
        // Its parent is no inode: by custom, the one behind the last.
        let parent = count(nodes) + 2;
        self.directory(0o755, nodes, number, parent)
    }

    fn directory(
        &mut self,
        mode: u16,
        nodes: &[Node],
        number: u32,
        parent: u32,
    ) -> io::Result<u64> {
        let first = self.tables.take_numbers(nodes.len() as u32);
        let mut entries = Vec::with_capacity(nodes.len());
        for (own, node) in (first..).zip(nodes) {
            entries.push((node.name.as_str(), self.node(node, own, number)?));
        }
        self.tables.directory(mode, &entries, number, parent)
    }

    fn node(&mut self, node: &Node, number: u32, parent: u32) -> io::Result<Written> {
        let (reference, kind) = match &node.kind {
            NodeKind::Directory(nodes) => (self.directory(node.mode, nodes, number, parent)?, 1),
            NodeKind::File(path) => {
                let start = self.position;
                let (length, sizes) = self.content(&mut File::open(path)?)?;
                let reference = self.tables.file(node.mode, number, start, length, &sizes)?;
                (reference, 2)
            }
            NodeKind::Symlink(target) => (self.tables.link(number, target)?, 3),
        };
        Ok(Written {
            reference,
            number,
            kind,
        })
    }

    /// Writes the blocks of a file: its length, and that of each block.
    fn content(&mut self, file: &mut File) -> io::Result<(u64, Vec<u32>)> {
        let (mut length, mut sizes) = (0, Vec::new());
        let mut block = Vec::with_capacity(BLOCK_BYTES);
        loop {
            block.clear();
            Read::by_ref(file)
                .take(BLOCK_BYTES as u64)
                .read_to_end(&mut block)?;
            if block.is_empty() {
                return Ok((length, sizes));
            }
            length += block.len() as u64;
            let packed = pack(&block)?;
            let (stored, flag) = match packed.len() < block.len() {
                true => (&packed, 0),
                false => (&block, STORED_PLAIN),
            };
            self.out.write_all(stored)?;
            self.position += stored.len() as u64;
            sizes.push(stored.len() as u32 & SIZE_BITS | flag);
        }
    }
}

fn count(nodes: &[Node]) -> u32 {
    let below = nodes.iter().map(|node| match &node.kind {
        NodeKind::Directory(nodes) => count(nodes),
        _ => 0,
    });
    nodes.len() as u32 + below.sum::<u32>()
}

/// Packs one block, as the kernel wants it: a checksum of 32 bits, and a dictionary no larger
/// than a block.
fn pack(block: &[u8]) -> io::Result<Vec<u8>> {
    let mut options = XzOptions {
        lzma_options: LzmaOptions::with_preset(6),
        check_type: CheckType::Crc32,
        ..XzOptions::default()
    };
    options.lzma_options.dict_size = BLOCK_BYTES as u32;
    let mut writer = XzWriter::new(Vec::new(), options)?;
    writer.write_all(block)?;
    writer.finish()
}
