//! Files that are complete or not there.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

/// Lets `fill` write a temporary file beside `out`, and renames it at the end.
pub(crate) fn write_complete<T>(
    out: &Path,
    fill: impl FnOnce(&mut File) -> Result<T>,
) -> Result<T> {
    let directory = directory_of(out);
    let partial = NamedTempFile::new_in(directory)
        .with_context(|| format!("cannot make a file in {}", directory.display()))?;
    let mut file = partial.reopen()?;
    let filled = fill(&mut file).with_context(|| format!("cannot write {}", out.display()))?;
    // Temporary files are private; this one is as readable as any other file.
    file.set_permissions(Permissions::from_mode(0o644))?;
    partial
        .persist(out)
        .with_context(|| format!("cannot make {}", out.display()))?;
    Ok(filled)
}

/// The directory that a file lies in, or will.
pub(crate) fn directory_of(file: &Path) -> &Path {
    match file.parent() {
        Some(directory) if directory != Path::new("") => directory,
        _ => Path::new("."),
    }
}
