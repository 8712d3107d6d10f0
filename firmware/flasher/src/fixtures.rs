//! A small image for tests, and a former installation of another one.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Result;
use boards::{Firmware, Geometry};
use image_builder::signing::KeyDirectory;
use image_builder::{DiskLayout, write_envelope};
use image_format::disk::{Guid, Role};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, Epoch, Manifest, Part, Root, Version};
use image_trust::{HashTree, sha256};

pub(crate) const BOARD: &str = "test-board";
const GEOMETRY: Geometry = Geometry {
    system_boot_mib: 1,
    rescue_mib: 4,
    system_slot_mib: 4,
    writable_mib: 2,
    table_entries: 128,
};
const KERNEL_AT: u64 = 1 << 20;
const INITRD_AT: u64 = 2 << 20;
const ROOT_AT: u64 = (2 << 20) + (64 << 10);
const ROOT_BLOCKS: u64 = 3;

/// Where things differ between two fixtures, and how.
#[derive(Clone, Copy)]
pub(crate) struct Fixture {
    /// Every byte of content.
    pub(crate) fill: u8,
    pub(crate) geometry: Geometry,
    pub(crate) board: &'static str,
}

impl Default for Fixture {
    fn default() -> Self {
        Self {
            fill: 0x11,
            geometry: GEOMETRY,
            board: BOARD,
        }
    }
}

impl Fixture {
    pub(crate) fn guid(&self) -> Guid {
        Guid::from_random_bytes([self.fill; 16])
    }

    /// Writes the image to `path`.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let layout = DiskLayout::new(&self.geometry);
        let mut file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(path)?;
        file.set_len(layout.length_bytes)?;
        layout.write_table(&mut file, self.guid(), Firmware::Uefi)?;
        for role in [Role::SystemBoot, Role::BootState, Role::Writable] {
            let place = layout.place(role);
            // The rest of it is zero, and counts.
            file.write_all_at(&[self.fill; 5000], place.offset_bytes)?;
        }
        for role in [Role::Rescue, Role::SystemA, Role::SystemB] {
            self.write_system(&file, layout.place(role).offset_bytes)?;
        }
        Ok(())
    }

    fn write_system(&self, file: &File, start: u64) -> Result<()> {
        let part = |offset_bytes, length: usize| {
            let bytes = vec![self.fill; length];
            file.write_all_at(&bytes, start + offset_bytes)?;
            anyhow::Ok(Part {
                offset_bytes,
                length_bytes: length as u64,
                sha256: sha256(&bytes),
            })
        };
        let (kernel, initrd) = (part(KERNEL_AT, 300_000)?, part(INITRD_AT, 7000)?);
        let root = [self.fill; (ROOT_BLOCKS * BLOCK_BYTES) as usize];
        file.write_all_at(&root, start + ROOT_AT)?;
        let tree_at = ROOT_AT + ROOT_BLOCKS * BLOCK_BYTES;
        let mut tree = HashTree::new(ROOT_BLOCKS, Digest::ZERO);
        let mut root_hash = None;
        for block in root.as_chunks().0 {
            root_hash = tree.push(block, |number, block| {
                file.write_all_at(block, start + tree_at + number * BLOCK_BYTES)
            })?;
        }
        let manifest = Manifest {
            board: self.board,
            product: "test",
            version: Version(u64::from(self.fill)),
            epoch: Epoch(1),
            build_time_secs: 0,
            command_line: "panic=1",
            kernel,
            initrd,
            root: Root {
                offset_bytes: ROOT_AT,
                data_blocks: ROOT_BLOCKS,
                tree_offset_bytes: tree_at,
                tree_blocks: 1,
                root_hash: root_hash.unwrap_or(Digest::ZERO),
                salt: Digest::ZERO,
            },
        };
        let keys = tempfile::tempdir()?;
        let keys = KeyDirectory::open_or_create_test(&keys.path().join("keys"))?;
        write_envelope(&keys.seal(&manifest)?, file, start)
    }
}
