//! Why a release was not installed, and what to do about it.

use super::source::SourceError;
use crate::session::ActError;
use core::fmt;
use image_format::refusal::PartName;
use image_format::{Digest, Refusal, Slot, SlotStatus, Version};

/// What of a slot is being written or read back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The envelope.
    Envelope,
    /// One of the parts.
    Part(PartName),
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope => f.write_str("envelope"),
            Self::Part(part) => part.fmt(f),
        }
    }
}

/// Why a release was not installed. The running system is as it was in every case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageError {
    /// The running slot has yet to be confirmed, so the other one may still be needed.
    /// Nothing was written.
    Unconfirmed {
        /// The slot that runs.
        running: Slot,
        /// How far it got.
        status: SlotStatus,
    },
    /// The rescue system runs, and neither slot is one that does not boot. Nothing was written.
    NoBadSlot,
    /// The release does not verify, or is not for this device. Nothing was written.
    Refused(Refusal),
    /// The release is older than the one that runs. Nothing was written.
    Older {
        /// The release's version.
        offered: Version,
        /// The version that runs.
        running: Version,
    },
    /// The release failed on this device before. Nothing was written.
    FailedBefore {
        /// The release's version.
        version: Version,
        /// Its manifest.
        manifest_hash: Digest,
    },
    /// The source gives no image. Nothing was written, or the slot stays empty.
    Source(SourceError),
    /// The source gives other bytes than those that were signed. The slot stays empty.
    WrongBytes {
        /// The part that differs.
        part: PartName,
    },
    /// The disk took no bytes, or did not flush them. The slot stays empty.
    Write {
        /// What was being written.
        piece: Piece,
    },
    /// The disk gives other bytes back than were written, or none. The slot stays empty.
    ReadBack {
        /// What was being read.
        piece: Piece,
    },
    /// Somebody else changed the slot meanwhile. It was not armed.
    Changed {
        /// The slot.
        slot: Slot,
        /// What the boot state says of it.
        status: SlotStatus,
    },
    /// Another program is installing an update.
    Busy,
    /// The disk cannot be opened.
    Disk(String),
    /// The boot state could not be read or changed.
    Act(ActError),
}

impl StageError {
    /// The cause without the remedy: for the flight record.
    pub(crate) fn cause(&self) -> impl fmt::Display {
        match self {
            Self::Unconfirmed { running, status } => {
                format!("{running} runs and is not confirmed ({status})")
            }
            Self::NoBadSlot => "neither slot is known to be bad".into(),
            Self::Refused(refusal) => format!("the release is refused: {refusal}"),
            Self::Older { offered, running } => {
                format!("version {offered} is older than version {running}, which runs")
            }
            Self::FailedBefore { version, .. } => {
                format!("version {version} failed its trial on this device")
            }
            Self::Source(error) => format!("the release cannot be used: {error}"),
            Self::WrongBytes { part } => {
                format!("the {part} that was sent is not the one that was signed")
            }
            Self::Write { piece } => {
                format!("the disk reports an error while the {piece} is written")
            }
            Self::ReadBack { piece } => {
                format!("the disk does not give back the {piece} that was written")
            }
            Self::Changed { slot, status } => {
                format!("{slot} was changed by somebody else: it is {status} by now")
            }
            Self::Busy => "another update is being installed".into(),
            Self::Disk(error) => error.clone(),
            Self::Act(error) => error.to_string(),
        }
    }

    /// What to do about it, as the end of a sentence; empty where the cause says it.
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unconfirmed { .. } => "; wait until it is confirmed, or reboot and try again",
            Self::NoBadSlot => "; reboot to have them tried",
            Self::Refused(Refusal::WrongBoard { .. }) => "; take the release for this board",
            Self::Refused(_) => "; take another release",
            Self::Older { .. } => "; take a newer one, or ask for it with --allow-downgrade",
            Self::FailedBefore { .. } => {
                "; take a newer one, or ask for it again with --retry-failed"
            }
            Self::WrongBytes { .. } => "; copy it again",
            Self::Write { .. } | Self::ReadBack { .. } => {
                "; try again, and replace the disk if this repeats"
            }
            Self::Changed { .. } => "; try again",
            Self::Busy => "; wait for it",
            Self::Source(_) | Self::Disk(_) | Self::Act(_) => "",
        }
    }
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(_) | Self::Act(_) => self.cause().fmt(f),
            _ => write!(
                f,
                "cannot install the update: {}{}",
                self.cause(),
                self.remedy()
            ),
        }
    }
}

impl core::error::Error for StageError {}

impl From<ActError> for StageError {
    fn from(error: ActError) -> Self {
        Self::Act(error)
    }
}

impl From<SourceError> for StageError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<Refusal> for StageError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_to_do() {
        let table = [
            (
                StageError::Unconfirmed {
                    running: Slot::A,
                    status: SlotStatus::Exhausted,
                },
                "cannot install the update: system-a runs and is not confirmed (exhausted); wait \
                 until it is confirmed, or reboot and try again",
            ),
            (
                StageError::Refused(Refusal::Empty),
                "cannot install the update: the release is refused: it holds no system image; \
                 take another release",
            ),
            (
                StageError::Older {
                    offered: Version(4),
                    running: Version(5),
                },
                "cannot install the update: version 4 is older than version 5, which runs; take \
                 a newer one, or ask for it with --allow-downgrade",
            ),
            (
                StageError::Source(SourceError::EndsEarly {
                    have_bytes: 1,
                    need_bytes: 2,
                }),
                "cannot install the update: the release cannot be used: it ends early: it has 1 \
                 bytes of 2; copy it again",
            ),
            (
                StageError::Write {
                    piece: Piece::Part(PartName::Root),
                },
                "cannot install the update: the disk reports an error while the root is written; \
                 try again, and replace the disk if this repeats",
            ),
            (
                StageError::Act(ActError::NoBootState),
                "cannot find the boot state: the disk has no boot-state partition of the right \
                 size; flash it again",
            ),
        ];
        for (error, text) in table {
            assert_eq!(error.to_string(), text);
        }
    }
}
