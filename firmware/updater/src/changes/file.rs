//! The file of the changes. Read by whoever wrote it: a daemon that starts again.

use super::Change;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::Path;

/// More than [`super::KEPT`] changes ever take.
const LONGEST_BYTES: u64 = 1 << 20;

/// Reads it. What is missing, too long or of another form tells of nothing.
pub(super) fn read(path: &Path) -> VecDeque<Change> {
    let is_short = fs::metadata(path).is_ok_and(|file| file.len() <= LONGEST_BYTES);
    let bytes = is_short.then(|| fs::read(path).ok()).flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Writes it whole, so that a daemon that dies meanwhile leaves the old one.
pub(super) fn write(path: &Path, changes: &VecDeque<Change>) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(changes)?)?;
    fs::rename(new, path)
}
