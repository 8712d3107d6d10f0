//! Why a patch is of no use, and what to do about it.

use image_format::Digest;
use std::fmt;
use std::io;

/// Why a patch cannot be used. The full update file installs in every case.
#[derive(Debug)]
pub enum PatchError {
    /// It does not begin as a patch does.
    NotAPatch,
    /// It has another version, as the byte that says so.
    Version(u8),
    /// It is damaged, and where.
    Damaged(&'static str),
    /// It asks for more memory than a patch may.
    TooLarge(&'static str),
    /// It is for devices that run another release.
    WrongBase {
        /// The release that it starts from.
        wanted: Digest,
        /// The release that is here.
        have: Digest,
    },
    /// It does not give those bytes of the new release.
    NotCovered {
        /// The first of them.
        offset_bytes: u64,
    },
    /// The old release ends before what the patch takes from it.
    OutsideOld,
    /// The old release cannot be read.
    ReadOld(io::Error),
    /// The patch cannot be read.
    ReadPatch(io::Error),
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPatch => f.write_str("it is no patch of a system release"),
            Self::Version(byte) => write!(
                f,
                "the patch has a version that is not known here (\"{}\"): use the update file",
                byte.escape_ascii()
            ),
            Self::Damaged(place) => {
                write!(f, "the patch is damaged ({place}): copy it again")
            }
            Self::TooLarge(what) => write!(
                f,
                "the patch asks for more memory than it may ({what}): use the update file"
            ),
            Self::WrongBase { wanted, have } => write!(
                f,
                "the patch is for devices that run the release {wanted}, and this one runs \
                 {have}: use the update file"
            ),
            Self::NotCovered { offset_bytes } => write!(
                f,
                "the patch does not give the byte {offset_bytes} of the release: use the \
                 update file"
            ),
            Self::OutsideOld => f.write_str(
                "the patch takes bytes from behind the end of the running release: use the \
                 update file",
            ),
            Self::ReadOld(error) => {
                write!(
                    f,
                    "the running release cannot be read from its slot: {error}"
                )
            }
            Self::ReadPatch(error) => write!(f, "the patch cannot be read: {error}"),
        }
    }
}

impl std::error::Error for PatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::ReadOld(error) | Self::ReadPatch(error) => Some(error),
            _ => None,
        }
    }
}
