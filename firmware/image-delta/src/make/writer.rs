//! Packs steps into segments.

use super::MakeError;
use super::matcher::Step;
use crate::header::{GivenDigest, Header, MAX_SEGMENTS, SegmentRecord};
use crate::streams::{MAX_UNPACKED_BYTES, Streams};
use crate::{CHECKSUM, number};
use image_format::Digest;
use image_trust::Hasher;
use zstd::zstd_safe::CParameter;

/// The best level that is not for windows of the size of an image.
const LEVEL: i32 = 19;
/// What of a step is added at once, so that a segment ends where it is full.
const PIECE_BYTES: usize = 64 << 10;
/// A segment's streams have no more bytes: what comes twice after a cut is a segment, and in
/// longer ones zstd finds little more.
const SEGMENT_BYTES: usize = 1 << 20;
const _: () = assert!(SEGMENT_BYTES <= MAX_UNPACKED_BYTES);
/// A piece takes no more of all streams: every second byte differs.
const ROOM_BYTES: usize = 4 * PIECE_BYTES;

/// Packs steps into segments.
#[derive(Default)]
pub(super) struct Writer {
    segments: Vec<SegmentRecord>,
    stored: Vec<Vec<u8>>,
    streams: Streams,
    /// Where in the new slot the open segment begins.
    start: u64,
    length: u64,
    /// Of the bytes that it gives.
    given: Hasher,
    /// The place in the old slot.
    place: u64,
    open: OpenStep,
}

/// A step to which more may be added.
#[derive(Default)]
struct OpenStep {
    distance: u64,
    taken: u64,
    fresh: u64,
    /// The run that is open: how many bytes stay,
    same: u64,
    /// and how many differ then.
    differ: u64,
}

impl Writer {
    /// The next bytes stand at `offset` of the new slot.
    pub(super) fn begin(&mut self, offset: u64) -> Result<(), MakeError> {
        if self.start + self.length != offset {
            self.cut()?;
            self.start = offset;
        }
        Ok(())
    }

    /// Adds a step of the file `new`, predicted from the file `old` at `place`.
    pub(super) fn step(
        &mut self,
        place: u64,
        old: &[u8],
        new: &[u8],
        step: Step,
    ) -> Result<(), MakeError> {
        let Step { taken, fresh, .. } = step;
        let mut done = 0;
        while done < taken {
            let (from, to) = (&old[step.old + done..], &new[step.new + done..]);
            let left = taken - done;
            let pairs = from.iter().zip(to).take(left);
            // What stays needs no room.
            let same = pairs.take_while(|(a, b)| a == b).count();
            let length = same.max(PIECE_BYTES.min(left));
            self.make_room()?;
            let at = place + (step.old + done) as u64;
            self.take(at, &from[..length], &to[..length]);
            done += length;
        }
        for piece in new[step.new + taken..][..fresh].chunks(PIECE_BYTES) {
            self.make_room()?;
            self.given.update(piece);
            self.open.fresh += piece.len() as u64;
            self.length += piece.len() as u64;
            self.streams.fresh.extend(piece);
        }
        Ok(())
    }

    fn take(&mut self, place: u64, old: &[u8], new: &[u8]) {
        if self.open.fresh > 0 || self.place != place {
            self.end_step();
            self.open.distance = number::distance(self.place, place);
        }
        for (old, new) in old.iter().zip(new) {
            if old != new {
                self.open.differ += 1;
                self.streams.differences.push(new.wrapping_sub(*old));
                continue;
            }
            if self.open.differ > 0 {
                self.end_run();
            }
            self.open.same += 1;
        }
        let length = new.len() as u64;
        self.given.update(new);
        self.open.taken += length;
        self.length += length;
        self.place = place + length;
    }

    fn end_run(&mut self) {
        let OpenStep { same, differ, .. } = self.open;
        number::put(same, &mut self.streams.runs);
        if differ > 0 {
            number::put(differ, &mut self.streams.runs);
        }
        (self.open.same, self.open.differ) = (0, 0);
    }

    fn end_step(&mut self) {
        if self.open.same > 0 || self.open.differ > 0 {
            self.end_run();
        }
        let open = std::mem::take(&mut self.open);
        if open.taken > 0 || open.fresh > 0 {
            for number in [open.distance, open.taken, open.fresh] {
                number::put(number, &mut self.streams.steps);
            }
        }
    }

    fn make_room(&mut self) -> Result<(), MakeError> {
        if self.streams.length() + ROOM_BYTES > SEGMENT_BYTES {
            self.cut()?;
        }
        Ok(())
    }

    /// Ends the segment; the next one begins behind it.
    fn cut(&mut self) -> Result<(), MakeError> {
        self.end_step();
        if self.length == 0 {
            return Ok(());
        }
        if self.segments.len() == MAX_SEGMENTS {
            return Err(MakeError::TooManySegments);
        }
        let streams = std::mem::take(&mut self.streams);
        let stored = streams.pack(pack).map_err(MakeError::Pack)?;
        self.segments.push(SegmentRecord {
            offset_bytes: self.start,
            length_bytes: self.length,
            // At most MAX_STORED_BYTES.
            stored_bytes: stored.len() as u32,
            checksum: CHECKSUM.checksum(&stored),
            given: GivenDigest::of(std::mem::take(&mut self.given)),
        });
        self.stored.push(stored);
        self.start += self.length;
        (self.length, self.place) = (0, 0);
        Ok(())
    }

    /// The patch: its header, then its segments.
    pub(super) fn finish(
        mut self,
        from: Digest,
        to: Digest,
        envelope: Vec<u8>,
    ) -> Result<Vec<Vec<u8>>, MakeError> {
        self.cut()?;
        let header = Header {
            from,
            to,
            envelope,
            segments: self.segments,
            segments_offset_bytes: 0,
        };
        let mut parts = vec![header.encode()];
        parts.append(&mut self.stored);
        Ok(parts)
    }
}

/// As one frame that says its length, so that its window is no longer than that.
fn pack(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(LEVEL)?;
    let window = CParameter::WindowLog(MAX_UNPACKED_BYTES.ilog2());
    compressor.set_parameter(window)?;
    compressor.compress(bytes)
}
