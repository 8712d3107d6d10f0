//! The whole disk under Linux, for the boot state and the flight record.
//!
//! It is opened with `O_DIRECT`: what is written reaches the device and not only
//! the page cache, what is read back comes from the device, and no stale page of
//! this process or another hides what the device holds. `flush` is `fsync`, which
//! for a block device empties the device's own cache too. The partition nodes are
//! never used: their page cache is another one than the disk's.
//!
//! Writers hold a lock, so that `snappy rollback` and PID 1 never read the same
//! state and write one after the other.

use core::fmt;
use embedded_io::{ErrorType, Read, Seek, SeekFrom, Write};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Writers of the boot state hold this file locked.
const STATE_LOCK: &str = "/run/twinkeel/boot-state.lock";
/// Who writes a slot holds this file locked.
const SLOT_LOCK: &str = "/run/twinkeel/slot.lock";
/// The unit of transfers, and the largest sector in use.
const BLOCK_BYTES: usize = 4096;
/// What is moved at once where a slot is written: a request for each block would be slow.
const SLOT_TRANSFER_BYTES: usize = 1 << 20;

/// A whole-disk device.
pub struct BootDisk {
    device: File,
    position: u64,
    length: u64,
    buffer: AlignedBuffer,
    _lock: Option<File>,
}

/// The disk cannot be opened.
#[derive(Debug)]
pub struct DiskError {
    path: PathBuf,
    error: io::Error,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot open {}: {}", self.path.display(), self.error)?;
        match self.error.kind() {
            io::ErrorKind::PermissionDenied => f.write_str("; run this command as root"),
            _ => Ok(()),
        }
    }
}

impl core::error::Error for DiskError {}

impl DiskError {
    /// The kind of the system's error.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.error.kind()
    }
}

impl BootDisk {
    /// Opens the disk to look at it. Takes no lock.
    ///
    /// # Errors
    /// See [`DiskError`].
    pub fn open_to_read(disk: &Path) -> Result<Self, DiskError> {
        Self::open(disk, File::options().read(true), None)
    }

    /// Opens the disk to read much of it. Takes no lock.
    ///
    /// # Errors
    /// See [`DiskError`].
    pub fn open_to_copy(disk: &Path) -> Result<Self, DiskError> {
        Ok(Self {
            buffer: AlignedBuffer::new(SLOT_TRANSFER_BYTES),
            ..Self::open_to_read(disk)?
        })
    }

    /// Opens the disk to change its boot state. Waits for other writers, and keeps
    /// them away until the value is dropped.
    ///
    /// # Errors
    /// See [`DiskError`].
    pub fn open_to_change(disk: &Path) -> Result<Self, DiskError> {
        let lock = take_lock(STATE_LOCK, FlockOperation::LockExclusive)?;
        Self::open(disk, File::options().read(true).write(true), Some(lock))
    }

    /// Opens the disk to write to a slot that does not run; the boot state is locked apart
    /// from that. Does not wait: while another process does the same, the error is
    /// [`WouldBlock`](io::ErrorKind::WouldBlock).
    ///
    /// # Errors
    /// See [`DiskError`].
    pub fn open_to_stage(disk: &Path) -> Result<Self, DiskError> {
        let lock = take_lock(SLOT_LOCK, FlockOperation::NonBlockingLockExclusive)?;
        let opened = Self::open(disk, File::options().read(true).write(true), Some(lock))?;
        Ok(Self {
            buffer: AlignedBuffer::new(SLOT_TRANSFER_BYTES),
            ..opened
        })
    }

    /// Whether some process writes a slot now.
    #[must_use]
    pub fn is_being_staged() -> bool {
        let taken = take_lock(SLOT_LOCK, FlockOperation::NonBlockingLockExclusive);
        taken.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Opens the disk for PID 1 on its way to a reboot, which must not wait for
    /// anything. A lock that another process holds is not waited for: losing that
    /// one's change is better than a cause that nobody recorded.
    ///
    /// # Errors
    /// See [`DiskError`].
    pub fn open_urgently(disk: &Path) -> Result<Self, DiskError> {
        let lock = take_lock(STATE_LOCK, FlockOperation::NonBlockingLockExclusive).ok();
        Self::open(disk, File::options().read(true).write(true), lock)
    }

    fn open(
        path: &Path,
        options: &mut std::fs::OpenOptions,
        lock: Option<File>,
    ) -> Result<Self, DiskError> {
        let refused = |error| DiskError {
            path: path.to_owned(),
            error,
        };
        let device = open_direct(path, options).map_err(refused)?;
        let length = io::Seek::seek(&mut &device, io::SeekFrom::End(0)).map_err(refused)?;
        Ok(Self {
            device,
            position: 0,
            length,
            buffer: AlignedBuffer::new(BLOCK_BYTES),
            _lock: lock,
        })
    }

    /// Length of the disk in bytes.
    #[must_use]
    pub fn length_bytes(&self) -> u64 {
        self.length
    }

    /// Where the position lies in its block, and where that block starts.
    fn place(&self) -> (usize, u64) {
        let skip = self.position % BLOCK_BYTES as u64;
        (skip as usize, self.position - skip)
    }

    /// How much of `wanted` bytes from `start` on exists and is moved at once.
    fn bounded(&self, start: u64, wanted: usize) -> usize {
        let exist = self.length.saturating_sub(start);
        let most = wanted.min(self.buffer.length);
        usize::try_from(exist).map_or(most, |exist| exist.min(most))
    }
}

/// Bytes at an address that every device's memory access can start at.
struct AlignedBuffer {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl AlignedBuffer {
    /// Of `length` bytes: whole blocks.
    fn new(length: usize) -> Self {
        let bytes = vec![0; length + BLOCK_BYTES];
        let start = bytes.as_ptr().align_offset(BLOCK_BYTES);
        Self {
            bytes,
            start,
            length,
        }
    }

    fn first(&mut self, length: usize) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + length]
    }
}

/// File systems in memory know no `O_DIRECT`, and need none.
fn open_direct(path: &Path, options: &mut std::fs::OpenOptions) -> io::Result<File> {
    let direct = OFlags::DIRECT.bits().cast_signed();
    match options.custom_flags(direct).open(path) {
        Err(error) if error.raw_os_error() == Some(Errno::INVAL.raw_os_error()) => {
            options.custom_flags(0).open(path)
        }
        result => result,
    }
}

fn take_lock(path: &str, operation: FlockOperation) -> Result<File, DiskError> {
    let refused = |error| DiskError {
        path: path.into(),
        error,
    };
    let mut options = File::options();
    let lock = options
        .create(true)
        .append(true)
        .open(path)
        .map_err(refused)?;
    flock(&lock, operation).map_err(|errno| refused(errno.into()))?;
    Ok(lock)
}

impl ErrorType for BootDisk {
    type Error = io::Error;
}

impl Read for BootDisk {
    /// Reads as many whole blocks as fit into the buffer of this disk, and gives what was
    /// asked for of them.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (skip, start) = self.place();
        let wanted = (skip + buffer.len()).next_multiple_of(BLOCK_BYTES);
        let exist = self.bounded(start, wanted);
        let blocks = self.buffer.first(exist);
        self.device.read_exact_at(blocks, start)?;
        let bytes = blocks.get(skip..).unwrap_or_default();
        let length = bytes.len().min(buffer.len());
        buffer[..length].copy_from_slice(&bytes[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

impl Write for BootDisk {
    /// Writes whole blocks, up to the last one that is. Less than a whole block is merged
    /// with what the device holds. A whole one, as the records of the boot state are, is not
    /// read before: a block that a power cut left unreadable is mended by writing it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        if self.position >= self.length {
            return Err(io::ErrorKind::WriteZero.into());
        }
        let (skip, start) = self.place();
        // The last block of the disk may be cut off, and is whole nevertheless.
        let last = self.bounded(start, BLOCK_BYTES);
        let mut length = self.bounded(self.position, bytes.len());
        let written = if skip == 0 && length >= last {
            if self.position + (length as u64) < self.length {
                length -= length % BLOCK_BYTES;
            }
            length
        } else {
            length = length.min(last - skip);
            self.device.read_exact_at(self.buffer.first(last), start)?;
            last
        };
        let blocks = self.buffer.first(written);
        blocks[skip..skip + length].copy_from_slice(&bytes[..length]);
        self.device.write_all_at(blocks, start)?;
        self.position += length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.device.sync_all()
    }
}

impl Seek for BootDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests;
