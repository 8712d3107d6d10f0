//! A change that waits for signatures of keys that are elsewhere: `pending/ROLE.json`.

use crate::StoreError;
use crate::change::Change;
use crate::files::{Files, move_into_place, place, read};
use crate::layout::Layout;
use crate::published::Published;
use std::fs;
use tuf_client::metadata::{Envelope, RoleName, Signed};

/// The change that waits, if one does. One that was published and not cleared away is none.
pub(crate) fn read_pending(
    layout: &Layout,
    old: Option<&Published>,
) -> Result<Option<Change>, StoreError> {
    let directory = layout.pending();
    if !directory.exists() {
        return Ok(None);
    }
    let mut change = Change::default();
    for entry in fs::read_dir(&directory).map_err(StoreError::io("list", &directory))? {
        let path = entry.map_err(StoreError::io("list", &directory))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        // A draft was cut short, and says nothing.
        let Some(role) = name.and_then(|name| name.strip_suffix(".json")) else {
            continue;
        };
        let envelope =
            Envelope::parse(&read(&path)?).map_err(|error| StoreError::damaged(&path, error))?;
        change.0.insert(RoleName(role.to_owned()), envelope);
    }
    if change.0.is_empty() || is_public(&change, old)? {
        return Ok(None);
    }
    Ok(Some(change))
}

fn is_public(change: &Change, old: Option<&Published>) -> Result<bool, StoreError> {
    let Some(old) = old else {
        return Ok(false);
    };
    for role in change.0.keys() {
        let (new, public) = if *role == RoleName::root() {
            let root = change.typed::<tuf_client::metadata::Root>(role)?;
            (root.map(|root| root.version()), Some(old.root.version))
        } else {
            let targets = change.typed::<tuf_client::metadata::Targets>(role)?;
            let public = old.targets_of(role).ok().map(Signed::version);
            (targets.map(|targets| targets.version()), public)
        };
        if new > public {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets a change wait. Either all of its files are there afterwards, or none.
pub(crate) fn write_pending(
    layout: &Layout,
    files: &mut dyn Files,
    change: &Change,
) -> Result<(), StoreError> {
    let (directory, draft) = (layout.pending(), layout.drafts().join("pending"));
    remove(files, &draft)?;
    for (role, envelope) in &change.0 {
        place(
            files,
            &draft.join(role.meta_name()),
            &bytes(role, envelope)?,
        )?;
    }
    remove(files, &directory)?;
    move_into_place(files, &draft, &directory)
}

/// Keeps one more signature.
pub(crate) fn write_role(
    layout: &Layout,
    files: &mut dyn Files,
    role: &RoleName,
    envelope: &Envelope,
) -> Result<(), StoreError> {
    let path = layout.pending().join(role.meta_name());
    place(files, &path, &bytes(role, envelope)?)
}

/// Drops the change.
pub(crate) fn remove_pending(layout: &Layout, files: &mut dyn Files) -> Result<(), StoreError> {
    remove(files, &layout.pending())
}

fn remove(files: &mut dyn Files, directory: &std::path::Path) -> Result<(), StoreError> {
    files
        .remove_directory(directory)
        .map_err(StoreError::io("remove", directory))
}

fn bytes(role: &RoleName, envelope: &Envelope) -> Result<Vec<u8>, StoreError> {
    envelope
        .to_bytes()
        .map_err(|error| StoreError::damaged(std::path::Path::new(&role.meta_name()), error))
}
