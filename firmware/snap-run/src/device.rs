//! Where snaps are on a device.

use anyhow::{Context, Result, ensure};
use confinement::UserId;
use snap_format::{Base, SnapName, SnapYaml};
use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

/// The directories of a device: below `/`, or below another one where somebody tries a snap.
#[derive(Clone, Debug)]
pub struct Device {
    root: PathBuf,
}

/// A snap of which a revision is mounted.
#[derive(Clone, Debug)]
pub struct InstalledSnap {
    /// The revision, as its directory is called.
    pub revision: String,
    /// Where it is mounted.
    pub directory: PathBuf,
    /// What it says of itself.
    pub yaml: SnapYaml,
}

impl Device {
    /// The device whose directories are below `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The snap `name` in `revision`, or in the one that is current.
    ///
    /// # Errors
    /// It is not there, or its snap.yaml is none.
    pub fn snap(&self, name: &SnapName, revision: Option<&str>) -> Result<InstalledSnap> {
        let place = self.root.join("snap").join(name.as_str());
        let revision = match revision {
            Some(revision) => revision.to_owned(),
            None => fs::read_link(place.join("current"))
                .with_context(|| format!("cannot find the snap {name}; install it first"))?
                .into_os_string()
                .into_string()
                .ok()
                .context("the name of the current revision is no text")?,
        };
        ensure!(
            !revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "cannot use {revision:?} as a revision"
        );
        let directory = place.join(&revision);
        let path = directory.join("meta/snap.yaml");
        let yaml = fs::read(&path)
            .with_context(|| format!("cannot find revision {revision} of the snap {name}"))?;
        let yaml = SnapYaml::parse(&yaml).with_context(|| format!("in {}", path.display()))?;
        ensure!(
            yaml.name == *name,
            "cannot use {}: it is the snap {}",
            path.display(),
            yaml.name
        );
        Ok(InstalledSnap {
            revision,
            directory,
            yaml,
        })
    }

    /// The snaps that have a current revision.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn snap_names(&self) -> Result<Vec<SnapName>> {
        let place = self.root.join("snap");
        let entries = match fs::read_dir(&place) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.with_context(|| format!("cannot read {}", place.display()))?,
        };
        let mut names: Vec<SnapName> = entries
            .flatten()
            .filter(|entry| entry.path().join("current").is_symlink())
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        names.sort();
        Ok(names)
    }

    /// The tree that the snap sees as its system: the base that it names, if that is
    /// installed, and else the device's own.
    #[must_use]
    pub fn base_of(&self, yaml: &SnapYaml) -> PathBuf {
        let named = match &yaml.base {
            Base::Snap(name) => Some(self.root.join("snap").join(name.as_str()).join("current")),
            Base::Default | Base::None => None,
        };
        named
            .filter(|directory| directory.is_dir())
            .unwrap_or_else(|| PathBuf::from("/"))
    }

    /// The data of a revision.
    #[must_use]
    pub fn data(&self, name: &SnapName, revision: &str) -> PathBuf {
        self.data_of_snap(name).join(revision)
    }

    /// The data of all revisions.
    #[must_use]
    pub fn common_data(&self, name: &SnapName) -> PathBuf {
        self.data_of_snap(name).join("common")
    }

    fn data_of_snap(&self, name: &SnapName) -> PathBuf {
        self.root.join("var/snap").join(name.as_str())
    }

    /// Makes what is missing of the two, as the snap's own. What root made there before the
    /// snap had a user becomes the snap's; anybody else's keeps its owner.
    ///
    /// # Errors
    /// They cannot be made.
    pub fn prepare_data(&self, name: &SnapName, revision: &str, user: UserId) -> Result<()> {
        let of_snap = self.data_of_snap(name);
        let cannot = || format!("cannot make the data of {name} in {}", of_snap.display());
        // root's: or the snap could put something else in place of a directory.
        fs::create_dir_all(&of_snap).with_context(cannot)?;
        fs::set_permissions(&of_snap, Permissions::from_mode(0o755)).with_context(cannot)?;
        for directory in [self.data(name, revision), self.common_data(name)] {
            match DirBuilder::new().mode(0o700).create(&directory) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(error).with_context(cannot);
                }
                _ => give_to(user, &directory).with_context(cannot)?,
            }
        }
        Ok(())
    }

    /// What a person allowed the snap: see [`crate::Grants`].
    #[must_use]
    pub fn grants(&self, name: &SnapName) -> PathBuf {
        self.state().join("grants").join(name.as_str())
    }

    /// The users of snaps: see [`confinement::SnapUsers`].
    #[must_use]
    pub fn users(&self) -> PathBuf {
        self.state().join("users")
    }

    /// The slots of a framework, in memory: `SLOT` in there is what it shares.
    #[must_use]
    pub fn slots(&self, framework: &SnapName) -> PathBuf {
        self.root.join("run/snap-slots").join(framework.as_str())
    }

    /// Services that a person stopped for good, a `NAME.APP` a line.
    #[must_use]
    pub fn disabled_services(&self) -> PathBuf {
        self.state().join("disabled-services")
    }

    fn state(&self) -> PathBuf {
        self.root.join("writable/system/snaps")
    }

    /// Where all this is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
}

/// A directory of root's becomes the snap's.
fn give_to(user: UserId, directory: &Path) -> io::Result<()> {
    let found = fs::symlink_metadata(directory)?;
    if found.is_dir() && found.uid() == 0 {
        fs::set_permissions(directory, Permissions::from_mode(0o700))?;
        lchown(directory, Some(user.get()), Some(user.get()))?;
    }
    Ok(())
}
