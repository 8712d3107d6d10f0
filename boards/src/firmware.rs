//! What a board's firmware is made of, where Debian has it: the TOML says which file of
//! which package goes where, and no code knows a board.

use serde::Deserialize;

use crate::error::BoardError;

/// A file of a Debian package.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackagedFile {
    /// The package, in the architecture of the board.
    pub package: String,
    /// Its path in the package. A `*` at the end of a directory's name stands for the rest
    /// of it: a kernel's version, say.
    pub file: String,
}

/// A file that the virtual machine is started with, as there is no flash to hold it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirmwareArgument {
    /// The argument in front of it: `-bios`, say.
    pub argument: String,
    /// The file.
    pub from: PackagedFile,
}

/// A part of the firmware that the processor reads from the very disk that we boot from.
/// It is written when the disk image is made, and never again.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FirmwarePart {
    /// Where on the disk it begins: behind the partition table, in front of the first
    /// partition.
    pub at_bytes: u64,
    /// The file.
    pub from: PackagedFile,
}

impl PackagedFile {
    /// Nothing outside of the package is ever meant.
    pub(crate) fn check(&self, board: &str) -> Result<(), BoardError> {
        let is_plain = |name: &str| {
            let inner = name.strip_suffix('*').unwrap_or(name);
            !matches!(name, "" | "." | "..") && !inner.contains('*')
        };
        if self.file.split('/').all(is_plain) && !self.file.ends_with('*') {
            return Ok(());
        }
        Err(BoardError::BadFile {
            id: board.to_owned(),
            file: self.file.clone(),
        })
    }
}
