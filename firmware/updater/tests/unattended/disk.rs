//! A device's disk, as the maker flashed it.

use boot_core::platform::write_at;
use boot_core::read_layout;
use boot_core::state_store::StateStore;
use image_format::disk::{BOOT_STATE_BYTES, Role};
use image_format::{
    BootNumber, BootState, Digest, ENVELOPE_BYTES, Floors, Slot, SlotRecord, SlotStatus,
    parse_envelope,
};
use image_trust::sha256;
use std::fs::File;
use std::path::Path;
use system_update::BootDisk;

const SLOT_BYTES: u64 = 8 << 20;

/// Makes the disk's file and its GPT; returns the disk's GUID.
pub(crate) fn partition(path: &Path) -> String {
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true);
    let file = file.open(path).unwrap();
    file.set_len(BOOT_STATE_BYTES + 2 * SLOT_BYTES + (4 << 20))
        .unwrap();
    let mut disk = gpt::GptConfig::new()
        .writable(true)
        .create_from_device(file, None)
        .unwrap();
    let partitions = [
        (Role::BootState, BOOT_STATE_BYTES),
        (Role::SystemA, SLOT_BYTES),
        (Role::SystemB, SLOT_BYTES),
    ];
    for (role, length_bytes) in partitions {
        let kind = gpt::partition_types::Type {
            guid: role.type_guid().to_string().parse().unwrap(),
            os: gpt::partition_types::OperatingSystem::None,
        };
        disk.add_partition(role.name(), length_bytes, kind, 0, Some(2048))
            .unwrap();
    }
    let guid = disk.guid().to_string().to_lowercase();
    disk.write().unwrap();
    guid
}

/// As the flashed disk has it: a release in `system-a`, confirmed once.
pub(crate) fn install(path: &Path, file: &[u8]) {
    let mut disk = BootDisk::open_urgently(path).unwrap();
    let layout = read_layout(&mut disk).unwrap();
    let start = layout.partition(Role::SystemA).unwrap().offset_bytes;
    write_at(&mut disk, start, file).unwrap();
    let manifest_hash: Digest = sha256(
        parse_envelope(&file[..ENVELOPE_BYTES])
            .unwrap()
            .manifest
            .bytes,
    );
    let mut state = BootState {
        generation: 1,
        boot_number: BootNumber(1),
        flight_sequence: 0,
        floors: Floors::default(),
        active: Slot::A,
        begun_without_up: 0,
        slots: [
            SlotRecord {
                status: SlotStatus::Confirmed,
                manifest_hash,
            },
            SlotRecord::EMPTY,
        ],
    };
    let mut store = StateStore::open(&mut disk, &layout).unwrap();
    store.write(&mut disk, &mut state).unwrap();
}
