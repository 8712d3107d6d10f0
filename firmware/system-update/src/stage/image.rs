//! An image on its way into a slot.

use super::error::{Piece, StageError};
use super::parts::Parts;
use super::source::ReleaseSource;
use super::walk::{Pass, Progress, Step, walk};
use boot_core::Disk;
use boot_core::platform::{read_at, write_at};
use embedded_io::SeekFrom;
use image_format::refusal::PartName;
use image_format::{Digest, ENVELOPE_BYTES, Slot, Version};
use image_trust::Block;

/// What a verified manifest says, and the bytes that say so.
pub(super) struct StagedImage {
    pub(super) slot: Slot,
    /// Of the slot, from the start of the disk.
    pub(super) slot_offset_bytes: u64,
    pub(super) version: Version,
    pub(super) manifest_hash: Digest,
    pub(super) parts: Parts,
    /// The bytes that were verified: these are written, and no others.
    pub(super) envelope: Box<[u8; ENVELOPE_BYTES]>,
}

impl StagedImage {
    /// Makes the slot's old image unbootable, before any other byte of it changes.
    pub(super) fn destroy_envelope<D: Disk>(&self, disk: &mut D) -> Result<(), StageError> {
        write_at(disk, self.slot_offset_bytes, &[0; ENVELOPE_BYTES]).map_err(|_| {
            StageError::Write {
                piece: Piece::Envelope,
            }
        })
    }

    /// Streams all parts from `source` into the slot, with the tree of the root.
    pub(super) fn write_parts<D: Disk>(
        &self,
        disk: &mut D,
        source: &mut impl ReleaseSource,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), StageError> {
        let slot_offset_bytes = self.slot_offset_bytes;
        let mut writing = Writing {
            disk,
            source,
            slot_offset_bytes,
        };
        walk(&self.parts, &mut writing, progress)?;
        let last = Piece::Part(PartName::Root);
        disk.flush().map_err(|_| StageError::Write { piece: last })
    }

    /// Reads all parts from `source`, and writes them nowhere.
    pub(super) fn check_parts(&self, source: &mut impl ReleaseSource) -> Result<(), StageError> {
        walk(&self.parts, &mut Checking { source }, &mut |_| ())
    }

    /// Reads all parts back, and holds them against what was signed once more.
    pub(super) fn read_back<D: Disk>(
        &self,
        disk: &mut D,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), StageError> {
        let slot_offset_bytes = self.slot_offset_bytes;
        let mut reading = ReadingBack {
            disk,
            slot_offset_bytes,
            tree_differs: false,
        };
        walk(&self.parts, &mut reading, progress)?;
        if reading.tree_differs {
            return Err(reading.differs(PartName::HashTree));
        }
        Ok(())
    }

    /// Writes the envelope, which makes an image of the parts.
    pub(super) fn write_envelope<D: Disk>(&self, disk: &mut D) -> Result<(), StageError> {
        let piece = Piece::Envelope;
        write_at(disk, self.slot_offset_bytes, self.envelope.as_slice())
            .map_err(|_| StageError::Write { piece })?;
        let mut read = vec![0; ENVELOPE_BYTES];
        match read_at(disk, self.slot_offset_bytes, &mut read) {
            Ok(()) if read == self.envelope.as_slice() => Ok(()),
            _ => Err(StageError::ReadBack { piece }),
        }
    }
}

/// From the source to the disk.
struct Writing<'a, D, S> {
    disk: &'a mut D,
    source: &'a mut S,
    slot_offset_bytes: u64,
}

impl<D: Disk, S: ReleaseSource> Writing<'_, D, S> {
    /// Without a flush: there is one for all parts.
    fn write(&mut self, part: PartName, offset: u64, bytes: &[u8]) -> Result<(), StageError> {
        let from_start = SeekFrom::Start(self.slot_offset_bytes + offset);
        let written = match self.disk.seek(from_start) {
            Ok(_) => self.disk.write_all(bytes),
            Err(error) => Err(error),
        };
        written.map_err(|_| StageError::Write {
            piece: Piece::Part(part),
        })
    }
}

impl<D: Disk, S: ReleaseSource> Pass for Writing<'_, D, S> {
    const STEP: Step = Step::Write;

    fn read(&mut self, _: PartName, offset: u64, buffer: &mut [u8]) -> Result<usize, StageError> {
        Ok(self.source.read(offset, buffer)?)
    }

    /// An earlier attempt may have left there what the source has yet to look at. What cannot
    /// be read is nothing to it either.
    fn keep(&mut self, offset: u64, rest: &mut [u8]) {
        let read = read_at(self.disk, self.slot_offset_bytes + offset, rest);
        if read.is_err() {
            rest.fill(0);
        }
    }

    fn take(&mut self, part: PartName, offset: u64, blocks: &[u8]) -> Result<(), StageError> {
        self.write(part, offset, blocks)
    }

    fn take_tree(&mut self, offset: u64, block: &Block) -> Result<(), StageError> {
        self.write(PartName::HashTree, offset, block)
    }

    fn differs(&self, part: PartName) -> StageError {
        StageError::WrongBytes { part }
    }
}

/// From the source to nowhere.
struct Checking<'a, S> {
    source: &'a mut S,
}

impl<S: ReleaseSource> Pass for Checking<'_, S> {
    const STEP: Step = Step::ReadBack;

    fn read(&mut self, _: PartName, offset: u64, buffer: &mut [u8]) -> Result<usize, StageError> {
        Ok(self.source.read(offset, buffer)?)
    }

    fn keep(&mut self, _: u64, _: &mut [u8]) {}

    fn take(&mut self, _: PartName, _: u64, _: &[u8]) -> Result<(), StageError> {
        Ok(())
    }

    fn take_tree(&mut self, _: u64, _: &Block) -> Result<(), StageError> {
        Ok(())
    }

    fn differs(&self, part: PartName) -> StageError {
        StageError::WrongBytes { part }
    }
}

/// From the disk to nowhere.
struct ReadingBack<'a, D> {
    disk: &'a mut D,
    slot_offset_bytes: u64,
    /// The tree on the disk is not that of the root. Which of the two is wrong tells the
    /// root hash, at the end.
    tree_differs: bool,
}

impl<D: Disk> Pass for ReadingBack<'_, D> {
    const STEP: Step = Step::ReadBack;

    fn read(
        &mut self,
        part: PartName,
        offset: u64,
        buffer: &mut [u8],
    ) -> Result<usize, StageError> {
        let read = read_at(self.disk, self.slot_offset_bytes + offset, buffer);
        read.map_err(|_| self.differs(part))?;
        Ok(buffer.len())
    }

    fn keep(&mut self, _: u64, _: &mut [u8]) {}

    fn take(&mut self, _: PartName, _: u64, _: &[u8]) -> Result<(), StageError> {
        Ok(())
    }

    fn take_tree(&mut self, offset: u64, block: &Block) -> Result<(), StageError> {
        let mut read = [0; size_of::<Block>()];
        self.read(PartName::HashTree, offset, &mut read)?;
        self.tree_differs |= read != *block;
        Ok(())
    }

    fn differs(&self, part: PartName) -> StageError {
        StageError::ReadBack {
            piece: Piece::Part(part),
        }
    }
}
