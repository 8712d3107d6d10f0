//! Where a layout's files come from: the snap's own tree and data, and no link on the way is
//! followed. What is missing of the data is made, as the snap's.
//!
//! Another program of the snap may run and change the data meanwhile. So everything is done by
//! names in open directories.

use super::{copy_of, file_type};
use crate::sandbox::{LayoutEntry, Sandbox};
use crate::user::UserId;
use rustix::fs::{FileType, Gid, Mode, OFlags, Uid, fchmod, fchown, fstat, mkdirat, open, openat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

/// A file or a directory of the snap's.
pub(super) struct Source {
    /// A mount of it, that is nowhere yet.
    pub(super) tree: OwnedFd,
    /// Itself, if it is data.
    pub(super) writable: Option<OwnedFd>,
}

/// What is done about a file that is not there.
#[derive(Clone, Copy)]
enum Missing {
    IsAnError,
    IsMade(UserId),
}

impl Source {
    /// What fills the place of `entry`; none for a link, and for memory.
    pub(super) fn open(sandbox: &Sandbox, entry: &LayoutEntry) -> io::Result<Option<Self>> {
        let Some((path, kind)) = file_type(&entry.source) else {
            return Ok(None);
        };
        let made = Missing::IsMade(sandbox.user);
        let (snap, data) = (sandbox.snap_directory(), sandbox.data_directory());
        let trees = [
            (snap.with_file_name("current"), &snap, Missing::IsAnError),
            (snap.clone(), &snap, Missing::IsAnError),
            (data.with_file_name("current"), &data, made),
            (data.clone(), &data, made),
            (
                sandbox.common_directory(),
                &sandbox.common_directory(),
                made,
            ),
        ];
        let mut below = trees.iter().filter_map(|(named, tree, missing)| {
            let below = path.strip_prefix(named).ok()?;
            Some((below, *tree, *missing))
        });
        let Some((below, tree, missing)) = below.next() else {
            let stranger = format!("{} is not the snap's", path.display());
            return Err(io::Error::other(stranger));
        };
        let file = walk(tree, below, (kind, entry.mode), missing).map_err(|error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        Ok(Some(Self {
            tree: copy_of(&file, OsStr::new(""))?,
            writable: matches!(missing, Missing::IsMade(_)).then_some(file),
        }))
    }
}

/// Opens `path` below `tree`, which is of a kind and, if it has to be made, gets a mode.
fn walk(
    tree: &Path,
    path: &Path,
    (kind, mode): (FileType, u32),
    missing: Missing,
) -> io::Result<OwnedFd> {
    let mut here = open(tree, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut names = path.components().peekable();
    while let Some(name) = names.next() {
        let Component::Normal(name) = name else {
            return Err(io::Error::other("it leads elsewhere"));
        };
        let (kind, mode) = match names.peek() {
            Some(_) => (FileType::Directory, 0o755),
            None => (kind, mode),
        };
        here = match (open_one(&here, name, kind), missing) {
            (Err(Errno::NOENT), Missing::IsMade(owner)) => {
                make_one(&here, name, (kind, mode), owner)?
            }
            (found, _) => found?,
        };
    }
    if FileType::from_raw_mode(fstat(&here)?.st_mode) == kind {
        Ok(here)
    } else {
        Err(io::Error::other("it is not a file of that kind"))
    }
}

fn open_one(directory: &OwnedFd, name: &OsStr, kind: FileType) -> Result<OwnedFd, Errno> {
    let flags = OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let flags = flags
        | match kind {
            FileType::Directory => OFlags::DIRECTORY,
            // What it is, is not known yet, and a pipe would wait for somebody.
            _ => OFlags::PATH,
        };
    openat(directory, name, flags, Mode::empty())
}

fn make_one(
    directory: &OwnedFd,
    name: &OsStr,
    (kind, mode): (FileType, u32),
    owner: UserId,
) -> io::Result<OwnedFd> {
    let private = Mode::RWXU;
    let made = if kind == FileType::Directory {
        mkdirat(directory, name, private)?;
        open_one(directory, name, kind)?
    } else {
        let new = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        openat(directory, name, new, private)?
    };
    // The umask took bits away.
    fchmod(&made, Mode::from_raw_mode(mode))?;
    let (user, group) = (Uid::from_raw(owner.get()), Gid::from_raw(owner.get()));
    fchown(&made, Some(user), Some(group))?;
    Ok(made)
}
