//! A disk in memory that keeps a log of its requests and can lose power.

use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};
use std::panic::resume_unwind;

use super::SECTOR;

/// What the disk was asked to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    Read(u64),
    Write(u64),
    Flush,
}

/// The power went away. Carried by a panic through the code under test.
pub struct PowerCut;

/// What a write that the power cut hits leaves behind.
#[derive(Clone, Copy, Debug)]
pub enum Torn {
    /// Nothing of it.
    Before,
    /// Its first half sector, then the old bytes.
    Half,
    /// Garbage in its first sector.
    Garbage,
    /// All of it.
    After,
}

#[derive(Clone)]
pub struct MemoryDisk {
    pub bytes: Vec<u8>,
    pub log: Vec<Request>,
    position: u64,
    /// At which write the power goes away, counted down.
    pub cut: Option<(usize, Torn)>,
    /// Writes to these bytes fail, reads too.
    pub broken: std::ops::Range<u64>,
}

impl ErrorType for MemoryDisk {
    type Error = ErrorKind;
}

impl MemoryDisk {
    /// A disk that works, with this content.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            log: Vec::new(),
            position: 0,
            cut: None,
            broken: 0..0,
        }
    }

    fn is_broken(&self, length: usize) -> bool {
        self.position < self.broken.end && self.position + length as u64 > self.broken.start
    }
}

impl Read for MemoryDisk {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        self.log.push(Request::Read(self.position));
        if self.is_broken(buffer.len()) {
            return Err(ErrorKind::Other);
        }
        let start = usize::try_from(self.position).unwrap();
        let start = start.min(self.bytes.len());
        let available = buffer.len().min(self.bytes.len() - start);
        buffer[..available].copy_from_slice(&self.bytes[start..start + available]);
        self.position += available as u64;
        Ok(available)
    }
}

impl Write for MemoryDisk {
    fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        self.log.push(Request::Write(self.position));
        if self.is_broken(buffer.len()) {
            return Err(ErrorKind::Other);
        }
        let start = usize::try_from(self.position).unwrap();
        match &mut self.cut {
            Some((0, torn)) => {
                match torn {
                    Torn::Before => {}
                    Torn::Half => {
                        self.bytes[start..start + SECTOR / 2].copy_from_slice(&buffer[..SECTOR / 2])
                    }
                    Torn::Garbage => self.bytes[start..start + SECTOR].fill(0xa5),
                    Torn::After => {
                        self.bytes[start..start + buffer.len()].copy_from_slice(buffer);
                    }
                }
                resume_unwind(Box::new(PowerCut));
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.bytes[start..start + buffer.len()].copy_from_slice(buffer);
        self.position += buffer.len() as u64;
        Ok(buffer.len())
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.log.push(Request::Flush);
        Ok(())
    }
}

impl Seek for MemoryDisk {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        self.position = match to {
            SeekFrom::Start(position) => position,
            SeekFrom::End(0) => self.bytes.len() as u64,
            _ => return Err(ErrorKind::Unsupported),
        };
        Ok(self.position)
    }
}
