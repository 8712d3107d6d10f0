//! A disk in memory, for the tests of what lies on one.

use embedded_io::{ErrorKind, ErrorType, Read, Seek, SeekFrom, Write};

/// Bytes that are all zero at first.
pub(crate) struct Memory {
    bytes: Vec<u8>,
    position: usize,
    /// A write stops after its first bytes, as when the power goes away.
    pub(crate) fails_half_way: bool,
}

/// Fewer than any record has.
const TORN_BYTES: usize = 32;

impl Memory {
    pub(crate) fn new(length_bytes: usize) -> Self {
        Self {
            bytes: vec![0; length_bytes],
            position: 0,
            fails_half_way: false,
        }
    }
}

impl ErrorType for Memory {
    type Error = ErrorKind;
}

impl Read for Memory {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.position += length;
        Ok(length)
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        let reached = match self.fails_half_way {
            true => TORN_BYTES.min(bytes.len()),
            false => bytes.len(),
        };
        self.bytes[self.position..self.position + reached].copy_from_slice(&bytes[..reached]);
        self.position += reached;
        match self.fails_half_way {
            true => Err(ErrorKind::Other),
            false => Ok(reached),
        }
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

impl Seek for Memory {
    fn seek(&mut self, to: SeekFrom) -> Result<u64, ErrorKind> {
        let SeekFrom::Start(position) = to else {
            return Err(ErrorKind::Unsupported);
        };
        self.position = usize::try_from(position).map_err(|_| ErrorKind::InvalidInput)?;
        Ok(position)
    }
}
