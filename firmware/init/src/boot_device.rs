//! Finds the disk that the loader was read from.
//!
//! By the GUID of its partition table, which the loader hands over: never by a
//! name, and never by what a file system on it says. Where two disks carry that
//! GUID (one was copied from the other), the one whose boot state tells of *this*
//! boot is the one: the loader has just written it. If that does not tell them
//! apart either, no disk is better than the wrong one.

use crate::command_line::Handover;
use crate::uevent::UeventSocket;
use anyhow::bail;
use boot_core::state_store::StateStore;
use boot_core::{Layout, read_layout};
use device_mapper::DeviceNumber;
use image_format::BootNumber;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use system_update::BootDisk;

/// How long a disk may take to appear: slow USB bridges need a quarter of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Kinds of block devices that are no disk of ours, by their kernel names.
const NO_DISKS: [&str; 8] = ["dm-", "fd", "loop", "md", "nbd", "ram", "sr", "zram"];

/// The disk that everything comes from.
#[derive(Clone, Debug)]
pub(crate) struct BootDevice {
    /// The device node.
    pub(crate) path: PathBuf,
    /// For the device mapper's tables.
    pub(crate) number: DeviceNumber,
    /// Its real length, which may be more than the partition table knows.
    pub(crate) length_bytes: u64,
    /// Where its partitions lie.
    pub(crate) layout: Layout,
    /// The boot that its boot state tells of, if it has one.
    boot_number: Option<BootNumber>,
}

/// Waits until the disk is there.
///
/// # Errors
/// When it does not appear in time, or cannot be told from another one.
pub(crate) fn find<S>(
    handover: &Handover<S>,
    uevents: &UeventSocket,
) -> anyhow::Result<BootDevice> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        // Before the look at the disks: what comes later wakes the wait.
        uevents.drain();
        let mut disks = disks_of(&handover.disk_guid);
        let numbers: Vec<_> = disks.iter().map(|disk| disk.boot_number).collect();
        let patience = if Instant::now() < deadline {
            Patience::Left
        } else {
            Patience::Exhausted
        };
        match decide(&numbers, handover.boot_number, patience) {
            Decision::Take(index) => return Ok(disks.swap_remove(index)),
            Decision::Wait => uevents.wait_until(deadline),
            Decision::Missing => bail!(
                "cannot find the disk {}: no disk carries that GUID; is its driver in the image?",
                handover.disk_guid
            ),
            Decision::Ambiguous => bail!(
                "cannot tell the disks with the GUID {} apart ({}); detach the copy",
                handover.disk_guid,
                names(&disks)
            ),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Patience {
    Left,
    Exhausted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Take(usize),
    Wait,
    Missing,
    Ambiguous,
}

/// `disks` are the boot numbers of the disks with the right GUID. A single disk
/// with another number is taken in the end: a confirmed system boots even when the
/// loader could not write.
fn decide(disks: &[Option<BootNumber>], this_boot: BootNumber, patience: Patience) -> Decision {
    let mut this = disks
        .iter()
        .enumerate()
        .filter_map(|(index, number)| (*number == Some(this_boot)).then_some(index));
    match (this.next(), this.next(), patience) {
        (Some(index), None, _) => Decision::Take(index),
        (Some(_), Some(_), _) => Decision::Ambiguous,
        (None, _, Patience::Left) => Decision::Wait,
        (None, _, Patience::Exhausted) => match disks.len() {
            0 => Decision::Missing,
            1 => Decision::Take(0),
            _ => Decision::Ambiguous,
        },
    }
}

fn names(disks: &[BootDevice]) -> String {
    let names: Vec<_> = disks
        .iter()
        .map(|disk| disk.path.display().to_string())
        .collect();
    names.join(", ")
}

/// Looks at every disk. One that cannot be read is none of ours, today.
fn disks_of(guid: &str) -> Vec<BootDevice> {
    let Ok(entries) = std::fs::read_dir("/sys/block") else {
        return Vec::new();
    };
    let mut disks: Vec<_> = entries
        .filter_map(|entry| inspect(&entry.ok()?.path(), guid))
        .collect();
    disks.sort_by(|one, other| one.path.cmp(&other.path));
    disks
}

fn inspect(sysfs: &Path, guid: &str) -> Option<BootDevice> {
    let name = sysfs.file_name()?.to_str()?;
    if NO_DISKS.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let number = std::fs::read_to_string(sysfs.join("dev")).ok()?;
    // The kernel writes a `!` where a device's name has a directory.
    let path = Path::new("/dev").join(name.replace('!', "/"));
    let mut disk = BootDisk::open_to_read(&path).ok()?;
    let layout = read_layout(&mut disk).ok()?;
    if layout.disk_guid.to_string() != guid {
        return None;
    }
    let store = StateStore::open(&mut disk, &layout);
    Some(BootDevice {
        path,
        number: DeviceNumber::parse(&number)?,
        length_bytes: disk.length_bytes(),
        layout,
        boot_number: store.and_then(|store| Some(store.state()?.boot_number)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_of_this_boot_is_taken_and_no_other() {
        use Patience::{Exhausted, Left};
        let this = Some(BootNumber(9));
        let older = Some(BootNumber(8));
        let table: [(&[Option<BootNumber>], Patience, Decision); 10] = [
            (&[], Left, Decision::Wait),
            (&[], Exhausted, Decision::Missing),
            (&[this], Left, Decision::Take(0)),
            (&[older, this], Left, Decision::Take(1)),
            (&[None, this], Exhausted, Decision::Take(1)),
            (&[this, this], Left, Decision::Ambiguous),
            (&[older], Left, Decision::Wait),
            (&[older], Exhausted, Decision::Take(0)),
            (&[None], Exhausted, Decision::Take(0)),
            (&[older, None], Exhausted, Decision::Ambiguous),
        ];
        for (disks, patience, expected) in table {
            let decision = decide(disks, BootNumber(9), patience);
            assert_eq!(decision, expected, "{disks:?} {patience:?}");
        }
    }
}
