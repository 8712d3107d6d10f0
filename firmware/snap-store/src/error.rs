//! Why something was not done with a snap.

use crate::change::ChangeKind;
use crate::configuration::ConfigurationError;
use crate::runtime::RuntimeError;
use crate::source::SourceError;
use snap_format::{Revision, SlotName, SnapFileError, SnapName};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why something was not done. What was begun was undone, unless it says otherwise.
#[derive(Debug)]
pub enum StoreError {
    /// There is no such snap.
    NotInstalled(SnapName),
    /// It is there.
    AlreadyInstalled(SnapName),
    /// That revision counts already.
    NoUpdate(SnapName),
    /// There is none to go back to.
    NoOlder(SnapName),
    /// Something else is in progress.
    Busy(ChangeKind, SnapName),
    /// The file is no snap.
    Snap(SnapFileError),
    /// It is another snap than was asked for.
    WrongName {
        /// What was asked for.
        wanted: SnapName,
        /// What the file says.
        found: SnapName,
    },
    /// No snap may have that name: something else has it.
    Reserved(SnapName),
    /// It does not run on this machine.
    Architecture(SnapName),
    /// It does not read the data that is there.
    Epoch(SnapName),
    /// It is of a kind that only a system can be.
    Type(SnapName),
    /// It needs a framework that is not installed.
    FrameworkMissing {
        /// Who needs it.
        snap: SnapName,
        /// What is needed.
        framework: SnapName,
    },
    /// It needs of an installed snap what that does not offer.
    NotOffered {
        /// Who needs it.
        snap: SnapName,
        /// Of whom.
        framework: SnapName,
        /// What is needed; none if the other is no framework at all.
        slot: Option<SlotName>,
    },
    /// It is a framework without what others need of it.
    SlotNeeded {
        /// The framework.
        framework: SnapName,
        /// What it lacks; none if it is no framework any more.
        slot: Option<SlotName>,
        /// Who needs it.
        by: SnapName,
    },
    /// Others need it.
    FrameworkNeeded {
        /// The framework.
        framework: SnapName,
        /// Who needs it.
        by: Vec<SnapName>,
    },
    /// The first would need the second, which needs the first.
    Circle(SnapName, SnapName),
    /// Its length is not a number of blocks, so that it cannot be verified block by block.
    Ragged(u64),
    /// It is not the file that was signed.
    WrongBytes(SnapName, Revision),
    /// `writable` has no room for it, besides what is kept for the system.
    NoSpace {
        /// What is needed.
        needed_bytes: u64,
        /// What there is for snaps.
        free_bytes: u64,
    },
    /// It does not come.
    Source(SourceError),
    /// The snap cannot be configured so.
    Configuration(ConfigurationError),
    /// A program of the snap failed.
    Runtime(RuntimeError),
    /// A file or a mount.
    Io {
        /// What was to be done.
        act: String,
        /// What the system says.
        source: io::Error,
    },
    /// The state cannot be understood.
    State(PathBuf, String),
    /// A change was interrupted, and goes on at the next start.
    Unfinished(String),
    /// It failed, and was undone.
    Undone(String),
}

impl StoreError {
    pub(crate) fn io(act: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            act: act.into(),
            source,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled(name) => {
                write!(f, "snap {name:?} is not installed", name = name.as_str())
            }
            Self::AlreadyInstalled(name) => write!(
                f,
                "snap {:?} is already installed; 'snappy update {name}' takes a newer one",
                name.as_str()
            ),
            Self::NoUpdate(name) => write!(f, "snap {:?} has no updates available", name.as_str()),
            Self::NoOlder(name) => write!(
                f,
                "cannot roll back {:?}: there is no other revision of it here",
                name.as_str()
            ),
            Self::Busy(kind, name) => write!(
                f,
                "cannot begin: another change of {:?} ({}) is in progress",
                name.as_str(),
                kind.name()
            ),
            Self::Snap(error) => write!(f, "cannot read the snap: {error}"),
            Self::WrongName { wanted, found } => {
                write!(
                    f,
                    "cannot use the file: it is the snap \"{found}\", not \"{wanted}\""
                )
            }
            Self::Reserved(name) => write!(
                f,
                "cannot use a snap of the name \"{name}\": something else has it; give the snap \
                 another name"
            ),
            Self::Architecture(name) => {
                write!(
                    f,
                    "cannot use snap \"{name}\": it is made for other processors"
                )
            }
            Self::Epoch(name) => write!(
                f,
                "cannot use this revision of \"{name}\": it does not read the data of the one \
                 that is installed; take a revision between the two first"
            ),
            Self::Type(name) => {
                write!(
                    f,
                    "cannot use snap \"{name}\": only apps, frameworks and bases are installed here"
                )
            }
            Self::FrameworkMissing { snap, framework } => write!(
                f,
                "cannot use snap \"{snap}\": it needs the framework \"{framework}\", which is not \
                 installed; 'snappy install {framework}' installs it"
            ),
            Self::NotOffered {
                snap,
                framework,
                slot: Some(slot),
            } => write!(
                f,
                "cannot use snap \"{snap}\": it needs the slot \"{slot}\", which the framework \
                 \"{framework}\" does not offer here; 'snappy update {framework}' takes a newer one"
            ),
            Self::NotOffered {
                snap,
                framework,
                slot: None,
            } => write!(
                f,
                "cannot use snap \"{snap}\": it needs the framework \"{framework}\", and the snap \
                 of that name here is none; 'snappy update {framework}' takes a newer one"
            ),
            Self::SlotNeeded {
                framework,
                slot: Some(slot),
                by,
            } => write!(
                f,
                "cannot use this revision of \"{framework}\": it does not offer the slot \
                 \"{slot}\", which \"{by}\" needs; 'snappy remove {by}' gives it up"
            ),
            Self::SlotNeeded {
                framework,
                slot: None,
                by,
            } => write!(
                f,
                "cannot use this revision of \"{framework}\": it is no framework, and \"{by}\" \
                 needs it as one; 'snappy remove {by}' gives it up"
            ),
            Self::FrameworkNeeded { framework, by } => {
                let by: Vec<_> = by.iter().map(SnapName::as_str).collect();
                let by = by.join(", ");
                write!(
                    f,
                    "cannot remove \"{framework}\": needed by {by}; remove what needs it first"
                )
            }
            Self::Circle(one, two) => write!(
                f,
                "cannot use this revision of \"{one}\": it needs the framework \"{two}\", which \
                 needs \"{one}\"; one of the two has to do without the other"
            ),
            Self::Ragged(length) => write!(
                f,
                "cannot use a snap of {length} bytes: it does not end with a whole block of 4096; \
                 make it with 'snappy build' or 'snap pack'"
            ),
            Self::WrongBytes(name, revision) => write!(
                f,
                "cannot use revision {revision} of \"{name}\": it is not the file that its \
                 publisher signed; try again, or copy the store again"
            ),
            Self::NoSpace {
                needed_bytes,
                free_bytes,
            } => write!(
                f,
                "cannot use {needed_bytes} bytes: snaps have {free_bytes} left, and the rest is \
                 kept for the system; purge a snap that is not needed"
            ),
            Self::Source(error) => error.fmt(f),
            Self::Configuration(error) => error.fmt(f),
            Self::Runtime(error) => error.fmt(f),
            Self::Io { act, source } => write!(f, "cannot {act}: {source}"),
            Self::State(path, reason) => write!(
                f,
                "cannot understand {}: {reason}; move it away and install the snaps again, their \
                 data is kept",
                path.display()
            ),
            Self::Unfinished(reason) => write!(
                f,
                "cannot finish: {reason}; what was begun goes on when snappyd starts again"
            ),
            Self::Undone(reason) => f.write_str(reason),
        }
    }
}

// What is behind it is said already.
impl std::error::Error for StoreError {}

impl From<SnapFileError> for StoreError {
    fn from(error: SnapFileError) -> Self {
        Self::Snap(error)
    }
}

impl From<ConfigurationError> for StoreError {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(error)
    }
}

impl From<RuntimeError> for StoreError {
    fn from(error: RuntimeError) -> Self {
        Self::Runtime(error)
    }
}

impl From<SourceError> for StoreError {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl ChangeKind {
    /// In snapd's words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Install => "install-snap",
            Self::Refresh => "refresh-snap",
            Self::Revert => "revert-snap",
            Self::Remove | Self::Purge => "remove-snap",
            Self::Configure => "configure-snap",
        }
    }
}
