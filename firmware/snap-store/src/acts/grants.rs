//! What a snap is granted, written where whoever runs it looks. The state says what; the file
//! follows it, as links do.

use crate::error::StoreError;
use crate::start::Snaps;
use crate::state::SnapState;
use snap_format::{Grant, SnapName};
use std::collections::BTreeSet;
use std::io::ErrorKind;

/// What the administrator and the store's owner grant a snap.
pub(crate) fn of(snap: &SnapState) -> BTreeSet<Grant> {
    let signed = snap.current().map(|current| &current.grants);
    let signed = signed.into_iter().flatten();
    snap.grants.iter().chain(signed).cloned().collect()
}

/// Writes it. A snap that does not count is granted nothing.
pub(crate) fn write(
    snaps: &Snaps<'_>,
    name: &SnapName,
    snap: &SnapState,
) -> Result<(), StoreError> {
    let (files, path) = (snaps.files, snaps.places.grants_of(name));
    let io = || StoreError::io(format!("write {}", path.display()));
    let found = match files.read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        found => found.map_err(io())?,
    };
    let granted = match snap.current {
        Some(_) => of(snap).iter().map(Grant::line).collect(),
        None => String::new(),
    };
    if found == granted.as_bytes() {
        return Ok(());
    }
    if granted.is_empty() {
        return files.remove_file(&path).map_err(io());
    }
    files.make_directory(&snaps.places.grants).map_err(io())?;
    files.replace(&path, granted.as_bytes()).map_err(io())
}
