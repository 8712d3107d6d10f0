//! The copy that bugs are planted into: the shipped crates and the simulator, as a
//! workspace of their own below `target/`. What does not change keeps its file, and so a
//! build compiles what a bug has changed and little more.

use crate::bug::Bug;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of the copy.
const CRATES: [&str; 5] = [
    "bootloader/boot-core",
    "bootloader/boot-sim",
    "firmware/image-format",
    "firmware/image-trust",
    "firmware/system-update",
];
/// The simulator's package, and the profile of the workspace that it is built in.
const SIMULATOR: &str = "boot-sim";
const PROFILE: &str = "planted-bugs";

/// Something about the copy failed.
#[derive(Debug)]
pub enum CopyError {
    /// A file or directory.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The workspace's `Cargo.toml` is not what was expected.
    Manifest,
    /// Cargo cannot be started.
    Cargo(io::Error),
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, cause } => write!(f, "cannot copy {}: {cause}", path.display()),
            Self::Manifest => f.write_str("cannot copy the workspace's Cargo.toml: no [workspace]"),
            Self::Cargo(cause) => write!(f, "cannot start cargo: {cause}"),
        }
    }
}

impl std::error::Error for CopyError {}

/// What came of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// The simulator, at this path.
    Simulator(PathBuf),
    /// It does not compile, and this is why.
    Failed(String),
}

/// The copy.
pub(crate) struct Copy {
    checkout: PathBuf,
    root: PathBuf,
}

impl Copy {
    /// Copies what matters of `checkout`, or brings an earlier copy up to date.
    pub(crate) fn of(checkout: &Path) -> Result<Self, CopyError> {
        let copy = Self {
            checkout: checkout.to_owned(),
            root: checkout.join("target/planted-bugs"),
        };
        for name in CRATES {
            copy_directory(&checkout.join(name), &copy.root.join(name))?;
        }
        let lock = "Cargo.lock";
        put(&copy.root.join(lock), &read(&checkout.join(lock))?)?;
        let manifest = read(&checkout.join("Cargo.toml"))?;
        let manifest = small_workspace(&manifest).ok_or(CopyError::Manifest)?;
        put(&copy.root.join("Cargo.toml"), &manifest)?;
        Ok(copy)
    }

    /// Builds the simulator with `code` in the place of the bug's file, which is put right
    /// again.
    pub(crate) fn build_with(&self, bug: &Bug, code: &str) -> Result<Build, CopyError> {
        let file = self.root.join(&bug.file);
        put(&file, code)?;
        let build = self.build(&bug.name);
        put(&file, read(&self.checkout.join(&bug.file))?)?;
        build
    }

    /// Builds the simulator and puts it aside as `name`, for the next build to leave alone.
    pub(crate) fn build(&self, name: &str) -> Result<Build, CopyError> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--quiet", "--profile", PROFILE])
            .args(["--package", SIMULATOR, "--target-dir", "target"])
            // As the profile says, also where the caller builds everything but once.
            .env("CARGO_INCREMENTAL", "1")
            .current_dir(&self.root)
            .output()
            .map_err(CopyError::Cargo)?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Ok(Build::Failed(words.into_owned()));
        }
        let built = self.root.join("target").join(PROFILE).join(SIMULATOR);
        let aside = self.root.join("simulators").join(name);
        make_parent(&aside)?;
        // Not a copy: a program that was just written may still be busy.
        if aside.exists() {
            fs::remove_file(&aside).map_err(failed(&aside))?;
        }
        fs::hard_link(&built, &aside).map_err(failed(&aside))?;
        Ok(Build::Simulator(aside))
    }
}

/// The workspace of the copy: the same but for its members.
fn small_workspace(manifest: &str) -> Option<String> {
    let mut manifest: toml::Table = manifest.parse().ok()?;
    let workspace = manifest.get_mut("workspace")?.as_table_mut()?;
    workspace.remove("default-members");
    let members: Vec<_> = CRATES.into_iter().map(toml::Value::from).collect();
    workspace.insert("members".to_owned(), members.into());
    Some(manifest.to_string())
}

/// Makes `to` the same as `from`.
fn copy_directory(from: &Path, to: &Path) -> Result<(), CopyError> {
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(to).map_err(failed(to))? {
        let path = entry.map_err(failed(to))?.path();
        let is_left_over = path
            .file_name()
            .is_some_and(|name| !from.join(name).exists());
        if is_left_over && path.is_dir() {
            fs::remove_dir_all(&path).map_err(failed(&path))?;
        } else if is_left_over {
            fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let entry = entry.map_err(failed(from))?;
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_directory(&path, &to)?;
        } else {
            let content = fs::read(&path).map_err(failed(&path))?;
            put(&to, content)?;
        }
    }
    Ok(())
}

/// Writes a file unless that is what it holds: cargo goes by the time of the last change.
fn put(path: &Path, content: impl AsRef<[u8]>) -> Result<(), CopyError> {
    let content = content.as_ref();
    if fs::read(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    make_parent(path)?;
    fs::write(path, content).map_err(failed(path))
}

fn make_parent(path: &Path) -> Result<(), CopyError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(failed(parent))
}

fn read(path: &Path) -> Result<String, CopyError> {
    fs::read_to_string(path).map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> CopyError {
    let path = path.to_owned();
    |cause| CopyError::File { path, cause }
}

#[cfg(test)]
mod tests;
