//! The disk that the loader was read from, through the firmware's Block I/O, as
//! `embedded_io` sees a file.
//!
//! Any offset and length will do. Requests that are whole blocks, into a buffer
//! as aligned as the device asks, go straight through; the rest passes through
//! a bounce buffer. Nothing is cached: a read after a write asks the device.
#![expect(
    unsafe_code,
    reason = "opens the disk's protocol without the firmware's tracking"
)]

use core::fmt;

use boot_core::transfer::{Buffer, Geometry, Request};
use embedded_io::{Error, ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use uefi::Status;
use uefi::boot::ScopedProtocol;
use uefi::proto::media::block::BlockIO;

use crate::memory::Pages;
use crate::own_disk::{self, NotFound};
use crate::protocol;
use crate::status_code::StatusCode;

const BOUNCE_BYTES: usize = 64 << 10;

/// The whole disk, its partition table included.
pub(crate) struct FirmwareDisk {
    block_io: ScopedProtocol<BlockIO>,
    media_id: u32,
    geometry: Geometry,
    buffer_alignment_bytes: usize,
    bounce: Pages,
    position_bytes: u64,
}

impl FirmwareDisk {
    /// Opens the disk that holds the running loader.
    pub(crate) fn open_own() -> Result<Self, NotFound> {
        let handle = own_disk::find()?;
        // SAFETY: the search has closed what it opened, the one `FirmwareDisk`
        // of the loader is this one (a panic makes a second, and never comes
        // back to the first), and no driver is disconnected by the loader.
        let block_io = unsafe { protocol::open_shared::<BlockIO>(handle) }
            .map_err(|error| NotFound::CannotOpen(error.status()))?;
        let media = block_io.media();
        let (media_id, block_bytes) = (media.media_id(), media.block_size());
        let buffer_alignment_bytes = usize::try_from(media.io_align())
            .unwrap_or(usize::MAX)
            .max(1);
        let geometry = Geometry::new(block_bytes, media.last_block(), BOUNCE_BYTES)
            .ok_or(NotFound::Geometry { block_bytes })?;
        let bounce = Pages::allocate(BOUNCE_BYTES).ok_or(NotFound::OutOfMemory)?;
        Ok(Self {
            block_io,
            media_id,
            geometry,
            buffer_alignment_bytes,
            bounce,
            position_bytes: 0,
        })
    }

    fn next_request(&self, buffer: &[u8]) -> Option<Request> {
        let alignment = match buffer
            .as_ptr()
            .addr()
            .checked_rem(self.buffer_alignment_bytes)
        {
            Some(0) => Buffer::Aligned,
            _ => Buffer::Unaligned,
        };
        self.geometry
            .next_request(self.position_bytes, buffer.len(), alignment)
    }

    fn advance(&mut self, bytes: usize) -> Result<usize, DiskError> {
        self.position_bytes = u64::try_from(bytes)
            .ok()
            .and_then(|bytes| self.position_bytes.checked_add(bytes))
            .ok_or(DiskError::OutOfRange)?;
        Ok(bytes)
    }

    /// Reads `length_bytes` from `first_block` into the bounce buffer.
    fn fill_bounce(&mut self, first_block: u64, length_bytes: usize) -> Result<(), DiskError> {
        let span = self.bounce.as_mut().get_mut(..length_bytes);
        let span = span.ok_or(DiskError::OutOfRange)?;
        self.block_io
            .read_blocks(self.media_id, first_block, span)
            .map_err(DiskError::reading)
    }
}

impl ErrorType for FirmwareDisk {
    type Error = DiskError;
}

impl Read for FirmwareDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let Some(request) = self.next_request(buffer) else {
            return Ok(0);
        };
        match request {
            Request::Direct {
                first_block,
                length_bytes,
            } => {
                let span = buffer.get_mut(..length_bytes);
                let span = span.ok_or(DiskError::OutOfRange)?;
                self.block_io
                    .read_blocks(self.media_id, first_block, span)
                    .map_err(DiskError::reading)?;
                self.advance(length_bytes)
            }
            Request::Bounce {
                first_block,
                length_bytes,
                skip_bytes,
                take_bytes,
            } => {
                self.fill_bounce(first_block, length_bytes)?;
                let read = self
                    .bounce
                    .as_ref()
                    .iter()
                    .skip(skip_bytes)
                    .take(take_bytes);
                for (to, from) in buffer.iter_mut().zip(read) {
                    *to = *from;
                }
                self.advance(take_bytes)
            }
        }
    }
}

impl Write for FirmwareDisk {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, DiskError> {
        if buffer.is_empty() {
            return Ok(0);
        }
        if self.block_io.media().is_read_only() {
            return Err(DiskError::ReadOnly);
        }
        match self.next_request(buffer).ok_or(DiskError::OutOfRange)? {
            Request::Direct {
                first_block,
                length_bytes,
            } => {
                let span = buffer.get(..length_bytes).ok_or(DiskError::OutOfRange)?;
                self.block_io
                    .write_blocks(self.media_id, first_block, span)
                    .map_err(DiskError::writing)?;
                self.advance(length_bytes)
            }
            Request::Bounce {
                first_block,
                length_bytes,
                skip_bytes,
                take_bytes,
            } => {
                if take_bytes != length_bytes {
                    self.fill_bounce(first_block, length_bytes)?;
                }
                let bounce = self.bounce.as_mut().get_mut(..length_bytes);
                let bounce = bounce.ok_or(DiskError::OutOfRange)?;
                let written = bounce.iter_mut().skip(skip_bytes).take(take_bytes);
                for (to, from) in written.zip(buffer) {
                    *to = *from;
                }
                self.block_io
                    .write_blocks(self.media_id, first_block, bounce)
                    .map_err(DiskError::writing)?;
                self.advance(take_bytes)
            }
        }
    }

    fn flush(&mut self) -> Result<(), DiskError> {
        self.block_io.flush_blocks().map_err(DiskError::flushing)
    }
}

impl Seek for FirmwareDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, DiskError> {
        let position_bytes = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.geometry.size_bytes().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position_bytes.checked_add_signed(offset),
        };
        self.position_bytes = position_bytes.ok_or(DiskError::OutOfRange)?;
        Ok(self.position_bytes)
    }
}

/// Why the disk did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskError {
    /// The firmware refused or failed.
    Firmware {
        /// What was asked of it.
        operation: Operation,
        /// What it said.
        status: Status,
    },
    /// The disk says that it cannot be written.
    ReadOnly,
    /// Before the first or behind the last byte of the disk.
    OutOfRange,
}

/// What was asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Reading blocks.
    Read,
    /// Writing blocks.
    Write,
    /// Forcing written blocks out of the device's cache.
    Flush,
}

impl DiskError {
    fn reading(error: uefi::Error) -> Self {
        Self::firmware(Operation::Read, error)
    }

    fn writing(error: uefi::Error) -> Self {
        Self::firmware(Operation::Write, error)
    }

    fn flushing(error: uefi::Error) -> Self {
        Self::firmware(Operation::Flush, error)
    }

    fn firmware(operation: Operation, error: uefi::Error) -> Self {
        let status = error.status();
        Self::Firmware { operation, status }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Firmware { operation, status } => {
                let operation = match operation {
                    Operation::Read => "read",
                    Operation::Write => "write",
                    Operation::Flush => "flush",
                };
                write!(
                    formatter,
                    "cannot {operation} the disk: firmware says {}",
                    StatusCode(*status)
                )
            }
            Self::ReadOnly => formatter.write_str("cannot write the disk: it is read-only"),
            Self::OutOfRange => formatter.write_str("cannot reach past the disk's end"),
        }
    }
}

impl core::error::Error for DiskError {}

impl Error for DiskError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::ReadOnly => ErrorKind::PermissionDenied,
            Self::OutOfRange => ErrorKind::InvalidInput,
            Self::Firmware { status, .. } => match *status {
                Status::WRITE_PROTECTED => ErrorKind::PermissionDenied,
                // Gone, or another one in its place: what was opened is not there.
                Status::NO_MEDIA | Status::MEDIA_CHANGED => ErrorKind::NotFound,
                Status::BAD_BUFFER_SIZE | Status::INVALID_PARAMETER => ErrorKind::InvalidInput,
                Status::OUT_OF_RESOURCES => ErrorKind::OutOfMemory,
                Status::TIMEOUT => ErrorKind::TimedOut,
                _ => ErrorKind::Other,
            },
        }
    }
}
