//! Layouts: places of the view that a snap has filled with files of its own.
//!
//! Who wrote the snap wrote these paths, and the links in its files and its base. So nothing
//! is done here before the view is the only root: what a path leads to is in it, or nowhere.
//! Inside, what is the system's stays closed, by the real path of a place.

mod mimic;
mod source;

use crate::error::{Layer, LayerError, OfLayer};
use crate::sandbox::{LayoutEntry, LayoutSource, Sandbox};
use crate::view::{QUIET, READ_ONLY};
use rustix::fs::{CWD, FileType};
use rustix::mount::{
    MountFlags, MoveMountFlags, OpenTreeFlags, mount, mount_remount, move_mount, open_tree,
};
use source::Source;
use std::ffi::{CString, OsStr};
use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Nothing is put there, in there or over them: the other layers stand on what is there.
const CLOSED: [&str; 7] = [
    "/dev",
    "/proc",
    "/run",
    "/snap",
    "/sys",
    "/tmp",
    "/var/snap",
];

/// Fills the places of `sandbox`, in its view. Returns those that it may write: files and
/// directories, open.
pub(crate) fn apply(sandbox: &Sandbox) -> Result<Vec<OwnedFd>, LayerError> {
    // All of them before the first place is filled: or one layout would show another.
    let mut sources = Vec::new();
    for entry in &sandbox.layout {
        let cannot = || format!("find what the layout shows at {}", entry.at.display());
        sources.push(Source::open(sandbox, entry).layer(Layer::View, cannot)?);
    }
    let mut places = Places {
        sandbox,
        filled: Vec::new(),
        mimics: Vec::new(),
        writable: Vec::new(),
    };
    for (entry, source) in sandbox.layout.iter().zip(sources) {
        let cannot = || format!("fill {} as the layout says", entry.at.display());
        places.fill(entry, source).layer(Layer::View, cannot)?;
    }
    for mimic in &places.mimics {
        mount_remount(mimic, MountFlags::BIND | READ_ONLY, c"")
            .layer(Layer::View, || format!("close {}", mimic.display()))?;
    }
    Ok(places.writable)
}

/// The places that have been filled.
struct Places<'a> {
    sandbox: &'a Sandbox,
    /// By their real paths.
    filled: Vec<PathBuf>,
    mimics: Vec<PathBuf>,
    writable: Vec<OwnedFd>,
}

impl Places<'_> {
    fn fill(&mut self, entry: &LayoutEntry, source: Option<Source>) -> io::Result<()> {
        let (directory, names) = nearest(&entry.at)?;
        let place = directory.join(names.iter().collect::<PathBuf>());
        if !self.is_open(&place) {
            let closed = format!("{} is not for layouts", place.display());
            return Err(io::Error::other(closed));
        }
        self.make(directory, &names, &entry.source)?;
        match source {
            Some(source) => {
                graft(&source.tree, &place)?;
                self.writable.extend(source.writable);
            }
            None if matches!(entry.source, LayoutSource::Memory) => {
                self.mount_memory(&place, entry.mode)?;
            }
            None => {}
        }
        self.filled.push(place);
        Ok(())
    }

    fn is_open(&self, place: &Path) -> bool {
        let apart = |other: &Path| !place.starts_with(other) && !other.starts_with(place);
        let own = self.sandbox.snap_directory();
        let in_snap = place.starts_with(&own) && place != own;
        (in_snap || CLOSED.iter().all(|area| apart(Path::new(area))))
            && self.filled.iter().all(|other| apart(other))
    }

    /// Makes what is missing of `names` below `directory`; the last one is the place.
    fn make(
        &mut self,
        directory: PathBuf,
        names: &[&OsStr],
        source: &LayoutSource,
    ) -> io::Result<()> {
        let mut here = directory;
        let (place, above) = names.split_last().ok_or(ErrorKind::InvalidInput)?;
        for name in above {
            let path = here.join(name);
            self.open_up(&here, || make_directory(&path))?;
            here = path;
        }
        let path = here.join(place);
        if let Ok(metadata) = fs::symlink_metadata(&path) {
            return is_as_expected(&path, &metadata, source);
        }
        self.open_up(&here, || match source {
            LayoutSource::Directory(_) | LayoutSource::Memory => make_directory(&path),
            LayoutSource::File(_) => File::create_new(&path).map(drop),
            LayoutSource::Link(target) => symlink(target, &path),
        })
    }

    /// Does `act` in `directory`; if that is read-only, in a mimic of it.
    fn open_up(&mut self, directory: &Path, act: impl Fn() -> io::Result<()>) -> io::Result<()> {
        match act() {
            Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
                mimic::cover(directory, self.sandbox.limits.temporary_bytes)?;
                self.mimics.push(directory.to_owned());
                act()
            }
            other => other,
        }
    }

    fn mount_memory(&mut self, place: &Path, mode: u32) -> io::Result<()> {
        let user = self.sandbox.user.get();
        let size = self.sandbox.limits.temporary_bytes;
        let options = format!("mode={mode:o},uid={user},gid={user},size={size},nr_inodes=16384");
        let options = CString::new(options)?;
        mount("tmpfs", place, "tmpfs", QUIET, options.as_c_str())?;
        self.writable.push(File::open(place)?.into());
        Ok(())
    }
}

/// The real path of the nearest directory above `at` that is there, and the names from there.
fn nearest(at: &Path) -> io::Result<(PathBuf, Vec<&OsStr>)> {
    let mut names = Vec::new();
    let mut rest = at;
    loop {
        let (Some(parent), Some(name)) = (rest.parent(), rest.file_name()) else {
            return Err(io::Error::other("no place has such a path"));
        };
        names.insert(0, name);
        match fs::canonicalize(parent) {
            Err(error) if error.kind() == ErrorKind::NotFound => rest = parent,
            found => return Ok((found?, names)),
        }
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    fs::create_dir(path)?;
    // The umask took bits away.
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

/// What is there already must do: a mount covers its like, a link is the same link.
fn is_as_expected(path: &Path, metadata: &fs::Metadata, source: &LayoutSource) -> io::Result<()> {
    let (fits, expected) = match source {
        LayoutSource::Directory(_) | LayoutSource::Memory => (metadata.is_dir(), "no directory"),
        LayoutSource::File(_) => (metadata.is_file(), "no file"),
        LayoutSource::Link(target) => {
            let same = metadata.is_symlink() && fs::read_link(path)? == *target;
            (same, "in the way of a link")
        }
    };
    if fits {
        Ok(())
    } else {
        Err(io::Error::other(format!("what is there is {expected}")))
    }
}

/// A mount of `name` in `directory`, and of what is mounted in there, that is nowhere yet.
fn copy_of(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE
        | OpenTreeFlags::OPEN_TREE_CLOEXEC
        | OpenTreeFlags::AT_EMPTY_PATH
        | OpenTreeFlags::AT_RECURSIVE
        | OpenTreeFlags::AT_SYMLINK_NOFOLLOW;
    Ok(open_tree(directory, name, flags)?)
}

/// Puts a mount from [`copy_of`] onto `place`. It is as read-only as what it is a copy of.
fn graft(tree: &OwnedFd, place: &Path) -> io::Result<()> {
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
    Ok(move_mount(tree, "", CWD, place, flags)?)
}

/// What kind of file fills a place.
fn file_type(source: &LayoutSource) -> Option<(&Path, FileType)> {
    match source {
        LayoutSource::Directory(path) => Some((path, FileType::Directory)),
        LayoutSource::File(path) => Some((path, FileType::RegularFile)),
        LayoutSource::Link(_) | LayoutSource::Memory => None,
    }
}
