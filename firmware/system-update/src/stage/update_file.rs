//! A release as one file: what `snappy update --from` installs.

use super::parts::Parts;
use super::source::{ReleaseSource, SourceError};
use image_format::ENVELOPE_BYTES;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

/// Bytes between the parts that are looked at at once.
const GAP_BYTES: usize = 64 << 10;

/// A release as one file. It holds what the slot is to hold, byte for byte, from the
/// envelope to the last block of the root:
///
/// ```text
/// offset                    content
/// 0                         the envelope, zeros up to the kernel
/// manifest.kernel.offset    the kernel, zeros up to the initrd
/// manifest.initrd.offset    the initrd, zeros up to the root
/// manifest.root.offset      the root: data_blocks blocks, then the end of the file
/// ```
///
/// The hash tree is not in it: the device makes it. Nothing else may be: bytes that are
/// missing, that lie behind the end, or that are not zero between the parts make the file
/// unusable. The file has no checksum of its own, for all that it holds is signed.
pub struct UpdateFile<F> {
    file: F,
    /// Up to here everything was looked at.
    position: u64,
    length_bytes: u64,
}

impl<F: Read + Seek> UpdateFile<F> {
    /// Takes the file.
    ///
    /// # Errors
    /// Its length cannot be told.
    pub fn new(mut file: F) -> io::Result<Self> {
        let length_bytes = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self {
            file,
            position: 0,
            length_bytes,
        })
    }

    /// The file.
    pub fn file(&self) -> &F {
        &self.file
    }

    fn read_next(&mut self, buffer: &mut [u8]) -> Result<(), SourceError> {
        let end = self.position + buffer.len() as u64;
        self.file
            .read_exact(buffer)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => SourceError::EndsEarly {
                    have_bytes: self.length_bytes,
                    need_bytes: end,
                },
                _ => SourceError::Unreadable(error.to_string()),
            })?;
        self.position = end;
        Ok(())
    }

    /// Goes on to `offset_bytes`, over zeros.
    fn skip_to(&mut self, offset_bytes: u64) -> Result<(), SourceError> {
        let from_bytes = self.position;
        let mut gap = vec![0; GAP_BYTES];
        while self.position < offset_bytes {
            let left = offset_bytes - self.position;
            let piece = usize::try_from(left).map_or(GAP_BYTES, |left| left.min(GAP_BYTES));
            self.read_next(&mut gap[..piece])?;
            if gap[..piece].iter().any(|byte| *byte != 0) {
                return Err(SourceError::NotZero {
                    from_bytes,
                    to_bytes: offset_bytes,
                });
            }
        }
        Ok(())
    }
}

impl<F: Read + Seek> ReleaseSource for UpdateFile<F> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        self.read_next(area)
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        let (have_bytes, need_bytes) = (self.length_bytes, parts.image_bytes());
        match have_bytes.cmp(&need_bytes) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(SourceError::EndsEarly {
                have_bytes,
                need_bytes,
            }),
            std::cmp::Ordering::Greater => Err(SourceError::TooLong {
                have_bytes,
                need_bytes,
            }),
        }
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        self.skip_to(offset_bytes)?;
        self.read_next(buffer)?;
        Ok(buffer.len())
    }
}
