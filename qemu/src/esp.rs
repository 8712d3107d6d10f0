//! The FAT file system of `system-boot`, changed from the host with mtools: another
//! implementation than the one that made it.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use boards::Board;
use image_format::disk::Role;

use crate::disk::TestDisk;

/// The file system of `system-boot`.
pub struct Esp {
    /// mtools' way to name a file system that begins inside a file.
    image: String,
    length_bytes: u64,
}

impl Esp {
    /// Of a machine that is switched off.
    ///
    /// # Errors
    /// The disk has no such partition.
    pub fn of(disk: &TestDisk) -> Result<Self> {
        Self::at(disk, Role::SystemBoot)
    }

    fn at(disk: &TestDisk, role: Role) -> Result<Self> {
        let (offset, length) = (disk.offset_of(role)?, disk.length_of(Role::SystemBoot)?);
        Ok(Self::within(disk.image(), offset, length))
    }

    /// That part of an image that need not be one of ours.
    #[must_use]
    pub fn within(image: &Path, offset_bytes: u64, length_bytes: u64) -> Self {
        Self {
            image: format!("{}@@{offset_bytes}", image.display()),
            length_bytes,
        }
    }

    /// A new one, of 4 MiB, at the start of another partition: over what lies there.
    ///
    /// # Errors
    /// The disk has no such partition, or mtools cannot.
    pub fn make_in(disk: &TestDisk, role: Role) -> Result<Self> {
        let made = Self::at(disk, role)?;
        made.run("mformat", &["-T", "8192", "::"], &[])
            .with_context(|| format!("cannot make a file system in {role}"))?;
        Ok(made)
    }

    /// A new one on a disk of its own, with one partition where mtools puts it.
    ///
    /// # Errors
    /// mtools cannot.
    pub fn make_stick(image: &Path, length_bytes: u64) -> Result<Self> {
        let stick = Self {
            image: image.display().to_string(),
            length_bytes,
        };
        let sectors = (length_bytes / 512).to_string();
        stick
            .run("mformat", &["-C", "-F", "-T", &sectors, "::"], &[])
            .with_context(|| format!("cannot make the stick {}", image.display()))?;
        Ok(stick)
    }

    /// Where the board's loader is.
    ///
    /// # Errors
    /// It is in no file.
    pub fn loader_path(board: &Board) -> Result<&str> {
        let path = board.loader.esp_path.as_deref();
        path.with_context(|| format!("the loader of {} is in no file", board.id))
    }

    /// Writes a file, and makes the directories that it needs.
    ///
    /// # Errors
    /// mtools cannot.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> Result<()> {
        for (end, _) in path.match_indices('/') {
            // It may be there already; if it cannot be made, the copy tells.
            let _ = self.run("mmd", &["-D", "s", &inside(&path[..end])], &[]);
        }
        self.run("mcopy", &["-o", "-", &inside(path)], content.as_ref())
            .with_context(|| format!("cannot write {path}"))?;
        Ok(())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// mtools cannot.
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        self.run("mcopy", &[&inside(path), "-"], &[])
            .with_context(|| format!("cannot read {path}"))
    }

    /// Makes it anew, empty, with clusters of 4 KiB as installers of distributions do: who
    /// reads large files from FAT pays for each cluster.
    ///
    /// # Errors
    /// mtools cannot, or it is too short to be FAT32 then.
    pub fn format_like_a_distribution(&self) -> Result<()> {
        let sectors = (self.length_bytes / 512).to_string();
        let geometry = ["-F", "-c", "8", "-h", "64", "-s", "32", "-T", &sectors];
        let arguments: Vec<&str> = geometry.into_iter().chain(["::"]).collect();
        self.run("mformat", &arguments, &[])
            .context("cannot format system-boot")?;
        Ok(())
    }

    fn run(&self, program: &str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>> {
        let mut process = Command::new(program)
            .args(["-i", &self.image])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}; try `cargo xtask setup`"))?;
        if let Some(mut stdin) = process.stdin.take() {
            // A program that did not read it says why below.
            let _ = stdin.write_all(input);
        }
        let output = process.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "{program} failed: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(output.stdout)
    }
}

/// mtools' way to name a file inside the file system.
fn inside(path: &str) -> String {
    format!("::/{path}")
}
