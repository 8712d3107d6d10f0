//! The label of a disk's file system, by its own bytes: FAT and ISO 9660.

use std::io::{Read, Seek, SeekFrom};

/// A file system that a cloud-config may lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileSystem {
    Fat,
    Iso9660,
}

/// The file system, and its label without the padding.
pub(crate) fn read_label(disk: &mut (impl Read + Seek)) -> Option<(FileSystem, String)> {
    let iso = read_at(disk, 16 * 2048, 72)?;
    if iso.starts_with(b"\x01CD001") {
        return Some((FileSystem::Iso9660, text(iso.get(40..72)?)));
    }
    fat_label(disk).map(|label| (FileSystem::Fat, label))
}

/// The entry in the root directory counts, then the boot sector: not everybody writes both.
fn fat_label(disk: &mut (impl Read + Seek)) -> Option<String> {
    let boot = read_at(disk, 0, 512)?;
    let u16_at = |at: usize| {
        let bytes = boot.get(at..)?.first_chunk()?;
        Some(u64::from(u16::from_le_bytes(*bytes)))
    };
    let u32_at = |at: usize| {
        let bytes = boot.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_le_bytes(*bytes)))
    };
    let is_32 = boot.get(82..87)? == b"FAT32";
    let is_fat = is_32 || boot.get(54..57)? == b"FAT";
    if boot.get(510..)? != [0x55, 0xaa] || !is_fat {
        return None;
    }
    let sector_bytes = u16_at(11)?;
    let fats = u64::from(*boot.get(16)?);
    let (fat_sectors, label_at) = match u16_at(22)? {
        0 => (u32_at(36)?, 71),
        sectors => (sectors, 43),
    };
    let first_data = u16_at(14)? + fats * fat_sectors;
    let root_sector = match is_32 {
        true => first_data + u32_at(44)?.checked_sub(2)? * u64::from(*boot.get(13)?),
        false => first_data,
    };
    let of_root = root_label(disk, root_sector.checked_mul(sector_bytes)?);
    of_root.or_else(|| Some(text(boot.get(label_at..label_at + 11)?)))
}

/// Labels stand among the first entries.
fn root_label(disk: &mut (impl Read + Seek), at_bytes: u64) -> Option<String> {
    const ENTRY_BYTES: usize = 32;
    const VOLUME: u8 = 0x08;
    /// With more bits it is a part of a long name.
    const ATTRIBUTES: u8 = 0x3f;
    let root = read_at(disk, at_bytes, 16 * ENTRY_BYTES)?;
    let mut entries = root.chunks_exact(ENTRY_BYTES);
    let label = entries.find(|entry| {
        let is_used = !matches!(entry.first(), None | Some(0 | 0xe5));
        is_used
            && entry
                .get(11)
                .is_some_and(|bits| bits & ATTRIBUTES == VOLUME)
    });
    Some(text(label?.get(..11)?))
}

fn text(padded: &[u8]) -> String {
    let text = String::from_utf8_lossy(padded);
    text.trim_end_matches([' ', '\0']).to_owned()
}

fn read_at(disk: &mut (impl Read + Seek), at_bytes: u64, length: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; length];
    disk.seek(SeekFrom::Start(at_bytes)).ok()?;
    disk.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn fat(bytes: usize, label: &[u8; 11]) -> Cursor<Vec<u8>> {
        let mut disk = Cursor::new(vec![0; bytes]);
        let options = fatfs::FormatVolumeOptions::new().volume_label(*label);
        fatfs::format_volume(&mut disk, options).unwrap();
        disk
    }

    #[test]
    fn labels_of_every_kind_of_fat_are_found() {
        for mib in [1, 16, 64] {
            let mut disk = fat(mib << 20, b"CIDATA     ");
            let label = Some((FileSystem::Fat, "CIDATA".to_owned()));
            assert_eq!(read_label(&mut disk), label, "{mib} MiB");
            // Some write only one of the two.
            let at = disk.get_ref().windows(6).position(|six| six == b"CIDATA");
            disk.get_mut()[at.unwrap()..][..6].copy_from_slice(b"NONAME");
            assert_eq!(read_label(&mut disk), label, "{mib} MiB");
        }
    }

    #[test]
    fn the_label_of_an_iso_is_found() {
        let mut disk = vec![0; 20 * 2048];
        disk[16 * 2048..][..6].copy_from_slice(b"\x01CD001");
        disk[16 * 2048 + 40..][..32].fill(b' ');
        disk[16 * 2048 + 40..][..6].copy_from_slice(b"cidata");
        let label = read_label(&mut Cursor::new(disk));
        assert_eq!(label, Some((FileSystem::Iso9660, "cidata".to_owned())));
    }

    #[test]
    fn other_disks_have_none() {
        for bytes in [0, 512, 1 << 20] {
            assert_eq!(read_label(&mut Cursor::new(vec![0; bytes])), None);
            let _ = read_label(&mut Cursor::new(vec![0xff; bytes]));
        }
        let mut broken = fat(1 << 20, b"CIDATA     ");
        for byte in 11..90 {
            let before = broken.get_ref()[byte];
            broken.get_mut()[byte] = 0xff;
            let _ = read_label(&mut broken);
            broken.get_mut()[byte] = before;
        }
    }
}
