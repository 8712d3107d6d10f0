//! Why no patch was made.

use crate::PatchError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why no patch was made.
#[derive(Debug)]
pub enum MakeError {
    /// An update file cannot be read.
    Read(PathBuf, io::Error),
    /// It is no update file, and why.
    NotARelease(PathBuf, String),
    /// The root is not as we write it, and where.
    Root(&'static str),
    /// A stream cannot be packed.
    Pack(io::Error),
    /// There are more segments than a patch may have.
    TooManySegments,
    /// The patch cannot be written.
    Write(io::Error),
    /// The patch that was made cannot be used.
    Verify(PatchError),
    /// The patch that was made gives other bytes from here on.
    Differs(u64),
}

impl fmt::Display for MakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NotARelease(path, why) => {
                write!(f, "cannot use {} as a release: {why}", path.display())
            }
            Self::Root(place) => write!(
                f,
                "cannot find the files in a root: {place}; make both images with the same tools"
            ),
            Self::Pack(error) => write!(f, "cannot pack a stream: {error}"),
            Self::TooManySegments => {
                f.write_str("cannot patch so large a release: publish the update file alone")
            }
            Self::Write(error) => write!(f, "cannot write the patch: {error}"),
            Self::Verify(error) => write!(f, "cannot use the patch just made: {error}"),
            Self::Differs(place) => write!(
                f,
                "the patch just made gives other bytes than the release from {place} on"
            ),
        }
    }
}

impl std::error::Error for MakeError {}
