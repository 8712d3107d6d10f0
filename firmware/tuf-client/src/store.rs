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
        self.directory.join(file_name(role))
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
        replace(&self.directory, &file_name(role), |file| {
            file.write_all(bytes)
        })
    }

    fn remove(&mut self, role: &RoleName) -> io::Result<()> {
        remove_if_there(&self.path(role))?;
        File::open(&self.directory)?.sync_all()
    }
}

fn file_name(role: &RoleName) -> String {
    format!("{}.json", encode_component(&role.0))
}

/// No encoded name has a plus sign.
const DRAFT: &str = ".draft+";

/// Writes a draft in `directory`, flushes it, gives it its name, and flushes that. What was
/// there is replaced and never followed. One writer at a time: the next one removes what a
/// power cut left of a draft.
pub(crate) fn replace(
    directory: &Path,
    name: &str,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let lock = File::open(directory)?;
    lock.lock()?;
    let draft = directory.join(DRAFT);
    remove_if_there(&draft)?;
    let drafted = File::create_new(&draft).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    let placed = drafted.and_then(|()| fs::rename(&draft, directory.join(name)));
    if placed.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&draft);
    }
    placed?;
    lock.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
