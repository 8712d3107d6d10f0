//! Makes patches on the host.
//!
//! Both update files are laid out by us, so it is known which bytes are which file's: each
//! file of the new release is predicted from the file of the same name of the old one, the
//! kernel from the kernel, the initrd from the initrd (`pieces`). Within a pair the
//! matcher looks for what stayed or nearly stayed (`matcher`), and the writer packs what it
//! finds into segments (`writer`).

mod error;
mod matcher;
mod pieces;
mod predecessors;
mod release;
mod root_files;
mod writer;

use crate::{Patch, PatchError, SlotFile, StoredImage};
use release::Release;
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::ops::Range;
use std::path::Path;

pub use error::MakeError;
pub use predecessors::Predecessors;

/// What a patch became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its length.
    pub patch_bytes: u64,
    /// How many segments it has.
    pub segments: usize,
}

/// Writes to `out` the patch from the update file `old` to the update file `new`.
///
/// Takes both as they are: whoever publishes the patch has verified them.
///
/// # Errors
/// See [`MakeError`].
pub fn make_patch(old: &Path, new: &Path, out: &mut impl Write) -> Result<Made, MakeError> {
    let (old, new) = (Release::open(old)?, Release::open(new)?);
    let pieces = pieces::pair(&old, &new)?;
    let mut writer = writer::Writer::default();
    for piece in &pieces {
        let fresh = new.bytes(&piece.new)?;
        let before = match &piece.old {
            Some(range) => old.bytes(range)?,
            None => Vec::new(),
        };
        let place = piece.old.as_ref().map_or(0, |range| range.start);
        writer.begin(piece.new.start)?;
        matcher::steps(&before, &fresh, |step| {
            writer.step(place, &before, &fresh, step)
        })?;
    }
    let parts = writer.finish(old.manifest_hash, new.manifest_hash, new.envelope)?;
    let mut patch_bytes = 0;
    for part in &parts {
        patch_bytes += part.len() as u64;
        out.write_all(part).map_err(MakeError::Write)?;
    }
    Ok(Made {
        patch_bytes,
        segments: parts.len() - 1,
    })
}

/// Applies a patch as a device does, and holds every byte that devices ask for against the
/// update file `new`.
///
/// # Errors
/// The patch cannot be used, or gives other bytes.
pub fn verify_patch(patch: impl Read + Seek, old: &Path, new: &Path) -> Result<(), MakeError> {
    let open = |path: &Path| {
        let file = File::open(path).and_then(SlotFile::whole);
        file.map_err(|error| MakeError::Read(path.to_owned(), error))
    };
    let (old_release, new_release) = (Release::open(old)?, Release::open(new)?);
    let mut patch = Patch::open(patch, open(old)?).map_err(MakeError::Verify)?;
    let header = patch.header();
    let said = (header.from, header.to, &header.envelope);
    let meant = (
        old_release.manifest_hash,
        new_release.manifest_hash,
        &new_release.envelope,
    );
    if said != meant {
        return Err(MakeError::Differs(0));
    }
    let mut wanted = open(new)?;
    for part in new_release.parts() {
        compare(&mut patch, &mut wanted, part).map_err(|error| error.at(new))?;
    }
    Ok(())
}

/// What is compared at once: as the device writes.
const PIECE_BYTES: u64 = 1 << 20;

fn compare<P: Read + Seek>(
    patch: &mut Patch<P, SlotFile>,
    wanted: &mut SlotFile,
    part: Range<u64>,
) -> Result<(), Comparison> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut place = part.start;
    while place < part.end {
        let length = PIECE_BYTES.min(part.end - place) as usize;
        ours.resize(length, 0);
        theirs.resize(length, 0);
        patch.read_at(place, &mut ours).map_err(Comparison::Patch)?;
        wanted
            .read_at(place, &mut theirs)
            .map_err(Comparison::Wanted)?;
        if ours != theirs {
            return Err(Comparison::Differs(place));
        }
        place += length as u64;
    }
    Ok(())
}

enum Comparison {
    Patch(PatchError),
    Wanted(std::io::Error),
    Differs(u64),
}

impl Comparison {
    fn at(self, wanted: &Path) -> MakeError {
        match self {
            Self::Patch(error) => MakeError::Verify(error),
            Self::Wanted(error) => MakeError::Read(wanted.to_owned(), error),
            Self::Differs(place) => MakeError::Differs(place),
        }
    }
}
