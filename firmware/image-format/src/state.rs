//! The boot state: which slot is tried next, and what is known about each.
//!
//! Two copies lie in `boot-state` at [`STATE_COPY_OFFSETS`]; the valid one with
//! the higher generation counts, and a writer always overwrites the other. The
//! layout is fixed, so that any loader can read it without a decoder:
//!
//! ```text
//! offset  size  field
//!      0     8  magic "TKbstate"
//!      8     2  format version, 1
//!     10     2  reserved, zero
//!     12     4  length of this record, 512
//!     16     8  generation
//!     24     8  boot number: boots begun since manufacture
//!     32     8  flight sequence: at or before the next flight entry
//!     40     4  floor of the security epoch
//!     44     4  floor of the delegation serial
//!     48     1  active slot: 0 system-a, 1 system-b
//!     49     1  boots begun in a row without one that came up
//!     50    35  slot record of system-a
//!     85    35  slot record of system-b
//!    120   388  zero
//!    508     4  CRC-32 (ISO-HDLC) over all before
//!
//! slot record
//!      0     1  status: 0 empty, 1 installed, 2 trial, 3 confirmed,
//!               4 exhausted, 5 refused
//!      1     1  trial: attempts left, otherwise zero
//!      2     1  trial: attempts given, otherwise zero
//!      3    32  SHA-256 of the manifest's frame; zeros when empty
//! ```
//!
//! Nothing in the state makes an image trusted: every boot verifies again.
//!
//! [`STATE_COPY_OFFSETS`]: crate::disk::STATE_COPY_OFFSETS

use crate::digest::Digest;
use crate::floors::Floors;
use crate::frame::CRC;
use crate::number::{BootNumber, Epoch, Serial};
use crate::slot::Slot;
use core::fmt;
use serde::{Deserialize, Serialize};

/// Bytes of an encoded state: the smallest sector, so that a write is atomic.
pub const STATE_BYTES: usize = 512;
const MAGIC: [u8; 8] = *b"TKbstate";
const FORMAT_VERSION: u16 = 1;
const USED_BYTES: usize = 120;

/// The boot state of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootState {
    /// Counts the writes: the higher one is the newer.
    pub generation: u64,
    /// The boot that began last.
    pub boot_number: BootNumber,
    /// A hint: no flight entry from here on is older than those before.
    pub flight_sequence: u64,
    /// What may not boot any more.
    pub floors: Floors,
    /// The slot to boot when none is on trial.
    pub active: Slot,
    /// Boots in a row that began and did not come up.
    pub begun_without_up: u8,
    /// What is known about `system-a` and `system-b`.
    pub slots: [SlotRecord; 2],
}

/// What is known about a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotRecord {
    /// How far it got.
    pub status: SlotStatus,
    /// Of which image that is said; [`Digest::ZERO`] when unknown.
    pub manifest_hash: Digest,
}

impl SlotRecord {
    /// Nothing to boot there.
    pub const EMPTY: Self = Self {
        status: SlotStatus::Empty,
        manifest_hash: Digest::ZERO,
    };
}

/// How far a slot's image got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotStatus {
    /// No complete image.
    Empty,
    /// Complete, never tried on this device.
    Installed,
    /// To be tried, or being tried.
    Trial {
        /// Attempts that have not begun yet.
        attempts_left: u8,
        /// Attempts that it was given: at least one, at least those left.
        attempts_given: u8,
    },
    /// It worked.
    Confirmed,
    /// It used up its attempts, or lost its confirmation.
    Exhausted,
    /// It did not verify, or its root was found damaged.
    Refused,
}

impl fmt::Display for SlotStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Installed => f.write_str("installed"),
            Self::Trial { .. } => f.write_str("trial"),
            Self::Confirmed => f.write_str("confirmed"),
            Self::Exhausted => f.write_str("exhausted"),
            Self::Refused => f.write_str("refused"),
        }
    }
}

/// Why bytes are not a boot state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateError {
    /// Shorter than [`STATE_BYTES`].
    Truncated,
    /// No state was ever written there, or something else was.
    Magic,
    /// A format version that this code does not know.
    Version(u16),
    /// The checksum does not match: the bytes are damaged.
    Checksum,
    /// A field has a value that is not documented.
    Field,
    /// The device reported an error while reading.
    Unreadable,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("truncated"),
            Self::Magic => f.write_str("unknown magic"),
            Self::Version(version) => write!(f, "unknown format version {version}"),
            Self::Checksum => f.write_str("checksum mismatch"),
            Self::Field => f.write_str("a field has an unknown value"),
            Self::Unreadable => f.write_str("the device cannot be read"),
        }
    }
}

impl core::error::Error for StateError {}

impl BootState {
    /// What is known about `slot`.
    #[must_use]
    pub fn slot(&self, slot: Slot) -> &SlotRecord {
        let [a, b] = &self.slots;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    /// What is known about `slot`, to change it.
    pub fn slot_mut(&mut self, slot: Slot) -> &mut SlotRecord {
        let [a, b] = &mut self.slots;
        match slot {
            Slot::A => a,
            Slot::B => b,
        }
    }

    /// The slot on trial: `system-a` if, against the rules, both are.
    #[must_use]
    pub fn trial(&self) -> Option<Slot> {
        Slot::ALL
            .into_iter()
            .find(|slot| matches!(self.slot(*slot).status, SlotStatus::Trial { .. }))
    }

    /// The bytes of this state.
    #[must_use]
    pub fn encode(&self) -> [u8; STATE_BYTES] {
        let mut out = [0; STATE_BYTES];
        let mut writer = Writer { rest: &mut out };
        writer.put(MAGIC);
        writer.put(FORMAT_VERSION.to_le_bytes());
        writer.put([0; 2]);
        writer.put((STATE_BYTES as u32).to_le_bytes());
        writer.put(self.generation.to_le_bytes());
        writer.put(self.boot_number.0.to_le_bytes());
        writer.put(self.flight_sequence.to_le_bytes());
        writer.put(self.floors.epoch.0.to_le_bytes());
        writer.put(self.floors.serial.0.to_le_bytes());
        writer.put([match self.active {
            Slot::A => 0,
            Slot::B => 1,
        }]);
        writer.put([self.begun_without_up]);
        for record in &self.slots {
            writer.put(encode_status(record.status));
            writer.put(record.manifest_hash.0);
        }
        if let Some((covered, checksum)) = out.split_last_chunk_mut::<4>() {
            *checksum = CRC.checksum(covered).to_le_bytes();
        }
        out
    }

    /// Reads a state from the start of `bytes`.
    ///
    /// # Errors
    /// The first of length, magic, version, checksum and fields that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, StateError> {
        let bytes = bytes
            .first_chunk::<STATE_BYTES>()
            .ok_or(StateError::Truncated)?;
        let mut reader = Reader { rest: bytes };
        if reader.take()? != MAGIC {
            return Err(StateError::Magic);
        }
        let version = u16::from_le_bytes(reader.take()?);
        if version != FORMAT_VERSION {
            return Err(StateError::Version(version));
        }
        let (covered, checksum) = bytes.split_last_chunk::<4>().ok_or(StateError::Truncated)?;
        if CRC.checksum(covered) != u32::from_le_bytes(*checksum) {
            return Err(StateError::Checksum);
        }
        let zero_behind = covered
            .get(USED_BYTES..)
            .is_some_and(|rest| rest.iter().all(|b| *b == 0));
        let reserved: [u8; 2] = reader.take()?;
        let length = u32::from_le_bytes(reader.take()?);
        if !zero_behind || reserved != [0; 2] || length != STATE_BYTES as u32 {
            return Err(StateError::Field);
        }
        Ok(Self {
            generation: u64::from_le_bytes(reader.take()?),
            boot_number: BootNumber(u64::from_le_bytes(reader.take()?)),
            flight_sequence: u64::from_le_bytes(reader.take()?),
            floors: Floors {
                epoch: Epoch(u32::from_le_bytes(reader.take()?)),
                serial: Serial(u32::from_le_bytes(reader.take()?)),
            },
            active: match reader.take()? {
                [0] => Slot::A,
                [1] => Slot::B,
                _ => return Err(StateError::Field),
            },
            begun_without_up: {
                let [count] = reader.take()?;
                count
            },
            slots: [parse_record(&mut reader)?, parse_record(&mut reader)?],
        })
    }
}

fn encode_status(status: SlotStatus) -> [u8; 3] {
    match status {
        SlotStatus::Empty => [0, 0, 0],
        SlotStatus::Installed => [1, 0, 0],
        SlotStatus::Trial {
            attempts_left,
            attempts_given,
        } => [2, attempts_left, attempts_given],
        SlotStatus::Confirmed => [3, 0, 0],
        SlotStatus::Exhausted => [4, 0, 0],
        SlotStatus::Refused => [5, 0, 0],
    }
}

fn parse_record(reader: &mut Reader<'_>) -> Result<SlotRecord, StateError> {
    let status = match reader.take()? {
        [0, 0, 0] => SlotStatus::Empty,
        [1, 0, 0] => SlotStatus::Installed,
        [2, attempts_left, attempts_given]
            if attempts_given >= 1 && attempts_left <= attempts_given =>
        {
            SlotStatus::Trial {
                attempts_left,
                attempts_given,
            }
        }
        [3, 0, 0] => SlotStatus::Confirmed,
        [4, 0, 0] => SlotStatus::Exhausted,
        [5, 0, 0] => SlotStatus::Refused,
        _ => return Err(StateError::Field),
    };
    Ok(SlotRecord {
        status,
        manifest_hash: Digest(reader.take()?),
    })
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], StateError> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(StateError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

struct Writer<'a> {
    rest: &'a mut [u8],
}

impl Writer<'_> {
    /// Puts the bytes next. The layout is fixed and shorter than the record, so
    /// there is always room; the golden test would show a field that is missing.
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((room, rest)) = core::mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            *room = bytes;
            self.rest = rest;
        }
    }
}
