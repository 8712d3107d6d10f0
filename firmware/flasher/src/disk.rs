//! What is flashed: a disk that is written in pieces, flushed, and read back.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use rustix::fs::{Advice, FallocateFlags, OFlags, fadvise, fallocate};

use crate::error::FlashError;
use crate::table::{BLOCK_BYTES, DiskSize};
use crate::target::{Agreed, Kind};

/// At most as much is written or read at once.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;
/// A disk is emptied in pieces of this size.
const DISCARD_BYTES: u64 = 1 << 30;

/// A disk. Offsets and lengths are multiples of its sectors; no piece is longer than
/// `CHUNK_BYTES`.
pub trait Disk {
    /// Its length and the size of its sectors.
    fn size(&self) -> DiskSize;
    /// Gives all of its content up, where it can do so at once. What then is read is unknown.
    fn discard(&mut self);
    /// Writes one piece.
    ///
    /// # Errors
    /// What the device says.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes it read as zeros.
    ///
    /// # Errors
    /// What the device says.
    fn zero(&mut self, range: Range<u64>) -> io::Result<()>;
    /// Everything written so far outlasts a loss of power.
    ///
    /// # Errors
    /// What the device says.
    fn flush(&mut self) -> io::Result<()>;
    /// Reads from the device itself, not from what this machine remembers of it.
    ///
    /// # Errors
    /// What the device says.
    fn read_back(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// A disk, or a file in place of one.
#[derive(Debug)]
pub struct OpenDisk {
    file: File,
    kind: Kind,
    size: DiskSize,
    piece: AlignedPiece,
}

impl OpenDisk {
    /// Takes the disk for itself: the kernel gives it to nobody else meanwhile, nor mounts it.
    ///
    /// # Errors
    /// [`FlashError::InUse`] when somebody has it.
    pub fn open(target: &Agreed) -> Result<Self, FlashError> {
        let path = target.device();
        let flags = match target.kind() {
            // Straight to the device and from it: errors are those of this piece, and what is
            // read back comes from nowhere else.
            Kind::Disk => OFlags::EXCL | OFlags::DIRECT,
            Kind::File => OFlags::empty(),
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
            .map_err(|error| match error.raw_os_error() {
                Some(code) if code == rustix::io::Errno::BUSY.raw_os_error() => FlashError::InUse {
                    device: path.to_owned(),
                    by: "something on this machine holds it".to_owned(),
                },
                _ => FlashError::io("open", path)(error),
            })?;
        Ok(Self {
            file,
            kind: target.kind(),
            size: target.size(),
            piece: AlignedPiece::new(),
        })
    }

    fn punch(&self, range: &Range<u64>, flags: FallocateFlags) -> io::Result<()> {
        let length = range.end - range.start;
        Ok(fallocate(&self.file, flags, range.start, length)?)
    }
}

impl Disk for OpenDisk {
    fn size(&self) -> DiskSize {
        self.size
    }

    fn discard(&mut self) {
        let mut start = 0;
        while start < self.size.length_bytes {
            let end = (start + DISCARD_BYTES).min(self.size.length_bytes);
            // A device that cannot is written over where it matters.
            if self.punch(&(start..end), PUNCH).is_err() {
                return;
            }
            start = end;
        }
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let piece = self.piece.take(bytes.len());
        piece.copy_from_slice(bytes);
        self.file.write_all_at(piece, offset)
    }

    fn zero(&mut self, range: Range<u64>) -> io::Result<()> {
        if self.punch(&range, PUNCH).is_ok() || self.punch(&range, ZERO).is_ok() {
            return Ok(());
        }
        let mut offset = range.start;
        while offset < range.end {
            let length = (range.end - offset).min(CHUNK_BYTES as u64);
            let piece = self.piece.take(length as usize);
            piece.fill(0);
            self.file.write_all_at(piece, offset)?;
            offset += length;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        if self.kind == Kind::File {
            // Best effort: a file lies on a file system of this machine's.
            let _ = fadvise(&self.file, 0, None, Advice::DontNeed);
        }
        Ok(())
    }

    fn read_back(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let piece = self.piece.take(bytes.len());
        self.file.read_exact_at(piece, offset)?;
        bytes.copy_from_slice(piece);
        Ok(())
    }
}

/// Reads as zeros afterwards, without being written, or fails.
const PUNCH: FallocateFlags = FallocateFlags::PUNCH_HOLE.union(FallocateFlags::KEEP_SIZE);
/// Zeros, written by the kernel if need be.
const ZERO: FallocateFlags = FallocateFlags::ZERO_RANGE.union(FallocateFlags::KEEP_SIZE);

/// Memory that a device can be given as it is: it begins at a multiple of a block.
#[derive(Debug)]
struct AlignedPiece {
    bytes: Vec<u8>,
    start: usize,
}

impl AlignedPiece {
    fn new() -> Self {
        let bytes = vec![0; CHUNK_BYTES + BLOCK_BYTES as usize];
        let start = bytes.as_ptr().align_offset(BLOCK_BYTES as usize);
        Self { bytes, start }
    }

    fn take(&mut self, length: usize) -> &mut [u8] {
        &mut self.bytes[self.start..self.start + length]
    }
}
