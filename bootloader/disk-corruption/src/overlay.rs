//! A disk image that is never written to, and the sectors that differ from it: a corrupted
//! disk costs what was changed on it.

use anyhow::{Context, Result};
use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

/// The unit of changes.
pub(crate) const SECTOR_BYTES: u64 = 512;
/// More requests than any boot has reason for.
const MOST_REQUESTS: usize = 50_000;

/// A boot that never ends, carried by a panic through the code under test.
pub(crate) struct Endless;

/// A disk.
#[derive(Clone)]
pub(crate) struct Overlay {
    base: Arc<File>,
    length_bytes: u64,
    changed: BTreeMap<u64, [u8; SECTOR_BYTES as usize]>,
    /// What was written through the traits, as a boot does.
    pub(crate) written: Vec<Range<u64>>,
    position: u64,
    requests: usize,
}

impl Overlay {
    pub(crate) fn open(image: &Path) -> Result<Self> {
        let base = File::open(image).with_context(|| format!("cannot open {}", image.display()))?;
        let length_bytes = base.metadata().context("cannot measure the disk")?.len();
        Ok(Self {
            base: Arc::new(base),
            length_bytes,
            changed: BTreeMap::new(),
            written: Vec::new(),
            position: 0,
            requests: 0,
        })
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Cuts the end off.
    pub(crate) fn truncate(&mut self, length_bytes: u64) {
        self.length_bytes = self.length_bytes.min(length_bytes);
    }

    /// The bytes of `span`, fewer where the disk ends.
    pub(crate) fn bytes(&self, span: &Range<u64>) -> Vec<u8> {
        let end = span.end.min(self.length_bytes);
        let mut bytes = vec![0; end.saturating_sub(span.start) as usize];
        self.fill(span.start, &mut bytes)
            .expect("the image can be read");
        bytes
    }

    /// Overwrites what lies at `offset`, as far as there is a disk.
    pub(crate) fn put(&mut self, offset: u64, bytes: &[u8]) {
        let left = self.length_bytes.saturating_sub(offset);
        let mut rest = &bytes[..bytes.len().min(left as usize)];
        let mut at = offset;
        while !rest.is_empty() {
            let number = at / SECTOR_BYTES;
            let skip = (at % SECTOR_BYTES) as usize;
            let (now, behind) = rest.split_at(rest.len().min(SECTOR_BYTES as usize - skip));
            let mut sector = [0; SECTOR_BYTES as usize];
            let start = number * SECTOR_BYTES;
            let whole = (self.length_bytes - start).min(SECTOR_BYTES) as usize;
            self.fill(start, &mut sector[..whole])
                .expect("the image can be read");
            sector[skip..skip + now.len()].copy_from_slice(now);
            self.changed.insert(number, sector);
            at += now.len() as u64;
            rest = behind;
        }
    }

    /// The sectors in `span` that were put, and as much of each as lies in it.
    fn touched(&self, span: &Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let sectors = span.start / SECTOR_BYTES..span.end.div_ceil(SECTOR_BYTES);
        let span = span.clone();
        self.changed.range(sectors).map(move |(number, _)| {
            let start = number * SECTOR_BYTES;
            start.max(span.start)..(start + SECTOR_BYTES).min(span.end)
        })
    }

    /// Where the disk differs from `other` in `span`, in pieces of a sector at most. Of
    /// both only what was put can differ, as they have one base.
    pub(crate) fn differences(&self, other: &Self, span: &Range<u64>) -> Vec<Range<u64>> {
        let touched = self.touched(span).chain(other.touched(span));
        let mut pieces: Vec<_> = touched
            .filter(|piece| self.bytes(piece) != other.bytes(piece))
            .collect();
        let cut_off = self.length_bytes.max(span.start)..span.end;
        if self.length_bytes < other.length_bytes && cut_off.start < cut_off.end {
            pieces.push(cut_off);
        }
        pieces
    }

    /// Writes everything that differs into `image`, a copy of the base.
    pub(crate) fn write_to(&self, image: &File) -> std::io::Result<()> {
        image.set_len(self.length_bytes)?;
        for (number, sector) in &self.changed {
            let start = number * SECTOR_BYTES;
            let whole = self.length_bytes.saturating_sub(start).min(SECTOR_BYTES) as usize;
            image.write_all_at(&sector[..whole], start)?;
        }
        Ok(())
    }

    fn fill(&self, start: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        self.base.read_exact_at(buffer, start)?;
        let end = start + buffer.len() as u64;
        let touched = start / SECTOR_BYTES..end.div_ceil(SECTOR_BYTES);
        for (number, sector) in self.changed.range(touched) {
            let sector_start = number * SECTOR_BYTES;
            let from = sector_start.max(start);
            let to = (sector_start + SECTOR_BYTES).min(end);
            let source = &sector[(from - sector_start) as usize..(to - sector_start) as usize];
            buffer[(from - start) as usize..(to - start) as usize].copy_from_slice(source);
        }
        Ok(())
    }

    fn count_request(&mut self) {
        self.requests += 1;
        if self.requests > MOST_REQUESTS {
            resume_unwind(Box::new(Endless));
        }
    }
}

impl ErrorType for Overlay {
    type Error = ErrorKind;
}

impl Read for Overlay {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.count_request();
        let left = self.length_bytes.saturating_sub(self.position);
        let length = buffer.len().min(left as usize);
        self.fill(self.position, &mut buffer[..length])
            .map_err(|_| ErrorKind::Other)?;
        self.position += length as u64;
        Ok(length)
    }
}

impl Write for Overlay {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.count_request();
        let end = self.position.saturating_add(bytes.len() as u64);
        if end > self.length_bytes {
            return Err(ErrorKind::InvalidInput);
        }
        self.written.push(self.position..end);
        self.put(self.position, bytes);
        self.position = end;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.count_request();
        Ok(())
    }
}

impl Seek for Overlay {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::End(0) => self.length_bytes,
            _ => return Err(ErrorKind::Unsupported),
        };
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice;

    /// Two sectors and a half, each byte the number of its sector plus one.
    fn disk() -> Overlay {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let bytes: Vec<u8> = (0..1280).map(|at| (at / 512) as u8 + 1).collect();
        std::fs::write(file.path(), bytes).expect("a file");
        Overlay::open(file.path()).expect("a file")
    }

    #[test]
    fn what_is_put_is_read_and_the_rest_is_the_base() {
        let mut disk = disk();
        disk.put(510, &[9; 4]);
        disk.put(1279, &[8, 8, 8]);
        assert_eq!(disk.bytes(&(508..516)), [1, 1, 9, 9, 9, 9, 2, 2]);
        assert_eq!(disk.bytes(&(1277..1300)), [3, 3, 8]);
    }

    #[test]
    fn differences_are_what_has_other_bytes() {
        let (base, mut disk) = (disk(), disk());
        disk.put(510, &[9; 4]);
        disk.put(1024, &[3]);
        assert_eq!(disk.differences(&base, &(0..1280)), [0..512, 512..1024]);
        assert_eq!(
            base.differences(&disk, &(511..512)),
            slice::from_ref(&(511..512))
        );
        assert!(disk.differences(&base, &(514..1280)).is_empty());
    }

    #[test]
    fn an_end_that_is_cut_off_is_a_difference() {
        let (base, mut disk) = (disk(), disk());
        disk.truncate(600);
        assert_eq!(disk.bytes(&(598..700)), [2, 2]);
        assert_eq!(
            disk.differences(&base, &(0..1280)),
            slice::from_ref(&(600..1280))
        );
        assert!(disk.differences(&base, &(0..600)).is_empty());
        assert_eq!(disk.write(&[0; 1]).map(drop), Ok(()));
        disk.position = 600;
        assert!(disk.write(&[0; 1]).is_err());
    }
}
