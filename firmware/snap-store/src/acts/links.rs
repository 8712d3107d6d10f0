//! Which revision counts: `current` of its files and of its data, and its commands. The state
//! says so; the links follow it, each switched at once.

use super::grants;
use crate::change::Change;
use crate::error::StoreError;
use crate::start::Snaps;
use crate::state::State;
use snap_format::{Revision, SnapName};
use std::path::Path;

pub(super) fn link(snaps: &Snaps<'_>, change: &Change, next: &mut State) -> Result<(), StoreError> {
    let Some(new) = &change.new else {
        return Ok(());
    };
    let snap = next.snap_mut(&change.snap);
    snap.grants.extend(change.grants.iter().cloned());
    snap.current = Some(new.revision);
    grants::write(snaps, &change.snap, snap)?;
    lead_to(snaps, &change.snap, Some(new.revision))
}

pub(super) fn unlink(
    snaps: &Snaps<'_>,
    change: &Change,
    next: &mut State,
) -> Result<(), StoreError> {
    lead_to(snaps, &change.snap, None)?;
    let snap = next.snap_mut(&change.snap);
    snap.current = None;
    grants::write(snaps, &change.snap, snap)
}

pub(super) fn link_back(
    snaps: &Snaps<'_>,
    change: &Change,
    next: &mut State,
) -> Result<(), StoreError> {
    lead_to(snaps, &change.snap, change.old)?;
    let snap = next.snap_mut(&change.snap);
    snap.current = change.old;
    snap.grants.clone_from(&change.old_grants);
    grants::write(snaps, &change.snap, snap)
}

/// Switches the links of a snap to a revision that is mounted, or takes them away.
pub(crate) fn lead_to(
    snaps: &Snaps<'_>,
    name: &SnapName,
    revision: Option<Revision>,
) -> Result<(), StoreError> {
    let (files, places) = (snaps.files, &snaps.places);
    let (mount, data) = (places.current_mount(name), places.current_data(name));
    let io = |path: &Path| StoreError::io(format!("switch {}", path.display()));
    let wanted = match revision {
        Some(revision) => {
            let target = revision.to_string();
            for link in [&data, &mount] {
                let found = files.read_link(link).map_err(io(link))?;
                if found.as_deref() != Some(Path::new(&target)) {
                    files
                        .replace_link(link, Path::new(&target))
                        .map_err(io(link))?;
                }
            }
            commands(snaps, name, revision)?
        }
        None => {
            for link in [&mount, &data] {
                files.remove_file(link).map_err(io(link))?;
            }
            Vec::new()
        }
    };
    let directory = places.commands();
    let of_snap = |command: &String| {
        let rest = command.strip_prefix(name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let present = files.list(&directory).map_err(io(&directory))?;
    for command in present.iter().filter(|command| of_snap(command)) {
        if !wanted.contains(command) {
            let link = directory.join(command);
            files.remove_file(&link).map_err(io(&link))?;
        }
    }
    for command in wanted.iter().filter(|command| !present.contains(command)) {
        let link = directory.join(command);
        files
            .replace_link(&link, &places.launcher)
            .map_err(io(&link))?;
    }
    Ok(())
}

/// The commands of a revision, as people type them: services have none.
fn commands(
    snaps: &Snaps<'_>,
    name: &SnapName,
    revision: Revision,
) -> Result<Vec<String>, StoreError> {
    let installed = snaps.installed(name, revision)?;
    let apps = installed.yaml.apps.iter();
    let apps = apps.filter(|(_, app)| app.service.is_none() && app.command.is_some());
    let command = |app: &str| match app == name.as_str() {
        true => name.to_string(),
        false => format!("{name}.{app}"),
    };
    Ok(apps.map(|(app, _)| command(app.as_str())).collect())
}
