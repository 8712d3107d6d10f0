//! Why a board cannot be had.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a board cannot be had. Each message names the file or key and the remedy.
#[derive(Debug)]
#[non_exhaustive]
pub enum BoardError {
    /// There is no such file.
    Unknown {
        /// What was asked for.
        id: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A file or directory could not be read.
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// The file is no TOML, or its keys are not a board's.
    Malformed {
        /// The board.
        id: String,
        /// What the parser says, with line and key.
        cause: Box<toml::de::Error>,
    },
    /// The id is not of the form that a manifest can carry.
    BadId {
        /// The board.
        id: String,
    },
    /// The command line lets a panicked kernel hang for ever.
    NoPanic {
        /// The board.
        id: String,
    },
    /// UEFI starts a file, Open Firmware a partition.
    EspPath {
        /// The board.
        id: String,
    },
    /// The homes of the floors do not begin with the boot state, or name a home twice.
    FloorHomes {
        /// The board.
        id: String,
    },
    /// A module is to be loaded that is not in the root.
    LoadsAbsentModule {
        /// The board.
        id: String,
        /// The list that names it.
        list: &'static str,
        /// The module.
        module: String,
    },
    /// A file of a package is named in a way that may leave the package.
    BadFile {
        /// The board.
        id: String,
        /// What it is called.
        file: String,
    },
    /// The partition table has too few entries, or more than anybody has.
    TableEntries {
        /// The board.
        id: String,
    },
    /// A partition is too small for what the format puts there.
    PartitionTooSmall {
        /// The board.
        id: String,
        /// The key in `[geometry]`.
        key: &'static str,
        /// The least value, in MiB.
        least_mib: u64,
    },
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { id, known } => write!(
                f,
                "unknown board {id:?}: there are {} (a board is a file boards/<id>.toml)",
                known.join(", ")
            ),
            Self::Unreadable { path, cause } => {
                write!(f, "cannot read {}: {cause}", path.display())
            }
            Self::Malformed { id, cause } => {
                write!(f, "cannot understand boards/{id}.toml: {cause}")
            }
            Self::BadId { id } => write!(
                f,
                "cannot use the board id {id:?}: rename its file to at most 32 of a-z 0-9 _ -"
            ),
            Self::NoPanic { id } => write!(
                f,
                "cannot use boards/{id}.toml: kernel.command_line has no panic=, so a panicked kernel would \
                 never come back; add panic=10"
            ),
            Self::EspPath { id } => write!(
                f,
                "cannot use boards/{id}.toml: loader.esp_path goes with firmware = \"uefi\", and with no other"
            ),
            Self::FloorHomes { id } => write!(
                f,
                "cannot use boards/{id}.toml: loader.floor_homes must be [\"boot-state\"], and behind it at most \
                 one other home"
            ),
            Self::LoadsAbsentModule { id, list, module } => write!(
                f,
                "cannot use boards/{id}.toml: modules.{list} names {module}, which modules.root lacks; add it there"
            ),
            Self::BadFile { id, file } => write!(
                f,
                "cannot use boards/{id}.toml: {file:?} is no path in a package; give one without / in front, \
                 without . and .., and with a * at most at the end of a directory's name"
            ),
            Self::TableEntries { id } => write!(
                f,
                "cannot use boards/{id}.toml: geometry.table_entries must be 6 to 128"
            ),
            Self::PartitionTooSmall { id, key, least_mib } => write!(
                f,
                "cannot use boards/{id}.toml: geometry.{key} must be at least {least_mib}"
            ),
        }
    }
}

impl std::error::Error for BoardError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { cause, .. } => Some(cause),
            Self::Malformed { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
