//! The header of a patch: which releases, the new envelope, where the segments are.

use crate::{CHECKSUM, MAX_STORED_BYTES, PatchError};
use image_format::{Digest, ENVELOPE_BYTES};
use image_trust::Hasher;
use std::io::Read;

const MAGIC: &[u8; 7] = b"TKPATCH";
/// Behind the magic.
const VERSION: u8 = b'2';
/// Magic, length, checksum.
const FRAME_BYTES: usize = 16;
/// Two digests and two numbers.
const FIXED_BYTES: usize = 72;
const RECORD_BYTES: usize = 32;

/// No patch has more segments.
pub const MAX_SEGMENTS: usize = 4096;
/// No header is longer.
const MAX_BYTES: usize = FIXED_BYTES + ENVELOPE_BYTES + MAX_SEGMENTS * RECORD_BYTES;

/// Whether a file that begins with `first` bytes says that it is a patch.
#[must_use]
pub fn is_patch(first: &[u8]) -> bool {
    first.starts_with(MAGIC)
}

/// What stands in front of the segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The manifest of the release that the patch starts from.
    pub from: Digest,
    /// The manifest of the release that it leads to.
    pub to: Digest,
    /// The envelope of the latter, without the zeros at its end.
    pub envelope: Vec<u8>,
    /// In the order of their bytes; no two of them overlap.
    pub segments: Vec<SegmentRecord>,
    /// Where in the file the first segment begins.
    pub segments_offset_bytes: u64,
}

/// Where a segment is, and what it gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRecord {
    /// Where in the new slot its bytes begin.
    pub offset_bytes: u64,
    /// How many bytes it gives.
    pub length_bytes: u64,
    /// Its length in the file.
    pub stored_bytes: u32,
    /// Of what is in the file.
    pub checksum: u32,
    /// Of the bytes that it gives.
    pub given: GivenDigest,
}

/// The first 8 bytes of a SHA-256: enough to find bytes that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenDigest(pub [u8; 8]);

impl GivenDigest {
    pub(crate) fn of(hasher: Hasher) -> Self {
        Self(*hasher.finish().0.first_chunk().unwrap_or(&[0; 8]))
    }
}

impl SegmentRecord {
    /// Behind the last byte that it gives. Does not overflow in a header that was parsed.
    #[must_use]
    pub fn end_bytes(&self) -> u64 {
        self.offset_bytes.saturating_add(self.length_bytes)
    }
}

impl Header {
    /// Reads the header from the start of a patch, and nothing behind it.
    ///
    /// # Errors
    /// It is no patch, or damaged.
    pub fn read(patch: &mut impl Read) -> Result<Self, PatchError> {
        let mut frame = [0; FRAME_BYTES];
        patch
            .read_exact(&mut frame)
            .map_err(PatchError::ReadPatch)?;
        if !is_patch(&frame) {
            return Err(PatchError::NotAPatch);
        }
        let mut fields = Fields(&frame[MAGIC.len()..]);
        match fields.array()? {
            [VERSION] => {}
            [other] => return Err(PatchError::Version(other)),
        }
        let (length, checksum) = (fields.number()? as usize, fields.number()?);
        if length > MAX_BYTES {
            return Err(PatchError::TooLarge("its header"));
        }
        let mut header = vec![0; length];
        patch
            .read_exact(&mut header)
            .map_err(PatchError::ReadPatch)?;
        if CHECKSUM.checksum(&header) != checksum {
            return Err(PatchError::Damaged("its header"));
        }
        Self::parse(&header)
    }

    /// Of the bytes behind the checksum.
    fn parse(bytes: &[u8]) -> Result<Self, PatchError> {
        let mut fields = Fields(bytes);
        let from = Digest(fields.array()?);
        let to = Digest(fields.array()?);
        let envelope_bytes = fields.number()? as usize;
        let segments = fields.number()? as usize;
        if envelope_bytes > ENVELOPE_BYTES {
            return Err(PatchError::TooLarge("its envelope"));
        }
        if segments > MAX_SEGMENTS {
            return Err(PatchError::TooLarge("the number of its segments"));
        }
        let envelope = fields.take(envelope_bytes)?.to_vec();
        let segments: Vec<_> = (0..segments)
            .map(|_| fields.record())
            .collect::<Result<_, _>>()?;
        if !fields.0.is_empty() {
            return Err(PatchError::Damaged("the end of its header"));
        }
        in_order(&segments)?;
        Ok(Self {
            from,
            to,
            envelope,
            segments,
            segments_offset_bytes: (FRAME_BYTES + bytes.len()) as u64,
        })
    }

    /// The bytes of the header, with magic and checksum.
    #[cfg(any(test, feature = "make"))]
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut header = Vec::new();
        header.extend(self.from.0);
        header.extend(self.to.0);
        header.extend((self.envelope.len() as u32).to_le_bytes());
        header.extend((self.segments.len() as u32).to_le_bytes());
        header.extend(&self.envelope);
        for segment in &self.segments {
            header.extend(segment.offset_bytes.to_le_bytes());
            header.extend(segment.length_bytes.to_le_bytes());
            header.extend(segment.stored_bytes.to_le_bytes());
            header.extend(segment.checksum.to_le_bytes());
            header.extend(segment.given.0);
        }
        let mut file = MAGIC.to_vec();
        file.push(VERSION);
        file.extend((header.len() as u32).to_le_bytes());
        file.extend(CHECKSUM.checksum(&header).to_le_bytes());
        file.extend(header);
        file
    }
}

fn in_order(segments: &[SegmentRecord]) -> Result<(), PatchError> {
    let mut end = 0;
    for segment in segments {
        let next = segment.offset_bytes.checked_add(segment.length_bytes);
        match next {
            Some(next) if segment.offset_bytes >= end && segment.length_bytes > 0 => end = next,
            _ => return Err(PatchError::Damaged("the order of its segments")),
        }
        if segment.stored_bytes as usize > MAX_STORED_BYTES {
            return Err(PatchError::TooLarge("a segment"));
        }
    }
    Ok(())
}

/// What is left of the header.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PatchError> {
        let ends = PatchError::Damaged("the length of its header");
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ends)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PatchError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn number(&mut self) -> Result<u32, PatchError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn record(&mut self) -> Result<SegmentRecord, PatchError> {
        Ok(SegmentRecord {
            offset_bytes: u64::from_le_bytes(self.array()?),
            length_bytes: u64::from_le_bytes(self.array()?),
            stored_bytes: self.number()?,
            checksum: self.number()?,
            given: GivenDigest(self.array()?),
        })
    }
}
