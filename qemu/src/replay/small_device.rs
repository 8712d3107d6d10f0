//! A device for tests: a disk of some mebibytes with two signed systems of a few bytes, and
//! no rescue.

use std::io::{Cursor, Write};

use anyhow::{Context, Result};
use boards::Board;
use boot_core::{Layout, read_layout};
use embedded_io_adapters::std::FromStd;
use gpt::partition_types::{OperatingSystem, Type};
use image_builder::signing::KeyDirectory;
use image_format::disk::{BLOCK_BYTES, BOOT_STATE_BYTES, Role, STATE_COPY_OFFSETS};
use image_format::{
    BootNumber, BootState, Digest, Epoch, Floors, Manifest, Part, Root, Slot, SlotRecord,
    SlotStatus, Source, Version,
};
use tempfile::{NamedTempFile, TempDir};

use super::account::Account;
use super::judge::judge;
use super::loader::Loader;
use super::replayed_disk::ReplayedDisk;
use super::write_log::{Request, SECTOR_BYTES};

const MEBIBYTE: u64 = 1 << 20;
const DISK_BYTES: usize = 24 << 20;
const KERNEL_OFFSET: u64 = 64 << 10;
const INITRD_OFFSET: u64 = 68 << 10;

/// The device, switched off.
pub(super) struct SmallDevice {
    board: Board,
    keys: KeyDirectory,
    _key_files: TempDir,
    image: NamedTempFile,
    layout: Layout,
}

impl SmallDevice {
    /// Version 2 is confirmed in `system-a`, and version 1 in `system-b`.
    pub(super) fn new() -> Result<Self> {
        let key_files = tempfile::tempdir()?;
        let mut device = Self {
            board: boards::parse_board(
                "x86_64-uefi",
                include_str!("../../../boards/x86_64-uefi.toml"),
            )?,
            keys: KeyDirectory::create_test(&key_files.path().join("keys"))?,
            _key_files: key_files,
            image: NamedTempFile::new()?,
            layout: read_layout(&mut FromStd::new(Cursor::new(partitioned()?)))?,
        };
        let mut disk = partitioned()?;
        for (slot, version) in [(Slot::A, 2), (Slot::B, 1)] {
            let start = device.offset(slot.into());
            for (offset, bytes) in device.system(version)? {
                put(&mut disk, start + offset, &bytes);
            }
        }
        let start = device.offset(Role::BootState);
        for (offset, generation) in STATE_COPY_OFFSETS.into_iter().zip([2, 1]) {
            let state = state(generation, Slot::A);
            put(&mut disk, start + offset, &state.encode());
        }
        device.image.write_all(&disk)?;
        Ok(device)
    }

    /// The disk that every log begins with.
    pub(super) fn disk(&self) -> Result<ReplayedDisk> {
        ReplayedDisk::open(self.image.path())
    }

    /// The account of a log.
    pub(super) fn judge(&self, log: &[Request<'_>]) -> Result<Account> {
        judge(&self.loader()?, self.disk()?, log, None)
    }

    /// The same, while that slot is updated.
    pub(super) fn judge_update(&self, log: &[Request<'_>], slot: Slot) -> Result<Account> {
        judge(&self.loader()?, self.disk()?, log, Some(slot))
    }

    /// The device's loader, which knows both systems.
    pub(super) fn loader(&self) -> Result<Loader> {
        Loader::new(
            &self.board,
            self.keys.signed_keyring(),
            &[self.image.path()],
        )
    }

    /// The first sector of the partition of that role.
    pub(super) fn sector(&self, role: Role) -> u64 {
        self.offset(role) / SECTOR_BYTES as u64
    }

    /// The first sector of a copy of the state.
    pub(super) fn state_sector(&self, copy: usize) -> u64 {
        self.sector(Role::BootState) + STATE_COPY_OFFSETS[copy] / SECTOR_BYTES as u64
    }

    /// The first sector of the kernel of a slot.
    pub(super) fn kernel_sector(&self, slot: Slot) -> u64 {
        self.sector(slot.into()) + KERNEL_OFFSET / SECTOR_BYTES as u64
    }

    /// Another signed system for a slot: the sectors to write, and what to.
    pub(super) fn install(&self, slot: Slot, version: u64) -> Result<Vec<(u64, Vec<u8>)>> {
        let start = self.sector(slot.into());
        let parts = self.system(version)?;
        Ok(parts
            .into_iter()
            .map(|(offset, mut bytes)| {
                bytes.resize(bytes.len().next_multiple_of(SECTOR_BYTES), 0);
                (start + offset / SECTOR_BYTES as u64, bytes)
            })
            .collect())
    }

    fn offset(&self, role: Role) -> u64 {
        self.layout
            .partition(role)
            .map_or(0, |partition| partition.offset_bytes)
    }

    /// What lies in a slot, and where.
    fn system(&self, version: u64) -> Result<[(u64, Vec<u8>); 3]> {
        let kernel = format!("kernel {version}").into_bytes();
        let initrd = format!("initrd {version}").into_bytes();
        let part = |offset_bytes, bytes: &[u8]| Part {
            offset_bytes,
            length_bytes: bytes.len() as u64,
            sha256: image_trust::sha256(bytes),
        };
        let manifest = Manifest {
            board: &self.board.id,
            product: "test",
            version: Version(version),
            epoch: Epoch(0),
            build_time_secs: 0,
            command_line: "panic=10",
            kernel: part(KERNEL_OFFSET, &kernel),
            initrd: part(INITRD_OFFSET, &initrd),
            root: Root {
                offset_bytes: 72 << 10,
                data_blocks: 2,
                tree_offset_bytes: 80 << 10,
                tree_blocks: 1,
                root_hash: Digest::ZERO,
                salt: Digest::ZERO,
            },
        };
        let envelope = self.keys.seal(&manifest)?;
        Ok([
            (0, envelope),
            (KERNEL_OFFSET, kernel),
            (INITRD_OFFSET, initrd),
        ])
    }
}

/// Both slots are confirmed, and `active` is booted.
fn state(generation: u64, active: Slot) -> BootState {
    BootState {
        generation,
        boot_number: BootNumber(0),
        flight_sequence: 0,
        floors: Floors::default(),
        active,
        begun_without_up: 0,
        slots: [SlotRecord {
            status: SlotStatus::Confirmed,
            manifest_hash: Digest::ZERO,
        }; 2],
    }
}

/// A block with such a state.
pub(super) fn state_block(generation: u64, active: Slot) -> Vec<u8> {
    let mut block = state(generation, active).encode().to_vec();
    block.resize(BLOCK_BYTES, 0);
    block
}

/// What starts, by the account of a log, after its flushes.
pub(super) fn story(account: &Account) -> Vec<Option<Source>> {
    account
        .story
        .iter()
        .map(super::loader::Verdict::source)
        .collect()
}

fn put(disk: &mut [u8], offset_bytes: u64, bytes: &[u8]) {
    let start = offset_bytes as usize;
    disk[start..start + bytes.len()].copy_from_slice(bytes);
}

fn partitioned() -> Result<Vec<u8>> {
    let mut disk = gpt::GptConfig::new()
        .writable(true)
        .create_from_device(Cursor::new(vec![0; DISK_BYTES]), None)?;
    for role in Role::ALL {
        let bytes = match role {
            Role::BootState => BOOT_STATE_BYTES,
            _ => MEBIBYTE,
        };
        let kind = Type {
            guid: role.type_guid().to_string().parse()?,
            os: OperatingSystem::None,
        };
        disk.add_partition(role.name(), bytes, kind, 0, Some(8))
            .with_context(|| format!("there is no room for {role}"))?;
    }
    Ok(disk.write()?.into_inner())
}
