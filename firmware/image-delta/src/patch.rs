//! A patch over the release that it starts from: the bytes of the new one.

use crate::left::Left;
use crate::old::Cached;
use crate::segment::Segment;
use crate::streams::{Streams, Unpacker};
use crate::{CHECKSUM, Header, PatchError, SegmentRecord, StoredImage};
use std::io::{Read, Seek, SeekFrom};

/// What is thrown away at once.
const WASTE_BYTES: usize = 64 << 10;

/// The new release, as far as the patch gives it.
///
/// Read in the order of its bytes, it reads the patch from front to back and holds one segment
/// of it at a time. Begun in the middle, it reads the header and then the segment that has the
/// first byte.
pub struct Patch<P, O> {
    patch: P,
    header: Header,
    old: Cached<O>,
    left: Left<O>,
    /// Where in the patch the next byte would come from.
    position: u64,
    open: Option<Open>,
    /// The segment that was read last, as it is in the file.
    stored: Vec<u8>,
    unpacker: Unpacker,
}

/// The segment that is being read.
struct Open {
    number: usize,
    segment: Segment,
    /// The next byte that it gives.
    offset_bytes: u64,
}

impl<P: Read + Seek, O: StoredImage> Patch<P, O> {
    /// Reads the header.
    ///
    /// # Errors
    /// It is no patch, or damaged.
    pub fn open(mut patch: P, old: O) -> Result<Self, PatchError> {
        let header = Header::read(&mut patch)?;
        Ok(Self {
            patch,
            position: header.segments_offset_bytes,
            header,
            old: Cached::new(old),
            left: Left::nothing(),
            open: None,
            stored: Vec::new(),
            unpacker: Unpacker::new(),
        })
    }

    /// What of the new release `slot` holds at its place, from the front on, is read from
    /// there and not from the patch.
    #[must_use]
    pub fn resuming(self, slot: O) -> Self {
        Self {
            left: Left::in_slot(slot),
            ..self
        }
    }

    /// Which releases it is for, and the new envelope.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it is read from.
    pub(crate) fn file(&self) -> &P {
        &self.patch
    }

    /// Fills `buffer` with the bytes from `offset_bytes` of the new slot on. Going back is
    /// possible, and costs reading a segment again.
    ///
    /// # Errors
    /// See [`PatchError`].
    pub fn read_at(&mut self, mut offset_bytes: u64, buffer: &mut [u8]) -> Result<(), PatchError> {
        let mut left = buffer;
        while !left.is_empty() {
            let read = self.read_some(offset_bytes, left)?;
            offset_bytes += read as u64;
            left = &mut left[read..];
        }
        Ok(())
    }

    /// Fills the front of `buffer` with the bytes from `offset_bytes` on, as far as one segment
    /// gives them; returns how many.
    pub(crate) fn read_some(
        &mut self,
        offset_bytes: u64,
        buffer: &mut [u8],
    ) -> Result<usize, PatchError> {
        let segments = &self.header.segments;
        let number = segments.partition_point(|segment| segment.end_bytes() <= offset_bytes);
        let record = segments
            .get(number)
            .filter(|segment| segment.offset_bytes <= offset_bytes)
            .ok_or(PatchError::NotCovered { offset_bytes })?;
        let there = record.end_bytes() - offset_bytes;
        let length = usize::try_from(there).map_or(buffer.len(), |there| there.min(buffer.len()));
        let buffer = &mut buffer[..length];
        if self.left.give(segments, number, offset_bytes, buffer) {
            return Ok(length);
        }
        let open = self.segment_with(number, *record, offset_bytes)?;
        let mut open = skipped(open, offset_bytes, &mut self.old)?;
        open.segment.fill(&mut self.old, buffer)?;
        open.offset_bytes += length as u64;
        self.open = Some(open);
        Ok(length)
    }

    /// The segment that gives that byte, not farther than there.
    fn segment_with(
        &mut self,
        number: usize,
        record: SegmentRecord,
        offset_bytes: u64,
    ) -> Result<Open, PatchError> {
        let gives_it = |open: &Open| open.number == number && open.offset_bytes <= offset_bytes;
        // Another one gives its memory to this one.
        let streams = match self.open.take() {
            Some(open) if gives_it(&open) => return Ok(open),
            Some(other) => other.segment.into_streams(),
            None => Streams::default(),
        };
        Ok(Open {
            number,
            segment: self.read_segment(number, &record, streams)?,
            offset_bytes: record.offset_bytes,
        })
    }

    fn read_segment(
        &mut self,
        number: usize,
        record: &SegmentRecord,
        mut streams: Streams,
    ) -> Result<Segment, PatchError> {
        let before = self.header.segments.iter().take(number);
        let before: u64 = before.map(|segment| u64::from(segment.stored_bytes)).sum();
        let place = self.header.segments_offset_bytes + before;
        if self.position != place {
            let seek = SeekFrom::Start(place);
            self.patch.seek(seek).map_err(PatchError::ReadPatch)?;
        }
        // Bounded by the header's own check.
        self.stored.resize(record.stored_bytes as usize, 0);
        // Wherever a read ends that fails.
        self.position = u64::MAX;
        self.patch
            .read_exact(&mut self.stored)
            .map_err(PatchError::ReadPatch)?;
        self.position = place + self.stored.len() as u64;
        if CHECKSUM.checksum(&self.stored) != record.checksum {
            return Err(PatchError::Damaged("a segment"));
        }
        self.unpacker.unpack(&self.stored, &mut streams)?;
        Ok(Segment::new(streams))
    }
}

/// The segment, farther on.
fn skipped<O: StoredImage>(
    mut open: Open,
    offset_bytes: u64,
    old: &mut Cached<O>,
) -> Result<Open, PatchError> {
    if open.offset_bytes < offset_bytes {
        let mut waste = vec![0; WASTE_BYTES];
        while open.offset_bytes < offset_bytes {
            let left = offset_bytes - open.offset_bytes;
            let length = usize::try_from(left).map_or(WASTE_BYTES, |left| left.min(WASTE_BYTES));
            open.segment.fill(old, &mut waste[..length])?;
            open.offset_bytes += length as u64;
        }
    }
    Ok(open)
}

#[cfg(test)]
mod tests;
