//! gzip (RFC 1952): one member, with an end to what comes out.

use core::fmt;
use crc::{CRC_32_ISO_HDLC, Crc};
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_with_limit};

/// How every gzip begins.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];
const DEFLATE: u8 = 8;
const HEADER_CHECKSUM: u8 = 0x02;
const EXTRA: u8 = 0x04;
const NAME: u8 = 0x08;
const COMMENT: u8 = 0x10;
const RESERVED: u8 = 0xe0;
const TRAILER_BYTES: usize = 8;

/// Why a gzip cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GzipError {
    /// It ends in its head, or has a flag that nobody knows.
    Head,
    /// What is packed is damaged or cut off.
    Damaged,
    /// The checksum is another one.
    Checksum,
    /// More comes out than is taken.
    TooLong,
}

impl fmt::Display for GzipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "it begins as a gzip and is none; pack it again",
            Self::Damaged => "the gzip is damaged or cut off; pack it again",
            Self::Checksum => "the gzip's checksum is wrong; pack it again",
            Self::TooLong => "the gzip unpacks to more than is taken; shorten it",
        })
    }
}

/// What is in the gzip, at most `most_bytes`.
///
/// # Errors
/// See [`GzipError`].
pub(crate) fn unpack_gzip(gzip: &[u8], most_bytes: usize) -> Result<Vec<u8>, GzipError> {
    let packed = behind_head(gzip).ok_or(GzipError::Head)?;
    let (packed, trailer) = packed
        .split_last_chunk::<TRAILER_BYTES>()
        .ok_or(GzipError::Damaged)?;
    let content =
        decompress_to_vec_with_limit(packed, most_bytes).map_err(|error| match error.status {
            TINFLStatus::HasMoreOutput => GzipError::TooLong,
            _ => GzipError::Damaged,
        })?;
    let sum = Crc::<u32>::new(&CRC_32_ISO_HDLC).checksum(&content);
    let length = u32::try_from(content.len()).map_err(|_| GzipError::TooLong)?;
    let expected = [sum.to_le_bytes(), length.to_le_bytes()].concat();
    match expected == *trailer {
        true => Ok(content),
        false => Err(GzipError::Checksum),
    }
}

fn behind_head(gzip: &[u8]) -> Option<&[u8]> {
    let (head, mut rest) = gzip.split_first_chunk::<10>()?;
    let flags = head[3];
    if head[..2] != MAGIC || head[2] != DEFLATE || flags & RESERVED != 0 {
        return None;
    }
    if flags & EXTRA != 0 {
        let (length, behind) = rest.split_first_chunk::<2>()?;
        rest = behind.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & HEADER_CHECKSUM != 0 {
        rest = rest.get(2..)?;
    }
    Some(rest)
}
