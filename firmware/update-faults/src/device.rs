//! A device: a disk in memory with two signed systems, of which `system-a` runs and is
//! confirmed, and a release that a server has for it.

use anyhow::Result;
use boards::{Firmware, Geometry};
use image_builder::DiskLayout;
use image_builder::signing::KeyDirectory;
use image_format::disk::{Guid, Role, STATE_COPY_OFFSETS};
use image_format::{BootNumber, BootState, Epoch, Floors, Slot, SlotRecord, SlotStatus, Source};
use std::io::Read;
use std::ops::Range;
use system_update::{BootReport, ReportedStatus};

use crate::release::{BOARD, Release};

const GEOMETRY: Geometry = Geometry {
    system_boot_mib: 1,
    rescue_mib: 2,
    system_slot_mib: 4,
    writable_mib: 1,
    table_entries: 128,
};
const DISK_GUID: Guid = Guid::from_bytes([0x5a; 16]);
const BOOT: BootNumber = BootNumber(7);

/// The device before its update.
pub(crate) struct Device {
    pub(crate) signed_keyring: Vec<u8>,
    pub(crate) layout: DiskLayout,
    /// All bytes of its disk.
    pub(crate) disk: Vec<u8>,
    /// What runs, in `system-a`.
    pub(crate) old: Release,
    /// What is offered.
    pub(crate) new: Release,
}

impl Device {
    pub(crate) fn new() -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let keys = KeyDirectory::create_test(&directory.path().join("keys"))?;
        let [before, old, new] = [1, 2, 3].map(|version| Release::new(&keys, version));
        let (before, old, new) = (before?, old?, new?);
        let layout = DiskLayout::new(&GEOMETRY);
        let mut device = Self {
            signed_keyring: keys.signed_keyring().to_owned(),
            disk: partitioned(&layout)?,
            layout,
            old,
            new,
        };
        let a = device.range(Role::SystemA).start;
        device.disk[a..][..device.old.slot.len()].copy_from_slice(&device.old.slot);
        let b = device.range(Role::SystemB).start;
        device.disk[b..][..before.slot.len()].copy_from_slice(&before.slot);
        let start = device.range(Role::BootState).start;
        for (offset, generation) in STATE_COPY_OFFSETS.into_iter().zip([2, 1]) {
            let state = state(generation, [&device.old, &before]).encode();
            device.disk[start + usize::try_from(offset)?..][..state.len()].copy_from_slice(&state);
        }
        Ok(device)
    }

    /// Where a partition lies.
    pub(crate) fn range(&self, role: Role) -> Range<usize> {
        let place = self.layout.place(role);
        let start = place.offset_bytes as usize;
        start..start + place.length_bytes as usize
    }

    /// What PID 1 says there.
    pub(crate) fn report(&self) -> BootReport {
        BootReport {
            source: Source::Slot(Slot::A),
            version: self.old.version,
            manifest: self.old.manifest_hash,
            boot: BOOT,
            disk: Some("/disk".into()),
            disk_guid: DISK_GUID.to_string(),
            board: BOARD.to_owned(),
            product: "test".to_owned(),
            epoch: Epoch(0),
            build_time_secs: 1,
            status: ReportedStatus::Confirmed,
        }
    }
}

fn partitioned(layout: &DiskLayout) -> Result<Vec<u8>> {
    let mut file = tempfile::tempfile()?;
    file.set_len(layout.length_bytes)?;
    layout.write_table(&mut file, DISK_GUID, Firmware::Uefi)?;
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut file)?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn state(generation: u64, releases: [&Release; 2]) -> BootState {
    BootState {
        generation,
        boot_number: BOOT,
        flight_sequence: 0,
        floors: Floors::default(),
        active: Slot::A,
        begun_without_up: 0,
        slots: releases.map(|release| SlotRecord {
            status: SlotStatus::Confirmed,
            manifest_hash: release.manifest_hash,
        }),
    }
}
