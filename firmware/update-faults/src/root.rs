//! Where a device's program runs: a directory with its disk, its report and its keyring, as
//! the root of its own.

use anyhow::{Context, Result};
use image_format::ENVELOPE_BYTES;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::device::Device;

/// All that a program may have of memory: what issue and documents promise of an update.
const ADDRESS_SPACE_BYTES: u64 = 24 << 20;
/// Nothing here takes longer, on a busy machine.
const PATIENCE_SECS: &str = "120";
/// What `timeout` says then.
const TIMED_OUT: i32 = 124;
/// Zeros of the disk stay holes in units of this.
const HOLE_BYTES: usize = ENVELOPE_BYTES;

/// A program of the device.
pub struct Program {
    /// Its name.
    pub name: &'static str,
    /// The file: static, for it finds no libraries.
    pub bytes: Vec<u8>,
}

/// How a program ended.
pub(crate) struct Ended {
    /// It says that the update is done.
    pub(crate) done: bool,
    /// It ran longer than anything may.
    pub(crate) hung: bool,
    /// What it said.
    pub(crate) said: String,
}

/// A directory that a device's program runs in.
pub(crate) struct DeviceRoot {
    path: PathBuf,
}

impl DeviceRoot {
    /// Makes one at `path` for `device`, with `programs`.
    pub(crate) fn new(path: &Path, device: &Device, programs: &[&Program]) -> Result<Self> {
        for directory in ["run/twinkeel", "usr/lib/twinkeel"] {
            fs::create_dir_all(path.join(directory))
                .with_context(|| format!("cannot make {}", path.display()))?;
        }
        fs::write(
            path.join("run/twinkeel/boot.json"),
            device.report().to_json(),
        )?;
        fs::write(
            path.join("usr/lib/twinkeel/root.keyring"),
            &device.signed_keyring,
        )?;
        for program in programs {
            let file = path.join(program.name);
            fs::write(&file, &program.bytes)?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        }
        let root = Self {
            path: path.to_owned(),
        };
        root.renew(device)?;
        Ok(root)
    }

    /// The disk is as it was before any update.
    pub(crate) fn renew(&self, device: &Device) -> Result<()> {
        let disk = File::create(self.path.join("disk"))?;
        disk.set_len(device.disk.len() as u64)?;
        for (number, bytes) in (0..).zip(device.disk.chunks(HOLE_BYTES)) {
            if bytes.iter().any(|byte| *byte != 0) {
                disk.write_all_at(bytes, number * HOLE_BYTES as u64)?;
            }
        }
        Ok(())
    }

    /// All bytes of the disk.
    pub(crate) fn disk(&self) -> Result<Vec<u8>> {
        fs::read(self.path.join("disk")).context("cannot read the device's disk")
    }

    /// Runs `words`, a program and its arguments, below `around`: a tracer, or nothing.
    pub(crate) fn run(&self, around: &[String], words: &[&str]) -> Result<Ended> {
        let mut command = Command::new("timeout");
        command
            .args(["--kill-after=5", PATIENCE_SECS])
            .args(around)
            .args(["prlimit", &format!("--as={ADDRESS_SPACE_BYTES}")])
            .args(["unshare", "--map-root-user"])
            .arg(format!("--root={}", self.path.display()))
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null());
        let output = command.output().context("cannot run timeout")?;
        Ok(Ended::of(&output))
    }
}

impl Ended {
    fn of(output: &Output) -> Self {
        Self {
            done: output.status.success(),
            hung: output.status.code() == Some(TIMED_OUT),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        }
    }
}
