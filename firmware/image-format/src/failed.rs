//! The releases that failed their trial on this device, by manifest hash: a list beside
//! the flight record, which is a ring and forgets.
//!
//! A release has one entry, however often it failed. The entry with sequence number *s*
//! lies in block *s* modulo [`FAILED_ENTRIES`](crate::disk::FAILED_ENTRIES) of the list.

use crate::digest::Digest;
use crate::flight::Text;
use crate::frame::{FrameError, Kind, NoSpace, encode_value, parse_frame};
use crate::number::BootNumber;
use serde::{Deserialize, Serialize};

/// A release that is not to be tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedRelease {
    /// Counts the entries since manufacture.
    pub sequence: u64,
    /// Which release.
    pub manifest_hash: Digest,
    /// The boot that judged it.
    pub boot_number: BootNumber,
    /// Why, as part of a sentence.
    pub reason: Text,
}

impl FailedRelease {
    /// Writes the entry's frame to the start of `out`; returns its bytes.
    ///
    /// # Errors
    /// [`NoSpace`] when `out` is too short; 512 bytes are enough for any entry.
    pub fn encode<'a>(&self, out: &'a mut [u8]) -> Result<&'a [u8], NoSpace> {
        encode_value(Kind::FailedRelease, self, out)
    }

    /// Reads the entry at the start of a block.
    ///
    /// # Errors
    /// As [`parse_frame`] and [`Frame::decode`](crate::Frame::decode).
    pub fn parse(block: &[u8]) -> Result<Self, FrameError> {
        let (frame, _) = parse_frame(Kind::FailedRelease, block)?;
        frame.decode()
    }
}
