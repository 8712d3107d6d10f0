//! Lays the partitions out and writes the GPT.
//!
//! In the order of [`Role::ALL`], one behind the other, each at a multiple of 1 MiB: a
//! multiple of every erase block and physical sector in use. `writable` is the last one,
//! so that it can grow. The table is written once, here; nothing rewrites it in the field.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;

use anyhow::{Context, Result};
use boards::{Firmware, Geometry};
use gpt::partition::Partition;
use gpt::partition_types::{OperatingSystem, Type};
use gpt::{GptConfig, disk::LogicalBlockSize, mbr::ProtectiveMBR};
use image_format::disk::{BOOT_STATE_BYTES, Guid, PREP_TYPE, Role};

use crate::identity::partition_guid;
use crate::short_table;

const SECTOR_BYTES: u64 = 512;
const MEBIBYTE: u64 = 1 << 20;
/// What everybody has.
const USUAL_ENTRIES: u32 = 128;

/// Where a partition lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What it is for.
    pub role: Role,
    /// Its first byte.
    pub offset_bytes: u64,
    /// Its length.
    pub length_bytes: u64,
}

/// Where everything lies on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskLayout {
    places: [Place; 6],
    table_entries: u32,
    /// Of the whole disk, both tables included.
    pub length_bytes: u64,
}

impl DiskLayout {
    /// For a board of that geometry.
    #[must_use]
    pub fn new(geometry: &Geometry) -> Self {
        // The protective MBR and the table lie in front.
        let mut end = MEBIBYTE;
        let places = Role::ALL.map(|role| {
            let place = Place {
                role,
                offset_bytes: end,
                length_bytes: length_of(role, geometry),
            };
            end += place.length_bytes;
            place
        });
        Self {
            places,
            table_entries: geometry.table_entries,
            // The second table lies in the last sectors.
            length_bytes: end + MEBIBYTE,
        }
    }

    /// The partition of that role.
    #[must_use]
    pub fn place(&self, role: Role) -> Place {
        let [boot, state, rescue, a, b, writable] = self.places;
        match role {
            Role::SystemBoot => boot,
            Role::BootState => state,
            Role::Rescue => rescue,
            Role::SystemA => a,
            Role::SystemB => b,
            Role::Writable => writable,
        }
    }

    /// Writes protective MBR and both tables to `disk`, which has its length already, for
    /// that firmware to find its loader.
    ///
    /// # Errors
    /// The disk cannot be written.
    pub fn write_table(&self, disk: &mut File, disk_guid: Guid, firmware: Firmware) -> Result<()> {
        let sectors = u32::try_from(self.length_bytes / SECTOR_BYTES - 1).unwrap_or(u32::MAX);
        ProtectiveMBR::with_lb_size(sectors)
            .overwrite_lba0(disk)
            .context("cannot write the protective MBR")?;
        let mut partitions = BTreeMap::new();
        for (number, place) in (1..).zip(&self.places) {
            partitions.insert(number, entry(place, disk_guid, firmware)?);
        }
        let mut table = GptConfig::new()
            .writable(true)
            .logical_block_size(LogicalBlockSize::Lb512)
            .create_from_device(&mut *disk, Some(disk_guid.to_string().parse()?))
            .context("cannot make the partition table")?;
        table
            .update_partitions(partitions)
            .context("cannot fill the partition table")?;
        table.write().context("cannot write the partition table")?;
        if self.table_entries < USUAL_ENTRIES {
            for lba in [1, self.length_bytes / SECTOR_BYTES - 1] {
                short_table::shorten(disk, lba, self.table_entries)?;
            }
        }
        Ok(())
    }

    /// What is free in front of the first partition.
    pub(crate) fn firmware_room(&self) -> Range<u64> {
        short_table::end_bytes(self.table_entries)..MEBIBYTE
    }
}

fn length_of(role: Role, geometry: &Geometry) -> u64 {
    match role {
        Role::SystemBoot => geometry.system_boot_mib * MEBIBYTE,
        Role::BootState => BOOT_STATE_BYTES,
        Role::Rescue => geometry.rescue_mib * MEBIBYTE,
        Role::SystemA | Role::SystemB => geometry.system_slot_mib * MEBIBYTE,
        Role::Writable => geometry.writable_mib * MEBIBYTE,
    }
}

fn type_of(role: Role, firmware: Firmware) -> Guid {
    match (role, firmware) {
        (Role::SystemBoot, Firmware::OpenFirmware) => PREP_TYPE,
        _ => role.type_guid(),
    }
}

fn entry(place: &Place, disk_guid: Guid, firmware: Firmware) -> Result<Partition> {
    Ok(Partition {
        part_type_guid: Type {
            guid: type_of(place.role, firmware).to_string().parse()?,
            os: OperatingSystem::None,
        },
        part_guid: partition_guid(place.role, disk_guid).to_string().parse()?,
        first_lba: place.offset_bytes / SECTOR_BYTES,
        last_lba: (place.offset_bytes + place.length_bytes) / SECTOR_BYTES - 1,
        flags: 0,
        name: place.role.name().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::derived_guid;
    use std::io::{Seek, SeekFrom, Write};

    const GEOMETRY: Geometry = Geometry {
        system_boot_mib: 64,
        rescue_mib: 96,
        system_slot_mib: 256,
        writable_mib: 64,
        table_entries: 128,
    };

    #[test]
    fn partitions_follow_one_another_and_writable_is_last() {
        let layout = DiskLayout::new(&GEOMETRY);
        for pair in layout.places.windows(2) {
            let [before, after] = pair else { panic!("two") };
            assert_eq!(
                before.offset_bytes + before.length_bytes,
                after.offset_bytes
            );
        }
        let writable = layout.place(Role::Writable);
        assert_eq!(
            writable.offset_bytes + writable.length_bytes + MEBIBYTE,
            layout.length_bytes
        );
        for role in Role::ALL {
            assert_eq!(layout.place(role).role, role);
            assert!(layout.place(role).offset_bytes.is_multiple_of(MEBIBYTE));
        }
    }

    #[test]
    fn the_table_reads_back_with_our_types_and_names() -> Result<()> {
        reads_back(&DiskLayout::new(&GEOMETRY))
    }

    #[test]
    fn a_short_table_reads_back_too_and_ends_where_the_firmware_begins() -> Result<()> {
        let layout = DiskLayout::new(&Geometry {
            table_entries: 56,
            ..GEOMETRY
        });
        assert_eq!(layout.firmware_room(), 8192..MEBIBYTE);
        assert_eq!(DiskLayout::new(&GEOMETRY).firmware_room().start, 17408);
        reads_back(&layout)
    }

    fn reads_back(layout: &DiskLayout) -> Result<()> {
        let guid = derived_guid("disk");
        for firmware in [Firmware::Uefi, Firmware::OpenFirmware] {
            let mut disk = tempfile::tempfile()?;
            disk.set_len(layout.length_bytes)?;
            layout.write_table(&mut disk, guid, firmware)?;
            // Whatever lies behind a short table is no part of it.
            disk.seek(SeekFrom::Start(layout.firmware_room().start))?;
            disk.write_all(&[0xa5; 4096])?;
            let read = GptConfig::new()
                .only_valid_headers(true)
                .open_from_device(&mut disk)?;
            for header in [read.primary_header(), read.backup_header()] {
                assert_eq!(
                    header.as_ref().ok().map(|header| header.num_parts),
                    Some(layout.table_entries)
                );
            }
            assert_eq!(read.guid().to_string(), guid.to_string());
            for (place, partition) in layout.places.iter().zip(read.partitions().values()) {
                assert_eq!(partition.name, place.role.name());
                let found = partition.part_type_guid.guid.to_string();
                assert_eq!(Role::of_type(Guid::try_parse(&found)?), Some(place.role));
                assert_eq!(partition.first_lba * SECTOR_BYTES, place.offset_bytes);
            }
        }
        Ok(())
    }

    #[test]
    fn open_firmware_finds_its_loader_and_no_partition_to_look_for_files_in() {
        let types = Role::ALL.map(|role| type_of(role, Firmware::OpenFirmware).to_string());
        assert_eq!(types[0], "9e1a2d38-c612-4316-aa26-8b49521e5a8b");
        // "Linux filesystem" and "Microsoft basic data": SLOF reads `bootinfo.txt` there.
        for searched in [
            "0fc63daf-8483-4772-8e79-3d69d8477de4",
            "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
        ] {
            assert!(!types.iter().any(|each| each == searched), "{types:?}");
        }
    }
}
