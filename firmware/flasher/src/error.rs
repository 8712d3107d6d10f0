//! Why a disk is not flashed, each with its remedy.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use image_format::Refusal;
use image_format::disk::Role;

use crate::target::Why;

/// Why a disk is not flashed.
#[derive(Debug)]
pub enum FlashError {
    /// The operating system refused.
    Io {
        /// What was tried: "open", "write to" ...
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// Neither a disk nor a file.
    NotADisk(PathBuf),
    /// A part of a disk.
    Partition {
        /// What was named.
        device: PathBuf,
        /// The disk that it lies on.
        disk: String,
    },
    /// The device cannot be written to.
    ReadOnly(PathBuf),
    /// Something on this machine uses the disk.
    InUse {
        /// The disk.
        device: PathBuf,
        /// What uses it, and how.
        by: String,
    },
    /// This machine runs from it.
    SystemDisk(PathBuf),
    /// A disk that nobody flashes by accident, without its name.
    NotConfirmed {
        /// The disk.
        device: PathBuf,
        /// What makes it so.
        why: Why,
        /// Any of these names confirms.
        names: Vec<String>,
    },
    /// The image has no room on it.
    TooSmall {
        /// The disk.
        device: PathBuf,
        /// Its length.
        has_bytes: u64,
        /// What this image needs at least.
        needs_bytes: u64,
    },
    /// The file is no disk image of ours.
    NotAnImage {
        /// The file.
        image: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// What lies in a partition of the image is not what its manifest says.
    DamagedImage {
        /// The file.
        image: PathBuf,
        /// Which partition.
        role: Role,
        /// What is wrong.
        why: Refusal,
    },
    /// The image is for another board.
    OtherBoard {
        /// The file.
        image: PathBuf,
        /// Whose it is.
        of: String,
        /// What was asked for.
        wanted: String,
    },
    /// The firmware in front of the partitions lies where the table of this disk has to be.
    FirmwareInTable {
        /// The disk.
        device: PathBuf,
        /// Of its sectors.
        sector_bytes: u64,
    },
    /// What was read back is not what was written.
    NotAsWritten {
        /// The disk.
        device: PathBuf,
        /// The first byte of the piece that differs.
        offset_bytes: u64,
    },
    /// It went wrong while the tables were written, at the very end: whether the disk boots
    /// is not known.
    TableUnsure(Box<FlashError>),
    /// A name, id or variable of a device cannot be used.
    Identity(IdentityError),
    /// The line's table, or its log.
    Line(LineError),
    /// The files of the device could not be put into `writable`.
    Writable(String),
}

/// Why a device cannot be called that.
#[derive(Debug, PartialEq, Eq)]
pub enum IdentityError {
    /// RFC 1123, at most 64 bytes.
    HostName(String),
    /// 32 lower-case hexadecimal digits, not all of them zero.
    MachineId(String),
    /// Printable ASCII, up to 64 bytes.
    Serial(String),
    /// The cloud-config does not begin with its mark.
    NotCloudConfig,
    /// The cloud-config is no YAML mapping, once filled in.
    NotYaml(String),
    /// A variable that has no value.
    UnknownVariable {
        /// The variable.
        name: String,
        /// Those that have one.
        known: Vec<String>,
    },
}

/// What is wrong with a line's table.
#[derive(Debug, PartialEq, Eq)]
pub enum LineError {
    /// The table cannot be read as CSV with a header.
    Table(String),
    /// No row has that key.
    NoRow(String),
    /// Two rows have the same key.
    Twice(String),
    /// A disk was flashed with this row.
    Done(String),
    /// A flash with this row began and did not end.
    Begun(String),
    /// No row is left.
    NothingLeft {
        /// Rows that were begun and did not end.
        begun: Vec<String>,
    },
    /// A line of the log is damaged.
    Log(String),
}

impl FlashError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}

impl fmt::Display for FlashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::NotADisk(path) => write!(
                f,
                "cannot flash {}: it is neither a disk nor a file",
                path.display()
            ),
            Self::Partition { device, disk } => write!(
                f,
                "cannot flash {}: it is a partition; name its disk, {disk}",
                device.display()
            ),
            Self::ReadOnly(device) => write!(
                f,
                "cannot flash {}: it is read-only; move the lock on the card, or see `blockdev --setrw`",
                device.display()
            ),
            Self::InUse { device, by } => {
                write!(
                    f,
                    "cannot flash {}: {by}; release it first",
                    device.display()
                )
            }
            Self::SystemDisk(device) => write!(
                f,
                "cannot flash {}: this machine runs from it",
                device.display()
            ),
            Self::NotConfirmed { device, why, names } => write!(
                f,
                "cannot flash {} without its name: {why}; if it is the one, say --yes-erase {:?}",
                device.display(),
                names.first().map(String::as_str).unwrap_or_default()
            ),
            Self::TooSmall {
                device,
                has_bytes,
                needs_bytes,
            } => write!(
                f,
                "cannot flash {}: it has {has_bytes} bytes, and this image needs {needs_bytes} ({} MiB); take a larger \
                 disk",
                device.display(),
                needs_bytes.div_ceil(1 << 20)
            ),
            Self::NotAnImage { image, why } => write!(
                f,
                "cannot use {} as a disk image: {why}; make one with `cargo xtask image`",
                image.display()
            ),
            Self::DamagedImage { image, role, why } => write!(
                f,
                "cannot use {}: its {role} is damaged ({why}); copy the image again",
                image.display()
            ),
            Self::OtherBoard { image, of, wanted } => write!(
                f,
                "cannot use {}: it is for the board {of}, not for {wanted}",
                image.display()
            ),
            Self::FirmwareInTable {
                device,
                sector_bytes,
            } => write!(
                f,
                "cannot flash {}: its sectors have {sector_bytes} bytes, and the partition table would reach over the \
                 board's firmware; take a disk with sectors of 512 bytes",
                device.display()
            ),
            Self::NotAsWritten {
                device,
                offset_bytes,
            } => write!(
                f,
                "cannot trust {}: what was read back at byte {offset_bytes} is not what was written. Try the disk once \
                 more, then throw it away",
                device.display()
            ),
            Self::TableUnsure(error) => write!(
                f,
                "{error}. The partition table was being written: whether the disk boots is not known; flash it again"
            ),
            Self::Identity(error) => error.fmt(f),
            Self::Line(error) => error.fmt(f),
            Self::Writable(why) => write!(f, "cannot put the device's files into writable: {why}"),
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HostName(name) => write!(
                f,
                "cannot use {name:?} as a host name: give letters, digits and inner hyphens, with dots between \
                 labels, 64 at most"
            ),
            Self::MachineId(id) => write!(
                f,
                "cannot use {id:?} as a machine id: give 32 digits of 0-9 a-f, not all of them zero"
            ),
            Self::Serial(serial) => write!(
                f,
                "cannot use {serial:?} as a serial number: give 1 to 64 printable ASCII characters"
            ),
            Self::NotCloudConfig => {
                f.write_str("cannot use the cloud-config: its first line has to be `#cloud-config`")
            }
            Self::NotYaml(why) => write!(f, "cannot use the cloud-config: {why}"),
            Self::UnknownVariable { name, known } => write!(
                f,
                "cannot fill in @{{{name}}}: there is {}",
                if known.is_empty() {
                    "no variable".to_owned()
                } else {
                    known.join(", ")
                }
            ),
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(why) => write!(f, "cannot read the table: {why}"),
            Self::NoRow(key) => write!(f, "cannot find the row {key:?}: no first column says so"),
            Self::Twice(key) => write!(f, "cannot use the table: two rows are called {key:?}"),
            Self::Done(key) => write!(
                f,
                "cannot flash the row {key:?}: a disk has it already; say --again if that disk is gone"
            ),
            Self::Begun(key) => write!(
                f,
                "cannot flash the row {key:?}: another flash with it runs, or was cut off; say --again once you know \
                 that no disk was kept from it"
            ),
            Self::NothingLeft { begun } if begun.is_empty() => {
                f.write_str("cannot flash the next row: all are done")
            }
            Self::NothingLeft { begun } => write!(
                f,
                "cannot flash the next row: none is free. Begun and not ended: {}; flash those with --row KEY --again",
                begun.join(", ")
            ),
            Self::Log(why) => write!(f, "cannot read the log of the table: {why}"),
        }
    }
}

impl std::error::Error for FlashError {}
impl std::error::Error for IdentityError {}
impl std::error::Error for LineError {}

impl From<IdentityError> for FlashError {
    fn from(error: IdentityError) -> Self {
        Self::Identity(error)
    }
}

impl From<LineError> for FlashError {
    fn from(error: LineError) -> Self {
        Self::Line(error)
    }
}
