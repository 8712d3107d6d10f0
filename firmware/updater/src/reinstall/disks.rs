//! The disks that are attached beside the one with the slots, and their files.

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::ffi::CStr;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the kernel lists disks.
pub const SYSFS: &str = "/sys/block";
/// Kinds of block devices that nobody attaches, by their kernel names.
const NO_DISKS: [&str; 7] = ["dm-", "fd", "loop", "md", "nbd", "ram", "zram"];
/// What the rescue kernel reads, and how: a journal is not replayed, for that would write.
const FILE_SYSTEMS: [(&str, &CStr); 2] = [("vfat", c""), ("ext4", c"noload")];

/// A disk, or a partition of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedDisk {
    /// The kernel's name for it: `sdb1`.
    pub name: String,
    /// The kernel's count of disks, by which another stick at the same place is another one.
    pub sequence: u64,
}

/// What `sysfs` lists, without `boot_disk` and what has no medium.
#[must_use]
pub fn attached(sysfs: &Path, boot_disk: &Path) -> Vec<AttachedDisk> {
    let mut found = Vec::new();
    for name in names_in(sysfs) {
        let place = sysfs.join(&name);
        let is_ours = boot_disk.file_name().is_some_and(|ours| *ours == *name);
        let is_none = NO_DISKS.iter().any(|kind| name.starts_with(kind));
        if is_ours || is_none || number(&place.join("size")).unwrap_or_default() == 0 {
            continue;
        }
        let sequence = number(&place.join("diskseq")).unwrap_or_default();
        let partitions = names_in(&place);
        let mut names: Vec<_> = partitions
            .into_iter()
            .filter(|name| place.join(name).join("partition").exists())
            .collect();
        if names.is_empty() {
            names.push(name);
        }
        let disks = names
            .into_iter()
            .map(|name| AttachedDisk { name, sequence });
        found.extend(disks);
    }
    found
}

/// Sorted.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn number(path: &Path) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim_end().parse().ok()
}

/// A file system that can be read until this is dropped.
#[derive(Debug)]
pub struct Mounted(PathBuf);

impl Mounted {
    /// Mounts `device` at `target`, which is made for it. Nothing is written to it, and no
    /// program or device on it can be used.
    ///
    /// # Errors
    /// It holds no file system that this kernel reads.
    pub fn read_only(device: &Path, target: &Path) -> Result<Self, String> {
        fs::create_dir_all(target).map_err(|error| error.to_string())?;
        let flags =
            MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID | MountFlags::NOEXEC;
        let mounted = FILE_SYSTEMS
            .iter()
            .any(|(kind, options)| mount(device, target, *kind, flags, *options).is_ok());
        let kinds = FILE_SYSTEMS.map(|(kind, _)| kind).join(" or ");
        mounted
            .then(|| Self(target.to_owned()))
            .ok_or_else(|| format!("it holds no file system of the kind {kinds}"))
    }
}

impl AsRef<Path> for Mounted {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A stick that was pulled is gone anyway.
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(sysfs: &Path, path: &str, files: &[(&str, &str)]) {
        let place = sysfs.join(path);
        fs::create_dir_all(&place).unwrap();
        for (name, content) in files {
            fs::write(place.join(name), content).unwrap();
        }
    }

    #[test]
    fn all_disks_but_ours_are_listed_by_their_partitions() {
        let directory = tempfile::tempdir().unwrap();
        let sysfs = directory.path();
        let disk = [("size", "2048\n"), ("diskseq", "7\n")];
        for name in ["vda", "vdb", "sda", "loop0", "dm-0"] {
            add(sysfs, name, &disk);
        }
        add(sysfs, "vda/vda6", &[("partition", "6\n")]);
        add(sysfs, "sda/sda1", &[("partition", "1\n")]);
        add(sysfs, "sda/sda2", &[("partition", "2\n")]);
        add(sysfs, "sda/queue", &[]);
        // A reader of cards without a card.
        add(sysfs, "sdb", &[("size", "0\n"), ("diskseq", "8\n")]);
        let found = attached(sysfs, Path::new("/dev/vda"));
        let names: Vec<_> = found.iter().map(|disk| &*disk.name).collect();
        assert_eq!(names, ["sda1", "sda2", "vdb"]);
        assert!(found.iter().all(|disk| disk.sequence == 7));
    }

    #[test]
    fn what_holds_no_file_system_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let device = directory.path().join("device");
        fs::write(&device, [0; 4096]).unwrap();
        let refused = Mounted::read_only(&device, &directory.path().join("target"));
        assert_eq!(
            refused.unwrap_err(),
            "it holds no file system of the kind vfat or ext4"
        );
    }
}
