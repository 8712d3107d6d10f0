//! The disk that the loader is judged on: the image that the recording began with, and over
//! it, in memory, the sectors that were written since.
//!
//! It has no `writable`. What is written there is left out, and whoever reads there fails and
//! is noticed: so a verdict holds for all disks that differ in `writable` only.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use boot_core::read_layout;
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use embedded_io_adapters::std::FromStd;
use image_format::Digest;
use image_trust::Hasher;

use super::place::Places;
use super::write_log::{Request, SECTOR_BYTES};

const UNIT: u64 = SECTOR_BYTES as u64;

/// The content of a sector.
pub type Sector = Arc<[u8; SECTOR_BYTES]>;

struct Base {
    image: File,
    length_bytes: u64,
    places: Places,
}

/// A disk in memory. A clone is another disk, and costs little.
#[derive(Clone)]
pub struct ReplayedDisk {
    base: Arc<Base>,
    changed: Arc<BTreeMap<u64, Sector>>,
    position: u64,
    strayed: bool,
}

impl ReplayedDisk {
    /// The disk in the file `image`, which nobody may change from now on.
    ///
    /// # Errors
    /// There is no such file, or no layout in it.
    pub fn open(image: &Path) -> Result<Self> {
        let cannot = || format!("cannot read {}", image.display());
        let file = File::open(image).with_context(cannot)?;
        let length_bytes = file.metadata().with_context(cannot)?.len();
        let mut disk = FromStd::new(file);
        let layout = read_layout(&mut disk).with_context(cannot)?;
        Ok(Self {
            base: Arc::new(Base {
                image: disk.into_inner(),
                length_bytes,
                places: Places::of(&layout, length_bytes),
            }),
            changed: Arc::default(),
            position: 0,
            strayed: false,
        })
    }

    /// What its sectors are for.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.base.places
    }

    /// Does what the machine asked for, as far as it is outside of `writable`. What was
    /// discarded reads as zeros.
    ///
    /// # Errors
    /// The image cannot be read.
    pub fn apply(&mut self, request: &Request<'_>) -> io::Result<()> {
        match *request {
            Request::Flush => Ok(()),
            Request::Write { sector, bytes } => {
                let (sectors, _) = bytes.as_chunks();
                let mut sectors = (sector..).zip(sectors);
                sectors.try_for_each(|(sector, bytes)| self.put(sector, *bytes))
            }
            Request::Discard { .. } => {
                let mut sectors = request.sectors();
                sectors.try_for_each(|sector| self.put(sector, [0; SECTOR_BYTES]))
            }
        }
    }

    /// Sectors that are not as in the image, by number.
    #[must_use]
    pub fn changed(&self) -> &BTreeMap<u64, Sector> {
        &self.changed
    }

    /// Names the content outside of `writable`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for (number, sector) in self.changed.iter() {
            hasher.update(&number.to_le_bytes());
            hasher.update(&sector[..]);
        }
        hasher.finish()
    }

    /// Whether somebody has read in `writable`.
    #[must_use]
    pub fn strayed(&self) -> bool {
        self.strayed
    }

    /// Two disks with the same content have the same sectors in memory.
    fn put(&mut self, sector: u64, bytes: [u8; SECTOR_BYTES]) -> io::Result<()> {
        if self.base.places.writable().contains(&sector) {
            return Ok(());
        }
        let mut original = [0; SECTOR_BYTES];
        self.base
            .image
            .read_exact_at(&mut original, sector * UNIT)?;
        let changed = Arc::make_mut(&mut self.changed);
        if original == bytes {
            changed.remove(&sector);
        } else {
            changed.insert(sector, Arc::new(bytes));
        }
        Ok(())
    }

    /// The sectors that hold the next `length` bytes.
    fn span(&self, length: usize) -> std::ops::Range<u64> {
        let end = self.position + length as u64;
        self.position / UNIT..end.div_ceil(UNIT)
    }
}

impl ErrorType for ReplayedDisk {
    type Error = ErrorKind;
}

impl Read for ReplayedDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let left = self.base.length_bytes.saturating_sub(self.position);
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..length];
        let span = self.span(length);
        let writable = self.base.places.writable();
        if span.start < writable.end && writable.start < span.end {
            self.strayed = true;
            return Err(ErrorKind::PermissionDenied);
        }
        let image = &self.base.image;
        image
            .read_exact_at(buffer, self.position)
            .map_err(|_| ErrorKind::Other)?;
        for (number, sector) in self.changed.range(span) {
            let start = number * UNIT;
            let skip = self.position.saturating_sub(start) as usize;
            let at = start.saturating_sub(self.position) as usize;
            let part = (SECTOR_BYTES - skip).min(length - at);
            buffer[at..at + part].copy_from_slice(&sector[skip..skip + part]);
        }
        self.position += length as u64;
        Ok(length)
    }
}

impl Write for ReplayedDisk {
    /// One sector, or the part of it that is left.
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        if self.position >= self.base.length_bytes && !bytes.is_empty() {
            return Err(ErrorKind::WriteZero);
        }
        let (position, skip) = (self.position, (self.position % UNIT) as usize);
        let length = bytes.len().min(SECTOR_BYTES - skip);
        let mut sector = [0; SECTOR_BYTES];
        self.position -= skip as u64;
        self.read_exact(&mut sector).map_err(|_| ErrorKind::Other)?;
        sector[skip..skip + length].copy_from_slice(&bytes[..length]);
        self.put(position / UNIT, sector)
            .map_err(|_| ErrorKind::Other)?;
        self.position = position + length as u64;
        Ok(length)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Seek for ReplayedDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        let position = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.base.length_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
