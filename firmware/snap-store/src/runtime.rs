//! What runs: as much as this crate knows of it.

use crate::configuration::Configuration;
use snap_format::{Hook, Revision, SnapName, SnapYaml};
use std::fmt;
use std::path::PathBuf;

/// A revision of a snap that is mounted.
#[derive(Clone, Debug, PartialEq)]
pub struct Installed {
    /// Its name.
    pub name: SnapName,
    /// Which one.
    pub revision: Revision,
    /// What it says of itself, read from the verified mount.
    pub yaml: SnapYaml,
    /// Its files.
    pub mount: PathBuf,
    /// The data of this revision.
    pub data: PathBuf,
    /// The data of all revisions.
    pub common: PathBuf,
    /// What a person set of it.
    pub configuration: Configuration,
    /// Whether a store vouches for it.
    pub origin: crate::Origin,
}

/// Starts and stops programs of snaps.
pub trait Runtime: Send + Sync {
    /// Starts the services, in their order. Those that run go on.
    ///
    /// # Errors
    /// One does not start.
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError>;

    /// Stops everything that runs from this revision, also what a person started. Nothing of
    /// it runs afterwards; nothing may have run before.
    ///
    /// # Errors
    /// Something cannot be stopped.
    fn stop(&self, snap: &Installed) -> Result<(), RuntimeError>;

    /// Runs a hook, which finds the configuration on its standard input; the snap may have
    /// none.
    ///
    /// # Errors
    /// It fails.
    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError>;

    /// What the hook of that snap that has just ended well set of its own configuration, if it
    /// set something: the whole of it.
    fn set_by_hook(&self, _: &SnapName) -> Option<Configuration> {
        None
    }
}

/// A program of a snap did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeError(pub String);

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RuntimeError {}

/// Starts nothing: snaps are files and data.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRuntime;

impl Runtime for NoRuntime {
    fn start(&self, _: &Installed) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn stop(&self, _: &Installed) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn hook(&self, _: &Installed, _: Hook) -> Result<(), RuntimeError> {
        Ok(())
    }
}
