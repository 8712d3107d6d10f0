//! An update file, verified to the last byte as a device will do it.

use crate::StoreError;
use image_format::manifest::BLOCK_BYTES;
use image_format::refusal::PartName;
use image_format::{
    Digest, ENVELOPE_BYTES, Floors, Keyring, Manifest, Part, Refusal, parse_envelope,
};
use image_trust::{
    Compression, HashTree, ImageKind, Release, Requirements, Verified, verify_envelope, verify_part,
};
use std::io::{self, Read};
use std::path::Path;

/// What a verified update file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SystemFile {
    pub(crate) board: String,
    pub(crate) product: String,
    pub(crate) version: u64,
    pub(crate) epoch: u32,
    pub(crate) manifest_hash: Digest,
}

/// Reads the file once, from its first byte to its last.
pub(crate) fn verify_system_file(
    path: &Path,
    keyring: &Verified<Keyring>,
    board: Option<&str>,
) -> Result<SystemFile, StoreError> {
    let failed = StoreError::io("read", path);
    let file = std::fs::File::open(path).map_err(&failed)?;
    let length_bytes = file.metadata().map_err(&failed)?.len();
    let mut reader = Reader {
        file: io::BufReader::with_capacity(1 << 20, file),
        path,
        position: 0,
    };
    let envelope = reader.take(ENVELOPE_BYTES)?;
    let release = verify(keyring, &envelope, board)?;
    let manifest = &release.manifest;
    let root = &manifest.root;
    let root_bytes = root.data_blocks.saturating_mul(BLOCK_BYTES);
    let need_bytes = root.offset_bytes.saturating_add(root_bytes);
    if length_bytes != need_bytes {
        return Err(StoreError::Length {
            have_bytes: length_bytes,
            need_bytes,
        });
    }
    reader.part(PartName::Kernel, &manifest.kernel)?;
    reader.part(PartName::Initrd, &manifest.initrd)?;
    reader.skip_to(root.offset_bytes)?;
    reader.root(manifest)?;
    Ok(SystemFile {
        board: manifest.board.to_owned(),
        product: manifest.product.to_owned(),
        version: manifest.version.0,
        epoch: manifest.epoch.0,
        manifest_hash: release.manifest_hash,
    })
}

/// For the board that is asked for, or for the one that it says it is for.
fn verify<'a>(
    keyring: &Verified<Keyring>,
    envelope: &'a [u8],
    board: Option<&str>,
) -> Result<Verified<Release<'a>>, StoreError> {
    let own = match board {
        Some(board) => board,
        None => {
            let parsed = parse_envelope(envelope).map_err(StoreError::System)?;
            // Not verified yet, and believed by nobody: the same name is asked for below.
            let manifest: Result<Manifest<'a>, _> = parsed.manifest.decode();
            manifest.map_or("", |manifest| manifest.board)
        }
    };
    let requirements = Requirements {
        kind: ImageKind::System,
        board: own,
        floors: Floors::default(),
        slot_length_bytes: u64::MAX,
    };
    verify_envelope(keyring, envelope, &requirements).map_err(StoreError::System)
}

struct Reader<'a> {
    file: io::BufReader<std::fs::File>,
    path: &'a Path,
    position: u64,
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        self.file
            .read_exact(&mut bytes)
            .map_err(StoreError::io("read", self.path))?;
        self.position += length as u64;
        Ok(bytes)
    }

    fn skip_to(&mut self, offset: u64) -> Result<(), StoreError> {
        while self.position < offset {
            let from = self.position;
            let piece = (offset - from).min(1 << 16);
            let gap = self.take(usize::try_from(piece).unwrap_or(1 << 16))?;
            if gap.iter().any(|byte| *byte != 0) {
                return Err(StoreError::NotZero(from));
            }
        }
        Ok(())
    }

    fn part(&mut self, name: PartName, part: &Part) -> Result<(), StoreError> {
        self.skip_to(part.offset_bytes)?;
        let length = usize::try_from(part.length_bytes).unwrap_or(usize::MAX);
        let bytes = self.take(length)?;
        verify_part(name, part, bytes, Compression::PORTABLE).map_err(StoreError::System)?;
        Ok(())
    }

    fn root(&mut self, manifest: &Manifest<'_>) -> Result<(), StoreError> {
        let root = &manifest.root;
        let mut tree = HashTree::new(root.data_blocks, root.salt);
        let mut found = None;
        for _ in 0..root.data_blocks {
            let mut block = [0; BLOCK_BYTES as usize];
            self.file
                .read_exact(&mut block)
                .map_err(StoreError::io("read", self.path))?;
            let Ok(hash) = tree.push(&block, |_, _| Ok::<(), std::convert::Infallible>(()));
            found = hash;
        }
        if found == Some(root.root_hash) {
            Ok(())
        } else {
            let part = PartName::Root;
            Err(StoreError::System(Refusal::Digest { part }))
        }
    }
}
