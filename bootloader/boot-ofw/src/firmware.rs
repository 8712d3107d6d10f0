//! Open Firmware as the platform that `boot-core` boots on.

use boot_core::{FloorsNotWritten, Platform, SecondHome, StartError};
use image_format::{FLOORS_BYTES, ResetCause};

use crate::disk::FirmwareDisk;
use crate::memory::Memory;
use crate::reset_marker;
use crate::watchdog::Watchdog;
use crate::{RESET_MARKER, WATCHDOG_SECS, console, linux};

/// The firmware, and the disk that the loader was read from.
pub(crate) struct Firmware {
    disk: FirmwareDisk,
    watchdog: Option<Watchdog>,
}

impl Firmware {
    /// The firmware with its disk, and what guards the loader.
    pub(crate) fn new(disk: FirmwareDisk, watchdog: Option<Watchdog>) -> Self {
        Self { disk, watchdog }
    }
}

impl Platform for Firmware {
    type Disk = FirmwareDisk;
    type Memory = Memory;

    fn disk(&mut self) -> &mut FirmwareDisk {
        &mut self.disk
    }

    fn reset_cause(&mut self) -> ResetCause {
        match RESET_MARKER.and_then(reset_marker::renew) {
            Some(reset_marker::Memory::Kept) => ResetCause::Reset,
            Some(reset_marker::Memory::Lost) => ResetCause::PowerLoss,
            None => ResetCause::Unknown,
        }
    }

    /// There is nothing that the running system could not write as well.
    fn read_second_home(&mut self) -> SecondHome {
        SecondHome::None
    }

    fn write_second_home(&mut self, _: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        Err(FloorsNotWritten)
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Memory> {
        Memory::allocate(length_bytes)
    }

    fn start(&mut self, kernel: Memory, initrd: Memory, command_line: &str) -> StartError {
        match self.watchdog {
            Some(watchdog) => watchdog.guard_kernel(WATCHDOG_SECS),
            None => console::print(format_args!("no watchdog guards the kernel's start")),
        }
        let reason = linux::start(kernel, &initrd, command_line);
        if let Some(watchdog) = self.watchdog {
            watchdog.guard_loader();
        }
        console::print(format_args!("{reason}"));
        StartError {
            status: reason.status(),
        }
    }
}
