//! What an attempt that was cut has left in the slot.

use crate::header::GivenDigest;
use crate::{SegmentRecord, StoredImage};
use image_trust::Hasher;

/// What is hashed at once.
const PIECE_BYTES: usize = 64 << 10;

/// The slot that is to be written, if it may hold the first segments: they were written one
/// behind the other.
pub(crate) struct Left<O> {
    slot: Option<O>,
    /// So many segments were found to be there.
    found: usize,
}

impl<O: StoredImage> Left<O> {
    pub(crate) fn nothing() -> Self {
        Self {
            slot: None,
            found: 0,
        }
    }

    pub(crate) fn in_slot(slot: O) -> Self {
        Self {
            slot: Some(slot),
            found: 0,
        }
    }

    /// Fills `buffer` with bytes of segment `number` that begin at `offset_bytes`, if that one
    /// and all before it are there.
    pub(crate) fn give(
        &mut self,
        segments: &[SegmentRecord],
        number: usize,
        offset_bytes: u64,
        buffer: &mut [u8],
    ) -> bool {
        while let Some(slot) = &mut self.slot {
            if number < self.found {
                if slot.read_at(offset_bytes, buffer).is_ok() {
                    return true;
                }
                self.slot = None;
            } else if segments
                .get(self.found)
                .is_some_and(|segment| holds(slot, segment))
            {
                self.found += 1;
            } else {
                self.slot = None;
            }
        }
        false
    }
}

fn holds(slot: &mut impl StoredImage, segment: &SegmentRecord) -> bool {
    if segment.end_bytes() > slot.length_bytes() {
        return false;
    }
    let mut hasher = Hasher::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = segment.offset_bytes;
    while at < segment.end_bytes() {
        let left = segment.end_bytes() - at;
        let length = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        if slot.read_at(at, &mut piece[..length]).is_err() {
            return false;
        }
        hasher.update(&piece[..length]);
        at += length as u64;
    }
    GivenDigest::of(hasher) == segment.given
}
