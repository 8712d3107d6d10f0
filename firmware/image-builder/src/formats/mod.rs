//! A disk image in the forms that virtual machines and clouds take.
//!
//! `qemu-img` converts. Where a form has a random number or a clock in it, that is replaced by
//! one that follows from the image, so that the same image gives the same file again.

mod gce;
mod vhd;
mod vmdk;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context, Result};
use image_format::Digest;
use tempfile::TempDir;

use crate::host_tool::{host_tool, run};
use crate::output::directory_of;

/// A form of disk image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The bytes of the disk.
    Raw,
    /// QEMU and `OpenStack`; compressed.
    Qcow2,
    /// Azure and Hyper-V: VHD of fixed length.
    Vhd,
    /// `VMware` and OVA: VMDK, compressed for transport (`streamOptimized`).
    Vmdk,
    /// Google Compute Engine: a tar archive of `disk.raw`, compressed.
    Gce,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Raw, Self::Qcow2, Self::Vhd, Self::Vmdk, Self::Gce];

    /// What it is called on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Qcow2 => "qcow2",
            Self::Vhd => "vhd",
            Self::Vmdk => "vmdk",
            Self::Gce => "gce",
        }
    }

    /// The file beside the raw image `image` that it goes to. The clouds go by the ending.
    #[must_use]
    pub fn file_beside(self, image: &Path) -> PathBuf {
        match self {
            Self::Raw => image.to_owned(),
            Self::Gce => image.with_extension("tar.gz"),
            _ => image.with_extension(self.name()),
        }
    }

    /// Writes the raw image `image`, whose digest is `sha256`, in this form beside it, complete
    /// or not at all. Returns the file.
    ///
    /// # Errors
    /// There is no room, or a program refuses.
    pub fn write(self, image: &Path, sha256: Digest) -> Result<PathBuf> {
        let out = self.file_beside(image);
        let workplace = TempDir::new_in(directory_of(&out))
            .with_context(|| format!("cannot make a directory beside {}", out.display()))?;
        let made = workplace.path().join("made");
        match self {
            Self::Raw => return Ok(out),
            Self::Qcow2 => convert(image, &made, &["-c", "-O", "qcow2"])?,
            Self::Vhd => vhd::write(image, &made, sha256)?,
            Self::Vmdk => vmdk::write(image, &made, sha256)?,
            Self::Gce => gce::write(image, &made, workplace.path(), gce::GIBIBYTE)?,
        }
        fs::rename(&made, &out).with_context(|| format!("cannot make {}", out.display()))?;
        Ok(out)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut formats = Self::ALL.into_iter();
        formats.find(|format| format.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("cannot make {text:?}: there is {names}")
        })
    }
}

/// One worker, in the order of the image: the file does not depend on who was first.
fn convert(image: &Path, out: &Path, arguments: &[&str]) -> Result<()> {
    run(host_tool("qemu-img")
        .args(["convert", "-m", "1", "-f", "raw"])
        .args(arguments)
        .arg(image)
        .arg(out))?;
    Ok(())
}

#[cfg(test)]
mod tests;
