//! The sequence of a flash, cut anywhere and still safe.
//!
//! First both partition tables are erased, last they are written, when all the rest was read
//! back and is as it should be. In between the disk has no partition, so neither firmware nor
//! loader finds anything on it to boot half of.
//!
//! What is zero in the image and counts is made zero on the disk, since something older may
//! lie there. The slack of the slots does not count: nothing reads it before an update has
//! written it.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use image_format::Digest;
use image_format::disk::{Guid, Role};
use image_trust::sha256;

use crate::disk::{CHUNK_BYTES, Disk};
use crate::error::FlashError;
use crate::image::Image;
use crate::progress::{Phase, Progress};
use crate::table::{DiskSize, EDGE_BYTES, Edges};

/// Where an ext4 with blocks of 4096 bytes has the first copy of its superblock. The file
/// system of an image is shorter: without this, a repair could find what a former
/// installation left.
const SUPERBLOCK_COPY: u64 = 32768 * 4096;

/// What a disk gets.
pub(crate) struct Content<'a> {
    pub(crate) image: &'a Image,
    /// The file system of `writable`, with the device's files in it.
    pub(crate) writable: &'a File,
    pub(crate) disk_guid: Guid,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Done {
    pub(crate) written_bytes: u64,
    pub(crate) zeroed_bytes: u64,
    pub(crate) write_time: Duration,
    pub(crate) read_time: Duration,
}

/// Writes all of it to `disk`, which `device` is the name of.
///
/// # Errors
/// The disk is too small or its sectors too large; then nothing was written. The disk fails,
/// or does not hold what it was given: then it boots nothing, but for
/// [`FlashError::TableUnsure`].
pub(crate) fn write_all(
    disk: &mut dyn Disk,
    device: &Path,
    content: &Content<'_>,
    progress: &mut dyn Progress,
) -> Result<Done, FlashError> {
    let size = disk.size();
    check_size(size, device, content.image)?;
    let mut front = content
        .image
        .front()
        .map_err(FlashError::io("read the image for", device))?;
    let edges = content.image.table.edges(size, content.disk_guid);
    if has_data(front.get(..edges.front.len()).unwrap_or_default()) {
        return Err(FlashError::FirmwareInTable {
            device: device.to_owned(),
            sector_bytes: size.sector_bytes,
        });
    }
    let mut flash = Flash {
        disk,
        device,
        placed: Vec::new(),
        done: Done::default(),
        progress,
    };
    flash.erase(size)?;
    flash.write_content(content, &front)?;
    flash.read_back(Phase::ReadBack)?;
    if let Some(table) = front.get_mut(..edges.front.len()) {
        table.copy_from_slice(&edges.front);
    }
    flash.write_table(size, &Edges { front, ..edges })?;
    Ok(flash.done)
}

fn check_size(size: DiskSize, device: &Path, image: &Image) -> Result<(), FlashError> {
    let needs_bytes = image.needs_bytes();
    if size.tail_offset() + EDGE_BYTES >= needs_bytes {
        return Ok(());
    }
    Err(FlashError::TooSmall {
        device: device.to_owned(),
        has_bytes: size.length_bytes,
        needs_bytes,
    })
}

struct Flash<'a> {
    disk: &'a mut dyn Disk,
    device: &'a Path,
    /// What the disk has to hold by now.
    placed: Vec<Placed>,
    done: Done,
    progress: &'a mut dyn Progress,
}

struct Placed {
    range: Range<u64>,
    sha256: Digest,
}

impl Flash<'_> {
    /// The tables first: from here on the disk boots nothing.
    fn erase(&mut self, size: DiskSize) -> Result<(), FlashError> {
        self.progress.begin(Phase::Erase, 0);
        self.zero(0..EDGE_BYTES)?;
        self.zero(size.tail_offset()..size.length_bytes)?;
        self.flush()?;
        self.disk.discard();
        // A device may give anything for what was discarded.
        self.zero(0..EDGE_BYTES)?;
        self.zero(size.tail_offset()..size.length_bytes)?;
        self.flush()
    }

    fn write_content(&mut self, content: &Content<'_>, front: &[u8]) -> Result<(), FlashError> {
        let image = content.image;
        let ranges: Vec<_> = Role::ALL
            .into_iter()
            .map(|role| (role, image.used_range(role)))
            .collect();
        let total = ranges
            .iter()
            .map(|(_, range)| range.end - range.start)
            .sum();
        let begin = Instant::now();
        self.progress.begin(Phase::Write, total);
        self.place(0, front)?;
        for (role, range) in ranges {
            let (source, offset) = match role {
                Role::Writable => (content.writable, 0),
                _ => (&image.file, range.start),
            };
            self.copy(source, offset, range)?;
        }
        self.erase_superblock_copy(image)?;
        self.flush()?;
        self.done.write_time = begin.elapsed();
        Ok(())
    }

    fn copy(&mut self, source: &File, offset: u64, to: Range<u64>) -> Result<(), FlashError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut at = to.start;
        while at < to.end {
            let length = (to.end - at).min(CHUNK_BYTES as u64);
            let chunk = &mut chunk[..length as usize];
            source
                .read_exact_at(chunk, offset + at - to.start)
                .map_err(FlashError::io("read the image for", self.device))?;
            self.place(at, chunk)?;
            self.progress.advance(length);
            at += length;
        }
        Ok(())
    }

    fn erase_superblock_copy(&mut self, image: &Image) -> Result<(), FlashError> {
        let writable = image.place(Role::Writable);
        let start = writable.offset_bytes + SUPERBLOCK_COPY;
        let is_behind = writable.length_bytes <= SUPERBLOCK_COPY;
        let end = start + EDGE_BYTES;
        if is_behind && end <= self.disk.size().tail_offset() {
            self.zero(start..end)?;
        }
        Ok(())
    }

    fn place(&mut self, offset: u64, bytes: &[u8]) -> Result<(), FlashError> {
        let range = offset..offset + bytes.len() as u64;
        if has_data(bytes) {
            self.disk
                .write_at(offset, bytes)
                .map_err(FlashError::io("write to", self.device))?;
            self.done.written_bytes += bytes.len() as u64;
        } else {
            self.zero(range.clone())?;
        }
        let sha256 = sha256(bytes);
        self.placed.push(Placed { range, sha256 });
        Ok(())
    }

    fn zero(&mut self, range: Range<u64>) -> Result<(), FlashError> {
        self.done.zeroed_bytes += range.end - range.start;
        self.disk
            .zero(range)
            .map_err(FlashError::io("write to", self.device))
    }

    fn flush(&mut self) -> Result<(), FlashError> {
        self.disk
            .flush()
            .map_err(FlashError::io("write to", self.device))
    }

    fn read_back(&mut self, phase: Phase) -> Result<(), FlashError> {
        let begin = Instant::now();
        let placed = std::mem::take(&mut self.placed);
        let total = placed
            .iter()
            .map(|placed| placed.range.end - placed.range.start)
            .sum();
        self.progress.begin(phase, total);
        let mut chunk = vec![0; CHUNK_BYTES];
        for Placed {
            range,
            sha256: expected,
        } in placed
        {
            let chunk = &mut chunk[..(range.end - range.start) as usize];
            self.disk
                .read_back(range.start, chunk)
                .map_err(FlashError::io("read back", self.device))?;
            if sha256(chunk) != expected {
                return Err(FlashError::NotAsWritten {
                    device: self.device.to_owned(),
                    offset_bytes: range.start,
                });
            }
            self.progress.advance(chunk.len() as u64);
        }
        self.done.read_time += begin.elapsed();
        Ok(())
    }

    /// The second table first: firmware that finds the first one finds both.
    fn write_table(&mut self, size: DiskSize, edges: &Edges) -> Result<(), FlashError> {
        let write = |flash: &mut Self| {
            let tail = size.tail_offset();
            for (number, piece) in (0..).zip(edges.tail.chunks(CHUNK_BYTES)) {
                flash.place(tail + number * CHUNK_BYTES as u64, piece)?;
            }
            flash.flush()?;
            flash.place(0, &edges.front)?;
            flash.flush()?;
            flash.read_back(Phase::Table)
        };
        write(self).map_err(|error| FlashError::TableUnsure(Box::new(error)))
    }
}

fn has_data(bytes: &[u8]) -> bool {
    bytes.iter().any(|byte| *byte != 0)
}

#[cfg(test)]
mod tests;
