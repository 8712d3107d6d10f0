//! Signatures over a frame.
//!
//! The payload of a signatures frame is one entry after the other, each the
//! signer's 32-byte Ed25519 public key and the 64-byte signature (RFC 8032) over
//! the whole bytes of the frame that it vouches for. No postcard, no count: the
//! payload's length is a multiple of 96.

use crate::frame::{Frame, FrameError, Kind, NoSpace, encode_frame};
use crate::keyring::{MAX_KEYS, PublicKey};

/// Bytes of one entry.
pub const ENTRY_BYTES: usize = 96;

/// One signer's word for a frame. Not verified: that is `image-trust`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who says so.
    pub key: PublicKey,
    /// The Ed25519 signature, R and S.
    pub bytes: [u8; 64],
}

/// The signatures over one frame.
pub type Signatures = heapless::Vec<Signature, MAX_KEYS>;

/// Reads the entries of a signatures frame.
///
/// # Errors
/// [`FrameError::Payload`] when the length is not a multiple of
/// [`ENTRY_BYTES`], or there are more than [`MAX_KEYS`] entries.
pub fn decode_signatures(frame: &Frame<'_>) -> Result<Signatures, FrameError> {
    let mut signatures = Signatures::new();
    let mut rest = frame.payload;
    while let Some((key, behind)) = rest.split_first_chunk::<32>() {
        let (bytes, behind) = behind
            .split_first_chunk::<64>()
            .ok_or(FrameError::Payload)?;
        signatures
            .push(Signature {
                key: PublicKey(*key),
                bytes: *bytes,
            })
            .map_err(|_| FrameError::Payload)?;
        rest = behind;
    }
    if rest.is_empty() {
        Ok(signatures)
    } else {
        Err(FrameError::Payload)
    }
}

/// Writes a signatures frame of `kind` to the start of `out`; returns its bytes.
///
/// # Errors
/// [`NoSpace`] when it does not fit.
pub fn encode_signatures<'a>(
    kind: Kind,
    signatures: &[Signature],
    out: &'a mut [u8],
) -> Result<&'a [u8], NoSpace> {
    let mut payload = heapless::Vec::<u8, { ENTRY_BYTES * MAX_KEYS }>::new();
    for signature in signatures {
        payload
            .extend_from_slice(&signature.key.0)
            .map_err(|_| NoSpace)?;
        payload
            .extend_from_slice(&signature.bytes)
            .map_err(|_| NoSpace)?;
    }
    encode_frame(kind, &payload, out)
}
