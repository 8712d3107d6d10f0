//! An update file: where its parts lie.

use super::MakeError;
use super::root_files::{RootFile, files_of};
use image_format::manifest::BLOCK_BYTES;
use image_format::{Digest, ENVELOPE_BYTES, Manifest, parse_envelope};
use image_trust::sha256;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// An update file. What it says of itself is taken as it is.
pub(super) struct Release {
    path: PathBuf,
    file: File,
    pub(super) manifest_hash: Digest,
    /// Without the zeros at its end.
    pub(super) envelope: Vec<u8>,
    pub(super) kernel: Range<u64>,
    pub(super) initrd: Range<u64>,
    pub(super) root: Range<u64>,
}

impl Release {
    pub(super) fn open(path: &Path) -> Result<Self, MakeError> {
        let failed = |error| MakeError::Read(path.to_owned(), error);
        let no_release =
            |why: &dyn Display| MakeError::NotARelease(path.to_owned(), why.to_string());
        let file = File::open(path).map_err(failed)?;
        let mut envelope = vec![0; ENVELOPE_BYTES];
        file.read_exact_at(&mut envelope, 0).map_err(failed)?;
        let parsed = parse_envelope(&envelope).map_err(|error| no_release(&error))?;
        let manifest: Manifest<'_> = parsed
            .manifest
            .decode()
            .map_err(|error| no_release(&error))?;
        let range = |offset: u64, length: Option<u64>| {
            let end = length.and_then(|length| offset.checked_add(length));
            let end = end.ok_or_else(|| no_release(&"a part has no end"))?;
            Ok(offset..end)
        };
        let (kernel, initrd, root) = (manifest.kernel, manifest.initrd, manifest.root);
        let kernel = range(kernel.offset_bytes, Some(kernel.length_bytes))?;
        let initrd = range(initrd.offset_bytes, Some(initrd.length_bytes))?;
        let root_bytes = root.data_blocks.checked_mul(BLOCK_BYTES);
        let root = range(root.offset_bytes, root_bytes)?;
        let manifest_hash = sha256(parsed.manifest.bytes);
        let last = envelope.iter().rposition(|byte| *byte != 0);
        envelope.truncate(last.map_or(0, |last| last + 1));
        Ok(Self {
            path: path.to_owned(),
            file,
            manifest_hash,
            envelope,
            kernel,
            initrd,
            root,
        })
    }

    /// The parts, in the order in which devices ask for them.
    pub(super) fn parts(&self) -> [Range<u64>; 3] {
        [self.kernel.clone(), self.initrd.clone(), self.root.clone()]
    }

    pub(super) fn bytes(&self, range: &Range<u64>) -> Result<Vec<u8>, MakeError> {
        let failed = |error| MakeError::Read(self.path.clone(), error);
        if range.end > self.file.metadata().map_err(failed)?.len() {
            return Err(failed(io::ErrorKind::UnexpectedEof.into()));
        }
        let length = usize::try_from(range.end.saturating_sub(range.start));
        let mut bytes = vec![0; length.map_err(|error| failed(io::Error::other(error)))?];
        self.file
            .read_exact_at(&mut bytes, range.start)
            .map_err(failed)?;
        Ok(bytes)
    }

    /// The files in the root; places count from the start of the slot.
    pub(super) fn root_files(&self) -> Result<Vec<RootFile>, MakeError> {
        let mut files = files_of(&self.bytes(&self.root)?)?;
        for file in &mut files {
            file.place.start += self.root.start;
            file.place.end += self.root.start;
        }
        Ok(files)
    }
}
