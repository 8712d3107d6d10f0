//! Debian packages, fetched without a change to this machine's package configuration.
//!
//! Everything happens below `target/debian/<architecture>`: a private apt root (sources,
//! lists, no status), the packages, and their unpacked trees. apt verifies the mirror's
//! signed indices and the packages' checksums; what was verified once is kept and found
//! again by the checksum in `boards/debian.lock`, so that a second build needs no network.

mod distribution;
mod lock;
mod private_root;
mod sources;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use boards::Architecture;
use image_trust::sha256;

use crate::host_tool::{host_tool, run};
use crate::progress::Progress;
use crate::workspace::Workspace;
pub use distribution::{Distribution, fetch_distribution};
pub use sources::{Suites, sources_list};

use lock::{Lock, LockedPackage};
use private_root::PrivateRoot;

/// How faithfully the lock file is followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Locking {
    /// The locked versions; the newest with a warning where the mirror dropped one.
    #[default]
    Prefer,
    /// The locked versions and no others.
    Require,
    /// The newest versions; the lock file is written anew.
    Update,
}

/// Fetches a package for `architecture` that is no part of an image, as those of images are
/// fetched, and returns its unpacked files.
///
/// # Errors
/// The mirror does not have it.
pub fn fetch_package(
    workspace: &Workspace,
    architecture: Architecture,
    name: &str,
    progress: &mut dyn Progress,
) -> Result<PathBuf> {
    DebianPackages::open(workspace, architecture, Locking::Prefer)?.fetch(name, progress)
}

/// The packages of one architecture.
pub(crate) struct DebianPackages {
    architecture: Architecture,
    directory: PathBuf,
    lock: Lock,
    locking: Locking,
    /// Lists are fetched once, and only when a package is not there yet.
    refreshed: Option<PrivateRoot>,
    _in_use: File,
}

impl DebianPackages {
    /// Those of `architecture`. Waits while another process fetches the same.
    pub(crate) fn open(
        workspace: &Workspace,
        architecture: Architecture,
        locking: Locking,
    ) -> Result<Self> {
        let directory = workspace
            .target()
            .join("debian")
            .join(architecture.debian_name());
        for part in ["packages", "trees"] {
            fs::create_dir_all(directory.join(part))
                .with_context(|| format!("cannot make {}", directory.display()))?;
        }
        let in_use = File::create(directory.join("in-use"))?;
        in_use.lock().context("cannot lock the package directory")?;
        Ok(Self {
            architecture,
            directory,
            lock: Lock::read(&workspace.boards().join("debian.lock"))?,
            locking,
            refreshed: None,
            _in_use: in_use,
        })
    }

    /// Fetches the package `name` and returns its unpacked files; a meta package stands for
    /// the one it depends on.
    pub(crate) fn fetch(&mut self, name: &str, progress: &mut dyn Progress) -> Result<PathBuf> {
        let locked = match self.locking {
            Locking::Update => None,
            Locking::Prefer | Locking::Require => self.lock.find(self.architecture, name).cloned(),
        };
        let used = match locked {
            Some(locked) => self.fetch_locked(name, &locked, progress),
            None => self.fetch_newest(name, progress),
        }
        .with_context(|| format!("cannot fetch the Debian package {name}"))?;
        self.unpack(&used)
    }

    fn fetch_locked(
        &mut self,
        name: &str,
        locked: &LockedPackage,
        progress: &mut dyn Progress,
    ) -> Result<LockedPackage> {
        if self.is_here(locked)? {
            return Ok(locked.clone());
        }
        if let Err(error) = self.download(locked, progress) {
            if self.locking == Locking::Require {
                return Err(error.context(format!(
                    "{} {} of boards/debian.lock is not to be had; test newer packages and record them with \
                     --update-lock before you release",
                    locked.package, locked.version
                )));
            }
            let newest = self.fetch_newest(name, progress)?;
            progress.warn(&format!(
                "{} {} of boards/debian.lock is gone from the mirror: taking {} {} instead (--update-lock records it)",
                locked.package, locked.version, newest.package, newest.version
            ));
            return Ok(newest);
        }
        Ok(locked.clone())
    }

    fn fetch_newest(&mut self, name: &str, progress: &mut dyn Progress) -> Result<LockedPackage> {
        let newest = self.private_root(progress)?.find_newest(name)?;
        if !self.is_here(&newest)? {
            self.download(&newest, progress)?;
        }
        if self.locking == Locking::Update || self.lock.find(self.architecture, name).is_none() {
            if self.locking == Locking::Require {
                bail!(
                    "boards/debian.lock does not name it; record it with --update-lock before you release"
                );
            }
            self.lock.record(self.architecture, name, newest.clone())?;
        }
        Ok(newest)
    }

    fn private_root(&mut self, progress: &mut dyn Progress) -> Result<&PrivateRoot> {
        if self.refreshed.is_none() {
            progress.step("reading Debian's package lists");
            let root = PrivateRoot::refresh(
                &self.directory.join("apt"),
                self.architecture,
                Suites::WithUpdates,
            )?;
            self.refreshed = Some(root);
        }
        self.refreshed.as_ref().context("the lists were just read")
    }

    fn download(&mut self, wanted: &LockedPackage, progress: &mut dyn Progress) -> Result<()> {
        let packages = self.directory.join("packages");
        let archive = self.archive(wanted);
        let root = self.private_root(progress)?;
        progress.step(&format!("fetching {} {}", wanted.package, wanted.version));
        let fetched = root.download(wanted, &packages)?;
        let digest = sha256(&fs::read(&fetched)?);
        if digest != wanted.sha256 {
            fs::remove_file(&fetched)?;
            bail!(
                "{} {} has the SHA-256 {digest}, and {} was expected: the mirror offers another package under the \
                 same version",
                wanted.package,
                wanted.version,
                wanted.sha256
            );
        }
        fs::rename(fetched, archive).context("cannot keep the package")
    }

    /// Whether the package was fetched before, byte for byte.
    fn is_here(&self, package: &LockedPackage) -> Result<bool> {
        match fs::read(self.archive(package)) {
            Ok(bytes) => Ok(sha256(&bytes) == package.sha256),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).context("cannot read a package that was fetched before"),
        }
    }

    fn archive(&self, package: &LockedPackage) -> PathBuf {
        self.directory
            .join("packages")
            .join(format!("{}.deb", package.stem()))
    }

    fn unpack(&self, package: &LockedPackage) -> Result<PathBuf> {
        let tree = self.directory.join("trees").join(package.stem());
        if !tree.exists() {
            unpack(&self.archive(package), &tree)?;
        }
        Ok(tree)
    }
}

/// Unpacks beside the place and renames: a tree is complete or not there.
fn unpack(archive: &Path, tree: &Path) -> Result<()> {
    let partial = tree.with_extension("partial");
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    run(host_tool("dpkg-deb")
        .arg("--extract")
        .arg(archive)
        .arg(&partial))?;
    fs::rename(&partial, tree).with_context(|| format!("cannot make {}", tree.display()))
}
