//! The file system of `writable`, seen from the host with e2fsprogs.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use image_format::disk::Role;

use crate::disk::TestDisk;

/// An ext4 file system inside a disk image.
pub struct Ext4 {
    /// e2fsprogs' way to name a file system that begins inside a file.
    name: String,
}

impl Ext4 {
    /// `writable` of a machine that is switched off.
    ///
    /// # Errors
    /// The disk has no such partition.
    pub fn writable_of(disk: &TestDisk) -> Result<Self> {
        Ok(Self::within(disk.image(), disk.offset_of(Role::Writable)?))
    }

    /// The one that begins there in an image that need not be one of ours.
    #[must_use]
    pub fn within(image: &Path, offset_bytes: u64) -> Self {
        Self {
            name: format!("{}?offset={offset_bytes}", image.display()),
        }
    }

    /// Unmounted in order, and without an error in it.
    ///
    /// # Errors
    /// It is not.
    pub fn require_clean(&self) -> Result<()> {
        let header = run("dumpe2fs", &["-h", &self.name])?;
        ensure!(
            header.contains("Filesystem state:         clean"),
            "the file system is not clean:\n{header}"
        );
        ensure!(
            !header.contains("needs_recovery"),
            "the file system was not unmounted:\n{header}"
        );
        run("e2fsck", &["-f", "-n", &self.name])?;
        Ok(())
    }

    /// Copies a file of the host to `path`, whose directory is there.
    ///
    /// # Errors
    /// It cannot be copied.
    pub fn write(&self, from: &Path, path: &str) -> Result<()> {
        let command = format!("write \"{}\" {path}", from.display());
        run("debugfs", &["-w", "-R", &command, &self.name])?;
        Ok(())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make_directory(&self, path: &str) -> Result<()> {
        run(
            "debugfs",
            &["-w", "-R", &format!("mkdir {path}"), &self.name],
        )?;
        Ok(())
    }

    /// The content of a text file in it.
    ///
    /// # Errors
    /// There is no such file.
    pub fn read(&self, path: &str) -> Result<String> {
        run("debugfs", &["-R", &format!("cat {path}"), &self.name])
    }
}

fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let Output {
        status,
        stdout,
        stderr,
    } = Command::new(program)
        .args(arguments)
        .env("PATH", search_path())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    let output = String::from_utf8_lossy(&stdout).into_owned();
    if !status.success() {
        bail!(
            "{program} ended with {status}:\n{output}{}",
            String::from_utf8_lossy(&stderr)
        );
    }
    Ok(output)
}

/// Debian keeps these programs out of an ordinary person's search path.
pub(crate) fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:/usr/sbin:/sbin")
}
