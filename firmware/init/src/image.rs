//! What is running, by the manifest that the loader verified.
//!
//! The loader puts the verified bytes into the initrd as `/manifest`; nothing here
//! reads a manifest from a disk.

use crate::command_line::Handover;
use anyhow::{Context, ensure};
use image_format::{Digest, Epoch, Kind, Manifest, Root, Version, parse_frame};
use system_update::Running;

/// Where the loader's archive puts the manifest's frame.
const MANIFEST: &str = "/manifest";

/// The running system image.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) manifest_hash: Digest,
    pub(crate) board: String,
    pub(crate) product: String,
    pub(crate) version: Version,
    pub(crate) epoch: Epoch,
    pub(crate) root: Root,
}

/// Reads what the loader handed over.
pub(crate) fn read_image() -> anyhow::Result<Image> {
    let frame_bytes = std::fs::read(MANIFEST).with_context(|| format!("cannot read {MANIFEST}"))?;
    parse_image(&frame_bytes)
}

/// Parses the manifest's frame.
fn parse_image(frame_bytes: &[u8]) -> anyhow::Result<Image> {
    let cannot = format!("cannot use {MANIFEST}");
    let (frame, rest) = parse_frame(Kind::Manifest, frame_bytes).context(cannot.clone())?;
    ensure!(rest.is_empty(), "{cannot}: bytes lie behind it");
    let manifest: Manifest<'_> = frame.decode().context(cannot)?;
    Ok(Image {
        manifest_hash: image_trust::sha256(frame_bytes),
        board: manifest.board.to_owned(),
        product: manifest.product.to_owned(),
        version: manifest.version,
        epoch: manifest.epoch,
        root: manifest.root,
    })
}

impl Image {
    /// What to compare the boot state with.
    pub(crate) fn running(&self, handover: &Handover) -> Running {
        Running {
            slot: handover.slot,
            manifest_hash: self.manifest_hash,
            boot_number: handover.boot_number,
        }
    }
}
