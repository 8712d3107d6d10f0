//! What a chunk file begins with.

use super::groups::{GROUP_ENTRY_BYTES, Group};
use super::list::CHUNK_ENTRY_BYTES;
use super::{ChunkFileError, take};
use crate::code::Code;
use image_format::{Digest, ENVELOPE_BYTES};
use image_trust::sha256;
use system_update::Parts;

const MAGIC: &[u8; 8] = b"TKchunks";
const VERSION: u32 = 3;
/// In front of the groups.
pub const HEADER_BYTES: usize = 124;
const CHECKSUM_BYTES: usize = 32;
/// As many groups as an image of some TiB has: what is asked of a server is bounded.
const MOST_GROUPS: u32 = 1 << 16;

/// What a chunk file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    groups: u32,
    image_bytes: u64,
    code: Code,
    kernel: Digest,
    initrd: Digest,
    root_hash: Digest,
}

impl Header {
    /// Of a release with so many groups.
    #[must_use]
    pub fn new(groups: u32, code: Code, parts: &Parts) -> Self {
        Self {
            groups,
            image_bytes: parts.image_bytes(),
            code,
            kernel: parts.kernel.sha256,
            initrd: parts.initrd.sha256,
            root_hash: parts.root.root_hash,
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`ChunkFileError`].
    pub fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<Self, ChunkFileError> {
        Self::fields(&mut bytes.as_slice()).unwrap_or(Err(ChunkFileError::Length))
    }

    fn fields(bytes: &mut &[u8]) -> Option<Result<Self, ChunkFileError>> {
        if take(bytes)? != *MAGIC {
            return Some(Err(ChunkFileError::Magic));
        }
        let version = u32::from_le_bytes(take(bytes)?);
        if version != VERSION {
            return Some(Err(ChunkFileError::Version(version)));
        }
        let groups = u32::from_le_bytes(take(bytes)?);
        let image_bytes = u64::from_le_bytes(take(bytes)?);
        let Some(code) = Code::of_number(u32::from_le_bytes(take(bytes)?)) else {
            return Some(Err(ChunkFileError::Numbers));
        };
        let header = Self {
            groups,
            image_bytes,
            code,
            kernel: Digest(take(bytes)?),
            initrd: Digest(take(bytes)?),
            root_hash: Digest(take(bytes)?),
        };
        let is_possible = (1..=MOST_GROUPS).contains(&header.groups);
        Some(is_possible.then_some(header).ok_or(ChunkFileError::Numbers))
    }

    /// Whether it is the release that a manifest describes.
    ///
    /// # Errors
    /// [`ChunkFileError::OtherRelease`].
    pub fn compare(&self, parts: &Parts) -> Result<(), ChunkFileError> {
        if *self == Self::new(self.groups, self.code, parts) {
            Ok(())
        } else {
            Err(ChunkFileError::OtherRelease)
        }
    }

    /// Whose distances were taken out of its chunks.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// How many bytes follow up to the chunks: the groups and the checksum.
    #[must_use]
    pub fn groups_bytes(&self) -> usize {
        self.groups as usize * GROUP_ENTRY_BYTES + CHECKSUM_BYTES
    }

    /// As it stands in the file.
    #[must_use]
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.groups.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.image_bytes.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.code.number().to_le_bytes());
        bytes[28..60].copy_from_slice(&self.kernel.0);
        bytes[60..92].copy_from_slice(&self.initrd.0);
        bytes[92..].copy_from_slice(&self.root_hash.0);
        bytes
    }
}

/// The groups of a chunk file, checked against its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// In the order of the image.
    pub groups: Vec<Group>,
    chunks: u64,
}

impl Index {
    /// Writes header, groups and checksum: all up to the chunks.
    #[must_use]
    pub fn write(header: &Header, groups: &[Group]) -> Vec<u8> {
        let mut bytes = header.bytes().to_vec();
        bytes.extend(groups.iter().flat_map(Group::bytes));
        let checksum = sha256(&bytes);
        bytes.extend(checksum.0);
        bytes
    }

    /// Reads what follows behind `header`, in a chunk file of `file_bytes`.
    ///
    /// # Errors
    /// See [`ChunkFileError`].
    pub fn parse(header: &Header, bytes: &[u8], file_bytes: u64) -> Result<Self, ChunkFileError> {
        let (entries, checksum) = bytes
            .split_last_chunk::<CHECKSUM_BYTES>()
            .filter(|_| bytes.len() == header.groups_bytes())
            .ok_or(ChunkFileError::Length)?;
        let (entries, _) = entries.as_chunks::<GROUP_ENTRY_BYTES>();
        let parsed: Option<Vec<_>> = entries.iter().map(|entry| Group::parse(entry)).collect();
        let groups = parsed.ok_or(ChunkFileError::Numbers)?;
        if Self::write(header, &groups).last_chunk() != Some(checksum) {
            return Err(ChunkFileError::Checksum);
        }
        let sum = |of: fn(&Group) -> u32| groups.iter().map(|group| u64::from(of(group))).sum();
        let (chunks, image_bytes, frames_bytes): (u64, u64, u64) = (
            sum(|group| group.chunks),
            sum(|group| group.length_bytes),
            sum(|group| group.frames_bytes),
        );
        if image_bytes + ENVELOPE_BYTES as u64 != header.image_bytes {
            return Err(ChunkFileError::Numbers);
        }
        let index = Self { groups, chunks };
        if index.frames_offset_bytes() + frames_bytes != file_bytes {
            return Err(ChunkFileError::Length);
        }
        Ok(index)
    }

    /// Where the chunks begin.
    #[must_use]
    pub fn chunks_offset_bytes(&self) -> u64 {
        let groups = self.groups.len() * GROUP_ENTRY_BYTES;
        (HEADER_BYTES + groups + CHECKSUM_BYTES) as u64
    }

    /// Where the frames begin.
    #[must_use]
    pub fn frames_offset_bytes(&self) -> u64 {
        self.chunks_offset_bytes() + self.chunks * CHUNK_ENTRY_BYTES as u64
    }
}
