//! Block devices on top of others: parts of a disk, what a hash tree verifies, and files as
//! devices. PID 1 maps the root and `writable` with it, the daemon mounts snaps.
//!
//! Of disks, only whole disks are ever mapped, never the kernel's partition nodes: the
//! device mapper claims what lies below, and a claimed partition would shut out a
//! mapping of the disk that contains it.

mod error;
mod ioctls;
mod loop_device;
mod request;
pub mod table;

pub use error::MapError;
pub use loop_device::LoopDevice;

use core::fmt;
use request::Flags;
use std::fs::File;
use std::path::PathBuf;
use table::Table;

const CONTROL: &str = "/dev/mapper/control";

/// Numbers of `linux/dm-ioctl.h`.
#[derive(Clone, Copy)]
enum Command {
    Create = 3,
    Remove = 4,
    Suspend = 6,
    TableLoad = 9,
    TableStatus = 12,
}

/// Major and minor number of a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceNumber {
    /// Of the driver.
    pub major: u32,
    /// Of the device.
    pub minor: u32,
}

impl DeviceNumber {
    /// Parses the form of sysfs, `254:0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim_end().split_once(':')?;
        Some(Self {
            major: major.parse().ok()?,
            minor: minor.parse().ok()?,
        })
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.major, self.minor)
    }
}

/// A mapped device. It stays when this value goes.
#[derive(Clone, Debug)]
pub struct MappedDevice {
    name: String,
    /// For tables of devices on top of this one.
    pub number: DeviceNumber,
}

impl MappedDevice {
    /// The kernel's name, as events give it.
    #[must_use]
    pub fn kernel_name(&self) -> String {
        format!("dm-{}", self.number.minor)
    }

    /// The device node, which devtmpfs makes.
    #[must_use]
    pub fn node(&self) -> PathBuf {
        PathBuf::from(format!("/dev/{}", self.kernel_name()))
    }
}

/// The kernel's device mapper.
pub struct DeviceMapper(File);

/// May the mapped device be written?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may not.
    ReadOnly,
    /// It may.
    ReadWrite,
}

impl DeviceMapper {
    /// Opens the control device.
    ///
    /// # Errors
    /// The kernel has no device mapper.
    pub fn open() -> Result<Self, MapError> {
        let control = File::options().read(true).write(true).open(CONTROL);
        let act = || format!("open {CONTROL}: is the dm-mod module in the image?");
        Ok(Self(control.map_err(MapError::kernel(act))?))
    }

    /// Makes a device of that name, readable at once.
    ///
    /// # Errors
    /// There is one of that name, or the kernel refuses the table.
    pub fn map(&self, name: &str, access: Access, table: &Table) -> Result<MappedDevice, MapError> {
        let flags = match access {
            Access::ReadOnly => Flags::ReadOnly,
            Access::ReadWrite => Flags::None,
        };
        let answer = self
            .send(Command::Create, request::plain(name, flags)?)
            .map_err(MapError::kernel(|| {
                format!("create the mapped device {name}")
            }))?;
        self.send(Command::TableLoad, request::with_table(name, flags, table)?)
            .map_err(MapError::kernel(|| {
                let Table {
                    target, parameters, ..
                } = table;
                format!("load the table of {name} ({target} {parameters})")
            }))?;
        // Without the suspend flag the request resumes: the table takes effect.
        self.send(Command::Suspend, request::plain(name, flags)?)
            .map_err(MapError::kernel(|| {
                format!("start the mapped device {name}")
            }))?;
        let number = DeviceNumber {
            major: request::major(&answer),
            minor: request::minor(&answer),
        };
        let device = MappedDevice {
            name: name.to_owned(),
            number,
        };
        // For people only: this program uses the kernel's name.
        let _ = std::os::unix::fs::symlink(device.node(), format!("/dev/mapper/{name}"));
        Ok(device)
    }

    /// Takes the device of that name away; there may be none.
    ///
    /// # Errors
    /// Somebody uses it.
    pub fn remove(&self, name: &str) -> Result<(), MapError> {
        self.take_away(name, Flags::None)
    }

    /// Takes it away once nobody uses it, which may be now. What it lies on goes with it.
    ///
    /// # Errors
    /// The kernel's.
    pub fn remove_when_unused(&self, name: &str) -> Result<(), MapError> {
        self.take_away(name, Flags::Deferred)
    }

    fn take_away(&self, name: &str, flags: Flags) -> Result<(), MapError> {
        // For people only, as in `map`.
        let _ = std::fs::remove_file(format!("/dev/mapper/{name}"));
        match self.send(Command::Remove, request::plain(name, flags)?) {
            Ok(_) | Err(rustix::io::Errno::NXIO) => Ok(()),
            Err(error) => Err(MapError::kernel(|| {
                format!("remove the mapped device {name}")
            })(error)),
        }
    }

    /// The status of the device's target: for verity `V`, or `C` once a damaged
    /// block was met.
    ///
    /// # Errors
    /// There is no such device any more.
    pub fn status(&self, device: &MappedDevice) -> Result<String, MapError> {
        self.status_of(&device.name)
    }

    /// The same, of the device of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn status_of(&self, name: &str) -> Result<String, MapError> {
        let answer = self
            .send(Command::TableStatus, request::with_room(name)?)
            .map_err(MapError::kernel(|| format!("read the status of {name}")))?;
        Ok(request::status(&answer))
    }

    fn send(&self, command: Command, mut request: Vec<u8>) -> rustix::io::Result<Vec<u8>> {
        ioctls::device_mapper(&self.0, command as u8, &mut request)?;
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_numbers_have_sysfs_form() {
        let number = DeviceNumber::parse("254:16\n").unwrap();
        assert_eq!(number.to_string(), "254:16");
        for wrong in ["", "254", "254:", ":1", "a:b"] {
            assert_eq!(DeviceNumber::parse(wrong), None);
        }
    }
}
