//! Devices for the tests of the pure functions.

use crate::device::{CloudConfig, Device};
use crate::slot_image::{Image, SlotImage};
use image_format::{
    BootNumber, BootState, Digest, Epoch, Event, FlightEntry, Floors, Refusal, Slot, SlotRecord,
    SlotStatus, Source, Version, refusal::PartName,
};
use system_update::{BootReport, ReportedStatus};

pub(crate) const HASH_A: Digest = hash([0x18, 0x4a, 0xd1, 0xe8, 0x63, 0xe9, 0x47]);
pub(crate) const HASH_B: Digest = hash([0x7f, 0x06, 0x8c, 0xb4, 0xfa, 0x87, 0x6c]);

pub(crate) const HASH_RESCUE: Digest = hash([0x5e, 0xc0, 0xe5, 0x11, 0x22, 0x33, 0x44]);

const fn hash(start: [u8; 7]) -> Digest {
    let mut bytes = [0xee; 32];
    let mut at = 0;
    while at < start.len() {
        bytes[at] = start[at];
        at += 1;
    }
    Digest(bytes)
}

pub(crate) const TRIAL: SlotStatus = SlotStatus::Trial {
    attempts_left: 2,
    attempts_given: 3,
};

/// Boot 4 of a device: version 1 runs from `system-a` and is confirmed, version 2 lies
/// in `system-b` and never ran.
pub(crate) fn device() -> Device {
    Device {
        report: report(),
        channel: "edge".into(),
        state: BootState {
            generation: 9,
            boot_number: BootNumber(4),
            flight_sequence: 0,
            floors: Floors::default(),
            active: Slot::A,
            begun_without_up: 0,
            slots: [
                SlotRecord {
                    status: SlotStatus::Confirmed,
                    manifest_hash: HASH_A,
                },
                SlotRecord {
                    status: SlotStatus::Installed,
                    manifest_hash: HASH_B,
                },
            ],
        },
        slots: [image_a(), image_b()].map(SlotImage::Verified),
        flight: Vec::new(),
        cloud_config: CloudConfig::Nothing,
        wanted: Vec::new(),
    }
}

/// Boot 9 of the same device: both kernels had changed, and the rescue system, version 7,
/// runs.
pub(crate) fn in_rescue() -> Device {
    let mut device = device();
    device.report.source = Source::Rescue;
    device.report.version = Version(7);
    device.report.manifest = HASH_RESCUE;
    device.report.boot = BootNumber(9);
    device.report.status = ReportedStatus::Rescue;
    device.state.boot_number = BootNumber(9);
    let refused = |slot: Slot, version| Event::Refused {
        source: slot.into(),
        version: Some(Version(version)),
        refusal: Refusal::Digest {
            part: PartName::Kernel,
        },
    };
    let fell_back = |to| Event::FellBack { from: Slot::A, to };
    for slot in Slot::ALL {
        device.state.slot_mut(slot).status = SlotStatus::Refused;
    }
    device.flight = flight([
        (9, refused(Slot::A, 1)),
        (9, fell_back(Slot::B.into())),
        (9, refused(Slot::B, 2)),
        (9, fell_back(Source::Rescue)),
        (9, Event::RescueRuns),
    ]);
    device
}

/// The report of [`device`].
pub(crate) fn report() -> BootReport {
    BootReport {
        source: Source::Slot(Slot::A),
        version: Version(1),
        manifest: HASH_A,
        boot: BootNumber(4),
        disk: Some("/dev/vda".into()),
        disk_guid: "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".into(),
        board: "x86_64-uefi".into(),
        product: "twinkeel".into(),
        epoch: Epoch(1),
        build_time_secs: 1_790_000_000,
        status: ReportedStatus::Confirmed,
    }
}

/// The image in `system-a` of [`device`].
pub(crate) fn image_a() -> Image {
    Image {
        version: Version(1),
        epoch: Epoch(1),
        manifest_hash: HASH_A,
    }
}

/// The image in `system-b` of [`device`].
pub(crate) fn image_b() -> Image {
    Image {
        version: Version(2),
        epoch: Epoch(1),
        manifest_hash: HASH_B,
    }
}

/// A flight record of these events, in their boots.
pub(crate) fn flight(events: impl IntoIterator<Item = (u64, Event)>) -> Vec<FlightEntry> {
    let entry = |(sequence, (boot, event))| FlightEntry {
        sequence,
        boot_number: BootNumber(boot),
        event,
    };
    (0..).zip(events).map(entry).collect()
}
