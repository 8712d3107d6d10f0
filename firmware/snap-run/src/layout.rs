//! The layout of a snap, as `confinement` takes it: with the paths of the revision that runs.

use crate::device::InstalledSnap;
use confinement::{LayoutEntry, LayoutSource};
use snap_format::expand_for_revision;
use std::path::PathBuf;

/// The places that the snap fills.
pub(crate) fn entries(snap: &InstalledSnap) -> Vec<LayoutEntry> {
    let name = snap.yaml.name.as_str();
    let inside = |path: &str| PathBuf::from(expand_for_revision(path, name, &snap.revision));
    let layout = snap.yaml.layout.iter();
    layout
        .map(|(place, layout)| LayoutEntry {
            at: inside(place),
            source: match &layout.source {
                snap_format::LayoutSource::Bind(path) => LayoutSource::Directory(inside(path)),
                snap_format::LayoutSource::BindFile(path) => LayoutSource::File(inside(path)),
                snap_format::LayoutSource::Symlink(path) => LayoutSource::Link(inside(path)),
                snap_format::LayoutSource::Tmpfs => LayoutSource::Memory,
            },
            mode: layout.mode,
        })
        .collect()
}
