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
    pub(crate) build_time_secs: u64,
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
        build_time_secs: manifest.build_time_secs,
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

#[cfg(test)]
mod tests {
    use super::*;
    use image_format::Part;
    use image_format::frame::encode_value;

    fn frame_bytes() -> Vec<u8> {
        let part = Part {
            offset_bytes: 1 << 20,
            length_bytes: 4096,
            sha256: Digest([1; 32]),
        };
        let manifest = Manifest {
            board: "x86_64-uefi",
            product: "twinkeel",
            version: Version(7),
            epoch: Epoch(2),
            build_time_secs: 0,
            command_line: "panic=10",
            kernel: part,
            initrd: part,
            root: Root {
                offset_bytes: 2 << 20,
                data_blocks: 10,
                tree_offset_bytes: (2 << 20) + 10 * 4096,
                tree_blocks: 1,
                root_hash: Digest([2; 32]),
                salt: Digest([3; 32]),
            },
        };
        let mut buffer = [0; 1024];
        let frame = encode_value(Kind::Manifest, &manifest, &mut buffer);
        frame.unwrap().to_vec()
    }

    #[test]
    fn the_hash_covers_the_whole_frame() {
        let bytes = frame_bytes();
        let image = parse_image(&bytes).unwrap();
        assert_eq!((image.version, image.epoch), (Version(7), Epoch(2)));
        assert_eq!(
            (&*image.board, &*image.product),
            ("x86_64-uefi", "twinkeel")
        );
        assert_eq!(image.root.data_blocks, 10);
        assert_eq!(image.manifest_hash, image_trust::sha256(&bytes));
    }

    #[test]
    fn other_bytes_are_no_manifest() {
        let bytes = frame_bytes();
        assert!(parse_image(&bytes[..bytes.len() - 1]).is_err());
        let padded = [&bytes[..], &[0]].concat();
        let error = parse_image(&padded).unwrap_err().to_string();
        assert_eq!(error, "cannot use /manifest: bytes lie behind it");
        let mut damaged = bytes;
        damaged[20] ^= 1;
        let error = format!("{:#}", parse_image(&damaged).unwrap_err());
        assert_eq!(error, "cannot use /manifest: checksum mismatch");
    }
}
