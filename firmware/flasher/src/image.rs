//! A disk image, looked at before anything is erased: whose it is, and that it is whole.
//!
//! Kernel, initrd and root of every slot are held against the manifest beside them. That
//! finds a bad copy, not a bad maker: signatures are the loader's business, and whoever could
//! change the image could change the loader in it.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use boot_core::{Layout, Partition, read_layout};
use embedded_io_adapters::std::FromStd;
use image_format::disk::Role;
use image_format::manifest::BLOCK_BYTES;
use image_format::refusal::PartName;
use image_format::{Digest, ENVELOPE_BYTES, Kind, Manifest, Part, Refusal, Root, parse_envelope};
use image_trust::{Block, HashTree, Hasher, check_manifest, sha256};

use crate::error::FlashError;
use crate::table::{EDGE_BYTES, Table};

/// The partitions that hold a signed system.
const SYSTEMS: [Role; 3] = [Role::Rescue, Role::SystemA, Role::SystemB];

/// An image that is whole, and for the board.
#[derive(Debug)]
pub struct Image {
    pub(crate) file: File,
    pub(crate) table: Table,
    layout: Layout,
    /// Up to the last byte that a slot's manifest speaks of.
    used: Vec<(Role, u64)>,
    /// What the report says.
    pub(crate) release: ReleaseName,
}

/// What lies in system-a.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReleaseName {
    pub(crate) board: String,
    pub(crate) product: String,
    pub(crate) version: u64,
    pub(crate) manifest_hash: Digest,
}

impl Image {
    /// Reads the image and checks all of it.
    ///
    /// # Errors
    /// [`FlashError::NotAnImage`], [`FlashError::DamagedImage`], [`FlashError::OtherBoard`].
    pub fn open(path: &Path, board: &str) -> Result<Self, FlashError> {
        let file = File::open(path).map_err(FlashError::io("open", path))?;
        let disk = file.try_clone().map_err(FlashError::io("open", path))?;
        let not_an_image = |why: String| FlashError::NotAnImage {
            image: path.to_owned(),
            why,
        };
        let layout = read_layout(&mut FromStd::new(disk))
            .map_err(|error| not_an_image(error.to_string()))?;
        if let Some(role) = Role::ALL
            .into_iter()
            .find(|role| layout.partition(*role).is_none())
        {
            return Err(not_an_image(format!("it has no partition {role}")));
        }
        let table = Table::read(&file).map_err(FlashError::io("read", path))?;
        let mut used = Vec::new();
        let mut release = None;
        for role in SYSTEMS {
            let system = System {
                file: &file,
                path,
                role,
                place: partition_of(&layout, role),
            };
            let (name, used_bytes) = system.check()?;
            if name.board != board {
                return Err(FlashError::OtherBoard {
                    image: path.to_owned(),
                    of: name.board,
                    wanted: board.to_owned(),
                });
            }
            used.push((role, used_bytes));
            if role == Role::SystemA {
                release = Some(name);
            }
        }
        let release = release.ok_or_else(|| not_an_image("it has no system".to_owned()))?;
        Ok(Self {
            file,
            table,
            layout,
            used,
            release,
        })
    }

    /// Where a partition lies, in the image and on every disk.
    pub(crate) fn place(&self, role: Role) -> Partition {
        partition_of(&self.layout, role)
    }

    /// What of a partition counts: all, or what the manifest in it speaks of.
    pub(crate) fn used_range(&self, role: Role) -> Range<u64> {
        let place = self.place(role);
        let used = self.used.iter().find(|(each, _)| *each == role);
        let length = used.map_or(place.length_bytes, |(_, used_bytes)| *used_bytes);
        place.offset_bytes..place.offset_bytes + length.next_multiple_of(BLOCK_BYTES)
    }

    /// What lies in front of the first partition: zeros where the table is, then the board's
    /// firmware, where it has some.
    pub(crate) fn front(&self) -> std::io::Result<Vec<u8>> {
        let mut front = vec![0; EDGE_BYTES as usize];
        self.file.read_exact_at(&mut front, 0)?;
        let end = self.table.end_bytes(crate::table::IMAGE_SECTOR_BYTES) as usize;
        if let Some(table) = front.get_mut(..end) {
            table.fill(0);
        }
        Ok(front)
    }

    /// What a disk has to have, at least.
    pub(crate) fn needs_bytes(&self) -> u64 {
        let writable = self.place(Role::Writable);
        writable.offset_bytes + writable.length_bytes + EDGE_BYTES
    }
}

fn partition_of(layout: &Layout, role: Role) -> Partition {
    layout.partition(role).unwrap_or(Partition {
        offset_bytes: 0,
        length_bytes: 0,
    })
}

/// A slot, or rescue, in an image.
struct System<'a> {
    file: &'a File,
    path: &'a Path,
    role: Role,
    place: Partition,
}

impl System<'_> {
    /// Returns whose it is, and how much of the partition it takes.
    fn check(&self) -> Result<(ReleaseName, u64), FlashError> {
        let mut area = vec![0; ENVELOPE_BYTES];
        self.read(0, &mut area)?;
        let envelope = parse_envelope(&area).map_err(|why| self.damaged(why))?;
        let manifest: Manifest<'_> = envelope
            .manifest
            .decode()
            .map_err(|error| self.damaged(Refusal::damaged(Kind::Manifest, error)))?;
        check_manifest(&manifest, self.place.length_bytes).map_err(|why| self.damaged(why))?;
        self.check_part(PartName::Kernel, manifest.kernel)?;
        self.check_part(PartName::Initrd, manifest.initrd)?;
        if manifest.root.data_blocks > 0 {
            self.check_root(&manifest.root)?;
        }
        let name = ReleaseName {
            board: manifest.board.to_owned(),
            product: manifest.product.to_owned(),
            version: manifest.version.0,
            manifest_hash: sha256(envelope.manifest.bytes),
        };
        Ok((name, used_bytes(&manifest)))
    }

    fn check_part(&self, name: PartName, part: Part) -> Result<(), FlashError> {
        let mut hasher = Hasher::new();
        self.each_piece(part.offset_bytes, part.length_bytes, |piece| {
            hasher.update(piece);
        })?;
        if hasher.finish() == part.sha256 {
            Ok(())
        } else {
            Err(self.damaged(Refusal::Digest { part: name }))
        }
    }

    fn check_root(&self, root: &Root) -> Result<(), FlashError> {
        let mut tree = HashTree::new(root.data_blocks, root.salt);
        let mut root_hash = None;
        let mut made = vec![0; (root.tree_blocks * BLOCK_BYTES) as usize];
        self.each_piece(root.offset_bytes, root.data_blocks * BLOCK_BYTES, |piece| {
            for block in piece.as_chunks::<{ BLOCK_BYTES as usize }>().0 {
                let put = tree.push(block, |number, block: &Block| -> Result<(), ()> {
                    let start = number as usize * block.len();
                    let place = made.get_mut(start..start + block.len()).ok_or(())?;
                    place.copy_from_slice(block);
                    Ok(())
                });
                root_hash = put.unwrap_or_default().or(root_hash);
            }
        })?;
        let mut there = vec![0; made.len()];
        self.read(root.tree_offset_bytes, &mut there)?;
        if root_hash == Some(root.root_hash) && there == made {
            Ok(())
        } else {
            Err(self.damaged(Refusal::Digest {
                part: PartName::Root,
            }))
        }
    }

    fn each_piece(
        &self,
        offset_bytes: u64,
        length_bytes: u64,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), FlashError> {
        let mut piece = vec![0; crate::disk::CHUNK_BYTES];
        let mut done = 0;
        while done < length_bytes {
            let length = (length_bytes - done).min(piece.len() as u64) as usize;
            let piece = &mut piece[..length];
            self.read(offset_bytes + done, piece)?;
            take(piece);
            done += length as u64;
        }
        Ok(())
    }

    fn read(&self, offset_bytes: u64, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.file
            .read_exact_at(bytes, self.place.offset_bytes + offset_bytes)
            .map_err(FlashError::io("read", self.path))
    }

    fn damaged(&self, why: Refusal) -> FlashError {
        FlashError::DamagedImage {
            image: self.path.to_owned(),
            role: self.role,
            why,
        }
    }
}

fn used_bytes(manifest: &Manifest<'_>) -> u64 {
    let (kernel, initrd, root) = (&manifest.kernel, &manifest.initrd, &manifest.root);
    [
        kernel.offset_bytes + kernel.length_bytes,
        initrd.offset_bytes + initrd.length_bytes,
        root.tree_offset_bytes + root.tree_blocks * BLOCK_BYTES,
    ]
    .into_iter()
    .fold(ENVELOPE_BYTES as u64, u64::max)
}

#[cfg(test)]
mod tests;
