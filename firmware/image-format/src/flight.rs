//! The flight record: a ring of boot and update events that survives every
//! rollback. The entry with sequence number *s* lies in block *s* modulo
//! [`FLIGHT_ENTRIES`](crate::disk::FLIGHT_ENTRIES) of the ring.
//!
//! A routine boot of a confirmed slot writes no entry; whatever is not routine
//! does. The variants' positions are the format: new ones go to the end.

use crate::digest::Digest;
use crate::frame::{FrameError, Kind, NoSpace, encode_value, parse_frame};
use crate::number::{BootNumber, Version};
use crate::refusal::Refusal;
use crate::slot::{Slot, Source};
use crate::state::StateError;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Free text in an event, cut at the end of its room.
pub type Text = heapless::String<160>;

/// Makes a [`Text`] of anything that can be shown, cut where the room ends.
pub fn text(content: impl fmt::Display) -> Text {
    struct Cut(Text);
    impl fmt::Write for Cut {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            part.chars()
                .try_for_each(|c| self.0.push(c))
                .map_err(|_| fmt::Error)
        }
    }
    let mut cut = Cut(Text::new());
    // An error here is the end of the room, which is what was asked for.
    let _ = fmt::write(&mut cut, format_args!("{content}"));
    cut.0
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightEntry {
    /// Counts the entries since manufacture.
    pub sequence: u64,
    /// During which boot.
    pub boot_number: BootNumber,
    /// What happened.
    pub event: Event,
}

/// What can happen that is not routine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The loader began an attempt to boot a slot on trial.
    TrialBegun {
        /// The slot on trial.
        slot: Slot,
        /// Which attempt it is, from 1.
        attempt: u8,
        /// How many it was given.
        given: u8,
    },
    /// The loader did not boot from there.
    Refused {
        /// From where.
        source: Source,
        /// The version, once the manifest could be trusted.
        version: Option<Version>,
        /// Why.
        refusal: Refusal,
    },
    /// A trial ended without a confirm.
    AttemptsExhausted {
        /// The slot that was on trial.
        slot: Slot,
        /// How many attempts it had.
        given: u8,
    },
    /// A confirmed slot lost its confirmation.
    ConfirmationLost {
        /// The slot.
        slot: Slot,
        /// How many boots in a row began and did not come up.
        boots: u8,
    },
    /// The loader boots another slot than it was asked to.
    FellBack {
        /// The slot that was first in line.
        from: Slot,
        /// Where the boot goes instead.
        to: Source,
    },
    /// A copy of the boot state was lost; the other one counts.
    StateCopyLost {
        /// Which copy, 0 or 1.
        copy: u8,
        /// What is wrong with it.
        error: StateError,
    },
    /// Both copies were lost: the state was rebuilt from the slots.
    StateRebuilt {
        /// The slot put on trial, if any verified.
        trial: Option<Slot>,
    },
    /// Nothing could be booted.
    NothingBoots,
    /// The loader failed in a way that it should not.
    LoaderPanicked {
        /// Where and why.
        message: Text,
    },
    /// The slot works: it is confirmed.
    Confirmed {
        /// The slot.
        slot: Slot,
        /// Its version.
        version: Version,
        /// Its manifest.
        manifest_hash: Digest,
    },
    /// A check of the health gate failed.
    CheckFailed {
        /// The slot that was checked.
        slot: Slot,
        /// Which check.
        check: Text,
        /// What it found.
        detail: Text,
    },
    /// A block of the root does not match its hash tree.
    RootCorrupt {
        /// The slot.
        slot: Slot,
        /// The block of 4096 bytes, counted from the start of the root.
        block: u64,
    },
    /// The system did not come up.
    InitFailed {
        /// The slot.
        slot: Slot,
        /// What was being done.
        step: Text,
        /// What went wrong.
        reason: Text,
    },
    /// `writable` could not be mounted: the system runs on memory.
    WritableLost {
        /// What went wrong.
        reason: Text,
    },
    /// A person asked for the other slot.
    RollbackRequested {
        /// The slot that ran.
        from: Slot,
        /// The slot that is to run next.
        to: Slot,
    },
}

/// The longest frame of a [`FlightEntry`], in bytes. A test holds it to that.
pub const MAX_ENTRY_BYTES: usize = 512;

impl FlightEntry {
    /// Writes the entry's frame to the start of `out`; returns its bytes.
    ///
    /// # Errors
    /// [`NoSpace`] when `out` is shorter than [`MAX_ENTRY_BYTES`].
    pub fn encode<'a>(&self, out: &'a mut [u8]) -> Result<&'a [u8], NoSpace> {
        encode_value(Kind::FlightEntry, self, out)
    }

    /// Reads the entry at the start of a block.
    ///
    /// # Errors
    /// As [`parse_frame`] and [`Frame::decode`](crate::Frame::decode).
    pub fn parse(block: &[u8]) -> Result<Self, FrameError> {
        let (frame, _) = parse_frame(Kind::FlightEntry, block)?;
        frame.decode()
    }
}
