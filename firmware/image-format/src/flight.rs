//! The flight record: a ring of boot and update events that survives every
//! rollback. The entry with sequence number *s* lies in block *s* modulo
//! [`FLIGHT_ENTRIES`](crate::disk::FLIGHT_ENTRIES) of the ring.
//!
//! A routine boot of a confirmed slot writes no entry; whatever is not routine
//! does. The variants' positions are the format: new ones go to the end. A reader that is
//! older than the writer (a loader is never updated, and a rollback brings back an older
//! system) still knows such an entry by its [`FlightStamp`], and leaves it where it is:
//! see [`SealedEntry`](crate::SealedEntry).

use crate::digest::Digest;
use crate::frame::{FrameError, Kind, NoSpace, encode_value, parse_frame};
use crate::number::{BootNumber, Epoch, Serial, Version};
use crate::refusal::Refusal;
use crate::slot::{Slot, Source};
use crate::state::StateError;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Free text in an event, cut at the end of its room.
pub type Text = heapless::String<160>;

/// The last lines of a console.
pub type Lines = heapless::String<1024>;

/// Makes a [`Text`] of anything that can be shown, cut where the room ends.
pub fn text<const N: usize>(content: impl fmt::Display) -> heapless::String<N> {
    struct Cut<const N: usize>(heapless::String<N>);
    impl<const N: usize> fmt::Write for Cut<N> {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            part.chars()
                .try_for_each(|c| self.0.push(c))
                .map_err(|_| fmt::Error)
        }
    }
    let mut cut = Cut(heapless::String::new());
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
#[expect(
    clippy::large_enum_variant,
    reason = "the loader has no heap to put the lines of a console on"
)]
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
    /// The boot ended without a word of the system that ran: recorded by the loader,
    /// one boot later, under the number of the boot that ended.
    EndedSilently {
        /// How, by what the machine remembers.
        cause: ResetCause,
    },
    /// A step took longer than it may: PID 1 ended the boot.
    TimedOut {
        /// The slot.
        slot: Slot,
        /// What was being done.
        step: Text,
        /// How long it had been given.
        secs: u32,
    },
    /// The kernel panicked, by the record that it left for the boot after.
    KernelPanicked {
        /// Its first words.
        message: Text,
    },
    /// What the console said last, in a boot that failed.
    LastLines {
        /// The lines, the last one last.
        lines: Lines,
    },
    /// Somebody asked for a reboot or a power-off before the trial had an outcome.
    Interrupted {
        /// The slot on trial.
        slot: Slot,
    },
    /// What the device made of a trial that was not confirmed.
    TrialJudged {
        /// The slot that was on trial.
        slot: Slot,
        /// The image that was tried.
        manifest_hash: Digest,
        /// Whether it was the image's fault.
        verdict: Verdict,
        /// Why, as part of a sentence.
        reason: Text,
    },
    /// What may not boot any more has risen.
    FloorsRaised {
        /// The floors from now on.
        epoch: Epoch,
        /// Of delegations.
        serial: Serial,
    },
    /// The homes of the floors disagreed. The higher one counts, as always; this says
    /// that one of them lost its memory or was tampered with.
    FloorsDisagreed {
        /// Of epochs, in the boot state.
        state_epoch: Epoch,
        /// Of epochs, in the firmware's variable.
        variable_epoch: Epoch,
        /// Of delegations, in the boot state.
        state_serial: Serial,
        /// Of delegations, in the firmware's variable.
        variable_serial: Serial,
    },
    /// The rescue system came up.
    RescueRuns,
    /// A slot was emptied, and a release is being written there.
    StagingBegun {
        /// The slot.
        slot: Slot,
        /// The release's version.
        version: Version,
        /// Its manifest.
        manifest_hash: Digest,
    },
    /// The slot holds the release, complete and read back, and goes on trial.
    Staged {
        /// The slot.
        slot: Slot,
        /// The release's version.
        version: Version,
        /// Its manifest.
        manifest_hash: Digest,
    },
    /// The release was not written; the slot holds nothing.
    StagingFailed {
        /// The slot.
        slot: Slot,
        /// Why.
        reason: Text,
    },
    /// The rescue system did not install a release that it found, or found none.
    ReinstallFailed {
        /// Where it looked: a file, or a store.
        from: Text,
        /// Why.
        reason: Text,
    },
    /// Somebody asked for a factory reset, which the next boot does.
    ResetRequested {
        /// What is to become of the apps' data.
        data: AppData,
    },
    /// `writable` is as it was when the device was made, but for what a reset keeps.
    ResetDone {
        /// What became of the apps' data.
        data: AppData,
    },
}

/// What a factory reset does with the data of apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppData {
    /// It goes, like all else.
    Dropped,
    /// It stays.
    Kept,
}

/// How a boot came to its end, by what outlasts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// The hardware watchdog was not fed.
    Watchdog,
    /// The machine was reset and kept its memory: a panic, or a program that resets.
    Reset,
    /// The memory is gone: the power was.
    PowerLoss,
    /// Nothing tells.
    Unknown,
}

impl fmt::Display for ResetCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Watchdog => "the hardware watchdog reset the machine",
            Self::Reset => "the machine was reset",
            Self::PowerLoss => "the power was lost",
            Self::Unknown => "nothing tells how",
        })
    }
}

/// Whose fault it was that a trial was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// The image's: it is remembered and not tried again.
    Failed,
    /// Perhaps not the image's: it may be tried again later.
    Inconclusive,
}

/// The longest frame of a [`FlightEntry`], in bytes. A test holds it to that.
pub const MAX_ENTRY_BYTES: usize = 1280;

/// Which entry it is: the part of a [`FlightEntry`] that reads the same whatever happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlightStamp {
    /// Counts the entries since manufacture.
    pub sequence: u64,
    /// During which boot.
    pub boot_number: BootNumber,
}

impl FlightEntry {
    /// Writes the entry's frame to the start of `out`; returns its bytes.
    ///
    /// # Errors
    /// [`NoSpace`] when `out` is shorter than [`MAX_ENTRY_BYTES`].
    pub fn encode<'a>(&self, out: &'a mut [u8]) -> Result<&'a [u8], NoSpace> {
        let stamp = FlightStamp {
            sequence: self.sequence,
            boot_number: self.boot_number,
        };
        encode_event(stamp, &self.event, out)
    }

    /// Reads the entry at the start of a block.
    ///
    /// # Errors
    /// As [`parse_frame`] and [`Frame::decode`](crate::Frame::decode);
    /// [`FrameError::Payload`] also for an event that a newer writer knows.
    pub fn parse(block: &[u8]) -> Result<Self, FrameError> {
        let (frame, _) = parse_frame(Kind::FlightEntry, block)?;
        frame.decode()
    }
}

/// Writes the frame of a [`FlightEntry`] to the start of `out`; returns its bytes.
///
/// # Errors
/// [`NoSpace`] when `out` is shorter than [`MAX_ENTRY_BYTES`].
pub fn encode_event<'a>(
    stamp: FlightStamp,
    event: &Event,
    out: &'a mut [u8],
) -> Result<&'a [u8], NoSpace> {
    // In a row, as the fields of a `FlightEntry` are.
    encode_value(Kind::FlightEntry, &(stamp, event), out)
}
