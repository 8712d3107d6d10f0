//! The root of trust: the keyring in the loader.

use crate::quorum::{Quorum, verify_quorum};
use crate::verified::Verified;
use image_format::{FrameError, Keyring, Kind, Refusal, parse_frame};

/// Verifies a signed keyring: a keyring frame, its signatures frame, nothing behind.
///
/// A keyring vouches for itself, so it is decoded before its signatures can be
/// checked. What makes it the root of trust is where it lies: inside the loader, which
/// the firmware verified. The signatures prove that it is whole and that enough of
/// its keys are at hand to ever sign a delegation.
///
/// # Errors
/// [`Refusal::Damaged`] for the first record that is not intact, and
/// [`Refusal::Untrusted`] with [`Kind::Keyring`].
pub fn verify_keyring(signed_keyring: &[u8]) -> Result<Verified<Keyring>, Refusal> {
    let (frame, rest) = parse_frame(Kind::Keyring, signed_keyring)
        .map_err(|error| Refusal::damaged(Kind::Keyring, error))?;
    let (signatures, rest) = parse_frame(Kind::KeyringSignatures, rest)
        .map_err(|error| Refusal::damaged(Kind::KeyringSignatures, error))?;
    if !rest.is_empty() {
        return Err(Refusal::damaged(
            Kind::KeyringSignatures,
            FrameError::Trailing,
        ));
    }
    let keyring: Keyring = frame
        .decode()
        .map_err(|error| Refusal::damaged(Kind::Keyring, error))?;
    verify_quorum(&Quorum::of_roots(&keyring)?, &frame, &signatures)?;
    Ok(Verified::new(keyring))
}
