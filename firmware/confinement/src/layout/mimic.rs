//! A mimic: a directory in memory over one that is read-only, with all that is in it, in
//! which further names can be made.

use super::{copy_of, graft, make_directory};
use crate::view::QUIET;
use rustix::mount::mount;
use std::ffi::{CString, OsStr};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

/// Covers `directory`, a real path. Whoever does it closes the mimic when no name is to come.
pub(super) fn cover(directory: &Path, size_bytes: u64) -> io::Result<()> {
    // Open, it stays at hand below what covers it.
    let below = File::open(directory)?;
    let entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    let as_below = below.metadata()?;
    let options = CString::new(format!(
        "mode={:o},uid={},gid={},size={size_bytes}",
        as_below.mode() & 0o7777,
        as_below.uid(),
        as_below.gid(),
    ))?;
    mount("tmpfs", directory, "tmpfs", QUIET, options.as_c_str())?;
    for entry in entries {
        let name = entry.file_name();
        let path = directory.join(&name);
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            let target = rustix::fs::readlinkat(&below, &name, Vec::new())?;
            symlink(OsStr::from_bytes(target.as_bytes()), &path)?;
            continue;
        }
        if kind.is_dir() {
            make_directory(&path)?;
        } else {
            File::create_new(&path)?;
        }
        graft(&copy_of(&below, &name)?, &path)?;
    }
    Ok(())
}
