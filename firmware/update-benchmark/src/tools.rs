//! The other tools, from Debian's packages.

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where they are.
pub(crate) struct Tools {
    pub(crate) zstd: PathBuf,
    pub(crate) bsdiff: PathBuf,
    pub(crate) xdelta3: PathBuf,
}

impl Tools {
    /// Looks for them in the trees of their packages.
    pub(crate) fn find(trees: &[PathBuf]) -> Result<Self> {
        let find = |name: &str| {
            let mut paths = trees.iter().map(|tree| tree.join("usr/bin").join(name));
            let path = paths.find(|path| path.exists());
            path.with_context(|| format!("there is no {name}"))
        };
        Ok(Self {
            zstd: find("zstd")?,
            bsdiff: find("bsdiff")?,
            xdelta3: find("xdelta3")?,
        })
    }
}

/// Runs a tool that writes `out`, and returns how long that is.
pub(crate) fn length_of(command: &mut Command, out: &Path) -> Result<u64> {
    let output = command.stdout(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(std::fs::metadata(out)?.len())
}

/// `--patch-from=PATH`.
pub(crate) fn patch_from(path: &Path) -> std::ffi::OsString {
    let mut word = std::ffi::OsString::from("--patch-from=");
    word.push(path);
    word
}
