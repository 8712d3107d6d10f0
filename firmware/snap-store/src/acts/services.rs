//! What runs of the snap, before a change and behind it.

use crate::change::Change;
use crate::error::StoreError;
use crate::runtime::Installed;
use crate::start::Snaps;
use snap_format::Hook;

pub(super) fn stop_old(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match change.old {
        Some(old) => Ok(snaps.runtime.stop(&snaps.to_stop(&change.snap, old)?)?),
        None => Ok(()),
    }
}

/// One that cannot be read does not start, and keeps no change from its end for ever: the
/// second time it is left as it is, and so it is while it is made whole.
pub(super) fn start_old(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match old(snaps, change) {
        Ok(Some(old)) => Ok(snaps.runtime.start(&old)?),
        Ok(None) => Ok(()),
        Err(_) if change.resumed > 0 || change.repairs() => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) fn start_new(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match new(snaps, change)? {
        Some(new) => Ok(snaps.runtime.start(&new)?),
        None => Ok(()),
    }
}

pub(super) fn stop_new(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match new(snaps, change)? {
        Some(new) => Ok(snaps.runtime.stop(&new)?),
        None => Ok(()),
    }
}

pub(super) fn hook_of_old(
    snaps: &Snaps<'_>,
    change: &Change,
    hook: Hook,
) -> Result<(), StoreError> {
    match old(snaps, change)? {
        Some(old) => Ok(snaps.runtime.hook(&old, hook)?),
        None => Ok(()),
    }
}

pub(super) fn hook_of_new(
    snaps: &Snaps<'_>,
    change: &Change,
    hook: Hook,
) -> Result<(), StoreError> {
    match new(snaps, change)? {
        Some(new) => Ok(snaps.runtime.hook(&new, hook)?),
        None => Ok(()),
    }
}

/// Runs the hook of what is to go. One that cannot be read goes without.
pub(super) fn remove_hook(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match old(snaps, change) {
        Ok(Some(old)) => Ok(snaps.runtime.hook(&old, Hook::Remove)?),
        Ok(None) | Err(_) => Ok(()),
    }
}

/// Runs the hook of what comes, or of what is here.
pub(super) fn configure(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    match change.new {
        Some(_) => hook_of_new(snaps, change, Hook::Configure),
        None => hook_of_old(snaps, change, Hook::Configure),
    }
}

fn old(snaps: &Snaps<'_>, change: &Change) -> Result<Option<Installed>, StoreError> {
    let old = change.old.map(|old| snaps.installed(&change.snap, old));
    old.transpose()
}

fn new(snaps: &Snaps<'_>, change: &Change) -> Result<Option<Installed>, StoreError> {
    let new = change.new.as_ref();
    let new = new.map(|new| snaps.installed(&change.snap, new.revision));
    new.transpose()
}
