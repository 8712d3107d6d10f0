//! Mounts of snaps: verified block by block.

use device_mapper::table::{Verity, verity_of};
use device_mapper::{Access, DeviceMapper, LoopDevice, MapError};
use image_format::Digest;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use std::fs;
use std::io;
use std::path::Path;

use crate::BLOCK_BYTES;

/// What dm-verity says of itself then.
const CORRUPTED: &str = "C";

/// A snap file, and what names its blocks.
#[derive(Clone, Copy, Debug)]
pub struct VerifiedImage<'a> {
    /// Of the mapped device.
    pub name: &'a str,
    /// The snap file.
    pub file: &'a Path,
    /// Its hash tree.
    pub tree: &'a Path,
    /// Of the file.
    pub length_bytes: u64,
    /// Names every block.
    pub root_hash: Digest,
    /// As the tree was made with.
    pub salt: Digest,
}

/// What is mounted.
pub trait Mounts: Send + Sync {
    /// Mounts a snap read-only at a directory; it may be mounted there already.
    ///
    /// # Errors
    /// The kernel's.
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()>;

    /// Takes a mount away; there may be none. Whoever still has a file open keeps it.
    ///
    /// # Errors
    /// The kernel's.
    fn unmount(&self, at: &Path) -> io::Result<()>;

    /// Whether somebody read a block from the mapped device of that name that is not the one
    /// which its root hash names.
    fn met_damage(&self, _name: &str) -> bool {
        false
    }
}

/// Through the kernel: squashfs on dm-verity on two loop devices, of the file and its tree.
///
/// All of it lives as long as the mount: nothing else has to be taken away.
#[derive(Clone, Copy, Debug, Default)]
pub struct KernelMounts;

impl Mounts for KernelMounts {
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        if is_mounted(at)? {
            return Ok(());
        }
        let mapper = DeviceMapper::open().map_err(other)?;
        // What a daemon left that died here.
        mapper.remove(image.name).map_err(other)?;
        let file = LoopDevice::of(image.file).map_err(other)?;
        let tree = LoopDevice::of(image.tree).map_err(other)?;
        let table = verity_of(&Verity {
            data: file.number().map_err(other)?,
            data_blocks: image.length_bytes / BLOCK_BYTES,
            tree: tree.number().map_err(other)?,
            tree_at_block: 0,
            root_hash: image.root_hash,
            salt: image.salt,
        });
        let device = mapper.map(image.name, Access::ReadOnly, &table);
        let device = match device {
            Ok(device) => device,
            Err(error) => {
                // Made, but without a table.
                let _ = mapper.remove(image.name);
                return Err(other(error));
            }
        };
        let mounted = mount_squashfs(&device.node(), at);
        // From here on it lives as long as the mount, which may be no longer.
        let released = mapper.remove_when_unused(image.name).map_err(other);
        mounted.and(released)
    }

    fn met_damage(&self, name: &str) -> bool {
        let status = DeviceMapper::open().and_then(|mapper| mapper.status_of(name));
        status.is_ok_and(|status| status == CORRUPTED)
    }

    fn unmount(&self, at: &Path) -> io::Result<()> {
        // A mount may lie on top of another one.
        while is_mounted(at)? {
            unmount(at, UnmountFlags::DETACH)?;
        }
        Ok(())
    }
}

fn other(error: MapError) -> io::Error {
    match error {
        MapError::Kernel { source, act } => {
            io::Error::new(source.kind(), format!("{act}: {source}"))
        }
        error => io::Error::other(error),
    }
}

/// Mounts a device read-only.
fn mount_squashfs(device: &Path, at: &Path) -> io::Result<()> {
    fs::create_dir_all(at)?;
    let flags = MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID;
    Ok(mount(device, at, "squashfs", flags, c"")?)
}

/// Whether something is mounted at that path.
fn is_mounted(at: &Path) -> io::Result<bool> {
    let mounts = fs::read_to_string("/proc/self/mountinfo")?;
    // Names of snaps and revisions have nothing that the kernel would escape.
    let target = |line: &str| line.split(' ').nth(4).map(str::to_owned);
    Ok(mounts
        .lines()
        .filter_map(target)
        .any(|found| Path::new(&found) == at))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kernel of a build machine has no device mapper: `snap-install` in `qemu` mounts
    /// through all three layers. Here it is squashfs on a loop device.
    #[test]
    fn a_snap_is_mounted_and_goes_with_its_mount() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not tried: only root mounts");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let tree = directory.path().join("hello");
        fs::create_dir_all(tree.join("meta")).unwrap();
        fs::write(tree.join("meta/snap.yaml"), "name: hello\nversion: 1\n").unwrap();
        let file = directory.path().join("hello.snap");
        let output = snap_format::build::Output::File(&file);
        snap_format::build::build(&tree, output, 0).unwrap();
        let at = directory.path().join("snap/hello/x1");
        assert!(!is_mounted(&at).unwrap());
        let device = LoopDevice::of(&file).unwrap();
        mount_squashfs(device.node(), &at).unwrap();
        drop(device);
        assert!(is_mounted(&at).unwrap());
        let yaml = fs::read_to_string(at.join("meta/snap.yaml")).unwrap();
        assert!(yaml.starts_with("name: hello"), "{yaml}");
        let written = fs::write(at.join("new"), "").unwrap_err();
        assert_eq!(written.kind(), io::ErrorKind::ReadOnlyFilesystem);
        KernelMounts.unmount(&at).unwrap();
        assert!(!is_mounted(&at).unwrap() && !at.join("meta").exists());
        KernelMounts.unmount(&at).unwrap();
    }
}
