//! The FAT file system of `system-boot`, changed from the host with mtools: another
//! implementation than the one that made it.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use image_format::disk::Role;

use crate::disk::TestDisk;

/// The file system of `system-boot`.
pub struct Esp {
    /// mtools' way to name a file system that begins inside a file.
    image: String,
}

impl Esp {
    /// Of a machine that is switched off.
    ///
    /// # Errors
    /// The disk has no such partition.
    pub fn of(disk: &TestDisk) -> Result<Self> {
        let offset = disk.offset_of(Role::SystemBoot)?;
        Ok(Self {
            image: format!("{}@@{offset}", disk.image().display()),
        })
    }

    /// Writes a file, and makes the directories that it needs.
    ///
    /// # Errors
    /// mtools cannot.
    pub fn write(&self, path: &str, content: &str) -> Result<()> {
        for (end, _) in path.match_indices('/') {
            // It may be there already; if it cannot be made, the copy tells.
            let _ = self.run("mmd", &["-D", "s"], &path[..end], "");
        }
        self.run("mcopy", &["-o", "-"], path, content)
    }

    fn run(&self, program: &str, options: &[&str], path: &str, input: &str) -> Result<()> {
        let mut process = Command::new(program)
            .args(["-i", &self.image])
            .args(options)
            .arg(format!("::/{path}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {program}; try `cargo xtask setup`"))?;
        if let Some(mut stdin) = process.stdin.take() {
            // A program that did not read it says why below.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = process.wait_with_output()?;
        if !output.status.success() {
            bail!(
                "{program} cannot write {path}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }
}
