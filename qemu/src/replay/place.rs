//! What a place of the disk is for, finer than a partition where the device writes.

use std::fmt;
use std::ops::Range;

use boot_core::Layout;
use image_format::disk::{
    BLOCK_BYTES, FAILED_ENTRIES, FAILED_OFFSET, FLIGHT_ENTRIES, FLIGHT_OFFSET, Role,
    STATE_COPY_OFFSETS,
};

use image_format::{ENVELOPE_BYTES, Slot};

use super::write_log::{Request, SECTOR_BYTES};

const ENVELOPE_SECTORS: u64 = (ENVELOPE_BYTES / SECTOR_BYTES) as u64;
/// Left free at the end of a disk that is larger than its image.
const RESERVED_BYTES: u64 = 1 << 20;

/// What a sector is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The two copies of the boot state.
    StateCopies,
    /// The ring of the flight record.
    FlightRecord,
    /// The list of failed releases.
    FailedReleases,
    /// The file system of the running system. The loader never looks there.
    Writable,
    /// The loader's partition.
    SystemBoot,
    /// The rescue system.
    Rescue,
    /// The first slot.
    SystemA,
    /// The second slot.
    SystemB,
    /// What is for nothing in `boot-state`.
    Unused,
    /// The partition table, and whatever else is in no partition.
    Table,
}

impl Place {
    /// That of a slot.
    #[must_use]
    pub fn of_slot(slot: Slot) -> Self {
        match slot {
            Slot::A => Self::SystemA,
            Slot::B => Self::SystemB,
        }
    }

    /// Whether it lies in `boot-state`, and has a use there.
    #[must_use]
    pub fn is_boot_state(self) -> bool {
        match self {
            Self::StateCopies | Self::FlightRecord | Self::FailedReleases => true,
            Self::Writable
            | Self::SystemBoot
            | Self::Rescue
            | Self::SystemA
            | Self::SystemB
            | Self::Unused
            | Self::Table => false,
        }
    }

    /// Whether a device writes there in the field, without an update.
    #[must_use]
    pub fn is_written(self) -> bool {
        self.is_boot_state() || self == Self::Writable
    }

    /// For tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StateCopies => "boot-state: copies of the state",
            Self::FlightRecord => "boot-state: flight record",
            Self::FailedReleases => "boot-state: failed releases",
            Self::Writable => "writable",
            Self::SystemBoot => "system-boot",
            Self::Rescue => "rescue",
            Self::SystemA => "system-a",
            Self::SystemB => "system-b",
            Self::Unused => "boot-state: unused",
            Self::Table => "partition table",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which sectors are for what.
#[derive(Debug, Clone)]
pub struct Places(Vec<(Range<u64>, Place)>);

impl Places {
    /// Of a disk of `disk_bytes` with that layout. `writable` goes to the end of the disk, as
    /// init maps it, and over the backup of the table at the end of a smaller image.
    #[must_use]
    pub fn of(layout: &Layout, disk_bytes: u64) -> Self {
        let mut places = Vec::new();
        for role in Role::ALL {
            let Some(partition) = layout.partition(role) else {
                continue;
            };
            let start = partition.offset_bytes;
            let mut end = start + partition.length_bytes;
            let place = match role {
                Role::SystemBoot => Place::SystemBoot,
                Role::Rescue => Place::Rescue,
                Role::SystemA => Place::SystemA,
                Role::SystemB => Place::SystemB,
                Role::Writable => {
                    end = end.max(disk_bytes.saturating_sub(RESERVED_BYTES));
                    Place::Writable
                }
                Role::BootState => {
                    places.extend(inside_boot_state(start));
                    Place::Unused
                }
            };
            places.push((sectors(start, end), place));
        }
        Self(places)
    }

    /// What that sector is for.
    #[must_use]
    pub fn at(&self, sector: u64) -> Place {
        let found = self.0.iter().find(|(range, _)| range.contains(&sector));
        found.map_or(Place::Table, |(_, place)| *place)
    }

    /// Whether the request touches `writable` and nothing else.
    #[must_use]
    pub fn only_writable(&self, request: &Request<'_>) -> bool {
        let (writable, touched) = (self.writable(), request.sectors());
        writable.start <= touched.start && touched.end <= writable.end
    }

    /// Whether the request touches one slot behind its envelope, and nothing else. The loader
    /// reads there only what an envelope that verifies describes.
    #[must_use]
    pub fn only_parts(&self, request: &Request<'_>) -> bool {
        let touched = request.sectors();
        self.0.iter().any(|(range, place)| {
            matches!(place, Place::SystemA | Place::SystemB)
                && range.start + ENVELOPE_SECTORS <= touched.start
                && touched.end <= range.end
        })
    }

    /// The sectors of `writable`.
    #[must_use]
    pub fn writable(&self) -> Range<u64> {
        let found = self.0.iter().find(|(_, place)| *place == Place::Writable);
        found.map_or(0..0, |(range, _)| range.clone())
    }
}

/// Before the partition itself: what is left of it is unused.
fn inside_boot_state(start: u64) -> Vec<(Range<u64>, Place)> {
    let blocks = |offset, blocks, place| {
        let start = start + offset;
        (sectors(start, start + blocks * BLOCK_BYTES as u64), place)
    };
    let [first, second] = STATE_COPY_OFFSETS;
    vec![
        blocks(first, 1, Place::StateCopies),
        blocks(second, 1, Place::StateCopies),
        blocks(FLIGHT_OFFSET, FLIGHT_ENTRIES, Place::FlightRecord),
        blocks(FAILED_OFFSET, FAILED_ENTRIES, Place::FailedReleases),
    ]
}

fn sectors(start_bytes: u64, end_bytes: u64) -> Range<u64> {
    start_bytes / SECTOR_BYTES as u64..end_bytes / SECTOR_BYTES as u64
}
