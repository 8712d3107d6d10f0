//! Where the client keeps what it trusts.

use crate::metadata::RoleName;
use crate::names::encode_component;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

/// One file for each role. What is saved has been verified; what is loaded is verified again.
pub trait MetadataStore {
    /// The role's file, if there is one. A file longer than `max_bytes` is none of ours.
    fn load(&self, role: &RoleName, max_bytes: u64) -> io::Result<Option<Vec<u8>>>;
    /// Puts the file in the place of the old one: after a power cut there is one of the two.
    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()>;
    /// Removes the file, if there is one.
    fn remove(&mut self, role: &RoleName) -> io::Result<()>;
}

/// A directory with `root.json`, `timestamp.json` and so on.
pub struct DirectoryStore {
    directory: PathBuf,
}

impl DirectoryStore {
    /// The directory, which is made when something is saved.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        DirectoryStore {
            directory: directory.into(),
        }
    }

    fn path(&self, role: &RoleName) -> PathBuf {
        self.directory
            .join(format!("{}.json", encode_component(&role.0)))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
}

impl MetadataStore for DirectoryStore {
    fn load(&self, role: &RoleName, max_bytes: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match File::open(self.path(role)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(max_bytes.saturating_add(1))
            .read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= max_bytes).then_some(bytes))
    }

    fn save(&mut self, role: &RoleName, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        replace(&self.path(role), |file| file.write_all(bytes))?;
        self.sync()
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        match fs::remove_file(self.path(role)) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Writes a new file beside `path`, flushes it, and gives it the name. What was there is
/// replaced and never followed.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let draft = path.with_file_name(format!(".{}.draft", std::process::id()));
    let drafted = File::create(&draft).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    let placed = drafted.and_then(|()| fs::rename(&draft, path));
    if placed.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    placed
}
