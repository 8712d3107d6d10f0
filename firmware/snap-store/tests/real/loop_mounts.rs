//! Mounts as on a device, but for the layer that verifies.

use device_mapper::LoopDevice;
use rustix::mount::{MountFlags, mount};
use snap_store::{KernelMounts, Mounts, VerifiedImage};
use std::fs;
use std::io;
use std::path::Path;

pub(crate) struct LoopMounts;

impl Mounts for LoopMounts {
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        fs::create_dir_all(at)?;
        if at.join("meta").exists() {
            return Ok(());
        }
        let device = LoopDevice::of(image.file).map_err(io::Error::other)?;
        let flags = MountFlags::RDONLY | MountFlags::NODEV | MountFlags::NOSUID;
        Ok(mount(device.node(), at, "squashfs", flags, c"")?)
    }

    fn unmount(&self, at: &Path) -> io::Result<()> {
        KernelMounts.unmount(at)
    }
}
