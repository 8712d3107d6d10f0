//! Which disk is meant, and whether it may be flashed.
//!
//! [`Target::inspect`] refuses what nobody means: a partition, a disk in use, the one that
//! the machine runs from. [`Target::agree`] asks for the disk's name where a mistake would be
//! dear, and makes the [`Agreed`] that alone can be opened.

use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::FlashError;
use crate::machine::{DeviceNumber, Machine};
use crate::table::{DiskSize, IMAGE_SECTOR_BYTES};

/// Cards and modules of devices are smaller; disks with somebody's work on them are larger.
const LARGE_BYTES: u64 = 256_000_000_000;

/// What is flashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A block device.
    Disk,
    /// A file in place of one.
    File,
}

/// Why a disk is flashed by name only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// It is built in, as far as the kernel knows.
    NotRemovable,
    /// Larger than what devices have.
    Large {
        /// Its length.
        length_bytes: u64,
    },
    /// A file that holds something.
    NotEmpty,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRemovable => f.write_str("it is no removable disk"),
            Self::Large { length_bytes } => {
                write!(f, "it is large, with {} GB", length_bytes / 1_000_000_000)
            }
            Self::NotEmpty => f.write_str("the file is not empty"),
        }
    }
}

/// A disk that nothing uses.
#[derive(Debug)]
pub struct Target {
    device: PathBuf,
    kind: Kind,
    size: DiskSize,
    model: Option<String>,
    names: Vec<String>,
    why: Option<Why>,
}

/// A disk that may be flashed.
#[derive(Debug)]
pub struct Agreed(Target);

impl Target {
    /// Looks at what `path` names, on this machine.
    ///
    /// # Errors
    /// [`FlashError`], when it cannot be flashed whatever anybody says.
    pub fn inspect(path: &Path) -> Result<Self, FlashError> {
        Self::inspect_on(&Machine::this(), path)
    }

    pub(crate) fn inspect_on(machine: &Machine, path: &Path) -> Result<Self, FlashError> {
        // Names in /dev/disk are links.
        let device = fs::canonicalize(path).map_err(FlashError::io("find", path))?;
        let metadata = fs::metadata(&device).map_err(FlashError::io("find", &device))?;
        let target = if metadata.file_type().is_block_device() {
            inspect_disk(machine, device, DeviceNumber::of(metadata.rdev()))?
        } else if metadata.is_file() {
            inspect_file(machine, device, &metadata)?
        } else {
            return Err(FlashError::NotADisk(device));
        };
        Ok(target)
    }

    /// A file in place of a disk with such sectors, 512 or 4096 bytes. A disk knows its own.
    #[must_use]
    pub fn with_sector_bytes(mut self, sector_bytes: u64) -> Self {
        if self.kind == Kind::File {
            self.size = DiskSize {
                length_bytes: self.size.length_bytes / sector_bytes * sector_bytes,
                sector_bytes,
            };
        }
        self
    }

    /// Why it is flashed by name only, if it is.
    #[must_use]
    pub fn why(&self) -> Option<&Why> {
        self.why.as_ref()
    }

    /// The names that confirm, the best first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the person said.
    ///
    /// # Errors
    /// [`FlashError::NotConfirmed`] when a name is needed, and this is none of the disk's.
    pub fn agree(self, name: Option<&str>) -> Result<Agreed, FlashError> {
        let said = name.is_some_and(|said| self.names.iter().any(|name| name == said.trim()));
        match self.why {
            // A name that was said has to be right.
            None if said || name.is_none() => Ok(Agreed(self)),
            Some(_) if said => Ok(Agreed(self)),
            why => Err(FlashError::NotConfirmed {
                device: self.device,
                why: why.unwrap_or(Why::NotRemovable),
                names: self.names,
            }),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            device,
            size,
            model,
            ..
        } = self;
        let gigabytes = size.length_bytes as f64 / 1e9;
        write!(f, "{}: {gigabytes:.1} GB", device.display())?;
        match model {
            Some(model) => write!(f, ", {model}"),
            None => Ok(()),
        }
    }
}

impl Agreed {
    /// Where it is.
    #[must_use]
    pub fn device(&self) -> &Path {
        &self.0.device
    }

    /// What it calls itself.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.0.model.as_deref()
    }

    pub(crate) fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Its length and sectors.
    #[must_use]
    pub fn size(&self) -> DiskSize {
        self.0.size
    }
}

fn inspect_disk(
    machine: &Machine,
    device: PathBuf,
    number: DeviceNumber,
) -> Result<Target, FlashError> {
    let disk = machine
        .disk(number)
        .map_err(FlashError::io("find", &device))?;
    if let Some(whole) = disk.partition_of() {
        return Err(FlashError::Partition {
            device,
            disk: whole,
        });
    }
    if machine.runs_from(&disk) {
        return Err(FlashError::SystemDisk(device));
    }
    if let Some(by) = machine.user_of(&disk) {
        return Err(FlashError::InUse { device, by });
    }
    if disk.is_read_only() {
        return Err(FlashError::ReadOnly(device));
    }
    let size = disk.size();
    let why = if size.length_bytes > LARGE_BYTES {
        Some(Why::Large {
            length_bytes: size.length_bytes,
        })
    } else if disk.is_removable() {
        None
    } else {
        Some(Why::NotRemovable)
    };
    let model = disk.model();
    let names = model.iter().cloned().chain([disk.name()]).collect();
    Ok(Target {
        device,
        kind: Kind::Disk,
        size,
        model,
        names,
        why,
    })
}

fn inspect_file(
    machine: &Machine,
    device: PathBuf,
    metadata: &Metadata,
) -> Result<Target, FlashError> {
    if let Some(by) = machine.user_of_file(&device) {
        return Err(FlashError::InUse { device, by });
    }
    if metadata.permissions().readonly() {
        return Err(FlashError::ReadOnly(device));
    }
    let length_bytes = metadata.len() / IMAGE_SECTOR_BYTES * IMAGE_SECTOR_BYTES;
    let why = if length_bytes > LARGE_BYTES {
        Some(Why::Large { length_bytes })
    } else if metadata.blocks() > 0 {
        Some(Why::NotEmpty)
    } else {
        None
    };
    let name = device.file_name().unwrap_or_default();
    Ok(Target {
        kind: Kind::File,
        size: DiskSize {
            length_bytes,
            sector_bytes: IMAGE_SECTOR_BYTES,
        },
        model: None,
        names: vec![name.to_string_lossy().into_owned()],
        why,
        device,
    })
}

#[cfg(test)]
mod tests;
