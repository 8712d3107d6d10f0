//! The disk that the loader was read from, as `embedded_io` sees a file.
//!
//! Open Firmware reads at any offset and writes whole blocks only, which is what the boot
//! writes. It has no call to empty a device's cache: without one offered, QEMU writes
//! through, and what was written is read back. Nothing is cached here.

use core::fmt;

use boot_core::gpt::end_of_disk;
use embedded_io::{Error, ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};

use crate::client_interface::{self, Instance};
use crate::origin;

/// A request costs a millisecond whatever its length, and gains nothing beyond this.
const LARGEST_REQUEST_BYTES: usize = 256 << 10;
/// Two of the largest blocks in use: what the primary partition table is looked for in.
const START_BYTES: usize = 8192;

/// The whole disk, its partition table included.
pub(crate) struct FirmwareDisk {
    device: Instance,
    size_bytes: u64,
    position_bytes: u64,
}

/// Why there is no disk to boot from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFound {
    /// The firmware does not say where the loader came from.
    NoOrigin,
    /// The disk is there and cannot be opened.
    CannotOpen,
    /// The disk cannot be read.
    Unreadable,
    /// Nothing says where it ends.
    NoTable,
}

impl FirmwareDisk {
    /// Opens the disk that holds the running loader.
    pub(crate) fn open_own() -> Result<Self, NotFound> {
        let path = origin::disk().ok_or(NotFound::NoOrigin)?;
        let device = client_interface::open(&path).ok_or(NotFound::CannotOpen)?;
        let mut disk = Self {
            device,
            size_bytes: START_BYTES as u64,
            position_bytes: 0,
        };
        let mut start = [0; START_BYTES];
        disk.read_exact(&mut start)
            .map_err(|_| NotFound::Unreadable)?;
        // The firmware found the loader by this table, and knows no other size.
        disk.size_bytes = end_of_disk(&start).ok_or(NotFound::NoTable)?;
        Ok(disk)
    }

    fn seek_device(&self) -> Result<(), DiskError> {
        client_interface::seek(self.device, self.position_bytes).ok_or(DiskError::Seek)
    }

    /// How many of `wanted` bytes there are, and fit into a request.
    fn available(&self, wanted: usize) -> usize {
        let left = self.size_bytes.saturating_sub(self.position_bytes);
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        wanted.min(left).min(LARGEST_REQUEST_BYTES)
    }

    fn advance(&mut self, done: usize) -> usize {
        // Never past the end, so the sum is no more than 64 bits.
        self.position_bytes = self.position_bytes.saturating_add(done as u64);
        done
    }
}

impl ErrorType for FirmwareDisk {
    type Error = DiskError;
}

impl Read for FirmwareDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let length = self.available(buffer.len());
        let room = buffer.get_mut(..length).ok_or(DiskError::Read)?;
        if room.is_empty() {
            return Ok(0);
        }
        self.seek_device()?;
        match client_interface::read(self.device, room) {
            Some(done) if done == length => Ok(self.advance(done)),
            _ => Err(DiskError::Read),
        }
    }
}

impl Write for FirmwareDisk {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, DiskError> {
        let length = self.available(buffer.len());
        let bytes = buffer.get(..length).ok_or(DiskError::Write)?;
        if bytes.is_empty() {
            return Ok(0);
        }
        self.seek_device()?;
        // Less than whole blocks is refused by the firmware, with 0.
        match client_interface::write(self.device, bytes) {
            Some(done) if done == length => Ok(self.advance(done)),
            _ => Err(DiskError::Write),
        }
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        Ok(())
    }
}

impl Seek for FirmwareDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, DiskError> {
        let position_bytes = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.size_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position_bytes.checked_add_signed(offset),
        };
        self.position_bytes = position_bytes.ok_or(DiskError::Seek)?;
        Ok(self.position_bytes)
    }
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("cannot find the disk that the loader was read from: ")?;
        formatter.write_str(match self {
            Self::NoOrigin => "the firmware does not name it",
            Self::CannotOpen => "the firmware cannot open it",
            Self::Unreadable => "it cannot be read",
            Self::NoTable => "it has no partition table (GPT)",
        })
    }
}

impl core::error::Error for NotFound {}

/// Why the disk did not do what it was asked. The firmware gives no reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskError {
    /// To a position that no disk has.
    Seek,
    /// Less than was asked for.
    Read,
    /// Less than was given.
    Write,
}

impl fmt::Display for DiskError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Seek => "cannot reach that place of the disk",
            Self::Read => "cannot read the disk",
            Self::Write => "cannot write the disk",
        })
    }
}

impl core::error::Error for DiskError {}

impl Error for DiskError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Seek => ErrorKind::InvalidInput,
            Self::Read | Self::Write => ErrorKind::Other,
        }
    }
}
