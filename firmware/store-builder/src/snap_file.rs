//! A snap: what its `meta/snap.yaml` says.

use crate::StoreError;
use snap_format::{SnapFile, SnapYaml};
use std::fs::File;
use std::path::Path;

pub(crate) use snap_format::squashfs::MAGIC;

/// What the snap at `path` says of itself; refused is what no device would install.
pub(crate) fn read_snap_file(path: &Path) -> Result<SnapYaml, StoreError> {
    let file = File::open(path).map_err(StoreError::io("read", path))?;
    let snap = SnapFile::open(file).map_err(|source| StoreError::Snap {
        path: path.to_owned(),
        source,
    })?;
    Ok(snap.yaml().clone())
}
