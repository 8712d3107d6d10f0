//! Bytes that are read by their place.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Where a squashfs lies.
pub trait ReadAt {
    /// Fills `buffer` with what begins at `position`.
    ///
    /// # Errors
    /// There is less, or it cannot be read.
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// That cannot be told.
    fn length_bytes(&self) -> io::Result<u64>;
}

impl ReadAt for File {
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        FileExt::read_exact_at(self, buffer, position)
    }

    fn length_bytes(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

impl ReadAt for &[u8] {
    fn read_exact_at(&self, buffer: &mut [u8], position: u64) -> io::Result<()> {
        let begin = usize::try_from(position).unwrap_or(usize::MAX);
        let end = begin.checked_add(buffer.len());
        let bytes = end.and_then(|end| self.get(begin..end));
        let bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn length_bytes(&self) -> io::Result<u64> {
        Ok(self.len() as u64)
    }
}
