//! Data without a state that tells of it: a factory reset that keeps what apps wrote leaves that.
//!
//! It is taken for the data of snaps that were removed, so that the next installation of each
//! begins with it.

use crate::files::Files;
use crate::places::Places;
use crate::state::State;
use snap_format::{Revision, SnapName};
use std::io;

/// The state of a device that has no file of it.
///
/// # Errors
/// The file system's.
pub(crate) fn state_of(files: &dyn Files, places: &Places) -> io::Result<State> {
    let mut state = State::default();
    for name in files.list(&places.data)? {
        if let Ok(name) = name.parse::<SnapName>()
            && let Some(revision) = last_revision(files, places, &name)?
        {
            state.snap_mut(&name).kept_data = Some(revision);
        }
    }
    Ok(state)
}

/// The one that counted, or the newest of those that have data.
fn last_revision(
    files: &dyn Files,
    places: &Places,
    name: &SnapName,
) -> io::Result<Option<Revision>> {
    let link = files.read_link(&places.current_data(name))?;
    let names = files.list(&places.data_of(name))?;
    let revision = |name: &str| name.parse::<Revision>().ok();
    let current = link.as_deref().and_then(|link| link.to_str());
    let current = current.filter(|current| names.iter().any(|name| name == current));
    Ok(match current.and_then(revision) {
        Some(current) => Some(current),
        None => names.iter().filter_map(|name| revision(name)).max(),
    })
}
