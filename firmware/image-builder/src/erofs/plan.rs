//! Gives every inode and every content its place, before anything is written.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};

use super::directory::{DirectoryEntry, length_of};
use super::{BLOCK, INODE_BYTES};
use crate::tree::{Content, Entry, Tree};

/// What fits behind an inode without much being lost at the end of a block.
const LONGEST_INLINE: u64 = 1024;

const MODE_TYPE: u16 = 0o170_000;
const MODE_DIRECTORY: u16 = 0o040_000;
const MODE_FILE: u16 = 0o100_000;
const MODE_LINK: u16 = 0o120_000;

/// Where everything lies.
pub(super) struct Plan<'a> {
    /// In the order of their paths; the root, whose path is empty, first.
    pub(super) nodes: Vec<Node<'a>>,
    /// Path -> position in `nodes`.
    positions: BTreeMap<&'a str, usize>,
    /// Directory -> sorted names with positions.
    children: BTreeMap<&'a str, Vec<(&'a str, usize)>>,
    /// The positions of nodes whose contents have blocks, in the order of these.
    contents: Vec<usize>,
    /// Length of the inodes' area.
    pub(super) inode_bytes: usize,
    /// Length of the whole file system.
    pub(super) blocks: u32,
}

/// A file, directory or symbolic link.
pub(super) struct Node<'a> {
    pub(super) path: &'a str,
    /// Where its inode lies, in units of an inode from the first byte.
    pub(super) nid: u64,
    /// Type and permissions.
    pub(super) mode: u16,
    pub(super) links: u16,
    pub(super) body: Body,
    /// Of a file.
    pub(super) content: Option<&'a Content>,
    /// Of a symbolic link.
    pub(super) target: Option<&'a str>,
}

/// Where a content lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Behind the inode.
    Inline { length: u64 },
    /// In blocks from `address` on.
    Blocks { length: u64, address: u32 },
}

impl Body {
    pub(super) fn length(self) -> u64 {
        match self {
            Self::Inline { length } | Self::Blocks { length, .. } => length,
        }
    }

    /// The binary logarithm of its blocks, if it has blocks.
    fn magnitude(self) -> Option<u32> {
        match self {
            Self::Inline { .. } => None,
            Self::Blocks { length, .. } => Some(blocks_of(length).max(1).ilog2()),
        }
    }
}

fn blocks_of(length: u64) -> u64 {
    length.div_ceil(BLOCK as u64)
}

impl<'a> Plan<'a> {
    pub(super) fn of(tree: &'a Tree) -> Result<Self> {
        let mut plan = Self {
            nodes: vec![Node::directory("", 0o755)],
            positions: BTreeMap::from([("", 0)]),
            children: BTreeMap::new(),
            contents: Vec::new(),
            inode_bytes: 0,
            blocks: 0,
        };
        for (path, entry) in tree.entries() {
            plan.add(path, entry)?;
        }
        plan.measure_directories()?;
        plan.place_inodes();
        plan.place_blocks()?;
        Ok(plan)
    }

    fn add(&mut self, path: &'a str, entry: &'a Entry) -> Result<()> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let position = self.nodes.len();
        self.nodes.push(Node::new(path, entry)?);
        self.positions.insert(path, position);
        self.children
            .entry(parent)
            .or_default()
            .push((name, position));
        Ok(())
    }

    fn measure_directories(&mut self) -> Result<()> {
        for (path, position) in &self.positions {
            let children = self
                .children
                .get(path)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let subdirectories = children
                .iter()
                .filter(|(_, child)| self.nodes.get(*child).is_some_and(Node::is_directory));
            let links =
                u16::try_from(subdirectories.count() + 2).context("too many directories in one")?;
            let mut names: Vec<&[u8]> = children.iter().map(|(name, _)| name.as_bytes()).collect();
            names.extend([b".".as_slice(), b".."]);
            names.sort_unstable();
            let length = length_of(names.into_iter())?;
            if let Some(node) = self
                .nodes
                .get_mut(*position)
                .filter(|node| node.is_directory())
            {
                node.links = links;
                node.body = Body::of_small(length);
            }
        }
        Ok(())
    }

    /// From the second block on. What stands behind an inode must not leave its block.
    fn place_inodes(&mut self) {
        let mut end = BLOCK;
        for node in &mut self.nodes {
            let behind = match node.body {
                // At most LONGEST_INLINE.
                Body::Inline { length } => length as usize,
                Body::Blocks { .. } => 0,
            };
            if end % BLOCK + INODE_BYTES + behind > BLOCK {
                end = end.next_multiple_of(BLOCK);
            }
            node.nid = (end / INODE_BYTES) as u64;
            end = (end + INODE_BYTES + behind).next_multiple_of(INODE_BYTES);
        }
        self.inode_bytes = end.next_multiple_of(BLOCK) - BLOCK;
    }

    /// The smallest magnitude first: a large file that grows by a block moves only large ones.
    fn place_blocks(&mut self) -> Result<()> {
        let too_large = || "the tree is too large for one file system";
        let with_blocks = |position: &usize| self.nodes.get(*position)?.body.magnitude();
        let mut contents: Vec<usize> = (0..self.nodes.len()).collect();
        contents.retain(|position| with_blocks(position).is_some());
        contents.sort_by_key(with_blocks);
        let mut next = u32::try_from(1 + self.inode_bytes / BLOCK).with_context(too_large)?;
        for position in &contents {
            let node = self.nodes.get_mut(*position);
            if let Some(Body::Blocks { length, address }) = node.map(|node| &mut node.body) {
                *address = next;
                let blocks = u32::try_from(blocks_of(*length)).with_context(too_large)?;
                next = next.checked_add(blocks).with_context(too_large)?;
            }
        }
        self.contents = contents;
        self.blocks = next;
        Ok(())
    }

    /// Those whose contents have blocks, in the order of these.
    pub(super) fn contents(&self) -> impl Iterator<Item = &Node<'a>> {
        self.contents
            .iter()
            .filter_map(|position| self.nodes.get(*position))
    }

    pub(super) fn root(&self) -> Result<&Node<'a>> {
        self.nodes.first().context("a tree has a root")
    }

    /// The sorted entries of a directory.
    pub(super) fn directory_entries(&self, directory: &Node<'_>) -> Result<Vec<DirectoryEntry>> {
        let entry = |name: &str, position: usize| -> Result<DirectoryEntry> {
            let node = self.nodes.get(position).context("every name has a node")?;
            Ok(DirectoryEntry {
                name: name.as_bytes().to_vec(),
                nid: node.nid,
                file_type: node.file_type(),
            })
        };
        let at = |path: &str| {
            self.positions
                .get(path)
                .copied()
                .context("every directory has a node")
        };
        let parent = directory
            .path
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        let mut entries = vec![entry(".", at(directory.path)?)?, entry("..", at(parent)?)?];
        for (name, position) in self.children.get(directory.path).into_iter().flatten() {
            entries.push(entry(name, *position)?);
        }
        entries.sort_unstable();
        Ok(entries)
    }
}

impl<'a> Node<'a> {
    fn directory(path: &'a str, mode: u16) -> Self {
        Self {
            path,
            nid: 0,
            mode: MODE_DIRECTORY | mode,
            links: 2,
            body: Body::Inline { length: 0 },
            content: None,
            target: None,
        }
    }

    fn new(path: &'a str, entry: &'a Entry) -> Result<Self> {
        let permissions = |mode: u32| u16::try_from(mode & 0o7777);
        match entry {
            Entry::Directory { mode } => Ok(Self::directory(path, permissions(*mode)?)),
            Entry::File { content, mode } => Ok(Self {
                mode: MODE_FILE | permissions(*mode)?,
                links: 1,
                body: Body::Blocks {
                    length: length_of_content(content)?,
                    address: 0,
                },
                content: Some(content),
                ..Self::directory(path, 0)
            }),
            Entry::Link { target } => Ok(Self {
                mode: MODE_LINK | 0o777,
                links: 1,
                body: Body::of_small(target.len() as u64),
                target: Some(target),
                ..Self::directory(path, 0)
            }),
            Entry::Device { .. } => {
                bail!("cannot put the device {path} into a root: /dev has all devices")
            }
        }
    }

    fn is_directory(&self) -> bool {
        self.mode & MODE_TYPE == MODE_DIRECTORY
    }

    /// As directory entries say it.
    fn file_type(&self) -> u8 {
        if self.is_directory() {
            2
        } else if self.target.is_some() {
            7
        } else {
            1
        }
    }
}

impl Body {
    fn of_small(length: u64) -> Self {
        if length <= LONGEST_INLINE {
            Self::Inline { length }
        } else {
            Self::Blocks { length, address: 0 }
        }
    }
}

fn length_of_content(content: &Content) -> Result<u64> {
    match content {
        Content::Bytes(bytes) => Ok(bytes.len() as u64),
        Content::File(path) => {
            let metadata =
                fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
            Ok(metadata.len())
        }
    }
}
