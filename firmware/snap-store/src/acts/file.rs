//! A file that is whole becomes a revision: verified, and named block by block.

use super::mount;
use super::tree::{io, make_tree};
use crate::change::Change;
use crate::error::StoreError;
use crate::seal::RootHash;
use crate::start::Snaps;
use crate::state::{Origin, State};
use image_format::Digest;

pub(super) fn seal(snaps: &Snaps<'_>, change: &Change, next: &mut State) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let (files, places) = (snaps.files, &snaps.places);
    let part = places.part(&change.snap, new.revision);
    let whole = places.file(&change.snap, new.revision);
    let tree_path = places.tree(&change.snap, new.revision);
    let is_here = files.exists(&part).map_err(io("look for", &part))?;
    // A cut may have come behind the rename.
    let found = if is_here { &part } else { &whole };
    let sealed = make_tree(files, found, &tree_path)?;
    if !is_signed(&sealed, new) {
        // The next try begins from its first byte.
        let _ = files.remove_file(&part);
        return Err(StoreError::WrongBytes(change.snap.clone(), new.revision));
    }
    if is_here {
        files.rename(&part, &whole).map_err(io("rename", &part))?;
    }
    let mut new = new.clone();
    new.length_bytes = sealed.length_bytes;
    new.sha256 = sealed.sha256;
    new.root_hash = sealed.root_hash;
    let snap = next.snap_mut(&change.snap);
    snap.revisions.retain(|one| one.revision != new.revision);
    if let snap_format::Revision::Local(number) = new.revision {
        snap.last_local = snap.last_local.max(number.get());
    }
    snap.revisions.push(new);
    Ok(())
}

/// Whether it is what its publisher signed. Nobody signed a file that somebody brought.
fn is_signed(sealed: &RootHash, new: &crate::RevisionState) -> bool {
    match new.origin {
        Origin::Unauthenticated => true,
        Origin::Store { .. } => {
            // An older store does not sign the root hash; the one that was made is of the
            // bytes whose hash is signed.
            let names_blocks = new.root_hash != Digest::ZERO;
            sealed.sha256 == new.sha256
                && sealed.length_bytes == new.length_bytes
                && (!names_blocks || sealed.root_hash == new.root_hash)
        }
    }
}

pub(super) fn unseal(
    snaps: &Snaps<'_>,
    change: &Change,
    next: &mut State,
) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    // The start mounts what is in the state, whatever was undone before it.
    mount::remove(snaps, &change.snap, new.revision)?;
    remove(snaps, &change.snap, new.revision)?;
    let part = snaps.places.part(&change.snap, new.revision);
    if new.origin == Origin::Unauthenticated {
        let act = || format!("remove {}", part.display());
        snaps
            .files
            .remove_file(&part)
            .map_err(StoreError::io(act()))?;
    }
    let snap = next.snap_mut(&change.snap);
    snap.revisions.retain(|one| one.revision != new.revision);
    if change.old.is_none() && snap.kept_data.is_none() {
        next.forget(&change.snap);
    }
    Ok(())
}

/// Removes the files of a revision.
pub(super) fn remove(
    snaps: &Snaps<'_>,
    name: &snap_format::SnapName,
    revision: snap_format::Revision,
) -> Result<(), StoreError> {
    let (files, places) = (snaps.files, &snaps.places);
    for path in [places.file(name, revision), places.tree(name, revision)] {
        let act = || format!("remove {}", path.display());
        files.remove_file(&path).map_err(StoreError::io(act()))?;
    }
    let directory = places.files_of(name);
    let act = || format!("remove {}", directory.display());
    files
        .remove_if_empty(&directory)
        .map_err(StoreError::io(act()))
}
