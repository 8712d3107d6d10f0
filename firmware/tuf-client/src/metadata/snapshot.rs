//! `snapshot.json`: the versions of all targets roles at one moment (section 4.4).

use super::{Extra, MetaFile, RoleName, SpecVersion, Version};
use crate::time::UtcTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `_type` of a snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnapshotKind {
    /// The only one.
    #[default]
    #[serde(rename = "snapshot")]
    Snapshot,
}

/// The signed part of `snapshot.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Always `snapshot`.
    #[serde(rename = "_type")]
    pub kind: SnapshotKind,
    /// Of the specification.
    pub spec_version: SpecVersion,
    /// Of this file.
    pub version: Version,
    /// From then on it counts no more.
    pub expires: UtcTime,
    /// `targets.json` and every delegated role's file.
    pub meta: BTreeMap<String, MetaFile>,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Snapshot {
    /// What it says of a role. A role that it does not list does not exist.
    pub fn role(&self, role: &RoleName) -> Option<&MetaFile> {
        self.meta.get(&role.meta_name())
    }
}
