//! A small ext4, made as the image builder makes `writable`.

use rustix::mount::{UnmountFlags, unmount};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) struct Ext4 {
    directory: TempDir,
    mount: PathBuf,
}

impl Ext4 {
    /// `None` where it cannot be made, which is said.
    pub(crate) fn mount(length_bytes: u64) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        File::create(&image).unwrap().set_len(length_bytes).unwrap();
        let made = Command::new("mke2fs")
            .args(["-q", "-F", "-t", "ext4", "-m", "5"])
            .arg(&image)
            .stdin(Stdio::null())
            .status();
        if !rustix::process::geteuid().is_root() || !made.is_ok_and(|made| made.success()) {
            eprintln!("not tried: it takes root and mke2fs");
            return None;
        }
        let at = directory.path().join("mount");
        fs::create_dir(&at).unwrap();
        // mount(8) has the loop device go with the mount.
        let mounted = Command::new("mount")
            .args(["-o", "loop"])
            .arg(&image)
            .arg(&at)
            .status();
        assert!(mounted.unwrap().success());
        // Others have to get through.
        for path in [directory.path(), &at] {
            fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        }
        Some(Self {
            directory,
            mount: at,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.mount
    }
}

impl Drop for Ext4 {
    fn drop(&mut self) {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let root = self.directory.path().to_str().unwrap_or_default();
        let own = mounts.lines().filter_map(|line| line.split(' ').nth(1));
        let mut own: Vec<_> = own.filter(|target| target.starts_with(root)).collect();
        own.reverse();
        for target in own {
            let _ = unmount(target, UnmountFlags::DETACH);
        }
    }
}

/// Writes until there is no room, as a user without privileges.
pub(crate) fn fill_as_somebody_else(directory: &Path) {
    fs::set_permissions(directory, PermissionsExt::from_mode(0o777)).unwrap();
    let status = Command::new("dd")
        .args(["if=/dev/zero", "bs=64k"])
        .arg(format!("of={}/all", directory.display()))
        .uid(65_534)
        .gid(65_534)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(!status.success(), "the disk has no end");
}
