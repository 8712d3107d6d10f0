//! SHA-256, and the check of loaded parts.

use crate::{Compression, Verified};
use image_format::refusal::PartName;
use image_format::{Digest, Part, Refusal};
use sha2::{Digest as _, Sha256};

/// SHA-256 over bytes that come piece by piece.
#[derive(Clone, Debug, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// A hasher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes taken.
    #[must_use]
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Compression::PORTABLE.sha256(bytes)
}

/// Verifies that `loaded` is the part that the manifest describes, to the byte.
///
/// It takes what was loaded and gives it back as [`Verified`], so that the bytes that
/// are started are the bytes that were hashed. `name` is for the refusal. A part is long:
/// with the processor's `compression` it is hashed much faster.
///
/// # Errors
/// [`Refusal::Digest`] when the length or the digest differs.
pub fn verify_part<M: AsRef<[u8]>>(
    name: PartName,
    part: &Part,
    loaded: M,
    compression: Compression,
) -> Result<Verified<M>, Refusal> {
    let bytes = loaded.as_ref();
    let length = u64::try_from(bytes.len()).ok();
    if length == Some(part.length_bytes) && compression.sha256(bytes) == part.sha256 {
        Ok(Verified::new(loaded))
    } else {
        Err(Refusal::Digest { part: name })
    }
}
