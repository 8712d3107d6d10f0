//! The first 96 bytes.

use super::error::{Part, SquashfsError};
use super::read_at::ReadAt;

/// The first bytes of a squashfs.
pub const MAGIC: [u8; 4] = *b"hsqs";

/// How much of a file is packed at once, by `snap pack` and by us.
pub const BLOCK_BYTES: usize = 128 << 10;

/// How long it is.
pub(super) const LENGTH_BYTES: usize = 96;

/// Where a table is not there.
pub(super) const NO_TABLE: u64 = u64::MAX;

/// How everything is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compressor {
    /// Deflate.
    Gzip,
    /// `snap pack --compression=lzo`.
    Lzo,
    /// `snap pack`.
    Xz,
    /// What other tools like.
    Zstd,
}

impl Compressor {
    pub(super) fn id(self) -> u16 {
        match self {
            Self::Gzip => 1,
            Self::Lzo => 3,
            Self::Xz => 4,
            Self::Zstd => 6,
        }
    }

    fn from_id(id: u16) -> Option<Self> {
        let all = [Self::Gzip, Self::Lzo, Self::Xz, Self::Zstd];
        all.into_iter().find(|compressor| compressor.id() == id)
    }
}

/// What is said of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// When it was made, in seconds since 1970.
    pub made_secs: u32,
    /// How much of a file is packed at once.
    pub block_bytes: usize,
    /// How everything is packed.
    pub compressor: Compressor,
    /// The length of the file system; what comes behind it fills up a block of the disk.
    pub used_bytes: u64,
    pub(super) fragments: u32,
    pub(super) root_inode: u64,
    pub(super) inode_table: u64,
    pub(super) directory_table: u64,
    pub(super) fragment_table: u64,
}

impl Superblock {
    pub(super) fn read(source: &impl ReadAt) -> Result<Self, SquashfsError> {
        let length_bytes = source.length_bytes().map_err(SquashfsError::Io)?;
        let mut bytes = [0; LENGTH_BYTES];
        if length_bytes < LENGTH_BYTES as u64 {
            return Err(SquashfsError::NoSquashfs);
        }
        source
            .read_exact_at(&mut bytes, 0)
            .map_err(SquashfsError::Io)?;
        let superblock = Self::parse(&bytes)?;
        let used_bytes = superblock.used_bytes;
        if used_bytes > length_bytes {
            return Err(SquashfsError::CutOff { used_bytes });
        }
        Ok(superblock)
    }

    fn parse(bytes: &[u8; LENGTH_BYTES]) -> Result<Self, SquashfsError> {
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let u32_at = |at: usize| u32::from(u16_at(at)) | u32::from(u16_at(at + 2)) << 16;
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if bytes[..4] != MAGIC {
            return Err(SquashfsError::NoSquashfs);
        }
        let (major, minor) = (u16_at(28), u16_at(30));
        if (major, minor) != (4, 0) {
            return Err(SquashfsError::Version { major, minor });
        }
        let id = u16_at(20);
        let superblock = Superblock {
            made_secs: u32_at(8),
            block_bytes: u32_at(12) as usize,
            compressor: Compressor::from_id(id).ok_or(SquashfsError::Compressor(id))?,
            used_bytes: u64_at(40),
            fragments: u32_at(16),
            root_inode: u64_at(32),
            inode_table: u64_at(64),
            directory_table: u64_at(72),
            fragment_table: u64_at(80),
        };
        let log = u32::from(u16_at(22));
        let good_block = (12..=20).contains(&log) && superblock.block_bytes == 1 << log;
        let ordered = superblock.inode_table >= LENGTH_BYTES as u64
            && superblock.inode_table < superblock.directory_table
            && superblock.directory_table < superblock.used_bytes;
        if good_block && ordered {
            Ok(superblock)
        } else {
            Err(SquashfsError::Damaged(Part::Superblock))
        }
    }
}
