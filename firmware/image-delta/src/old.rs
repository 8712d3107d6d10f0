//! The release that a patch starts from: read at any place, never held in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// A slot, or an update file.
pub trait StoredImage {
    /// How long it is.
    fn length_bytes(&self) -> u64;

    /// Fills `buffer` with the bytes from `offset_bytes` on, which lie before the end.
    ///
    /// # Errors
    /// The medium gives none.
    fn read_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// A slot within a disk, or an update file.
#[derive(Debug)]
pub struct SlotFile {
    file: File,
    offset_bytes: u64,
    length_bytes: u64,
}

impl SlotFile {
    /// The slot of `length_bytes` that begins at `offset_bytes` of `file`.
    #[must_use]
    pub fn new(file: File, offset_bytes: u64, length_bytes: u64) -> Self {
        Self {
            file,
            offset_bytes,
            length_bytes,
        }
    }

    /// A whole file.
    ///
    /// # Errors
    /// Its length cannot be told.
    pub fn whole(file: File) -> io::Result<Self> {
        let length_bytes = file.metadata()?.len();
        Ok(Self::new(file, 0, length_bytes))
    }
}

impl StoredImage for SlotFile {
    fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    fn read_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        let place = self.offset_bytes.checked_add(offset_bytes);
        let place = place.ok_or(io::ErrorKind::InvalidInput)?;
        self.file.read_exact_at(buffer, place)
    }
}

impl StoredImage for &[u8] {
    fn length_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset_bytes).map_err(io::Error::other)?;
        let bytes = self.get(from..).and_then(|rest| rest.get(..buffer.len()));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

const LINE_BYTES: usize = 64 << 10;
const LINES: usize = 16;

/// Most of what a patch takes are some bytes near the last ones. So as not to ask the disk
/// for each of them, the pieces that were read last are kept: a MiB in all.
pub(crate) struct Cached<O> {
    old: O,
    length_bytes: u64,
    bytes: Vec<u8>,
    /// The number of the piece that each line holds.
    held: [Option<u64>; LINES],
}

impl<O: StoredImage> Cached<O> {
    pub(crate) fn new(old: O) -> Self {
        Self {
            length_bytes: old.length_bytes(),
            old,
            bytes: vec![0; LINES * LINE_BYTES],
            held: [None; LINES],
        }
    }

    pub(crate) fn length_bytes(&self) -> u64 {
        self.length_bytes
    }

    /// Fills `buffer`; the caller has checked that the bytes are there.
    pub(crate) fn read(&mut self, mut place: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            if buffer.len() >= LINE_BYTES {
                return self.old.read_at(place, buffer);
            }
            let line = self.line(place / LINE_BYTES as u64)?;
            let within = (place % LINE_BYTES as u64) as usize;
            let length = buffer.len().min(LINE_BYTES - within);
            let (now, later) = buffer.split_at_mut(length);
            now.copy_from_slice(&line[within..within + length]);
            place += length as u64;
            buffer = later;
        }
        Ok(())
    }

    fn line(&mut self, number: u64) -> io::Result<&[u8]> {
        let index = (number % LINES as u64) as usize;
        let line = &mut self.bytes[index * LINE_BYTES..][..LINE_BYTES];
        if self.held[index] != Some(number) {
            self.held[index] = None;
            let place = number * LINE_BYTES as u64;
            let there = self.length_bytes.saturating_sub(place);
            let length = usize::try_from(there).map_or(LINE_BYTES, |there| there.min(LINE_BYTES));
            self.old.read_at(place, &mut line[..length])?;
            self.held[index] = Some(number);
        }
        Ok(line)
    }
}
