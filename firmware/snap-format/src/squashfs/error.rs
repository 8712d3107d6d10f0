//! Why a squashfs is not read.

use super::{MAX_DEPTH, MAX_ENTRIES};
use std::fmt;
use std::io;

/// A file that is not read, or not to its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum SquashfsError {
    /// The file cannot be read.
    Io(io::Error),
    /// It does not begin as a squashfs does.
    NoSquashfs,
    /// Another version than 4.0.
    Version {
        /// The first number.
        major: u16,
        /// The second.
        minor: u16,
    },
    /// Packed in a way that is not understood here.
    Compressor(u16),
    /// The file ends before the file system does.
    CutOff {
        /// How long it would have to be.
        used_bytes: u64,
    },
    /// Something in it contradicts itself.
    Damaged(Part),
    /// There is no file at this path, or something else than a file.
    NoFile(String),
    /// A file that is longer than anybody makes it.
    TooLong {
        /// Its path.
        path: String,
        /// The most.
        max_bytes: usize,
    },
    /// More files than a snap has, or directories in directories without end.
    TooMany,
}

/// A part of a squashfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What stands first.
    Superblock,
    /// The tables of everything.
    Metadata,
    /// What is known of one file.
    Inode,
    /// A list of names.
    Directory,
    /// The content of a file.
    Block,
    /// The ends of several files.
    Fragment,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Superblock => "superblock",
            Self::Metadata => "table",
            Self::Inode => "inode",
            Self::Directory => "directory",
            Self::Block => "block of a file",
            Self::Fragment => "fragment",
        })
    }
}

impl fmt::Display for SquashfsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "cannot read the snap: {error}"),
            Self::NoSquashfs => f.write_str(
                "cannot read the snap: it is no squashfs; make one with `snap pack` or \
                 `cargo xtask snap build`",
            ),
            Self::Version { major, minor } => write!(
                f,
                "cannot read the snap: it is squashfs {major}.{minor}; make one of 4.0"
            ),
            Self::Compressor(id) => write!(
                f,
                "cannot read the snap: it is packed with method {id}; pack it with xz"
            ),
            Self::CutOff { used_bytes } => write!(
                f,
                "cannot read the snap: it is cut off, and should have {used_bytes} bytes; fetch \
                 it again"
            ),
            Self::Damaged(part) => {
                write!(
                    f,
                    "cannot read the snap: a {part} in it is damaged; fetch it again"
                )
            }
            Self::NoFile(path) => write!(f, "cannot find the file {path} in the snap; add it"),
            Self::TooLong { path, max_bytes } => write!(
                f,
                "cannot read {path} in the snap: it has more than {max_bytes} bytes; shorten it"
            ),
            Self::TooMany => write!(
                f,
                "cannot list the snap: it has more than {MAX_ENTRIES} files, or directories \
                 deeper than {MAX_DEPTH}; put them into an archive"
            ),
        }
    }
}

// What is behind it is said already.
impl std::error::Error for SquashfsError {}
