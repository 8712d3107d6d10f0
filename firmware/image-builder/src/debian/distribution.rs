//! Many packages at once, as one tree: a whole distribution, to measure with.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use boards::Architecture;

use super::private_root::PrivateRoot;
use super::sources::Suites;
use crate::host_tool::{host_tool, run};

/// Packages and all that they depend on.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// The archives, in the order of their names.
    packages: Vec<PathBuf>,
}

/// Fetches the newest packages of `suites` with these names or apt patterns, and all that
/// they depend on, into `directory`, which is emptied before. No lock file names them.
///
/// # Errors
/// The mirror does not have them.
pub fn fetch_distribution(
    architecture: Architecture,
    suites: Suites,
    names: &[&str],
    directory: &Path,
) -> Result<Distribution> {
    if directory.exists() {
        fs::remove_dir_all(directory)
            .with_context(|| format!("cannot empty {}", directory.display()))?;
    }
    PrivateRoot::refresh(directory, architecture, suites)?.download_all(names)?;
    let mut packages = Vec::new();
    for entry in fs::read_dir(directory.join("cache/archives"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            packages.push(path);
        }
    }
    packages.sort();
    Ok(Distribution { packages })
}

impl Distribution {
    /// How many packages it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.packages.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
    }

    /// Name and version of the package `name`, as its archive says.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<String> {
        let path = self.named(name).next()?;
        let stem = path.file_stem()?.to_str()?;
        let version = stem.split('_').nth(1)?;
        Some(version.replace("%3a", ":"))
    }

    /// Unpacks all packages into `tree`.
    ///
    /// # Errors
    /// The disk is full.
    pub fn unpack(&self, tree: &Path) -> Result<()> {
        self.packages.iter().try_for_each(|path| unpack(path, tree))
    }

    /// Unpacks the package `name` over what is in `tree`.
    ///
    /// # Errors
    /// It has no such package; the disk is full.
    pub fn unpack_over(&self, name: &str, tree: &Path) -> Result<()> {
        let path = self.named(name).next();
        unpack(path.with_context(|| format!("there is no {name}"))?, tree)
    }

    fn named(&self, name: &str) -> impl Iterator<Item = &Path> {
        let begins = format!("{name}_");
        let paths = self.packages.iter().map(PathBuf::as_path);
        paths.filter(move |path| {
            let file = path.file_name().and_then(|file| file.to_str());
            file.is_some_and(|file| file.starts_with(&begins))
        })
    }
}

fn unpack(archive: &Path, tree: &Path) -> Result<()> {
    fs::create_dir_all(tree)?;
    run(host_tool("dpkg-deb")
        .arg("--extract")
        .arg(archive)
        .arg(tree))
    .map(drop)
}
