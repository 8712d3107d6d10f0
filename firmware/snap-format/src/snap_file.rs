//! A snap file: a squashfs that says in `meta/snap.yaml` what it is.

use crate::check::{FileKind, Listed, Warning, warnings};
use crate::error::SnapYamlError;
use crate::hook::Hook;
use crate::snap_yaml::SnapYaml;
use crate::squashfs::{Entry, Kind, ReadAt, Squashfs, SquashfsError};
use std::fmt;
use yaml_tree::MAX_YAML_BYTES;

/// Where a snap says what it is.
pub(crate) const SNAP_YAML: &str = "meta/snap.yaml";

/// A snap that was opened and read.
#[derive(Debug)]
pub struct SnapFile<R> {
    files: Squashfs<R>,
    yaml: SnapYaml,
}

/// A file that is no snap.
#[derive(Debug)]
pub enum SnapFileError {
    /// It is no squashfs, or a damaged one.
    Files(SquashfsError),
    /// It does not say what it is.
    Yaml(SnapYamlError),
}

impl<R: ReadAt> SnapFile<R> {
    /// Reads what the snap says of itself.
    ///
    /// # Errors
    /// It is no snap.
    pub fn open(source: R) -> Result<Self, SnapFileError> {
        let files = Squashfs::open(source).map_err(SnapFileError::Files)?;
        let yaml = files.read(SNAP_YAML, MAX_YAML_BYTES);
        let yaml = SnapYaml::parse(&yaml.map_err(SnapFileError::Files)?);
        Ok(SnapFile {
            files,
            yaml: yaml.map_err(SnapFileError::Yaml)?,
        })
    }

    /// What it says of itself.
    pub fn yaml(&self) -> &SnapYaml {
        &self.yaml
    }

    /// The files in it.
    pub fn files(&self) -> &Squashfs<R> {
        &self.files
    }

    /// The hooks that it has, said of or not.
    ///
    /// # Errors
    /// A directory is damaged.
    pub fn hooks(&self) -> Result<Vec<Hook>, SquashfsError> {
        let mut hooks = Vec::new();
        for hook in Hook::ALL {
            let found = self.files.find(&format!("meta/hooks/{hook}"))?;
            if found.is_some_and(|inode| matches!(inode.kind, Kind::File(_))) {
                hooks.push(hook);
            }
        }
        Ok(hooks)
    }

    /// What in it will not run.
    ///
    /// # Errors
    /// A directory is damaged, or there is no end to them.
    pub fn warnings(&self) -> Result<Vec<Warning>, SquashfsError> {
        let listed = self.files.walk()?.into_iter().map(Listed::from);
        Ok(warnings(&self.yaml, &listed.collect::<Vec<_>>()))
    }
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        Listed {
            path: entry.path,
            mode: entry.inode.mode,
            kind: match entry.inode.kind {
                Kind::Directory(_) => FileKind::Directory,
                Kind::File(_) => FileKind::File,
                Kind::Symlink(_) => FileKind::Symlink,
                Kind::Device => FileKind::Device,
                Kind::Channel => FileKind::Channel,
            },
        }
    }
}

impl fmt::Display for SnapFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(error) => error.fmt(f),
            Self::Yaml(error) => error.fmt(f),
        }
    }
}

// What is behind it is said already.
impl std::error::Error for SnapFileError {}
