//! Why a slot does not boot. Each cause is something that a person can act on;
//! the flight record keeps it and `snappy why` explains it.

use crate::frame::{FrameError, Kind};
use crate::number::{Epoch, Serial};
use core::fmt;
use serde::{Deserialize, Serialize};

/// A board id that was found where another was expected.
pub type BoardName = heapless::String<{ crate::manifest::MAX_NAME_BYTES }>;

/// Why an image was refused.
///
/// Stored in flight entries: new causes go to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The disk has no partition of that role, or it is too small.
    NoPartition,
    /// The device reported an error while reading.
    Unreadable,
    /// No image was written there, or an update is not complete.
    Empty,
    /// A record of the envelope or keyring is not intact.
    Damaged {
        /// Which one.
        record: Kind,
        /// What is wrong with it.
        error: FrameError,
    },
    /// Something other than zeros lies behind the envelope.
    TrailingBytes,
    /// The signatures over a record do not carry it.
    Untrusted {
        /// The signed record.
        record: Kind,
        /// What is wrong with its signatures.
        error: SignatureError,
    },
    /// The delegation was revoked by a newer one.
    SerialBelowFloor {
        /// Of the image's delegation.
        serial: Serial,
        /// The lowest that may boot.
        floor: Serial,
    },
    /// The image was retired by a newer security epoch.
    EpochBelowFloor {
        /// Of the image.
        epoch: Epoch,
        /// The lowest that may boot.
        floor: Epoch,
    },
    /// The image is for another board.
    WrongBoard {
        /// The board that it is for.
        image: BoardName,
    },
    /// The manifest's numbers make no sense: parts overlap or leave the slot.
    Bounds {
        /// The part that is out of bounds.
        part: PartName,
    },
    /// The command line is too long or has characters other than printable ASCII.
    CommandLine,
    /// There is not enough memory for the part.
    NoMemory {
        /// The part that did not fit.
        part: PartName,
    },
    /// The bytes of the part are not those that were signed.
    Digest {
        /// The part that differs.
        part: PartName,
    },
    /// The firmware would not start the kernel.
    NotStarted {
        /// The firmware's own status code.
        status: u64,
    },
    /// The boot state could not be written, so a trial may not begin.
    AttemptNotRecorded,
    /// A slot holds a rescue system: it has no root, so nothing would come up.
    NotASystem,
    /// `rescue` holds a system image: its initrd alone is no help to anybody.
    NotARescue,
}

/// The parts of a system image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PartName {
    /// The kernel.
    Kernel,
    /// The initrd.
    Initrd,
    /// The read-only root file system.
    Root,
    /// The root's hash tree.
    HashTree,
}

/// What is wrong with the signatures over a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignatureError {
    /// A signature by a listed key does not verify.
    Invalid,
    /// A key is listed twice, or signed twice.
    DuplicateKey,
    /// Fewer distinct listed keys signed than must agree.
    BelowThreshold {
        /// How many signed.
        have: u8,
        /// How many must.
        need: u8,
    },
    /// The threshold is zero, or higher than the number of keys.
    ImpossibleThreshold,
    /// A listed key is no point of the curve, of small order, or not canonical.
    UnusableKey,
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel => "kernel",
            Self::Initrd => "initrd",
            Self::Root => "root",
            Self::HashTree => "hash tree",
        })
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid => f.write_str("a signature does not verify"),
            Self::DuplicateKey => f.write_str("a key appears twice"),
            Self::BelowThreshold { have, need } => {
                write!(f, "signed by {have} of the {need} keys that must agree")
            }
            Self::ImpossibleThreshold => f.write_str("its threshold cannot be met"),
            Self::UnusableKey => f.write_str("a key in it is not a sound Ed25519 key"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPartition => f.write_str("the disk has no such partition"),
            Self::Unreadable => f.write_str("the device cannot be read"),
            Self::Empty => f.write_str("it holds no system image"),
            Self::Damaged { record, error } => write!(f, "the {record} is damaged: {error}"),
            Self::TrailingBytes => f.write_str("unsigned bytes lie behind the envelope"),
            Self::Untrusted { record, error } => write!(f, "the {record} is not trusted: {error}"),
            Self::SerialBelowFloor { serial, floor } => {
                write!(
                    f,
                    "its delegation {serial} is revoked: the floor is {floor}"
                )
            }
            Self::EpochBelowFloor { epoch, floor } => {
                write!(f, "its security epoch {epoch} is below the floor {floor}")
            }
            // Not with `Debug`, whose escapes are four kilobytes of the loader.
            Self::WrongBoard { image } => write!(f, "it is for the board \"{image}\""),
            Self::Bounds { part } => write!(f, "its {part} lies outside its place in the slot"),
            Self::CommandLine => f.write_str("its command line is malformed"),
            Self::NoMemory { part } => write!(f, "there is no memory for its {part}"),
            Self::Digest { part } => {
                write!(
                    f,
                    "the {part} is not the one that was signed: digest mismatch"
                )
            }
            Self::NotStarted { status } => {
                write!(
                    f,
                    "the firmware would not start its kernel: status {status:#x}"
                )
            }
            Self::AttemptNotRecorded => {
                f.write_str("the attempt cannot be written to the boot state")
            }
            Self::NotASystem => {
                f.write_str("it is no system image: it has no root, as only a rescue system may")
            }
            Self::NotARescue => {
                f.write_str("it is no rescue system: it has a root, as only a system image may")
            }
        }
    }
}

impl core::error::Error for Refusal {}
