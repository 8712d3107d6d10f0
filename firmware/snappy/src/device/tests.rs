//! A device read from a disk: really partitioned, really signed.

use super::Device;
use crate::fixtures::{HASH_A, report};
use crate::slot_image::{Image, NotVerified, SlotImage};
use boot_core::flight::FlightRing;
use boot_core::platform::write_at;
use boot_core::read_layout;
use boot_core::state_store::StateStore;
use image_builder::signing::KeyDirectory;
use image_format::disk::{BOOT_STATE_BYTES, FLIGHT_ENTRIES, Role, STATE_COPY_OFFSETS};
use image_format::{
    BootNumber, BootState, Digest, Epoch, Event, Floors, Kind, Manifest, Part, Refusal, Root,
    Serial, SignatureError, Slot, SlotRecord, SlotStatus, Source, Version,
};
use image_trust::sha256;
use std::fs::File;
use std::iter;
use system_update::{BootDisk, BootFacts, BootReport, Running};
use tempfile::TempDir;

const SLOT_BYTES: u64 = 1 << 20;

/// A disk in a file, test keys beside it; `system-a` runs.
struct Workshop {
    keys: KeyDirectory,
    disk: BootDisk,
    report: BootReport,
    directory: TempDir,
}

impl Workshop {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("disk");
        let disk_guid = partition(&path);
        let report = BootReport {
            disk: Some(path.clone()),
            disk_guid,
            ..report()
        };
        let mut workshop = Self {
            keys: KeyDirectory::create_test(&directory.path().join("keys")).unwrap(),
            disk: BootDisk::open_urgently(&path).unwrap(),
            report,
            directory,
        };
        workshop.write_state(Floors::default());
        workshop
    }

    fn write_state(&mut self, floors: Floors) {
        let record = |status, manifest_hash| SlotRecord {
            status,
            manifest_hash,
        };
        let mut state = BootState {
            generation: 1,
            boot_number: BootNumber(4),
            flight_sequence: 0,
            floors,
            active: Slot::A,
            begun_without_up: 0,
            slots: [
                record(SlotStatus::Confirmed, HASH_A),
                record(SlotStatus::Installed, Digest::ZERO),
            ],
        };
        let layout = read_layout(&mut self.disk).unwrap();
        let mut store = StateStore::open(&mut self.disk, &layout).unwrap();
        store.write(&mut self.disk, &mut state).unwrap();
    }

    fn write(&mut self, role: Role, offset_bytes: u64, bytes: &[u8]) {
        let layout = read_layout(&mut self.disk).unwrap();
        let start = layout.partition(role).unwrap().offset_bytes;
        write_at(&mut self.disk, start + offset_bytes, bytes).unwrap();
    }

    /// Signs version 2 into `system-b`; returns its manifest's hash.
    fn install(&mut self, keys: &KeyDirectory) -> Digest {
        let envelope = keys.seal(&manifest()).unwrap();
        self.write(Role::SystemB, 0, &envelope);
        let frame = image_format::parse_envelope(&envelope).unwrap().manifest;
        sha256(frame.bytes)
    }

    fn install_own(&mut self) -> Digest {
        let keys = KeyDirectory::open(self.keys.directory()).unwrap();
        self.install(&keys)
    }

    fn read(&mut self) -> anyhow::Result<Device> {
        let keyring = self.keys.keyring();
        let facts = BootFacts::read(self.report.clone(), &mut self.disk)?;
        Ok(Device::of(facts, Some(keyring)))
    }
}

/// Makes the disk's file and its GPT; returns the disk's GUID.
fn partition(path: &std::path::Path) -> String {
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
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

fn manifest() -> Manifest<'static> {
    let part = |offset_bytes| Part {
        offset_bytes,
        length_bytes: 100,
        sha256: Digest([7; 32]),
    };
    Manifest {
        board: "x86_64-uefi",
        product: "twinkeel",
        version: Version(2),
        epoch: Epoch(3),
        build_time_secs: 1_764_000_000,
        command_line: "console=ttyS0 panic=5",
        kernel: part(64 << 10),
        initrd: part(72 << 10),
        root: Root {
            offset_bytes: 80 << 10,
            data_blocks: 2,
            tree_offset_bytes: 88 << 10,
            tree_blocks: 1,
            root_hash: Digest([8; 32]),
            salt: Digest([9; 32]),
        },
    }
}

#[test]
fn the_other_slot_is_verified_with_the_keyring() {
    let mut workshop = Workshop::new();
    let manifest_hash = workshop.install_own();
    let device = workshop.read().unwrap();
    let image = Image {
        version: Version(2),
        epoch: Epoch(3),
        manifest_hash,
    };
    assert_eq!(device.slots[1], SlotImage::Verified(image));
    assert_eq!(device.running_status(), Some(SlotStatus::Confirmed));
    assert_eq!(
        (device.next(), device.is_reboot_pending()),
        (Some(Source::Slot(Slot::A)), false)
    );
}

#[test]
fn other_keys_are_not_believed() {
    let mut workshop = Workshop::new();
    let stranger = KeyDirectory::create_test(&workshop.directory.path().join("stranger")).unwrap();
    let manifest_hash = workshop.install(&stranger);
    let error = SignatureError::BelowThreshold { have: 0, need: 2 };
    let refusal = Refusal::Untrusted {
        record: Kind::Delegation,
        error,
    };
    let expected = SlotImage::Unverified {
        manifest_hash,
        reason: NotVerified::Refused(refusal),
    };
    assert_eq!(workshop.read().unwrap().slots[1], expected);
}

#[test]
fn an_image_below_a_floor_is_not_usable() {
    let mut workshop = Workshop::new();
    let manifest_hash = workshop.install_own();
    workshop.write_state(Floors {
        epoch: Epoch(4),
        serial: Serial(0),
    });
    let refusal = Refusal::EpochBelowFloor {
        epoch: Epoch(3),
        floor: Epoch(4),
    };
    let expected = SlotImage::Unverified {
        manifest_hash,
        reason: NotVerified::Refused(refusal),
    };
    assert_eq!(workshop.read().unwrap().slots[1], expected);
}

#[test]
fn without_a_keyring_nothing_verifies() {
    let mut workshop = Workshop::new();
    let manifest_hash = workshop.install_own();
    let report = workshop.report.clone();
    let facts = BootFacts::read(report, &mut workshop.disk).unwrap();
    let device = Device::of(facts, None);
    let expected = SlotImage::Unverified {
        manifest_hash,
        reason: NotVerified::NoKeyring,
    };
    assert_eq!(device.slots[1], expected);
}

#[test]
fn damage_and_absence_are_told_apart() {
    let mut workshop = Workshop::new();
    assert_eq!(
        workshop.read().unwrap().slots[1],
        SlotImage::Unusable(Refusal::Empty)
    );
    workshop.install_own();
    workshop.write(Role::SystemB, 40, &[0xff; 4]);
    let [_, other] = workshop.read().unwrap().slots;
    let damaged = |refusal: &Refusal| {
        matches!(
            refusal,
            Refusal::Damaged {
                record: Kind::Delegation,
                ..
            }
        )
    };
    assert!(
        matches!(&other, SlotImage::Unusable(refusal) if damaged(refusal)),
        "{other:?}"
    );
}

#[test]
fn the_flight_record_is_read_in_its_order_across_the_end_of_the_ring() {
    let mut workshop = Workshop::new();
    let layout = read_layout(&mut workshop.disk).unwrap();
    let mut ring = FlightRing::open(&mut workshop.disk, &layout, 0).unwrap();
    // The last but one tells of the boot before: some things are known only later.
    for boot in iter::repeat_n(0, 1022).chain([1, 2, 1, 3]) {
        let event = Event::NothingBoots;
        ring.append(&mut workshop.disk, BootNumber(boot), &event)
            .unwrap();
    }
    let flight = workshop.read().unwrap().flight;
    let order: Vec<_> = flight
        .iter()
        .map(|entry| (entry.sequence, entry.boot_number.0))
        .collect();
    let (_, newest) = order.split_at(order.len() - 4);
    assert_eq!(order.len() as u64, FLIGHT_ENTRIES);
    assert_eq!(newest, [(1022, 1), (1024, 1), (1023, 2), (1025, 3)]);
}

#[test]
fn a_rollback_is_what_the_loader_will_choose() {
    let mut workshop = Workshop::new();
    workshop.install_own();
    let running: Running = workshop.report.running().unwrap();
    system_update::rollback(&mut workshop.disk, &running).unwrap();
    let device = workshop.read().unwrap();
    assert_eq!(
        (device.next(), device.is_reboot_pending()),
        (Some(Source::Slot(Slot::B)), true)
    );
    let event = device.flight.last().map(|entry| entry.event.clone());
    assert_eq!(
        event,
        Some(Event::RollbackRequested {
            from: Slot::A,
            to: Slot::B
        })
    );
}

#[test]
fn another_disk_is_refused() {
    let mut workshop = Workshop::new();
    workshop.report.disk_guid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".into();
    let message = workshop.read().unwrap_err().to_string();
    let reason = "it is not the disk that this system was booted from; reboot";
    assert!(
        message.starts_with("cannot use /") && message.ends_with(reason),
        "{message}"
    );
}

#[test]
fn a_lost_state_is_refused() {
    let mut workshop = Workshop::new();
    for offset in STATE_COPY_OFFSETS {
        workshop.write(Role::BootState, offset, &[0; 512]);
    }
    assert_eq!(
        workshop.read().unwrap_err().to_string(),
        "cannot read the boot state: both copies are damaged; reboot to have it rebuilt"
    );
}

#[test]
fn in_the_rescue_system_both_slots_are_read() {
    let mut workshop = Workshop::new();
    let manifest_hash = workshop.install_own();
    workshop.report.source = Source::Rescue;
    let device = workshop.read().unwrap();
    let image = Image {
        version: Version(2),
        epoch: Epoch(3),
        manifest_hash,
    };
    assert_eq!(
        device.slots,
        [
            SlotImage::Unusable(Refusal::Empty),
            SlotImage::Verified(image)
        ]
    );
    assert_eq!(device.running_status(), None);
    assert!(!device.is_reboot_pending());
}

#[test]
fn without_a_disk_it_says_which_one_is_missing() {
    let mut workshop = Workshop::new();
    workshop.report.source = Source::Rescue;
    workshop.report.disk = None;
    workshop.report.disk_guid = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".into();
    assert_eq!(
        workshop.read().unwrap_err().to_string(),
        "cannot read the boot state: the rescue system found no disk \
         0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0; attach it and reboot"
    );
}
