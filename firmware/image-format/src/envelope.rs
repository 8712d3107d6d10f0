//! The envelope: what the first 64 KiB of a slot hold.
//!
//! Four frames follow one another without a gap (delegation, its signatures,
//! manifest, its signatures), then zeros to the end of the area. Each part has
//! its own checksum, so that damage is named by the part that it is in. As a
//! file the envelope is the four frames alone.

use crate::frame::{Frame, FrameError, Kind, parse_frame};
use crate::refusal::Refusal;

/// Bytes at the start of a slot that belong to the envelope.
pub const ENVELOPE_BYTES: usize = 64 * 1024;

/// The four frames of an envelope. Intact, not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Root keys name release keys.
    pub delegation: Frame<'a>,
    /// Over [`delegation`](Self::delegation).
    pub delegation_signatures: Frame<'a>,
    /// The description of the image.
    pub manifest: Frame<'a>,
    /// Over [`manifest`](Self::manifest).
    pub manifest_signatures: Frame<'a>,
}

/// Parses an envelope; `area` is the file or the whole area of a slot.
///
/// # Errors
/// [`Refusal::Empty`] for an area of zeros or of erased flash,
/// [`Refusal::Damaged`] with the part that is wrong, and
/// [`Refusal::TrailingBytes`] when anything but zeros lies behind.
pub fn parse_envelope(area: &[u8]) -> Result<Envelope<'_>, Refusal> {
    if is_blank(area) {
        return Err(Refusal::Empty);
    }
    let (delegation, rest) = parse_part(Kind::Delegation, area)?;
    let (delegation_signatures, rest) = parse_part(Kind::DelegationSignatures, rest)?;
    let (manifest, rest) = parse_part(Kind::Manifest, rest)?;
    let (manifest_signatures, rest) = parse_part(Kind::ManifestSignatures, rest)?;
    if rest.iter().any(|byte| *byte != 0) {
        return Err(Refusal::TrailingBytes);
    }
    Ok(Envelope {
        delegation,
        delegation_signatures,
        manifest,
        manifest_signatures,
    })
}

fn parse_part(kind: Kind, bytes: &[u8]) -> Result<(Frame<'_>, &[u8]), Refusal> {
    parse_frame(kind, bytes).map_err(|error| Refusal::damaged(kind, error))
}

fn is_blank(area: &[u8]) -> bool {
    match area.first() {
        Some(first @ (0x00 | 0xff)) => area.iter().all(|byte| byte == first),
        _ => false,
    }
}

impl Refusal {
    /// The record of that kind is not intact.
    #[must_use]
    pub fn damaged(record: Kind, error: FrameError) -> Self {
        Self::Damaged { record, error }
    }
}
