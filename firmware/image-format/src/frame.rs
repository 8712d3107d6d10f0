//! The frame around every record but the boot state.
//!
//! ```text
//! offset  size  field
//!      0     8  magic, names the kind of record
//!      8     2  format version of this kind
//!     10     2  reserved, zero
//!     12     4  payload length in bytes
//!     16     n  payload
//!   16+n     4  CRC-32 (ISO-HDLC) over all before
//! ```
//!
//! The checksum finds damage and says where; it is no defence. What is signed is
//! the whole frame, checksum and lengths included, and nothing decodes a payload
//! before its signature was verified. Records may follow one another without a
//! gap: [`parse_frame`] returns what lies behind.

use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 16;
/// Bytes of a frame that are not payload.
pub const OVERHEAD_BYTES: usize = 20;

pub(crate) const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The kinds of framed records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// A [`Keyring`](crate::Keyring).
    Keyring,
    /// The [`Signatures`](crate::Signatures) over a keyring's frame.
    KeyringSignatures,
    /// A [`Delegation`](crate::Delegation).
    Delegation,
    /// The [`Signatures`](crate::Signatures) over a delegation's frame.
    DelegationSignatures,
    /// A [`Manifest`](crate::Manifest).
    Manifest,
    /// The [`Signatures`](crate::Signatures) over a manifest's frame.
    ManifestSignatures,
    /// A [`FlightEntry`](crate::FlightEntry).
    FlightEntry,
    /// A [`FailedRelease`](crate::FailedRelease).
    FailedRelease,
    /// The record of [`Floors`](crate::Floors) in a second home.
    Floors,
}

impl Kind {
    /// The first eight bytes of such a record.
    #[must_use]
    pub const fn magic(self) -> [u8; 8] {
        *match self {
            Self::Keyring => b"TKkeyrng",
            Self::KeyringSignatures => b"TKkeysig",
            Self::Delegation => b"TKdelegn",
            Self::DelegationSignatures => b"TKdelsig",
            Self::Manifest => b"TKmanifs",
            Self::ManifestSignatures => b"TKmansig",
            Self::FlightEntry => b"TKflight",
            Self::FailedRelease => b"TKfailed",
            Self::Floors => b"TKfloors",
        }
    }

    /// The format version that this code reads and writes.
    #[must_use]
    pub const fn version(self) -> u16 {
        1
    }

    /// The kind's name in sentences.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::KeyringSignatures => "keyring signatures",
            Self::Delegation => "delegation",
            Self::DelegationSignatures => "delegation signatures",
            Self::Manifest => "manifest",
            Self::ManifestSignatures => "manifest signatures",
            Self::FlightEntry => "flight entry",
            Self::FailedRelease => "failed release",
            Self::Floors => "floors",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why bytes are not a record of the expected kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameError {
    /// Another record, or none: the magic is not this kind's.
    Magic,
    /// The right kind in a format version that this code does not know.
    Version(u16),
    /// The reserved field is not zero.
    Reserved,
    /// The record ends before its length says.
    Truncated,
    /// The checksum does not match: the bytes are damaged.
    Checksum,
    /// The payload is not of the documented form.
    Payload,
    /// Bytes lie behind the end of the payload.
    Trailing,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Magic => f.write_str("unknown magic"),
            Self::Version(version) => write!(f, "unknown format version {version}"),
            Self::Reserved => f.write_str("reserved field is not zero"),
            Self::Truncated => f.write_str("truncated"),
            Self::Checksum => f.write_str("checksum mismatch"),
            Self::Payload => f.write_str("malformed payload"),
            Self::Trailing => f.write_str("trailing bytes"),
        }
    }
}

impl core::error::Error for FrameError {}

/// A record whose frame is intact. Nothing is known about who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What kind of record it is.
    pub kind: Kind,
    /// The whole frame: what signatures cover.
    pub bytes: &'a [u8],
    /// What lies inside.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Decodes the payload.
    ///
    /// # Errors
    /// [`FrameError::Payload`] or [`FrameError::Trailing`].
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T, FrameError> {
        decode_payload(self.payload)
    }
}

/// Decodes all of `payload`.
pub(crate) fn decode_payload<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, FrameError> {
    let (value, rest) = postcard::take_from_bytes(payload).map_err(|_| FrameError::Payload)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(FrameError::Trailing)
    }
}

/// Parses the record at the start of `bytes`; also returns what lies behind it.
///
/// # Errors
/// The first of magic, version, reserved, length and checksum that is wrong.
pub fn parse_frame(kind: Kind, bytes: &[u8]) -> Result<(Frame<'_>, &[u8]), FrameError> {
    let (magic, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or(FrameError::Truncated)?;
    if *magic != kind.magic() {
        return Err(FrameError::Magic);
    }
    let (version, rest) = rest.split_first_chunk::<2>().ok_or(FrameError::Truncated)?;
    let version = u16::from_le_bytes(*version);
    if version != kind.version() {
        return Err(FrameError::Version(version));
    }
    let (reserved, rest) = rest.split_first_chunk::<2>().ok_or(FrameError::Truncated)?;
    if *reserved != [0; 2] {
        return Err(FrameError::Reserved);
    }
    let (length, rest) = rest.split_first_chunk::<4>().ok_or(FrameError::Truncated)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| FrameError::Truncated)?;
    let (payload, rest) = rest.split_at_checked(length).ok_or(FrameError::Truncated)?;
    let (checksum, rest) = rest.split_first_chunk::<4>().ok_or(FrameError::Truncated)?;
    let covered = HEADER_BYTES
        .checked_add(length)
        .ok_or(FrameError::Truncated)?;
    let whole = OVERHEAD_BYTES
        .checked_add(length)
        .ok_or(FrameError::Truncated)?;
    let (covered, whole) = bytes
        .get(..covered)
        .zip(bytes.get(..whole))
        .ok_or(FrameError::Truncated)?;
    if CRC.checksum(covered) != u32::from_le_bytes(*checksum) {
        return Err(FrameError::Checksum);
    }
    Ok((
        Frame {
            kind,
            bytes: whole,
            payload,
        },
        rest,
    ))
}

/// The buffer is too small for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSpace;

impl fmt::Display for NoSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the buffer is too small for the record")
    }
}

impl core::error::Error for NoSpace {}

/// Writes a record around `payload` to the start of `out`; returns its bytes.
///
/// # Errors
/// [`NoSpace`] when `out` is shorter than the payload and [`OVERHEAD_BYTES`].
pub fn encode_frame<'a>(
    kind: Kind,
    payload: &[u8],
    out: &'a mut [u8],
) -> Result<&'a [u8], NoSpace> {
    let room = out
        .get_mut(HEADER_BYTES..)
        .and_then(|rest| rest.get_mut(..payload.len()))
        .ok_or(NoSpace)?;
    room.copy_from_slice(payload);
    finish_frame(kind, payload.len(), out)
}

/// Writes `value` as a record to the start of `out`; returns its bytes.
///
/// # Errors
/// [`NoSpace`] when it does not fit.
pub fn encode_value<'a, T: Serialize>(
    kind: Kind,
    value: &T,
    out: &'a mut [u8],
) -> Result<&'a [u8], NoSpace> {
    let room = out.get_mut(HEADER_BYTES..).ok_or(NoSpace)?;
    let length = postcard::serialize_with_flavor(value, Payload::new(room)).map_err(|_| NoSpace)?;
    finish_frame(kind, length, out)
}

/// A payload that is being written; in the end its length.
///
/// As postcard's own `Slice`, but never inlined: an event has a hundred fields, and each
/// would bring the copying along, in all a kilobyte of the loader.
struct Payload<'a> {
    room: &'a mut [u8],
    length: usize,
}

impl<'a> Payload<'a> {
    fn new(room: &'a mut [u8]) -> Self {
        Self { room, length: 0 }
    }
}

impl Flavor for Payload<'_> {
    type Output = usize;

    #[inline(never)]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let full = postcard::Error::SerializeBufferFull;
        let end = self.length.checked_add(bytes.len()).ok_or(full.clone())?;
        let place = self.room.get_mut(self.length..end).ok_or(full)?;
        place.copy_from_slice(bytes);
        self.length = end;
        Ok(())
    }

    #[inline(never)]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> postcard::Result<usize> {
        Ok(self.length)
    }
}

/// Header and checksum around a payload that is already in place.
fn finish_frame(kind: Kind, length: usize, out: &mut [u8]) -> Result<&[u8], NoSpace> {
    let whole = OVERHEAD_BYTES.checked_add(length).ok_or(NoSpace)?;
    let out = out.get_mut(..whole).ok_or(NoSpace)?;
    let (covered, checksum) = out.split_last_chunk_mut::<4>().ok_or(NoSpace)?;
    let (header, _) = covered
        .split_first_chunk_mut::<HEADER_BYTES>()
        .ok_or(NoSpace)?;
    *header = header_bytes(kind, u32::try_from(length).map_err(|_| NoSpace)?);
    *checksum = CRC.checksum(covered).to_le_bytes();
    Ok(out)
}

fn header_bytes(kind: Kind, length: u32) -> [u8; HEADER_BYTES] {
    let [m0, m1, m2, m3, m4, m5, m6, m7] = kind.magic();
    let [v0, v1] = kind.version().to_le_bytes();
    let [l0, l1, l2, l3] = length.to_le_bytes();
    [m0, m1, m2, m3, m4, m5, m6, m7, v0, v1, 0, 0, l0, l1, l2, l3]
}
