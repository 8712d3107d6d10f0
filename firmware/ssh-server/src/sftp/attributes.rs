//! What is told of a file, and changed of it.

use russh_sftp::protocol::FileAttributes;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_OMIT};
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::Path;

/// The bits of a mode that are not its kind.
const PERMISSIONS: u32 = 0o7777;

/// As the kernel has them. Times before 1970 and after 2106 have no place in the protocol.
pub(super) fn of(found: &Metadata) -> FileAttributes {
    let time = |secs: i64| u32::try_from(secs.max(0)).unwrap_or(u32::MAX);
    FileAttributes {
        size: Some(found.len()),
        uid: Some(found.uid()),
        gid: Some(found.gid()),
        permissions: Some(found.mode()),
        atime: Some(time(found.atime())),
        mtime: Some(time(found.mtime())),
        ..FileAttributes::default()
    }
}

/// Changes those that are given, through links.
pub(super) fn set(path: &Path, wanted: &FileAttributes) -> io::Result<()> {
    if let Some(size) = wanted.size {
        File::options().write(true).open(path)?.set_len(size)?;
    }
    if let Some(mode) = wanted.permissions {
        fs::set_permissions(path, Permissions::from_mode(mode & PERMISSIONS))?;
    }
    if let Some(times) = times(wanted) {
        rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?;
    }
    match (wanted.uid, wanted.gid) {
        (None, None) => Ok(()),
        (uid, gid) => chown(path, uid, gid),
    }
}

/// The same of a file that is open.
pub(super) fn set_of_file(file: &File, wanted: &FileAttributes) -> io::Result<()> {
    if let Some(size) = wanted.size {
        file.set_len(size)?;
    }
    if let Some(mode) = wanted.permissions {
        file.set_permissions(Permissions::from_mode(mode & PERMISSIONS))?;
    }
    if let Some(times) = times(wanted) {
        rustix::fs::futimens(file, &times)?;
    }
    match (wanted.uid, wanted.gid) {
        (None, None) => Ok(()),
        (uid, gid) => fchown(file, uid, gid),
    }
}

fn times(wanted: &FileAttributes) -> Option<Timestamps> {
    let time = |secs: Option<u32>| Timespec {
        tv_sec: secs.unwrap_or_default().into(),
        tv_nsec: match secs {
            Some(_) => 0,
            None => UTIME_OMIT,
        },
    };
    let is_asked = wanted.atime.is_some() || wanted.mtime.is_some();
    is_asked.then(|| Timestamps {
        last_access: time(wanted.atime),
        last_modification: time(wanted.mtime),
    })
}
