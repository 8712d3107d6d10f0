//! Each revision has data of its own: a copy of what the one before it had.

use crate::change::{Change, ChangeKind, EarlierData};
use crate::error::StoreError;
use crate::start::Snaps;
use snap_format::{Revision, SnapName};
use std::path::{Path, PathBuf};

/// Where the data of a revision lies, where a copy of it is made, and where the data goes
/// that an earlier installation of the same revision left.
struct Spots {
    own: PathBuf,
    new: PathBuf,
    aside: PathBuf,
}

fn spots(snaps: &Snaps<'_>, change: &Change, revision: Revision) -> Spots {
    let all = snaps.places.data_of(&change.snap);
    Spots {
        own: all.join(revision.to_string()),
        new: all.join(format!("{revision}.new")),
        aside: all.join(format!("{revision}.aside")),
    }
}

fn io(act: &str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    StoreError::io(format!("{act} {}", path.display()))
}

fn exists(snaps: &Snaps<'_>, path: &Path) -> Result<bool, StoreError> {
    snaps.files.exists(path).map_err(io("look for", path))
}

/// Whether the revision that comes has data already, from an earlier time.
///
/// # Errors
/// The file system's.
pub(crate) fn earlier(
    snaps: &Snaps<'_>,
    name: &SnapName,
    revision: Revision,
) -> Result<EarlierData, StoreError> {
    let all = snaps.places.data_of(name);
    // A change before this one could not remove it.
    let aside = all.join(format!("{revision}.aside"));
    snaps
        .files
        .remove_tree(&aside)
        .map_err(io("remove", &aside))?;
    Ok(match exists(snaps, &all.join(revision.to_string()))? {
        true => EarlierData::SetAside,
        false => EarlierData::None,
    })
}

/// Removes the data of a revision.
pub(super) fn remove(
    snaps: &Snaps<'_>,
    name: &SnapName,
    revision: Revision,
) -> Result<(), StoreError> {
    let path = snaps.places.data(name, revision);
    snaps.files.remove_tree(&path).map_err(io("remove", &path))
}

/// Removes what was set aside for the revision that came.
pub(super) fn remove_aside(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let aside = spots(snaps, change, new.revision).aside;
    snaps
        .files
        .remove_tree(&aside)
        .map_err(io("remove", &aside))
}

/// What the new data is a copy of: the old revision's, or what a removed snap left.
fn origin(snaps: &Snaps<'_>, change: &Change) -> Option<Revision> {
    let kept = || snaps.state.snap(&change.snap)?.kept_data;
    change.old.or_else(kept)
}

pub(super) fn copy(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let (Some(new), files) = (&change.new, snaps.files) else {
        return Ok(());
    };
    let spots = spots(snaps, change, new.revision);
    let common = snaps.places.common_data(&change.snap);
    files.make_directory(&common).map_err(io("make", &common))?;
    files
        .remove_tree(&spots.new)
        .map_err(io("remove", &spots.new))?;
    if change.earlier_data == EarlierData::SetAside && !exists(snaps, &spots.aside)? {
        files
            .rename(&spots.own, &spots.aside)
            .map_err(io("rename", &spots.own))?;
    }
    // What lies here now is our own copy, of a try before this one.
    files
        .remove_tree(&spots.own)
        .map_err(io("remove", &spots.own))?;
    let from = origin(snaps, change).map(|from| match from == new.revision {
        true => spots.aside.clone(),
        false => snaps.places.data(&change.snap, from),
    });
    match from {
        Some(from) if exists(snaps, &from)? => {
            let needed = files.tree_bytes(&from).map_err(io("measure", &from))?;
            snaps.require_room(needed)?;
            files
                .copy_tree(&from, &spots.new)
                .map_err(io("copy", &from))?;
        }
        _ => files
            .make_directory(&spots.new)
            .map_err(io("make", &spots.new))?,
    }
    files
        .rename(&spots.new, &spots.own)
        .map_err(io("rename", &spots.new))
}

pub(super) fn take_back(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let (Some(new), files) = (&change.new, snaps.files) else {
        return Ok(());
    };
    let spots = spots(snaps, change, new.revision);
    files
        .remove_tree(&spots.new)
        .map_err(io("remove", &spots.new))?;
    match change.earlier_data {
        EarlierData::None => {
            files
                .remove_tree(&spots.own)
                .map_err(io("remove", &spots.own))?;
        }
        // Where it was not set aside yet, it lies where it was.
        EarlierData::SetAside if !exists(snaps, &spots.aside)? => {}
        EarlierData::SetAside => {
            files
                .remove_tree(&spots.own)
                .map_err(io("remove", &spots.own))?;
            files
                .rename(&spots.aside, &spots.own)
                .map_err(io("rename", &spots.aside))?;
        }
    }
    if change.kind == ChangeKind::Install && origin(snaps, change).is_none() {
        for empty in [
            snaps.places.common_data(&change.snap),
            snaps.places.data_of(&change.snap),
        ] {
            files
                .remove_if_empty(&empty)
                .map_err(io("remove", &empty))?;
        }
    }
    Ok(())
}
