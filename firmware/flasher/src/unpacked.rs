//! An image as a plain file, whether or not it came compressed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::disk::CHUNK_BYTES;
use crate::error::FlashError;

/// An image as a plain file.
#[derive(Debug)]
pub enum Unpacked {
    /// It was one.
    AsItIs(PathBuf),
    /// It is gone when this is dropped.
    Temporary(NamedTempFile),
}

impl Unpacked {
    /// Decompresses `FILE.zst` into a temporary file, where what is zero takes no room. Any
    /// other file stays as it is.
    ///
    /// # Errors
    /// It cannot be read, or there is no room.
    pub fn of(path: &Path) -> Result<Self, FlashError> {
        if path.extension().is_none_or(|ending| ending != "zst") {
            return Ok(Self::AsItIs(path.to_owned()));
        }
        let unpacked = File::open(path).and_then(unpack);
        unpacked
            .map(Self::Temporary)
            .map_err(FlashError::io("unpack", path))
    }

    /// The plain file.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::AsItIs(path) => path,
            Self::Temporary(file) => file.path(),
        }
    }
}

fn unpack(packed: File) -> io::Result<NamedTempFile> {
    let mut packed = zstd::Decoder::new(packed)?;
    let image = NamedTempFile::new()?;
    let mut piece = Vec::with_capacity(CHUNK_BYTES);
    let mut offset = 0;
    loop {
        piece.clear();
        packed
            .by_ref()
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut piece)?;
        if piece.is_empty() {
            image.as_file().set_len(offset)?;
            return Ok(image);
        }
        if piece.iter().any(|byte| *byte != 0) {
            image.as_file().write_all_at(&piece, offset)?;
        }
        offset += piece.len() as u64;
    }
}
