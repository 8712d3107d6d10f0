//! Where an image comes from.

use super::parts::Parts;
use core::fmt;
use image_format::ENVELOPE_BYTES;

/// Gives an image's bytes by their place in the slot. Nobody trusts it: what it gives is
/// verified before it is used.
pub trait ReleaseSource {
    /// Fills `area` with the envelope, and zeros behind it. Asked for first.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError>;

    /// These parts will be asked for. Said once the envelope is verified, and before anything
    /// is written.
    ///
    /// # Errors
    /// The source already knows that it cannot give them.
    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError>;

    /// Fills the front of `buffer` with the bytes from `offset_bytes` of the slot on; returns
    /// how many. Offsets only rise; what lies between the parts, and the hash tree, is never
    /// asked for.
    ///
    /// It is at least one byte. A source that fetches gives what it has before it waits for
    /// more, and whoever asked writes that, so that no cut costs what came long before it.
    ///
    /// # Errors
    /// See [`SourceError`].
    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError>;
}

impl<S: ReleaseSource + ?Sized> ReleaseSource for &mut S {
    fn read_envelope(&mut self, area: &mut [u8; ENVELOPE_BYTES]) -> Result<(), SourceError> {
        (**self).read_envelope(area)
    }

    fn begin(&mut self, parts: &Parts) -> Result<(), SourceError> {
        (**self).begin(parts)
    }

    fn read(&mut self, offset_bytes: u64, buffer: &mut [u8]) -> Result<usize, SourceError> {
        (**self).read(offset_bytes, buffer)
    }
}

/// Why a source gives no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceError {
    /// Bytes are missing at its end.
    EndsEarly {
        /// What there is.
        have_bytes: u64,
        /// What the manifest describes.
        need_bytes: u64,
    },
    /// Bytes lie behind the image's end.
    TooLong {
        /// What there is.
        have_bytes: u64,
        /// What the manifest describes.
        need_bytes: u64,
    },
    /// Bytes that belong to no part are not zeros.
    NotZero {
        /// Between here
        from_bytes: u64,
        /// and here.
        to_bytes: u64,
    },
    /// It cannot be read, and why.
    Unreadable(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndsEarly {
                have_bytes,
                need_bytes,
            } => write!(
                f,
                "it ends early: it has {have_bytes} bytes of {need_bytes}; copy it again"
            ),
            Self::TooLong {
                have_bytes,
                need_bytes,
            } => write!(
                f,
                "it is too long: it has {have_bytes} bytes, and the release {need_bytes}; \
                 copy it again"
            ),
            Self::NotZero {
                from_bytes,
                to_bytes,
            } => write!(
                f,
                "unsigned bytes lie between {from_bytes} and {to_bytes}; copy it again"
            ),
            Self::Unreadable(reason) => write!(f, "it cannot be read: {reason}"),
        }
    }
}

impl core::error::Error for SourceError {}
