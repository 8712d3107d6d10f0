//! The decision whether an envelope may boot, or be written to a slot.

use crate::hash::sha256;
use crate::manifest::{check_manifest, has_root};
use crate::quorum::{Quorum, verify_quorum};
use crate::verified::Verified;
use image_format::refusal::BoardName;
use image_format::{
    Delegation, Digest, ENVELOPE_BYTES, Envelope, Floors, Keyring, Kind, Manifest, Refusal, Serial,
    Source, parse_envelope,
};

/// What an image is, by the place that it is for. Both are signed by the same keys in the
/// same form, so nothing but this keeps one out of the other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageKind {
    /// For a slot: it has a root.
    System,
    /// For `rescue`: it has none.
    Rescue,
}

impl ImageKind {
    /// What the manifest describes.
    #[must_use]
    pub fn of(manifest: &Manifest<'_>) -> Self {
        if has_root(manifest) {
            Self::System
        } else {
            Self::Rescue
        }
    }
}

impl From<Source> for ImageKind {
    fn from(source: Source) -> Self {
        match source {
            Source::Slot(_) => Self::System,
            Source::Rescue => Self::Rescue,
        }
    }
}

/// What the device asks of an image.
#[derive(Clone, Copy, Debug)]
pub struct Requirements<'a> {
    /// What the place takes.
    pub kind: ImageKind,
    /// The id of this board.
    pub board: &'a str,
    /// The lowest epoch and delegation serial that may boot.
    pub floors: Floors,
    /// Length of the slot's partition: no part may leave it.
    pub slot_length_bytes: u64,
}

/// A system image as its envelope describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release<'a> {
    /// What the release keys signed.
    pub manifest: Manifest<'a>,
    /// The bytes of the manifest frame, which Linux gets as `/manifest`.
    pub manifest_frame: &'a [u8],
    /// SHA-256 of [`manifest_frame`](Self::manifest_frame): names the image.
    pub manifest_hash: Digest,
    /// Of the delegation that the manifest was signed under.
    pub delegation_serial: Serial,
}

/// Verifies an envelope against the root keys and the device's requirements.
///
/// `envelope_area` is the first 64 KiB of a slot, or a `release.envelope` file.
///
/// # Errors
/// The first of these that applies: [`Refusal::Empty`], [`Refusal::Damaged`] or
/// [`Refusal::TrailingBytes`] for the frames; [`Refusal::Untrusted`] for the delegation;
/// [`Refusal::SerialBelowFloor`]; [`Refusal::Untrusted`] for the manifest; then, for
/// a manifest that is genuine, [`Refusal::WrongBoard`], [`Refusal::EpochBelowFloor`],
/// what [`check_manifest`] refuses, [`Refusal::NotASystem`] and [`Refusal::NotARescue`].
pub fn verify_envelope<'a>(
    keyring: &Verified<Keyring>,
    envelope_area: &'a [u8],
    requirements: &Requirements<'_>,
) -> Result<Verified<Release<'a>>, Refusal> {
    if envelope_area.len() > ENVELOPE_BYTES {
        return Err(Refusal::TrailingBytes);
    }
    let envelope = parse_envelope(envelope_area)?;
    let delegation = verify_delegation(keyring, &envelope, requirements.floors.serial)?;
    verify_manifest(&delegation, &envelope)?;
    let manifest: Manifest<'_> = match envelope.manifest.decode() {
        Ok(manifest) => manifest,
        Err(error) => return Err(Refusal::damaged(Kind::Manifest, error)),
    };
    require(&manifest, requirements)?;
    Ok(Verified::new(Release {
        manifest,
        manifest_frame: envelope.manifest.bytes,
        manifest_hash: sha256(envelope.manifest.bytes),
        delegation_serial: delegation.serial,
    }))
}

fn verify_delegation(
    keyring: &Verified<Keyring>,
    envelope: &Envelope<'_>,
    floor: Serial,
) -> Result<Delegation, Refusal> {
    let roots = Quorum::of_roots(keyring)?;
    verify_quorum(
        &roots,
        &envelope.delegation,
        &envelope.delegation_signatures,
    )?;
    let delegation: Delegation = envelope
        .delegation
        .decode()
        .map_err(|error| Refusal::damaged(Kind::Delegation, error))?;
    let serial = delegation.serial;
    if serial < floor {
        return Err(Refusal::SerialBelowFloor { serial, floor });
    }
    Ok(delegation)
}

fn verify_manifest(delegation: &Delegation, envelope: &Envelope<'_>) -> Result<(), Refusal> {
    let releases = Quorum::of_releases(delegation)?;
    verify_quorum(&releases, &envelope.manifest, &envelope.manifest_signatures)
}

fn require(manifest: &Manifest<'_>, requirements: &Requirements<'_>) -> Result<(), Refusal> {
    if manifest.board != requirements.board {
        return Err(Refusal::WrongBoard {
            image: shown_board(manifest.board),
        });
    }
    let (epoch, floor) = (manifest.epoch, requirements.floors.epoch);
    if epoch < floor {
        return Err(Refusal::EpochBelowFloor { epoch, floor });
    }
    check_manifest(manifest, requirements.slot_length_bytes)?;
    match (requirements.kind, ImageKind::of(manifest)) {
        (ImageKind::System, ImageKind::Rescue) => Err(Refusal::NotASystem),
        (ImageKind::Rescue, ImageKind::System) => Err(Refusal::NotARescue),
        (ImageKind::System, ImageKind::System) | (ImageKind::Rescue, ImageKind::Rescue) => Ok(()),
    }
}

/// As much of the name as a refusal can hold. It goes to consoles as it is, and what a name
/// may hold is checked later: nothing in it may steer a terminal.
fn shown_board(name: &str) -> BoardName {
    let mut shown = BoardName::new();
    for character in name.chars() {
        let shown_character = if character.is_control() {
            '?'
        } else {
            character
        };
        if shown.push(shown_character).is_err() {
            break;
        }
    }
    shown
}
