//! The configuration of a revision: kept in the state, inherited as the data is.

use crate::change::Change;
use crate::configuration::Configuration;
use crate::start::Snaps;
use crate::state::State;
use snap_format::Revision;

/// Gives the revision that comes what the one before it had, or what a removed snap left.
pub(super) fn inherit(snaps: &Snaps<'_>, change: &Change, next: &mut State) {
    let Some(snap) = snaps.state.snap(&change.snap) else {
        return;
    };
    let inherited = match change.old {
        Some(old) => snap.revision(old).map(|old| &old.configuration),
        None => Some(&snap.kept_configuration),
    };
    let inherited = inherited.cloned().unwrap_or_default();
    if let Some(new) = &change.new {
        put(next, change, new.revision, inherited);
    }
}

/// Gives it back what it had at an earlier time.
pub(super) fn give_back(change: &Change, next: &mut State) {
    if let Some(new) = &change.new {
        put(next, change, new.revision, new.configuration.clone());
    }
}

/// Has the current revision be configured as was asked.
pub(super) fn set(change: &Change, next: &mut State) {
    if let (Some(current), Some(asked)) = (change.old, &change.configuration) {
        put(next, change, current, asked.to.clone());
    }
}

/// As it was before.
pub(super) fn set_back(change: &Change, next: &mut State) {
    if let (Some(current), Some(asked)) = (change.old, &change.configuration) {
        put(next, change, current, asked.from.clone());
    }
}

pub(super) fn put(
    next: &mut State,
    change: &Change,
    revision: Revision,
    configuration: Configuration,
) {
    let revisions = &mut next.snap_mut(&change.snap).revisions;
    if let Some(found) = revisions.iter_mut().find(|one| one.revision == revision) {
        found.configuration = configuration;
    }
}
