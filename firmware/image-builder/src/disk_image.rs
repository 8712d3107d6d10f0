//! Writes the partitioned disk image.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::Result;
use boards::Firmware;
use image_format::disk::{Guid, Role, STATE_COPY_OFFSETS};
use image_format::{BootNumber, BootState, Digest, Floors, Slot, SlotRecord, SlotStatus};
use image_trust::Hasher;

use crate::firmware::DiskPart;
use crate::output::write_complete;
use crate::partitions::DiskLayout;
use crate::system_image::SystemImage;

/// Blocks of zeros stay holes; the file is new.
const HOLE_BYTES: usize = 4096;

/// What a disk image is made of.
pub(crate) struct DiskParts<'a> {
    pub(crate) layout: &'a DiskLayout,
    pub(crate) disk_guid: Guid,
    /// What the disk is started by.
    pub(crate) firmware: Firmware,
    /// What of the firmware lies in front of the partitions.
    pub(crate) firmware_parts: &'a [DiskPart],
    /// The content of `system-boot`.
    pub(crate) system_boot: &'a [u8],
    pub(crate) state: &'a BootState,
    pub(crate) system: &'a SystemImage,
    pub(crate) envelope: &'a [u8],
    pub(crate) rescue: &'a SystemImage,
    pub(crate) rescue_envelope: &'a [u8],
    /// The file system of `writable`.
    pub(crate) writable: &'a Path,
}

/// What the device knows before its first boot: nothing has begun, system-a is to be
/// tried, system-b stands ready. The floors are those of the image itself, so nothing
/// older ever boots.
pub(crate) fn initial_state(manifest_hash: Digest, attempts: u8, floors: Floors) -> BootState {
    let record = |status| SlotRecord {
        status,
        manifest_hash,
    };
    BootState {
        generation: 1,
        boot_number: BootNumber(0),
        flight_sequence: 0,
        floors,
        active: Slot::A,
        begun_without_up: 0,
        slots: [
            record(SlotStatus::Trial {
                attempts_left: attempts,
                attempts_given: attempts,
            }),
            record(SlotStatus::Installed),
        ],
    }
}

/// Writes the image to `out`. Returns the digest of the whole.
pub(crate) fn write_disk(parts: &DiskParts<'_>, out: &Path) -> Result<Digest> {
    write_complete(out, |disk| {
        fill(parts, disk)?;
        digest_of(disk)
    })
}

fn fill(parts: &DiskParts<'_>, disk: &mut File) -> Result<()> {
    let place = |role| parts.layout.place(role);
    disk.set_len(parts.layout.length_bytes)?;
    write_with_holes(
        disk,
        place(Role::SystemBoot).offset_bytes,
        parts.system_boot,
    )?;
    for (copy, offset) in (0..).zip(STATE_COPY_OFFSETS) {
        // The first copy is the newer one: the loader's first write goes to the other.
        let state = BootState {
            generation: parts.state.generation - copy,
            ..parts.state.clone()
        };
        write_with_holes(
            disk,
            place(Role::BootState).offset_bytes + offset,
            state.encode().as_slice(),
        )?;
    }
    for slot in Slot::ALL {
        parts
            .system
            .write_to_slot(parts.envelope, disk, place(slot.into()).offset_bytes)?;
    }
    let rescue = place(Role::Rescue).offset_bytes;
    parts
        .rescue
        .write_to_slot(parts.rescue_envelope, disk, rescue)?;
    let writable = BufReader::new(File::open(parts.writable)?);
    write_with_holes(disk, place(Role::Writable).offset_bytes, writable)?;
    parts
        .layout
        .write_table(disk, parts.disk_guid, parts.firmware)?;
    write_firmware(parts.firmware_parts, disk)
}

/// Behind the table: where that was made shorter, what it was shortened by is overwritten.
fn write_firmware(parts: &[DiskPart], disk: &mut File) -> Result<()> {
    for part in parts {
        write_with_holes(disk, part.offset_bytes, part.content.as_slice())?;
    }
    Ok(())
}

fn write_with_holes(disk: &mut File, offset_bytes: u64, mut content: impl Read) -> Result<()> {
    disk.seek(SeekFrom::Start(offset_bytes))?;
    let mut block = Vec::with_capacity(HOLE_BYTES);
    loop {
        block.clear();
        content
            .by_ref()
            .take(HOLE_BYTES as u64)
            .read_to_end(&mut block)?;
        if block.is_empty() {
            return Ok(());
        }
        if block.iter().all(|byte| *byte == 0) {
            disk.seek(SeekFrom::Current(i64::try_from(block.len())?))?;
        } else {
            disk.write_all(&block)?;
        }
    }
}

fn digest_of(disk: &mut File) -> Result<Digest> {
    disk.seek(SeekFrom::Start(0))?;
    let mut hasher = Hasher::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match disk.read(&mut chunk)? {
            0 => return Ok(hasher.finish()),
            length => hasher.update(chunk.get(..length).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::derived_guid;
    use image_format::{Epoch, Serial};

    #[test]
    fn a_new_device_tries_system_a_and_can_fall_back_to_b() {
        let floors = Floors {
            epoch: Epoch(3),
            serial: Serial(2),
        };
        let state = initial_state(Digest([9; 32]), 3, floors);
        assert_eq!(state.trial(), Some(Slot::A));
        assert_eq!(state.slot(Slot::B).status, SlotStatus::Installed);
        assert_eq!(BootState::parse(&state.encode()), Ok(state));
    }

    #[test]
    fn firmware_close_behind_a_short_table_and_the_table_are_both_whole() -> Result<()> {
        let layout = DiskLayout::new(&boards::Geometry {
            system_boot_mib: 64,
            rescue_mib: 96,
            system_slot_mib: 256,
            writable_mib: 64,
            table_entries: 56,
        });
        let part = DiskPart {
            offset_bytes: 8192,
            content: vec![0xa5; 10_000],
        };
        let mut disk = tempfile::tempfile()?;
        disk.set_len(layout.length_bytes)?;
        layout.write_table(&mut disk, derived_guid("disk"), Firmware::Uefi)?;
        write_firmware(std::slice::from_ref(&part), &mut disk)?;
        let mut found = vec![0; part.content.len()];
        std::os::unix::fs::FileExt::read_exact_at(&disk, &mut found, part.offset_bytes)?;
        assert!(found == part.content, "the firmware was overwritten");
        let read = gpt::GptConfig::new()
            .only_valid_headers(true)
            .open_from_device(&mut disk)?;
        assert_eq!(read.partitions().len(), Role::ALL.len());
        Ok(())
    }

    #[test]
    fn zeros_become_holes_and_the_rest_is_where_it_belongs() -> Result<()> {
        let mut disk = tempfile::tempfile()?;
        disk.set_len(64 << 20)?;
        let mut content = vec![0; 32 << 20];
        content[20 << 20] = 7;
        write_with_holes(&mut disk, 1 << 20, content.as_slice())?;
        use std::os::unix::fs::{FileExt, MetadataExt};
        let mut byte = [0];
        disk.read_exact_at(&mut byte, 21 << 20)?;
        assert_eq!(byte, [7]);
        assert!(disk.metadata()?.blocks() * 512 < 1 << 20);
        Ok(())
    }
}
