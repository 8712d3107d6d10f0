//! The file system, as far as this crate uses it: a seam for tests that make it fail.
//!
//! What changes names or contents is on the disk when it comes back, and what may have been
//! done before a cut does not fail when it is done again.

mod copy;
mod disk;

pub use disk::DiskFiles;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// What is done with files. Errors are the file system's.
#[expect(
    clippy::missing_errors_doc,
    reason = "all of them have the file system's errors and no others"
)]
pub trait Files: Send + Sync {
    /// All of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Whether something is there; a link is something.
    fn exists(&self, path: &Path) -> io::Result<bool>;
    /// The names in a directory, sorted; none where there is no directory.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
    /// Opens a file to be read.
    fn open(&self, path: &Path) -> io::Result<File>;
    /// Opens a file to be written from anywhere on, and makes it if it is not there.
    fn open_to_write(&self, path: &Path) -> io::Result<File>;
    /// Writes a piece.
    fn write_at(&self, file: &File, offset_bytes: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file, or fills it with zeros up to that length.
    fn set_length(&self, file: &File, length_bytes: u64) -> io::Result<()>;
    /// Brings a file to the disk.
    fn flush(&self, file: &File) -> io::Result<()>;
    /// Puts a file in the place of an older one.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Puts a symbolic link in the place of an older one.
    fn replace_link(&self, path: &Path, target: &Path) -> io::Result<()>;
    /// Where a symbolic link leads; `None` where there is none.
    fn read_link(&self, path: &Path) -> io::Result<Option<PathBuf>>;
    /// Makes a directory, and those above it.
    fn make_directory(&self, path: &Path) -> io::Result<()>;
    /// Gives a file or a directory another name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file or a link, if it is there.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory that is empty; leaves another one.
    fn remove_if_empty(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and all in it, if it is there. It follows no links.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;
    /// Copies a directory with owners, modes, times and attributes to where nothing is. It
    /// follows no links.
    fn copy_tree(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// How many bytes such a copy takes.
    fn tree_bytes(&self, path: &Path) -> io::Result<u64>;
    /// How many bytes programs without privileges may still write there; of a place that is
    /// not there yet, in the file system where it will be.
    fn free_bytes(&self, path: &Path) -> io::Result<u64>;
}
