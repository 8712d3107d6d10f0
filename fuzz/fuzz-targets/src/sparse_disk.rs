//! A disk of zeros with a few pieces on it.

use core::convert::Infallible;
use embedded_io::{ErrorType, Read, Seek, SeekFrom, Write};

/// Reads as its pieces say, later ones over earlier ones, and zeros elsewhere.
pub(crate) struct SparseDisk {
    pub(crate) length_bytes: u64,
    pub(crate) pieces: Vec<(u64, Vec<u8>)>,
    position: u64,
}

impl SparseDisk {
    pub(crate) fn new(length_bytes: u64) -> Self {
        Self {
            length_bytes,
            pieces: Vec::new(),
            position: 0,
        }
    }
}

impl ErrorType for SparseDisk {
    type Error = Infallible;
}

impl Read for SparseDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let left = self.length_bytes.saturating_sub(self.position);
        let count = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let buffer = &mut buffer[..count];
        buffer.fill(0);
        let start = self.position;
        let end = start + count as u64;
        for (offset, bytes) in &self.pieces {
            let from = start.max(*offset);
            let to = end.min(offset + bytes.len() as u64);
            if from < to {
                let source = &bytes[(from - offset) as usize..(to - offset) as usize];
                buffer[(from - start) as usize..(to - start) as usize].copy_from_slice(source);
            }
        }
        self.position = end;
        Ok(count)
    }
}

impl Seek for SparseDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, Infallible> {
        self.position = match to {
            SeekFrom::Start(offset) => offset,
            SeekFrom::End(offset) => self.length_bytes.saturating_add_signed(offset),
            SeekFrom::Current(offset) => self.position.saturating_add_signed(offset),
        };
        Ok(self.position)
    }
}

impl Write for SparseDisk {
    fn write(&mut self, _: &[u8]) -> Result<usize, Infallible> {
        panic!("a partition table is read, never written");
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
