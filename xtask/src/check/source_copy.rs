//! A copy of the sources, elsewhere: what git knows and what it does not ignore.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use image_builder::Workspace;
use tempfile::TempDir;

/// Where the copy goes if it is there: another file system, with another order of
/// directories.
const MEMORY: &str = "/dev/shm";

/// A copy of a checkout, gone when dropped.
pub(super) struct SourceCopy {
    directory: TempDir,
}

impl SourceCopy {
    /// Copies the checkout.
    pub(super) fn of(workspace: &Workspace) -> Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("twinkeel in another place ")
            .tempdir()
            .context("cannot make a temporary directory")?;
        let copy = Self { directory };
        for file in listed_files(workspace.root())? {
            copy_file(&workspace.root().join(&file), &copy.root().join(&file))?;
        }
        Ok(copy)
    }

    /// The copy's root.
    pub(super) fn root(&self) -> &Path {
        self.directory.path()
    }

    /// The copy's own target directory.
    pub(super) fn target(&self) -> PathBuf {
        self.root().join("target")
    }

    /// Takes what both builds share from the checkout's target directory: the test keys,
    /// and the packages that were fetched (not their trees: these are unpacked again).
    pub(super) fn take_inputs(&self, workspace: &Workspace) -> Result<()> {
        self.take_along(workspace, Path::new("keys/test"))?;
        self.take_along(workspace, Path::new("debian"))
    }

    fn take_along(&self, workspace: &Workspace, below: &Path) -> Result<()> {
        let from = workspace.target().join(below);
        for entry in
            fs::read_dir(&from).with_context(|| format!("cannot read {}", from.display()))?
        {
            let entry = entry?;
            let below = below.join(entry.file_name());
            if entry.file_type()?.is_file() {
                copy_file(&entry.path(), &self.target().join(below))?;
            } else if !matches!(entry.file_name().to_str(), Some("trees" | "apt")) {
                self.take_along(workspace, &below)?;
            }
        }
        Ok(())
    }
}

/// A directory for temporary files on another file system, where there is one.
pub(super) fn other_temporary_directory() -> PathBuf {
    let memory = PathBuf::from(MEMORY);
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

fn listed_files(root: &Path) -> Result<Vec<PathBuf>> {
    let output = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        bail!(
            "cannot list the sources: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    let names = String::from_utf8(output.stdout)
        .context("cannot copy sources whose names are not UTF-8")?;
    let files = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    // A file that was removed and not committed is listed, and not there.
    Ok(files.filter(|file| root.join(file).is_file()).collect())
}

/// As someone with a strict umask would have checked it out.
fn copy_file(from: &Path, to: &Path) -> Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    let mode = fs::metadata(to)?.permissions().mode() & 0o700;
    Ok(fs::set_permissions(to, fs::Permissions::from_mode(mode))?)
}
