//! Mapped devices: parts of a disk, and the verified root on top of one.
//!
//! Only whole disks are ever mapped, never the kernel's partition nodes: the
//! device mapper claims what lies below, and a claimed partition would shut out a
//! mapping of the disk that contains it.

mod request;
pub(crate) mod table;

use crate::ioctls;
use anyhow::Context;
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
    Suspend = 6,
    TableLoad = 9,
    TableStatus = 12,
}

/// Major and minor number of a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeviceNumber {
    pub(crate) major: u32,
    pub(crate) minor: u32,
}

impl DeviceNumber {
    /// Parses the form of sysfs, `254:0`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
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
pub(crate) struct MappedDevice {
    name: &'static str,
    /// For tables of devices on top of this one.
    pub(crate) number: DeviceNumber,
}

impl MappedDevice {
    /// The kernel's name, as events give it.
    pub(crate) fn kernel_name(&self) -> String {
        format!("dm-{}", self.number.minor)
    }

    /// The device node, which devtmpfs makes.
    pub(crate) fn node(&self) -> PathBuf {
        PathBuf::from(format!("/dev/{}", self.kernel_name()))
    }
}

/// The kernel's device mapper.
pub(crate) struct DeviceMapper(File);

/// May the mapped device be written?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

impl DeviceMapper {
    /// Opens the control device.
    pub(crate) fn open() -> anyhow::Result<Self> {
        let control = File::options().read(true).write(true).open(CONTROL);
        Ok(Self(control.with_context(|| {
            format!("cannot open {CONTROL}: is the dm-mod module in the image?")
        })?))
    }

    /// Makes a device of that name, readable at once.
    pub(crate) fn map(
        &self,
        name: &'static str,
        access: Access,
        table: &Table,
    ) -> anyhow::Result<MappedDevice> {
        let flags = match access {
            Access::ReadOnly => Flags::ReadOnly,
            Access::ReadWrite => Flags::None,
        };
        let answer = self
            .send(Command::Create, request::plain(name, flags)?)
            .with_context(|| format!("cannot create the mapped device {name}"))?;
        self.send(Command::TableLoad, request::with_table(name, flags, table)?)
            .with_context(|| {
                let Table {
                    target, parameters, ..
                } = table;
                format!("cannot load the table of {name} ({target} {parameters})")
            })?;
        // Without the suspend flag the request resumes: the table takes effect.
        self.send(Command::Suspend, request::plain(name, flags)?)
            .with_context(|| format!("cannot start the mapped device {name}"))?;
        let number = DeviceNumber {
            major: request::major(&answer),
            minor: request::minor(&answer),
        };
        let device = MappedDevice { name, number };
        // For people only: this program uses the kernel's name.
        let _ = std::os::unix::fs::symlink(device.node(), format!("/dev/mapper/{name}"));
        Ok(device)
    }

    /// The status of the device's target: for verity `V`, or `C` once a damaged
    /// block was met.
    pub(crate) fn status(&self, device: &MappedDevice) -> anyhow::Result<String> {
        let answer = self
            .send(Command::TableStatus, request::with_room(device.name)?)
            .with_context(|| format!("cannot read the status of {}", device.name))?;
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
