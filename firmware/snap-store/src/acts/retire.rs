//! What is not needed any more: out of the state first, then off the disk.

use super::{data, file, mount};
use crate::change::{Change, ChangeKind};
use crate::configuration::Configuration;
use crate::error::StoreError;
use crate::start::Snaps;
use crate::state::State;
use snap_format::Revision;

/// Decides what goes. From here on nothing is undone, and what cannot be removed is only
/// waste.
pub(super) fn retire(change: &Change, next: &mut State) -> Result<(), StoreError> {
    let snap = next.snap_mut(&change.snap);
    let stays = |revision: Revision| match change.kind {
        ChangeKind::Install | ChangeKind::Refresh | ChangeKind::Revert | ChangeKind::Configure => {
            Some(revision) == snap.current || Some(revision) == change.old
        }
        ChangeKind::Remove | ChangeKind::Purge => false,
    };
    let all = snap.revisions.iter().map(|one| one.revision);
    let doomed: Vec<_> = all.filter(|revision| !stays(*revision)).collect();
    let mut doomed_data = doomed.clone();
    match change.kind {
        ChangeKind::Install => {
            snap.channel.clone_from(&change.channel);
            let kept = snap.kept_data.take();
            snap.kept_configuration = Configuration::default();
            doomed_data.extend(kept.filter(|kept| Some(*kept) != snap.current));
        }
        ChangeKind::Refresh => {
            snap.channel.clone_from(&change.channel);
            snap.reverted_from = None;
            snap.failed = snap.failed.filter(|failed| Some(*failed) != snap.current);
        }
        ChangeKind::Revert => snap.reverted_from = change.old,
        ChangeKind::Remove => {
            doomed_data.retain(|revision| Some(*revision) != change.old);
            snap.kept_data = change.old;
            let old = change.old.and_then(|old| snap.revision(old));
            let configuration = old.map(|old| old.configuration.clone());
            snap.kept_configuration = configuration.unwrap_or_default();
            // Who installs a snap of this name again says again what it may have, and whence.
            snap.grants.clear();
            snap.channel = None;
        }
        ChangeKind::Purge | ChangeKind::Configure => {}
    }
    snap.revisions.retain(|one| !doomed.contains(&one.revision));
    if change.kind == ChangeKind::Purge {
        next.forget(&change.snap);
    }
    if let Some(change) = &mut next.change {
        (change.doomed, change.doomed_data) = (doomed, doomed_data);
    }
    Ok(())
}

/// Removes it. What fails does not keep the rest.
pub(super) fn clean(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let name = &change.snap;
    let mut failed = Ok(());
    let mut then = |cleaned: Result<(), StoreError>| {
        if let Err(error) = cleaned {
            failed = Err(error);
        }
    };
    then(data::remove_aside(snaps, change));
    for revision in &change.doomed {
        then(mount::remove(snaps, name, *revision));
        then(file::remove(snaps, name, *revision));
    }
    for revision in &change.doomed_data {
        then(data::remove(snaps, name, *revision));
    }
    if change.kind == ChangeKind::Purge {
        let all = snaps.places.data_of(name);
        let act = format!("remove {}", all.display());
        then(snaps.files.remove_tree(&all).map_err(StoreError::io(act)));
    }
    failed
}
