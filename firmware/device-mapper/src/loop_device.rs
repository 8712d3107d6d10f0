//! A file as a block device.

use crate::ioctls::{configure_loop, free_loop};
use crate::{DeviceNumber, MapError};
use rustix::fs::{major, minor};
use rustix::io::Errno;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const CONTROL: &str = "/dev/loop-control";
/// Others take devices meanwhile; so often in a row nobody has that bad luck.
const TRIES: u32 = 64;

/// A file as a device that can be read. It stays as long as somebody uses it: this value, a
/// mount, or a mapped device on top of it.
#[derive(Debug)]
pub struct LoopDevice {
    path: PathBuf,
    device: File,
}

impl LoopDevice {
    /// Makes a device of the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or the kernel has no loop devices.
    pub fn of(path: &Path) -> Result<Self, MapError> {
        let file =
            File::open(path).map_err(MapError::kernel(|| format!("open {}", path.display())))?;
        let control = File::options().read(true).write(true).open(CONTROL);
        let act = || format!("open {CONTROL}: is the loop module in the image?");
        let control = control.map_err(MapError::kernel(act))?;
        let refused = |error| MapError::kernel(|| format!("map {}", path.display()))(error);
        for _ in 0..TRIES {
            let number = free_loop(&control).map_err(refused)?;
            let node = PathBuf::from(format!("/dev/loop{number}"));
            let device = File::open(&node)
                .map_err(MapError::kernel(|| format!("open {}", node.display())))?;
            match configure_loop(&device, &file) {
                Ok(()) => return Ok(Self { path: node, device }),
                Err(Errno::BUSY) => {}
                Err(error) => return Err(refused(error)),
            }
        }
        Err(refused(Errno::BUSY))
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> &Path {
        &self.path
    }

    /// For tables of devices on top of it.
    ///
    /// # Errors
    /// The kernel does not tell.
    pub fn number(&self) -> Result<DeviceNumber, MapError> {
        let told = self.device.metadata();
        let act = || format!("read {}", self.path.display());
        let number = told.map_err(MapError::kernel(act))?.rdev();
        Ok(DeviceNumber {
            major: major(number),
            minor: minor(number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_file_is_a_device_for_as_long_as_it_is_used() {
        if !rustix::process::geteuid().is_root() {
            eprintln!("not tried: only root has loop devices");
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        std::fs::write(&path, [7; 8192]).unwrap();
        let device = LoopDevice::of(&path).unwrap();
        assert_eq!(device.number().unwrap().major, 7);
        let mut bytes = Vec::new();
        let mut node = File::open(device.node()).unwrap();
        node.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, [7; 8192]);
        drop(node);
        let backing = PathBuf::from("/sys/block")
            .join(device.node().file_name().unwrap())
            .join("loop/backing_file");
        let shown = std::fs::read_to_string(&backing).unwrap();
        assert_eq!(shown.trim_end(), path.to_str().unwrap());
        drop(device);
        // Whoever takes the device next shows another file.
        let after = std::fs::read_to_string(&backing).unwrap_or_default();
        assert_ne!(after.trim_end(), path.to_str().unwrap());
    }
}
