//! UEFI as the platform that `boot-core` boots on.

use boot_core::{FloorsNotWritten, Platform, SecondHome, StartError};
use image_format::{FLOORS_BYTES, ResetCause};
use image_trust::Compression;

use crate::disk::FirmwareDisk;
use crate::floors_variable::FloorsVariable;
use crate::hardware_watchdog::HardwareWatchdog;
use crate::memory::Pages;
use crate::reset_marker::{self, Memory};
use crate::{FLOOR_HOMES, RESET_MARKER, WATCHDOG_SECS, console, linux, sha256};

/// The firmware, and the disk that the loader was read from.
pub(crate) struct Firmware {
    disk: FirmwareDisk,
    watchdog: Option<HardwareWatchdog>,
    floors: Option<FloorsVariable>,
    compression: Compression,
}

impl Firmware {
    /// The firmware with its disk.
    pub(crate) fn new(disk: FirmwareDisk) -> Self {
        Self {
            disk,
            watchdog: HardwareWatchdog::find(),
            floors: FloorsVariable::of_board(FLOOR_HOMES),
            compression: sha256::fastest(),
        }
    }
}

impl Platform for Firmware {
    type Disk = FirmwareDisk;
    type Memory = Pages;

    fn disk(&mut self) -> &mut FirmwareDisk {
        &mut self.disk
    }

    fn reset_cause(&mut self) -> ResetCause {
        // Both are asked, whatever the first one says: each leaves a mark for the next boot.
        let memory = RESET_MARKER.and_then(reset_marker::renew);
        let fired = self
            .watchdog
            .as_mut()
            .is_some_and(HardwareWatchdog::take_fired);
        match (fired, memory) {
            (true, _) => ResetCause::Watchdog,
            (false, Some(Memory::Kept)) => ResetCause::Reset,
            (false, Some(Memory::Lost)) => ResetCause::PowerLoss,
            (false, None) => ResetCause::Unknown,
        }
    }

    fn read_second_home(&mut self) -> SecondHome {
        self.floors.map_or(SecondHome::None, FloorsVariable::read)
    }

    fn write_second_home(&mut self, record: &[u8; FLOORS_BYTES]) -> Result<(), FloorsNotWritten> {
        self.floors.ok_or(FloorsNotWritten)?.write(record)
    }

    fn allocate(&mut self, length_bytes: usize) -> Option<Pages> {
        Pages::allocate(length_bytes)
    }

    fn compression(&mut self) -> Compression {
        self.compression
    }

    fn start(&mut self, kernel: Pages, initrd: Pages, command_line: &str) -> StartError {
        match &mut self.watchdog {
            Some(watchdog) => watchdog.arm(WATCHDOG_SECS),
            None => console::print(format_args!(
                "no hardware watchdog guards the kernel's start"
            )),
        }
        let reason = linux::start(kernel, initrd, command_line);
        if let Some(watchdog) = &mut self.watchdog {
            watchdog.disarm();
        }
        console::print(format_args!("{reason}"));
        StartError {
            status: u64::try_from(reason.status().0).unwrap_or(u64::MAX),
        }
    }
}
