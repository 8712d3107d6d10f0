//! Places of a slot that scenarios damage.

use anyhow::{Context, Result};
use image_format::disk::BLOCK_BYTES;
use image_format::{Envelope, Kind, Manifest};

/// Something on the disk that a scenario changes by one bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// The middle of the kernel.
    Kernel,
    /// The middle of the initrd.
    Initrd,
    /// The first block of the root: its superblock, read at every boot.
    Root,
    /// The middle of a record of the envelope.
    Record(Kind),
}

/// What lies at a place of the slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) offset_bytes: u64,
    pub(super) length_bytes: u64,
}

impl Spot {
    /// Where it lies in a slot with that envelope.
    pub(super) fn span_in(self, envelope: &Envelope<'_>) -> Result<Span> {
        let part = |offset_bytes, length_bytes| Span {
            offset_bytes,
            length_bytes,
        };
        let manifest: Manifest<'_> = envelope.manifest.decode()?;
        Ok(match self {
            Self::Kernel => part(manifest.kernel.offset_bytes, manifest.kernel.length_bytes),
            Self::Initrd => part(manifest.initrd.offset_bytes, manifest.initrd.length_bytes),
            Self::Root => part(manifest.root.offset_bytes, BLOCK_BYTES as u64),
            Self::Record(kind) => {
                record_span(envelope, kind).with_context(|| format!("an envelope has no {kind}"))?
            }
        })
    }
}

/// Records follow one another without a gap.
fn record_span(envelope: &Envelope<'_>, kind: Kind) -> Option<Span> {
    let mut offset_bytes = 0;
    for record in [
        envelope.delegation,
        envelope.delegation_signatures,
        envelope.manifest,
        envelope.manifest_signatures,
    ] {
        let length_bytes = record.bytes.len() as u64;
        if record.kind == kind {
            return Some(Span {
                offset_bytes,
                length_bytes,
            });
        }
        offset_bytes += length_bytes;
    }
    None
}
