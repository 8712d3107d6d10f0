//! What the files of a repository say, as types (specification, section 4).
//!
//! A publisher writes them through `Serialize`, the client reads them through
//! `Deserialize`. Members that nobody defined are kept in `extra`: the signature covers
//! them, a caller may look at them, and no decision here does.

mod envelope;
mod hashes;
mod meta_file;
mod role;
mod root;
mod snapshot;
mod targets;
mod timestamp;
mod version;

pub use envelope::{Envelope, Signature};
pub use hashes::{Digests, Hashes, NoDigest};
pub use meta_file::MetaFile;
pub use role::{RoleKeys, RoleName, Threshold};
pub use root::{Root, RootKind, RootRoles};
pub use snapshot::{Snapshot, SnapshotKind};
pub use targets::{DelegatedRole, Delegations, Scope, Target, Targets, TargetsKind};
pub use timestamp::{Timestamp, TimestampKind, TimestampMeta};
pub use version::{SpecVersion, Version};

use crate::time::UtcTime;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Members that the specification does not define.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// What every role's file has.
pub trait Signed: Serialize + DeserializeOwned {
    /// Counts up from 1, by whatever the role's keys sign.
    fn version(&self) -> Version;
    /// From this moment on the file counts no more.
    fn expires(&self) -> UtcTime;
}

macro_rules! signed {
    ($($role:ty),+) => {
        $(impl Signed for $role {
            fn version(&self) -> Version {
                self.version
            }
            fn expires(&self) -> UtcTime {
                self.expires
            }
        })+
    };
}
signed!(Root, Timestamp, Snapshot, Targets);
