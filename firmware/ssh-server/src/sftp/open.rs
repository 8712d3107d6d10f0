//! What a client has open: files, and directories that it reads bit by bit.

use super::attributes;
use core::fmt;
use russh_sftp::protocol::{File as Entry, FileAttributes, OpenFlags};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, ReadDir};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A client has so many open at a time.
const MOST: usize = 256;
/// So many entries of a directory are told at once.
const ENTRIES: usize = 100;

/// All that is open, by the words that the client has for it.
#[derive(Default)]
pub(super) struct Handles {
    last: u64,
    files: HashMap<String, File>,
    directories: HashMap<String, ReadDir>,
}

/// Why a handle is of no use.
#[derive(Debug)]
pub(super) enum OpenError {
    /// There is none, or it is another thing's.
    NoSuchHandle,
    /// The client has to close something first.
    TooMany,
    /// The file system's.
    Io(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchHandle => f.write_str("nothing of that kind is open by that handle"),
            Self::TooMany => write!(f, "{MOST} are open already; close one first"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl Handles {
    pub(super) fn open_file(
        &mut self,
        path: &Path,
        flags: OpenFlags,
        attributes: &FileAttributes,
    ) -> Result<String, OpenError> {
        let handle = self.next()?;
        let mode = attributes.permissions.unwrap_or(0o666) & 0o777;
        let file = OpenOptions::from(flags).mode(mode).open(path);
        self.files
            .insert(handle.clone(), file.map_err(OpenError::Io)?);
        Ok(handle)
    }

    pub(super) fn open_directory(&mut self, path: &Path) -> Result<String, OpenError> {
        let handle = self.next()?;
        let directory = fs::read_dir(path).map_err(OpenError::Io)?;
        self.directories.insert(handle.clone(), directory);
        Ok(handle)
    }

    pub(super) fn file(&self, handle: &str) -> Result<&File, OpenError> {
        self.files.get(handle).ok_or(OpenError::NoSuchHandle)
    }

    /// Some more of a directory; none at its end.
    pub(super) fn next_entries(&mut self, handle: &str) -> Result<Vec<Entry>, OpenError> {
        let directory = self.directories.get_mut(handle);
        let directory = directory.ok_or(OpenError::NoSuchHandle)?;
        let entries = directory.take(ENTRIES).map(|entry| {
            let entry = entry?;
            // One that is gone meanwhile has a name and no more.
            let attributes = entry.metadata().map(|found| attributes::of(&found));
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok(Entry::new(name, attributes.unwrap_or_default()))
        });
        entries.collect::<io::Result<_>>().map_err(OpenError::Io)
    }

    pub(super) fn close(&mut self, handle: &str) -> Result<(), OpenError> {
        let was_file = self.files.remove(handle).is_some();
        match was_file || self.directories.remove(handle).is_some() {
            true => Ok(()),
            false => Err(OpenError::NoSuchHandle),
        }
    }

    fn next(&mut self) -> Result<String, OpenError> {
        if self.files.len() + self.directories.len() >= MOST {
            return Err(OpenError::TooMany);
        }
        self.last = self.last.wrapping_add(1);
        Ok(self.last.to_string())
    }
}
