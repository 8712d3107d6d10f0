//! A patch as a source of a release.

use crate::{Patch, PatchError, StoredImage};
use image_format::{Digest, ENVELOPE_BYTES};
use std::io::{Read, Seek};
use system_update::{Parts, ReleaseSource, SourceError};

/// A patch over the release that runs.
pub struct PatchSource<P, O> {
    patch: Patch<P, O>,
}

impl<P: Read + Seek, O: StoredImage> PatchSource<P, O> {
    /// Opens a patch for a device whose slot `old` holds the release `running`.
    ///
    /// # Errors
    /// It is no patch, damaged, or for devices that run another release.
    pub fn open(patch: P, old: O, running: Digest) -> Result<Self, PatchError> {
        let patch = Patch::open(patch, old)?;
        let wanted = patch.header().from;
        if wanted != running {
            return Err(PatchError::WrongBase {
                wanted,
                have: running,
            });
        }
        Ok(Self { patch })
    }

    /// What an attempt that was cut has left in `slot`, which is the one that is to be written,
    /// is not read from the patch again.
    #[must_use]
    pub fn resuming(self, slot: O) -> Self {
        Self {
            patch: self.patch.resuming(slot),
        }
    }

    /// The patch as it is read.
    pub fn file(&self) -> &P {
        self.patch.file()
    }
}

impl<P: Read + Seek, O: StoredImage> ReleaseSource for PatchSource<P, O> {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        let envelope = &self.patch.header().envelope;
        area.fill(0);
        // The header's parser bounds its length.
        for (byte, from) in area.iter_mut().zip(envelope) {
            *byte = *from;
        }
        Ok(())
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        let need_bytes = parts.image_bytes();
        let last = self.patch.header().segments.last();
        let have_bytes = last.map_or(0, |segment| segment.end_bytes());
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
        let read = self.patch.read_some(offset_bytes, buffer);
        read.map_err(|error| SourceError::Unreadable(error.to_string()))
    }
}
