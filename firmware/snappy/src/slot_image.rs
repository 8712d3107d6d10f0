//! What is known of the image in a slot, and how far it can be believed.
//!
//! A manifest is decoded only after its signatures hold, here as in the loader: of an
//! envelope that does not verify nothing is shown but its fingerprint and the reason.

use image_format::{Digest, Epoch, Floors, Keyring, Refusal, Version, parse_envelope};
use image_trust::{ImageKind, Requirements, Verified, sha256, verify_envelope};
use std::fmt;

/// An image that was verified, by the loader for this boot or just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) version: Version,
    pub(crate) epoch: Epoch,
    pub(crate) manifest_hash: Digest,
}

/// The image in a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SlotImage {
    /// The loader verified it for this boot, or its envelope verifies now.
    Verified(Image),
    /// There is an envelope, but what it says is not to be believed.
    Unverified {
        /// Of the manifest's frame, which nobody decoded.
        manifest_hash: Digest,
        reason: NotVerified,
    },
    /// There is no whole envelope.
    Unusable(Refusal),
}

/// Why an envelope was not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotVerified {
    /// This system has no keyring to verify it with.
    NoKeyring,
    /// It was held against the keyring, the board and the floors.
    Refused(Refusal),
}

impl fmt::Display for NotVerified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeyring => write!(f, "there is no usable keyring at {}", crate::keys::PATH),
            Self::Refused(refusal) => refusal.fmt(f),
        }
    }
}

/// What a device asks of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions<'a> {
    pub(crate) keyring: Option<&'a Verified<Keyring>>,
    pub(crate) board: &'a str,
    pub(crate) floors: Floors,
    pub(crate) slot_length_bytes: u64,
}

/// What the first 64 KiB of a slot hold.
pub(crate) fn read_image(area: &[u8], conditions: &Conditions<'_>) -> SlotImage {
    let envelope = match parse_envelope(area) {
        Ok(envelope) => envelope,
        Err(refusal) => return SlotImage::Unusable(refusal),
    };
    let manifest_hash = sha256(envelope.manifest.bytes);
    let Some(keyring) = conditions.keyring else {
        return SlotImage::Unverified {
            manifest_hash,
            reason: NotVerified::NoKeyring,
        };
    };
    let requirements = Requirements {
        kind: ImageKind::System,
        board: conditions.board,
        floors: conditions.floors,
        slot_length_bytes: conditions.slot_length_bytes,
    };
    match verify_envelope(keyring, area, &requirements) {
        Ok(release) => SlotImage::Verified(Image {
            version: release.manifest.version,
            epoch: release.manifest.epoch,
            manifest_hash: release.manifest_hash,
        }),
        Err(refusal) => SlotImage::Unverified {
            manifest_hash,
            reason: NotVerified::Refused(refusal),
        },
    }
}

/// As a person sees a hash: its first 14 digits.
pub(crate) fn fingerprint(hash: &Digest) -> String {
    let mut digits = hash.to_string();
    digits.truncate(14);
    digits
}
