//! Which bytes of the old release a piece of the new one is predicted from.

use super::MakeError;
use super::predecessors::Predecessors;
use super::release::Release;
use super::root_files::RootFile;
use std::ops::Range;

/// A piece of the new release, and what it is predicted from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) new: Range<u64>,
    pub(super) old: Option<Range<u64>>,
}

/// All of the new release that devices ask for, in the order in which they do.
pub(super) fn pair(old: &Release, new: &Release) -> Result<Vec<Piece>, MakeError> {
    let (old_files, new_files) = (old.root_files()?, new.root_files()?);
    // In front of the first content are super block and inodes.
    let metadata = |release: &Release, files: &[RootFile]| {
        let first = files
            .first()
            .map_or(release.root.end, |file| file.place.start);
        release.root.start..first
    };
    let (old_metadata, new_metadata) = (metadata(old, &old_files), metadata(new, &new_files));
    let mut end = new_metadata.end;
    let mut pieces: Vec<_> = [
        (new.kernel.clone(), old.kernel.clone()),
        (new.initrd.clone(), old.initrd.clone()),
        (new_metadata, old_metadata),
    ]
    .into_iter()
    .map(|(new, old)| Piece {
        new,
        old: Some(old),
    })
    .collect();
    let predecessors = Predecessors::of(&old_files, |file| file.path.as_slice());
    for file in &new_files {
        if file.place.start != end {
            return Err(MakeError::Root("its contents do not follow one another"));
        }
        end = file.place.end;
        pieces.push(Piece {
            new: file.place.clone(),
            old: predecessors.find(&file.path).map(|old| old.place.clone()),
        });
    }
    if end != new.root.end {
        return Err(MakeError::Root("its contents do not reach its end"));
    }
    Ok(pieces)
}
