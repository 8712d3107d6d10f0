//! The floors: the lowest numbers that may boot, and the record of them that a board's
//! second home keeps beside the boot state's.
//!
//! The record is a [frame](mod@crate::frame) of [`FLOORS_BYTES`] whose payload is fixed,
//! so that it never grows in the firmware's small store:
//!
//! ```text
//! offset  size  field
//!      0     4  floor of the security epoch
//!      4     4  floor of the delegation serial
//! ```
//!
//! On UEFI it is the variable [`VARIABLE_NAME`] of the vendor [`VARIABLE_VENDOR`], with
//! the attributes non-volatile and boot service access and no others: once the kernel has
//! taken the machine over, it can be neither read nor written. Only a loader writes it.

use crate::disk::Guid;
use crate::frame::{FrameError, Kind, OVERHEAD_BYTES, encode_frame, parse_frame};
use crate::number::{Epoch, Serial};
use uguid::guid;

const PAYLOAD_BYTES: usize = 8;

/// Bytes of the record.
pub const FLOORS_BYTES: usize = OVERHEAD_BYTES + PAYLOAD_BYTES;

/// The name of the firmware's variable.
pub const VARIABLE_NAME: &str = "TwinkeelFloors";

/// The vendor of the firmware's variable: nobody but us.
pub const VARIABLE_VENDOR: Guid = guid!("6d0f3d5e-93b1-4c0e-8a57-2b7c11d9e4f3");

/// The lowest numbers that may boot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Floors {
    /// Of manifests.
    pub epoch: Epoch,
    /// Of delegations.
    pub serial: Serial,
}

impl Floors {
    /// The higher one of each number.
    #[must_use]
    pub fn higher(self, other: Self) -> Self {
        Self {
            epoch: self.epoch.max(other.epoch),
            serial: self.serial.max(other.serial),
        }
    }

    /// The lower one of each number.
    #[must_use]
    pub fn lower(self, other: Self) -> Self {
        Self {
            epoch: self.epoch.min(other.epoch),
            serial: self.serial.min(other.serial),
        }
    }

    /// Whether at least one number is higher than `other`'s.
    #[must_use]
    pub fn exceed(self, other: Self) -> bool {
        self.epoch > other.epoch || self.serial > other.serial
    }

    /// The record of a second home.
    #[must_use]
    pub fn encode(self) -> [u8; FLOORS_BYTES] {
        let [e0, e1, e2, e3] = self.epoch.0.to_le_bytes();
        let [s0, s1, s2, s3] = self.serial.0.to_le_bytes();
        let mut record = [0; FLOORS_BYTES];
        // The room is exactly that of the payload and its frame; the golden test would
        // show a record that was not written.
        let _ = encode_frame(Kind::Floors, &[e0, e1, e2, e3, s0, s1, s2, s3], &mut record);
        record
    }

    /// Reads the record of a second home.
    ///
    /// # Errors
    /// As [`parse_frame`]; [`FrameError::Payload`] when the payload has another length,
    /// [`FrameError::Trailing`] when something lies behind it.
    pub fn parse(record: &[u8]) -> Result<Self, FrameError> {
        let (frame, behind) = parse_frame(Kind::Floors, record)?;
        if !behind.is_empty() {
            return Err(FrameError::Trailing);
        }
        let (epoch, serial) = frame
            .payload
            .split_first_chunk::<4>()
            .ok_or(FrameError::Payload)?;
        let serial = <[u8; 4]>::try_from(serial).map_err(|_| FrameError::Payload)?;
        Ok(Self {
            epoch: Epoch(u32::from_le_bytes(*epoch)),
            serial: Serial(u32::from_le_bytes(serial)),
        })
    }
}
