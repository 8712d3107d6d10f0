//! An image put together of chunks.

use crate::chunk::{ChunkDigest, LONGEST_CHUNK_BYTES};
use crate::plan::{Place, Planned};
use crate::remote::{NoPiece, Remote, unreadable};
use boot_core::Disk;
use boot_core::platform::read_at;
use http_file::{HttpFile, Wait};
use image_format::ENVELOPE_BYTES;
use ruzstd::decoding::FrameDecoder;
use std::ops::Range;
use system_update::SourceError;

/// An image in the making.
pub(super) struct Chunks<W> {
    /// For chunks that come from nowhere else.
    update: HttpFile<W>,
    frames: Remote<W>,
    decoder: FrameDecoder,
    plan: Vec<Planned>,
    /// The one that comes next in the plan,
    next: usize,
    /// and where the image goes on with it.
    next_offset: u64,
    /// The one before that.
    chunk: Vec<u8>,
    reused_bytes: u64,
}

impl<W: Wait> Chunks<W> {
    pub(super) fn new(update: HttpFile<W>, frames: Remote<W>, plan: Vec<Planned>) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LONGEST_CHUNK_BYTES as u64);
        Self {
            update,
            frames,
            decoder,
            plan,
            next: 0,
            next_offset: ENVELOPE_BYTES as u64,
            chunk: Vec::new(),
            reused_bytes: 0,
        }
    }

    pub(super) fn received_bytes(&self) -> u64 {
        self.update.received_bytes() + self.frames.received_bytes()
    }

    pub(super) fn reused_bytes(&self) -> u64 {
        self.reused_bytes
    }

    /// Fills `buffer` with the bytes from `offset` of the image on. Offsets only rise.
    pub(super) fn read<D: Disk>(
        &mut self,
        disk: &mut D,
        mut offset: u64,
        buffer: &mut [u8],
    ) -> Result<(), SourceError> {
        let mut empty = buffer;
        while !empty.is_empty() {
            let start = self.next_offset - self.chunk.len() as u64;
            let skip = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX);
            let have = self.chunk.get(skip..).unwrap_or_default();
            let count = have.len().min(empty.len());
            let (filled, rest) = empty.split_at_mut(count);
            filled.copy_from_slice(&have[..count]);
            offset += count as u64;
            empty = rest;
            if !empty.is_empty() {
                self.advance(disk, offset)?;
            }
        }
        Ok(())
    }

    /// Goes on to the chunk in which `offset` lies. Those between the parts are left out.
    fn advance<D: Disk>(&mut self, disk: &mut D, offset: u64) -> Result<(), SourceError> {
        loop {
            let Some(planned) = self.plan.get(self.next).copied() else {
                return Err(unreadable(&"its chunks end before the image"));
            };
            let length = planned.chunk.length_bytes;
            let start = self.next_offset;
            self.next_offset += u64::from(length);
            self.next += 1;
            if self.next_offset > offset {
                self.chunk.resize(length as usize, 0);
                return self.load(disk, &planned, start);
            }
        }
    }

    fn load<D: Disk>(
        &mut self,
        disk: &mut D,
        planned: &Planned,
        image_offset: u64,
    ) -> Result<(), SourceError> {
        let is_there = match planned.place {
            Place::Held(at) => read_at(disk, at, &mut self.chunk).is_ok(),
            Place::Frame { .. } => self.load_frame()?,
        };
        if is_there && ChunkDigest::of(&self.chunk) == planned.chunk.digest {
            if let Place::Held(_) = planned.place {
                self.reused_bytes += self.chunk.len() as u64;
            }
            return Ok(());
        }
        let read = self.update.read_exact_at(image_offset, &mut self.chunk);
        read.map_err(|error| unreadable(&error))
    }

    /// Fetches and unpacks the chunk before the next one; tells whether there was one.
    fn load_frame(&mut self) -> Result<bool, SourceError> {
        let wanted = self.plan.get(self.next - 1..).unwrap_or_default();
        match self.frames.first_of(wanted.iter().filter_map(frame)) {
            Ok(frame) if frame.len() == self.chunk.len() => {
                self.chunk.copy_from_slice(frame);
                Ok(true)
            }
            Ok(frame) => {
                let unpacked = self.decoder.decode_all(frame, &mut self.chunk);
                Ok(unpacked.is_ok_and(|bytes| bytes == self.chunk.len()))
            }
            Err(NoPiece::Line(error)) => Err(error),
            Err(NoPiece::File) => Ok(false),
        }
    }
}

fn frame(planned: &Planned) -> Option<Range<u64>> {
    match planned.place {
        Place::Held(_) => None,
        Place::Frame { at, bytes } => Some(at..at + u64::from(bytes)),
    }
}
