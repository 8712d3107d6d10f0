//! A damaged file is replaced by the same one, whole; or the tree is, that lies beside it.

use super::tree::{io, make_tree};
use crate::change::Change;
use crate::error::StoreError;
use crate::start::Snaps;
use crate::state::{RevisionState, State};
use std::path::{Path, PathBuf};

/// Verifies what came before it touches what is here. Nothing of the revision runs.
pub(super) fn replace(
    snaps: &Snaps<'_>,
    change: &Change,
    next: &mut State,
) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let (files, places, name) = (snaps.files, &snaps.places, &change.snap);
    let came = place_of(snaps, change, new)?;
    let tree_part = places.part_of_tree(name, new.revision);
    let (file, tree) = (
        places.file(name, new.revision),
        places.tree(name, new.revision),
    );
    verify(snaps, &came, &tree_part, change, new)?;
    let mount = places.mount(name, new.revision);
    snaps
        .mounts
        .unmount(&mount)
        .map_err(io("unmount", &mount))?;
    if came != file {
        files.rename(&came, &file).map_err(io("rename", &came))?;
    }
    files
        .rename(&tree_part, &tree)
        .map_err(io("rename", &tree_part))?;
    snaps.mount(name, new)?;
    let snap = next.snap_mut(name);
    for one in &mut snap.revisions {
        if one.revision == new.revision {
            one.damage = None;
        }
    }
    Ok(())
}

/// What came is what was signed, so it stays. What is here is mounted, if it can be.
pub(super) fn leave(snaps: &Snaps<'_>, change: &Change) {
    if let Some(new) = &change.new {
        let _ = snaps.mount(&change.snap, new);
    }
}

/// The file that came, or the one in its place: a cut may have come behind the rename, and
/// nothing came for a tree.
fn place_of(
    snaps: &Snaps<'_>,
    change: &Change,
    new: &RevisionState,
) -> Result<PathBuf, StoreError> {
    let part = snaps.places.part(&change.snap, new.revision);
    match snaps.files.exists(&part).map_err(io("look for", &part))? {
        true => Ok(part),
        false => Ok(snaps.places.file(&change.snap, new.revision)),
    }
}

/// Makes the tree of the file beside it; refuses a file that is not the revision's.
fn verify(
    snaps: &Snaps<'_>,
    came: &Path,
    tree_part: &Path,
    change: &Change,
    new: &RevisionState,
) -> Result<(), StoreError> {
    let sealed = make_tree(snaps.files, came, tree_part)?;
    if sealed.root_hash == new.root_hash && sealed.length_bytes == new.length_bytes {
        return Ok(());
    }
    // The next try begins from its first byte.
    let _ = snaps
        .files
        .remove_file(&snaps.places.part(&change.snap, new.revision));
    Err(StoreError::WrongBytes(change.snap.clone(), new.revision))
}
