//! Disks that are attached to the machine, by the labels of their file systems.
//!
//! The device's own disk is never one of them. A file system of somebody else is mounted
//! read-only, by the kernel, with nothing on it that runs or is a device, in a place where
//! nobody else looks, and no link on it is followed.

use super::label::{FileSystem, read_label};
use crate::beneath;
use crate::container::MAX_USER_DATA_BYTES;
use anyhow::{Context, ensure};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::fs::{self, DirBuilder, File};
use std::io::Read;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where it is mounted while it is read.
const MOUNT_POINT: &str = "run/twinkeel/cloud-config-disk";
/// More of them nobody attaches.
const MOST_DISKS: usize = 64;

/// The attached disks of a machine.
#[derive(Clone, Debug)]
pub struct Disks {
    /// Where `/sys`, `/dev` and `/run` are.
    pub root: PathBuf,
    /// The device's own, as `/dev` calls it.
    pub own: Option<PathBuf>,
}

/// A disk that is mounted until this is dropped.
pub(crate) struct Mounted {
    at: PathBuf,
    directory: File,
}

impl Disks {
    /// The first disk or partition with that label, in letters of any size.
    pub(crate) fn labelled(&self, label: &str) -> Option<(PathBuf, FileSystem)> {
        self.names().into_iter().find_map(|name| {
            let node = self.root.join("dev").join(name);
            let (file_system, found) = read_label(&mut File::open(&node).ok()?)?;
            found
                .eq_ignore_ascii_case(label)
                .then_some((node, file_system))
        })
    }

    /// Names of whole disks and partitions, the own disk's left out.
    fn names(&self) -> Vec<String> {
        let class = self.root.join("sys/class/block");
        let own = self.own.as_deref().and_then(Path::file_name);
        let entries = fs::read_dir(&class).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            // What the system made of other disks, or of memory.
            let is_made = ["dm-", "loop", "ram", "zram", "md"]
                .iter()
                .any(|kind| name.starts_with(kind));
            let is_own =
                own.is_some_and(|own| own == &*name || class.join(own).join(&name).exists());
            let sectors = fs::read_to_string(entry.path().join("size")).ok()?;
            let is_empty = sectors.trim() == "0";
            (!is_made && !is_own && !is_empty).then_some(name)
        });
        let mut names: Vec<_> = names.take(MOST_DISKS).collect();
        names.sort();
        names
    }

    /// Mounts it, to be read.
    pub(crate) fn mount(&self, node: &Path, file_system: FileSystem) -> anyhow::Result<Mounted> {
        let at = self.root.join(MOUNT_POINT);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&at)
            .with_context(|| format!("cannot make {}", at.display()))?;
        let kind = match file_system {
            FileSystem::Fat => "vfat",
            FileSystem::Iso9660 => "iso9660",
        };
        load_modules(file_system);
        let flags =
            MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
        let cannot = || format!("cannot mount {} as {kind}", node.display());
        mount(node, &at, kind, flags, c"").with_context(cannot)?;
        let directory = File::open(&at).with_context(cannot)?;
        Ok(Mounted { at, directory })
    }
}

impl Mounted {
    /// A file on it; none where there is none.
    pub(crate) fn read(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let cannot = || format!("cannot read {path} on the disk");
        let Some(file) = beneath::open(&self.directory, path).with_context(cannot)? else {
            return Ok(None);
        };
        let mut content = Vec::new();
        let most = MAX_USER_DATA_BYTES as u64 + 1;
        file.take(most)
            .read_to_end(&mut content)
            .with_context(cannot)?;
        ensure!(
            content.len() <= MAX_USER_DATA_BYTES,
            "{path} on the disk is longer than {} KiB; shorten it",
            MAX_USER_DATA_BYTES >> 10
        );
        Ok(Some(content))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the directory is still open here.
        let _ = unmount(&self.at, UnmountFlags::DETACH);
    }
}

/// Drives for CDs, which no boot needs otherwise. A kernel that has it built in, and one
/// without, are the same here: what is missing shows when a disk is looked for.
pub(crate) fn load_drives() {
    modprobe(&["sr_mod"]);
}

fn load_modules(file_system: FileSystem) {
    modprobe(match file_system {
        FileSystem::Fat => &["vfat", "nls_cp437", "nls_ascii"],
        FileSystem::Iso9660 => &["isofs"],
    });
}

fn modprobe(modules: &[&str]) {
    for module in modules {
        let _ = Command::new("/sbin/modprobe").args(["-q", module]).status();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_disk_and_what_was_made_of_it_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        let class = root.path().join("sys/class/block");
        for (name, sectors) in [
            ("vda", "9"),
            ("vda/vda1", "9"),
            ("vda1", "9"),
            ("vdb", "9"),
            ("vdb1", "9"),
            ("sr0", "0"),
            ("dm-0", "9"),
            ("loop0", "9"),
        ] {
            fs::create_dir_all(class.join(name)).unwrap();
            fs::write(class.join(name).join("size"), format!("{sectors}\n")).unwrap();
        }
        let disks = Disks {
            root: root.path().to_owned(),
            own: Some(PathBuf::from("/dev/vda")),
        };
        assert_eq!(disks.names(), ["vdb", "vdb1"]);
    }

    #[test]
    fn a_label_is_found_in_letters_of_any_size() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("dev")).unwrap();
        for (name, label) in [("sda", b"OTHER      "), ("sdb", b"CIDATA     ")] {
            let class = root.path().join("sys/class/block").join(name);
            fs::create_dir_all(&class).unwrap();
            fs::write(class.join("size"), "2048\n").unwrap();
            let mut disk = std::io::Cursor::new(vec![0; 1 << 20]);
            let options = fatfs::FormatVolumeOptions::new().volume_label(*label);
            fatfs::format_volume(&mut disk, options).unwrap();
            fs::write(root.path().join("dev").join(name), disk.into_inner()).unwrap();
        }
        let disks = Disks {
            root: root.path().to_owned(),
            own: None,
        };
        let found = disks.labelled("cidata").map(|(node, _)| node);
        assert_eq!(found, Some(root.path().join("dev/sdb")));
        assert!(disks.labelled("config-2").is_none());
    }
}
