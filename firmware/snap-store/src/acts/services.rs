//! What runs of the snap, before a change and behind it.

use super::configuration;
use crate::change::Change;
use crate::error::StoreError;
use crate::runtime::Installed;
use crate::start::Snaps;
use crate::state::State;
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

/// What it sets of its configuration goes and comes back with its revision.
pub(super) fn hook_of_new(
    snaps: &Snaps<'_>,
    change: &Change,
    hook: Hook,
    next: &mut State,
) -> Result<(), StoreError> {
    match new(snaps, change)? {
        Some(new) => hook_that_sets(snaps, change, &new, hook, next),
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
pub(super) fn configure(
    snaps: &Snaps<'_>,
    change: &Change,
    next: &mut State,
) -> Result<(), StoreError> {
    match (new(snaps, change)?, old(snaps, change)?) {
        (Some(one), _) | (None, Some(one)) => {
            hook_that_sets(snaps, change, &one, Hook::Configure, next)
        }
        (None, None) => Ok(()),
    }
}

fn hook_that_sets(
    snaps: &Snaps<'_>,
    change: &Change,
    of: &Installed,
    hook: Hook,
    next: &mut State,
) -> Result<(), StoreError> {
    snaps.runtime.hook(of, hook)?;
    if let Some(set) = snaps.runtime.set_by_hook(&of.name) {
        configuration::put(next, change, of.revision, set);
    }
    Ok(())
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
