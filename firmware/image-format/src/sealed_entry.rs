//! What the loader needs to know of a flight entry, without a decoder for every event.
//!
//! The loader writes events and asks two things of those that are there: whether the system
//! told its end, and whether something is on record already. The first takes an event's
//! number, the second its bytes; so the loader carries no code that decodes events, and
//! entries by newer writers are no special case.

use crate::flight::{Event, FlightStamp, MAX_ENTRY_BYTES, encode_event};
use crate::frame::{FrameError, Kind, decode_payload, parse_frame};

/// The numbers of the events after which the system that ran resets the machine by itself.
/// A test holds them to the positions of the variants.
const ENDS: [u8; 7] = [
    8,  // LoaderPanicked
    10, // CheckFailed
    11, // RootCorrupt
    12, // InitFailed
    15, // EndedSilently
    16, // TimedOut
    19, // Interrupted
];

/// A flight entry whose frame is intact and whose event was not decoded.
#[derive(Clone, Copy, Debug)]
pub struct SealedEntry<'a> {
    /// Which entry it is.
    pub stamp: FlightStamp,
    frame: &'a [u8],
    event: &'a [u8],
}

impl<'a> SealedEntry<'a> {
    /// Reads the entry at the start of a block, of whatever event.
    ///
    /// # Errors
    /// As [`parse_frame`]; [`FrameError::Payload`] when there is no stamp.
    pub fn parse(block: &'a [u8]) -> Result<Self, FrameError> {
        let (frame, _) = parse_frame(Kind::FlightEntry, block)?;
        let (stamp, event) =
            postcard::take_from_bytes(frame.payload).map_err(|_| FrameError::Payload)?;
        Ok(Self {
            stamp,
            frame: frame.bytes,
            event,
        })
    }

    /// Decodes the event: for readers that show it.
    ///
    /// # Errors
    /// [`FrameError::Payload`], also for an event that a newer writer knows;
    /// [`FrameError::Trailing`].
    pub fn decode(&self) -> Result<Event, FrameError> {
        decode_payload(self.event)
    }

    /// Whether it is the last word of a boot: the system resets the machine after it.
    #[must_use]
    pub fn tells_the_end(&self) -> bool {
        self.event
            .first()
            .is_some_and(|number| ENDS.contains(number))
    }

    /// Whether this is what happened.
    #[must_use]
    pub fn holds(&self, event: &Event) -> bool {
        let mut room = [0; MAX_ENTRY_BYTES];
        encode_event(self.stamp, event, &mut room).is_ok_and(|frame| frame == self.frame)
    }
}
