//! UEFI as the platform that `boot-core` boots on.

use boot_core::{Platform, StartError};

use crate::disk::FirmwareDisk;
use crate::linux;
use crate::memory::Pages;

/// The firmware, and the disk that the loader was read from.
pub(crate) struct Firmware {
    disk: FirmwareDisk,
}

impl Firmware {
    /// The firmware with its disk.
    pub(crate) fn new(disk: FirmwareDisk) -> Self {
        Self { disk }
    }
}

impl Platform for Firmware {
    type Disk = FirmwareDisk;
    type Memory = Pages;

    fn disk(&mut self) -> &mut FirmwareDisk {
        &mut self.disk
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Pages> {
        Pages::allocate(length_bytes)
    }

    fn start(&mut self, kernel: Pages, initrd: Pages, command_line: &str) -> StartError {
        let reason = linux::start(kernel, &initrd, command_line);
        log::error!("{reason}");
        StartError {
            status: u64::try_from(reason.status.0).unwrap_or(u64::MAX),
        }
    }
}
