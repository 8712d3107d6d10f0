//! The snaps that need a framework which changes: they stop before it does, and start behind
//! it.

use crate::change::Change;
use crate::error::StoreError;
use crate::runtime::Installed;
use crate::start::Snaps;
use snap_format::SnapName;

pub(super) fn stop(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    for name in change.dependants.iter().rev() {
        if let Some(dependant) = current(snaps, name)? {
            snaps.runtime.stop(&dependant)?;
        }
    }
    Ok(())
}

/// One that does not start with the new revision of what it needs keeps the old one.
pub(super) fn start(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    for name in &change.dependants {
        if let Some(dependant) = current(snaps, name)? {
            snaps.runtime.start(&dependant)?;
        }
    }
    Ok(())
}

/// One that does not start with the old revision either must not keep the change from its end
/// for ever: the second time it is left to the supervisor.
pub(super) fn start_again(snaps: &Snaps<'_>, change: &Change) -> Result<(), StoreError> {
    let mut failed = Ok(());
    for name in &change.dependants {
        if let Some(dependant) = current(snaps, name)?
            && let Err(error) = snaps.runtime.start(&dependant)
        {
            failed = Err(error);
        }
    }
    match failed {
        Err(error) if change.resumed == 0 => Err(error.into()),
        _ => Ok(()),
    }
}

fn current(snaps: &Snaps<'_>, name: &SnapName) -> Result<Option<Installed>, StoreError> {
    let current = snaps.state.snap(name).and_then(|snap| snap.current);
    let current = current.map(|current| snaps.installed(name, current));
    current.transpose()
}
