//! Roles: their names, and who may sign for them.

use super::Extra;
use crate::keys::KeyId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;

/// `root`, `timestamp`, `snapshot`, `targets`, or what a delegation calls its role. Any
/// text: where it becomes a file or an address it is percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleName(pub String);

impl RoleName {
    /// The four of the top level, which no delegation may name.
    pub const TOP_LEVEL: [&'static str; 4] = ["root", "timestamp", "snapshot", "targets"];

    /// The role that everything hangs on.
    pub fn root() -> Self {
        RoleName("root".to_owned())
    }

    /// The role that says which snapshot is current.
    pub fn timestamp() -> Self {
        RoleName("timestamp".to_owned())
    }

    /// The role that lists the versions of all targets roles.
    pub fn snapshot() -> Self {
        RoleName("snapshot".to_owned())
    }

    /// The top of the targets roles.
    pub fn targets() -> Self {
        RoleName("targets".to_owned())
    }

    /// Its name in a snapshot's list.
    pub fn meta_name(&self) -> String {
        format!("{}.json", self.0)
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How many distinct keys must have signed: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Threshold(pub NonZeroU32);

impl Threshold {
    /// One key is enough.
    pub const ONE: Threshold = Threshold(NonZeroU32::MIN);
}

/// Who may sign for a role. A key id that stands here twice, or whose key nobody gave,
/// adds nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleKeys {
    /// Names in the map of keys beside it.
    #[serde(rename = "keyids")]
    pub key_ids: Vec<KeyId>,
    /// How many of their keys it takes.
    pub threshold: Threshold,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}
