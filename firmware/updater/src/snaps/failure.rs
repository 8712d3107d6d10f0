//! What `snap-store` says, for those who ask.

use crate::device::{Failure, FailureKind};
use snap_store::StoreError;

pub(super) fn failure(error: &StoreError) -> Failure {
    let kind = match error {
        StoreError::NotInstalled(_) => FailureKind::NotInstalled,
        StoreError::AlreadyInstalled(_) => FailureKind::AlreadyInstalled,
        StoreError::NoUpdate(_) => FailureKind::NoUpdate,
        StoreError::Busy(..) => FailureKind::Busy,
        StoreError::Source(_) => FailureKind::Network,
        StoreError::Configuration(_) => FailureKind::BadValue,
        StoreError::WrongBytes(..) => FailureKind::Untrusted,
        StoreError::FrameworkMissing { .. } | StoreError::NotOffered { .. } => {
            FailureKind::FrameworkMissing
        }
        StoreError::FrameworkNeeded { .. } | StoreError::SlotNeeded { .. } => {
            FailureKind::FrameworkNeeded
        }
        StoreError::Snap(_)
        | StoreError::WrongName { .. }
        | StoreError::Reserved(_)
        | StoreError::Architecture(_)
        | StoreError::Epoch(_)
        | StoreError::Type(_)
        | StoreError::Circle(..)
        | StoreError::Ragged(_) => FailureKind::BadSnap,
        StoreError::NoOlder(_) | StoreError::Runtime(_) | StoreError::Undone(_) => {
            FailureKind::Refused
        }
        StoreError::NoSpace { .. }
        | StoreError::Io { .. }
        | StoreError::State(..)
        | StoreError::Unfinished(_) => FailureKind::Disk,
    };
    Failure::new(kind, error)
}
