//! Writing and reading the files of signers: nothing is lost half-way.

use super::{Document, KeyError};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Of private keys.
pub(crate) const KEY_MODE: u32 = 0o600;
/// Of everything that may be seen.
pub(crate) const PUBLIC_MODE: u32 = 0o644;
/// The keyring with its signatures.
pub(super) const KEYRING_FILE: &str = "root.keyring";
/// The present delegation with its signatures.
pub(super) const DELEGATION_FILE: &str = "delegation";

/// Makes the directory, and what leads to it, unless it is there.
pub(crate) fn create_directory(path: &Path) -> Result<(), KeyError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(KeyError::io("make the directory", path))
}

/// Writes a file that was not there.
pub(crate) fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), KeyError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeyError::Exists(path.to_owned()),
            _ => KeyError::io("write", path)(error),
        })?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(KeyError::io("write", path))
}

/// Reads a keyring, delegation or envelope.
///
/// # Errors
/// [`KeyError::NoKeys`] when the file is not there, [`KeyError::NotADocument`] when it
/// is something else.
pub fn read_document(path: &Path) -> Result<Document, KeyError> {
    let bytes = fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => KeyError::NoKeys(path.to_owned()),
        _ => KeyError::io("read", path)(error),
    })?;
    Document::parse(&bytes)
}

/// Writes a document so that either the old or the new one is there afterwards.
///
/// # Errors
/// [`KeyError::Io`].
pub fn write_document(path: &Path, document: &Document) -> Result<(), KeyError> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let failed = KeyError::io("write", path);
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(&failed)?;
    file.write_all(&document.encode()?).map_err(&failed)?;
    set_mode(file.as_file()).map_err(&failed)?;
    file.as_file().sync_all().map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn set_mode(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(PUBLIC_MODE))
}
