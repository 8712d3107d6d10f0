//! Files beneath a directory: no link on the way is followed, nor one at the end.

use rustix::fs::{Mode, OFlags, mkdirat, openat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;

const DIRECTORY: OFlags = OFlags::DIRECTORY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC)
    .union(OFlags::RDONLY);

/// Opens a regular file to be read; none where there is none.
pub(crate) fn open(directory: impl AsFd, path: &str) -> io::Result<Option<File>> {
    let (parents, name) = path.rsplit_once('/').unwrap_or(("", path));
    let read = || {
        let directory = walk(directory, parents, Missing::Fails)?;
        // A pipe would be waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        openat(directory, name, flags, Mode::empty())
    };
    let file = match read() {
        Ok(file) => File::from(file),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(io::Error::other("it is a link")),
        Err(error) => return Err(error.into()),
    };
    match file.metadata()?.is_file() {
        true => Ok(Some(file)),
        false => Err(io::Error::other("it is no file")),
    }
}

/// What becomes of a directory that is not there.
#[derive(Clone, Copy)]
pub(crate) enum Missing {
    /// It is made, for everybody to look into.
    IsMade,
    /// It is an error.
    Fails,
}

/// Goes down to a directory.
pub(crate) fn walk(from: impl AsFd, path: &str, missing: Missing) -> Result<File, Errno> {
    let mut directory = File::from(openat(from, ".", DIRECTORY, Mode::empty())?);
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if part == ".." {
            return Err(Errno::INVAL);
        }
        if let Missing::IsMade = missing {
            match mkdirat(&directory, part, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error),
            }
        }
        directory = File::from(openat(&directory, part, DIRECTORY, Mode::empty())?);
    }
    Ok(directory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn no_link_is_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), "s").unwrap();
        let inside = tempfile::tempdir().unwrap();
        fs::create_dir(inside.path().join("a")).unwrap();
        fs::write(inside.path().join("a/b"), "b").unwrap();
        symlink(outside.path(), inside.path().join("link")).unwrap();
        symlink(outside.path().join("secret"), inside.path().join("file")).unwrap();
        let directory = File::open(inside.path()).unwrap();
        assert!(open(&directory, "a/b").unwrap().is_some());
        assert!(open(&directory, "a/c").unwrap().is_none());
        assert!(open(&directory, "c/c").unwrap().is_none());
        for path in ["link/secret", "file", "a", "a/../a/b", "../x"] {
            assert!(open(&directory, path).is_err(), "{path}");
        }
        assert!(walk(&directory, "link", Missing::IsMade).is_err());
        assert!(walk(&directory, "a/new", Missing::IsMade).is_ok());
    }
}
