//! Why a release was not installed.

use crate::device::FailureKind;
use crate::download::PatchRefusal;
use boot_core::gpt::GptError;
use http_file::HttpError;
use std::fmt;
use system_update::{DiskError, SourceError, StageError};

/// Why a release was not installed.
#[derive(Debug)]
pub(crate) enum InstallError {
    NoKeyring,
    Disk(DiskError),
    Layout(GptError),
    Fetch(HttpError),
    Patch(PatchRefusal),
    Stage(StageError),
}

impl InstallError {
    /// Whether another source of the same release may do better.
    pub(crate) fn is_of_the_source(&self) -> bool {
        matches!(
            self,
            Self::Patch(_) | Self::Stage(StageError::Source(_) | StageError::WrongBytes { .. })
        )
    }

    /// For programs.
    pub(crate) fn kind(&self) -> FailureKind {
        match self {
            Self::NoKeyring => FailureKind::Disk,
            Self::Disk(_) | Self::Layout(_) => FailureKind::Disk,
            Self::Fetch(HttpError::Refused { .. }) => FailureKind::NotFound,
            Self::Fetch(_) | Self::Patch(_) => FailureKind::Network,
            Self::Stage(error) => match error {
                StageError::Unconfirmed { .. } | StageError::NoBadSlot => FailureKind::Unconfirmed,
                StageError::Refused(_)
                | StageError::Older { .. }
                | StageError::FailedBefore { .. } => FailureKind::Refused,
                StageError::Source(SourceError::Unreadable(_)) => FailureKind::Network,
                StageError::Source(_) | StageError::WrongBytes { .. } => FailureKind::Untrusted,
                StageError::Busy | StageError::Changed { .. } => FailureKind::Busy,
                StageError::Write { .. }
                | StageError::ReadBack { .. }
                | StageError::Disk(_)
                | StageError::Act(_) => FailureKind::Disk,
            },
        }
    }
}

impl fmt::Display for InstallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKeyring => f.write_str(
                "cannot update: this image has no usable keyring; roll back or flash the disk again",
            ),
            Self::Disk(error) => write!(f, "cannot update: {error}"),
            Self::Layout(error) => write!(f, "cannot update: the disk cannot be used: {error}"),
            Self::Fetch(error) => write!(f, "cannot fetch the release: {error}"),
            Self::Patch(error) => write!(f, "cannot use the release's patch: {error}"),
            Self::Stage(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InstallError {}
