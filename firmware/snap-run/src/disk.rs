//! The disk that the data of snaps lies on, and how much of it one snap may have.

use anyhow::{Context, Result};
use confinement::{DiskLimit, DiskSpeed};
use rustix::fs::{major, minor};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What the kernel says of its block devices.
const BLOCK_DEVICES: &str = "/sys/dev/block";

/// Where its words have 32 bits, Linux panics when a limit is reached within five minutes of its
/// start (`BUG` in `throtl_trim_slice`, seen in 6.1): such a device sets none.
const KERNEL_BEARS_LIMITS: bool = cfg!(target_pointer_width = "64");

/// The limit for a snap whose data is in `directory`; none where that is on no disk, or the
/// kernel would not survive one.
pub(crate) fn limit_for(directory: &Path) -> Result<Option<DiskLimit>> {
    if !KERNEL_BEARS_LIMITS {
        return Ok(None);
    }
    let cannot = || format!("cannot tell which disk {} is on", directory.display());
    let number = fs::metadata(directory).with_context(cannot)?.dev();
    // Memory, and what is put together from other file systems.
    if major(number) == 0 {
        return Ok(None);
    }
    let name = format!("{}:{}", major(number), minor(number));
    disk_of(&Path::new(BLOCK_DEVICES).join(name))
        .map(Some)
        .with_context(cannot)
}

/// `device` is a link to a disk, to a partition of one, or to what is mapped onto one. The
/// kernel counts for whole disks and for what is mapped.
fn disk_of(device: &Path) -> Result<DiskLimit> {
    let counted = whole(fs::canonicalize(device)?);
    let number = fs::read_to_string(counted.join("dev"))?;
    let below = fs::read_dir(counted.join("slaves"));
    let below = below.ok().and_then(|mut entries| entries.next());
    let hardware = match below {
        Some(entry) => whole(fs::canonicalize(entry?.path())?),
        None => counted,
    };
    let speed = match hardware.iter().any(is_slow) {
        true => DiskSpeed::Card,
        false => DiskSpeed::Drive,
    };
    Ok(DiskLimit::usual(number.trim_end().to_owned(), speed))
}

fn whole(device: PathBuf) -> PathBuf {
    match (device.join("partition").exists(), device.parent()) {
        (true, Some(disk)) => disk.to_owned(),
        _ => device,
    }
}

/// Of the words in a device's path: cards, what is soldered like one, and sticks.
fn is_slow(word: &std::ffi::OsStr) -> bool {
    let word = word.to_string_lossy();
    word.starts_with("mmc") || word.starts_with("usb")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use tempfile::TempDir;

    /// A disk with one partition, and `dm-0` that is mapped onto the disk.
    fn devices(disk: &str) -> TempDir {
        let root = TempDir::new().unwrap();
        let disk = root.path().join("devices").join(disk);
        let dm = root.path().join("devices/virtual/block/dm-0");
        for directory in [&disk.join("part1"), &dm.join("slaves")] {
            fs::create_dir_all(directory).unwrap();
        }
        fs::write(disk.join("dev"), "179:0\n").unwrap();
        fs::write(disk.join("part1/dev"), "179:1\n").unwrap();
        fs::write(disk.join("part1/partition"), "1\n").unwrap();
        fs::write(dm.join("dev"), "254:0\n").unwrap();
        symlink(&disk, dm.join("slaves/below")).unwrap();
        for (name, to) in [
            ("179:0", &disk),
            ("179:1", &disk.join("part1")),
            ("254:0", &dm),
        ] {
            symlink(to, root.path().join(name)).unwrap();
        }
        root
    }

    #[test]
    fn a_partition_counts_as_its_disk_and_a_mapping_as_itself() {
        let table = [
            ("pci0/0000:00:04.0/virtio1/block/vda", DiskSpeed::Drive),
            (
                "platform/soc/mmc_host/mmc0/mmc0:1/block/mmcblk0",
                DiskSpeed::Card,
            ),
            ("pci0/usb1/1-1/host2/block/sda", DiskSpeed::Card),
        ];
        for (disk, speed) in table {
            let root = devices(disk);
            for (asked, counted) in [("179:0", "179:0"), ("179:1", "179:0"), ("254:0", "254:0")] {
                let found = disk_of(&root.path().join(asked)).unwrap();
                let expected = DiskLimit::usual(counted.to_owned(), speed);
                assert_eq!(found, expected, "{asked} of {disk}");
            }
        }
    }

    #[test]
    fn memory_is_no_disk() {
        assert_eq!(limit_for(Path::new("/proc")).unwrap(), None);
    }
}
