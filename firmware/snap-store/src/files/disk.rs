//! The file system of the device.

use super::Files;
use super::copy::{copy_tree, tree_bytes};
use rustix::io::Errno;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, symlink};
use std::path::{Path, PathBuf};

/// The file system that this program sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        Ok(absent_is_none(fs::symlink_metadata(path))?.is_some())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let Some(entries) = absent_is_none(fs::read_dir(path))? else {
            return Ok(Vec::new());
        };
        let mut names = Vec::new();
        for entry in entries {
            // Whatever is ours has a name in ASCII.
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        File::open(path)
    }

    fn open_to_write(&self, path: &Path) -> io::Result<File> {
        if let Some(directory) = path.parent() {
            self.make_directory(directory)?;
        }
        File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
    }

    fn write_at(&self, file: &File, offset_bytes: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, offset_bytes)
    }

    fn set_length(&self, file: &File, length_bytes: u64) -> io::Result<()> {
        file.set_len(length_bytes)
    }

    fn flush(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let directory = parent(path)?;
        self.make_directory(directory)?;
        let new = beside(path)?;
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        sync(directory)
    }

    fn replace_link(&self, path: &Path, target: &Path) -> io::Result<()> {
        let directory = parent(path)?;
        self.make_directory(directory)?;
        let new = beside(path)?;
        self.remove_file(&new)?;
        symlink(target, &new)?;
        fs::rename(&new, path)?;
        sync(directory)
    }

    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match fs::read_link(path) {
            // Something else is there.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(None),
            read => absent_is_none(read),
        }
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o755).create(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let directory = parent(to)?;
        self.make_directory(directory)?;
        fs::rename(from, to)?;
        sync(directory)?;
        sync(parent(from)?)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        absent_is_none(fs::remove_file(path)).map(drop)
    }

    fn remove_if_empty(&self, path: &Path) -> io::Result<()> {
        match fs::remove_dir(path) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
            removed => absent_is_none(removed).map(drop),
        }
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        absent_is_none(fs::remove_dir_all(path)).map(drop)
    }

    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<()> {
        copy_tree(from, to)?;
        sync(parent(to)?)
    }

    fn tree_bytes(&self, path: &Path) -> io::Result<u64> {
        tree_bytes(path)
    }

    fn free_bytes(&self, path: &Path) -> io::Result<u64> {
        // The first snap of a device brings its directories with it.
        let told = path
            .ancestors()
            .map(rustix::fs::statvfs)
            .find(|told| !matches!(told, Err(Errno::NOENT)))
            .unwrap_or(Err(Errno::NOENT))?;
        // What is reserved for root is not available, and this is.
        Ok(told.f_bavail.saturating_mul(told.f_frsize))
    }
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn parent(path: &Path) -> io::Result<&Path> {
    path.parent().ok_or_else(|| ErrorKind::InvalidInput.into())
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(ErrorKind::InvalidInput)?;
    let mut new = std::ffi::OsString::from(".");
    new.push(name);
    new.push(".new");
    Ok(path.with_file_name(new))
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first snap that a device takes from a store is asked for room before there is a
    /// place for data of snaps.
    #[test]
    fn room_is_that_of_the_file_system_in_which_a_place_will_be() -> io::Result<()> {
        let directory = tempfile::tempdir()?;
        let place = directory.path().join("var/snap");
        let before = DiskFiles.free_bytes(&place)?;
        assert!(before > 0);
        // Somebody else may write there meanwhile, so that no number is asked for.
        DiskFiles.make_directory(&place)?;
        assert!(DiskFiles.free_bytes(&place)? > 0);
        let file = directory.path().join("file");
        fs::write(&file, "")?;
        let error = DiskFiles.free_bytes(&file.join("x")).expect_err("a file");
        assert_eq!(error.kind(), ErrorKind::NotADirectory);
        Ok(())
    }
}
