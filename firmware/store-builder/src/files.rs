//! All that is written to a store goes through here, step by step, so that a test can stop
//! it between any two steps and look at what is left.

use crate::StoreError;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// The steps. Each may be the last one before the power goes.
pub trait Files {
    /// Makes a directory, and what leads to it.
    ///
    /// # Errors
    /// The operating system's.
    fn create_directory(&mut self, path: &Path) -> io::Result<()>;
    /// Writes a file and flushes it. Whoever stops half-way leaves half a file.
    ///
    /// # Errors
    /// The operating system's.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Copies a file and flushes the copy.
    ///
    /// # Errors
    /// The operating system's.
    fn copy(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Dates a file. Web servers make a file's entity tag of its length and of its time in
    /// whole seconds, so two states of one file must differ in one of them.
    ///
    /// # Errors
    /// The operating system's.
    fn date(&mut self, path: &Path, time: SystemTime) -> io::Result<()>;
    /// Gives a file or directory another name, in place of what had that name.
    ///
    /// # Errors
    /// The operating system's.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// Flushes the names in a directory.
    ///
    /// # Errors
    /// The operating system's.
    fn sync_directory(&mut self, path: &Path) -> io::Result<()>;
    /// Removes a directory and all that is in it, if it is there.
    ///
    /// # Errors
    /// The operating system's.
    fn remove_directory(&mut self, path: &Path) -> io::Result<()>;
}

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn create_directory(&mut self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn write(&mut self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn copy(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let mut copy = File::create(to)?;
        io::copy(&mut File::open(from)?, &mut copy)?;
        copy.sync_all()
    }

    fn date(&mut self, path: &Path, time: SystemTime) -> io::Result<()> {
        let file = File::options().write(true).open(path)?;
        file.set_modified(time)?;
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_directory(&mut self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn remove_directory(&mut self, path: &Path) -> io::Result<()> {
        match fs::remove_dir_all(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Puts a file where it belongs: all of it or nothing is there afterwards.
pub(crate) fn place(files: &mut dyn Files, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = write_draft(files, path, bytes)?;
    move_into_place(files, &draft, path)
}

/// The same for a file that is replaced: the new one is later by a second at least.
pub(crate) fn replace(files: &mut dyn Files, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let draft = write_draft(files, path, bytes)?;
    let former = fs::metadata(path).and_then(|metadata| metadata.modified());
    if let Ok(former) = former {
        let time = SystemTime::now().max(former + Duration::from_secs(1));
        files
            .date(&draft, time)
            .map_err(StoreError::io("write", path))?;
    }
    move_into_place(files, &draft, path)
}

fn write_draft(files: &mut dyn Files, path: &Path, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(StoreError::io("write", path)(
            io::ErrorKind::InvalidInput.into(),
        ));
    };
    let draft = directory.join(format!(".{}.draft", name.display()));
    files
        .create_directory(directory)
        .and_then(|()| files.write(&draft, bytes))
        .map_err(StoreError::io("write", path))?;
    Ok(draft)
}

/// Gives a complete file the name under which it counts.
pub(crate) fn move_into_place(
    files: &mut dyn Files,
    draft: &Path,
    path: &Path,
) -> Result<(), StoreError> {
    let directory = path.parent().unwrap_or(Path::new("."));
    files
        .create_directory(directory)
        .and_then(|()| files.rename(draft, path))
        .and_then(|()| files.sync_directory(directory))
        .map_err(StoreError::io("write", path))
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    fs::read(path).map_err(StoreError::io("read", path))
}
