//! A segment on its way out: steps through the old release, one after the other.

use crate::old::{Cached, StoredImage};
use crate::streams::Streams;
use crate::{PatchError, number};

/// A segment, and how far it is.
pub(crate) struct Segment {
    streams: Streams,
    used: Used,
    /// The place in the old slot.
    place: u64,
    now: Now,
}

/// Bytes used of each stream.
#[derive(Default)]
struct Used {
    steps: usize,
    runs: usize,
    differences: usize,
    fresh: usize,
}

/// What is left of the current step.
#[derive(Default)]
struct Now {
    /// Bytes to take from the old slot.
    taken: u64,
    /// Of them, those that stay as they are before the next ones differ.
    same: u64,
    /// Those that differ then.
    differ: u64,
    /// Fresh bytes behind them.
    fresh: u64,
}

impl Segment {
    pub(crate) fn new(streams: Streams) -> Self {
        Self {
            streams,
            used: Used::default(),
            place: 0,
            now: Now::default(),
        }
    }

    /// Their memory, for the next segment.
    pub(crate) fn into_streams(self) -> Streams {
        self.streams
    }

    /// Fills `buffer` with the next bytes.
    pub(crate) fn fill<O: StoredImage>(
        &mut self,
        old: &mut Cached<O>,
        mut buffer: &mut [u8],
    ) -> Result<(), PatchError> {
        while !buffer.is_empty() {
            let filled = if self.now.taken > 0 {
                self.take_old(old, buffer)?
            } else if self.now.fresh > 0 {
                self.take_fresh(buffer)?
            } else {
                self.step(old.length_bytes())?;
                0
            };
            buffer = &mut buffer[filled..];
        }
        Ok(())
    }

    fn step(&mut self, old_bytes: u64) -> Result<(), PatchError> {
        let before = self.streams.steps.get(self.used.steps..);
        let mut steps = before.unwrap_or_default();
        let distance = number::take(&mut steps)?;
        let taken = number::take(&mut steps)?;
        let fresh = number::take(&mut steps)?;
        self.used.steps = self.streams.steps.len() - steps.len();
        self.place = number::moved(self.place, distance).ok_or(PatchError::OutsideOld)?;
        let end = self.place.checked_add(taken);
        end.filter(|end| *end <= old_bytes)
            .ok_or(PatchError::OutsideOld)?;
        // A step gives bytes: otherwise a few of them could keep a device busy for long.
        if taken == 0 && fresh == 0 {
            return Err(PatchError::Damaged("an empty step"));
        }
        self.now = Now {
            taken,
            fresh,
            ..Now::default()
        };
        Ok(())
    }

    /// The next bytes of the old slot, changed where they differ; returns how many.
    fn take_old<O: StoredImage>(
        &mut self,
        old: &mut Cached<O>,
        buffer: &mut [u8],
    ) -> Result<usize, PatchError> {
        let length = at_most(self.now.taken, buffer.len());
        let bytes = &mut buffer[..length];
        old.read(self.place, bytes).map_err(PatchError::ReadOld)?;
        self.place += length as u64;
        self.add_differences(bytes)?;
        Ok(length)
    }

    /// Makes bytes of the old slot the new ones.
    fn add_differences(&mut self, mut bytes: &mut [u8]) -> Result<(), PatchError> {
        while !bytes.is_empty() {
            if self.now.same == 0 && self.now.differ == 0 {
                self.next_runs()?;
            }
            let same = at_most(self.now.same, bytes.len());
            let (_, rest) = bytes.split_at_mut(same);
            let differ = at_most(self.now.differ, rest.len());
            let (changed, rest) = rest.split_at_mut(differ);
            let differences = &self.streams.differences;
            let differences = piece(differences, &mut self.used.differences, differ)?;
            for (byte, difference) in changed.iter_mut().zip(differences) {
                *byte = byte.wrapping_add(*difference);
            }
            self.now.same -= same as u64;
            self.now.differ -= differ as u64;
            self.now.taken -= (same + differ) as u64;
            bytes = rest;
        }
        Ok(())
    }

    fn next_runs(&mut self) -> Result<(), PatchError> {
        let before = self.streams.runs.get(self.used.runs..);
        let mut runs = before.unwrap_or_default();
        let same = number::take(&mut runs)?;
        let left = self.now.taken.checked_sub(same);
        let left = left.ok_or(PatchError::Damaged("a run"))?;
        let differ = if left > 0 {
            number::take(&mut runs)?
        } else {
            0
        };
        if differ > left || same == 0 && differ == 0 {
            return Err(PatchError::Damaged("a run"));
        }
        self.used.runs = self.streams.runs.len() - runs.len();
        (self.now.same, self.now.differ) = (same, differ);
        Ok(())
    }

    fn take_fresh(&mut self, buffer: &mut [u8]) -> Result<usize, PatchError> {
        let length = at_most(self.now.fresh, buffer.len());
        let bytes = piece(&self.streams.fresh, &mut self.used.fresh, length)?;
        buffer[..length].copy_from_slice(bytes);
        self.now.fresh -= length as u64;
        Ok(length)
    }
}

/// Of `left` bytes, as many as there is room for.
fn at_most(left: u64, room: usize) -> usize {
    usize::try_from(left).map_or(room, |left| left.min(room))
}

/// The next `length` bytes of a stream.
fn piece<'a>(stream: &'a [u8], used: &mut usize, length: usize) -> Result<&'a [u8], PatchError> {
    let bytes = stream.get(*used..).and_then(|rest| rest.get(..length));
    *used += length;
    bytes.ok_or(PatchError::Damaged("the end of a stream"))
}
