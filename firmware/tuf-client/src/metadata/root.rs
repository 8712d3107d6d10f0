//! `root.json`: the keys of the four roles of the top level (section 4.3).

use super::{Extra, RoleKeys, SpecVersion, Version};
use crate::keys::{Key, KeyId};
use crate::time::UtcTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `_type` of a root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RootKind {
    /// The only one.
    #[default]
    #[serde(rename = "root")]
    Root,
}

/// The signed part of `root.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// Always `root`.
    #[serde(rename = "_type")]
    pub kind: RootKind,
    /// Of the specification.
    pub spec_version: SpecVersion,
    /// Of this file.
    pub version: Version,
    /// Only the newest root's matters.
    pub expires: UtcTime,
    /// Whether files have their version or their hash before their name (section 6.2).
    #[serde(default)]
    pub consistent_snapshot: bool,
    /// All keys, each under a name of its own. The name need not be a hash.
    pub keys: BTreeMap<KeyId, Key>,
    /// Who signs what.
    pub roles: RootRoles,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The keys of each role of the top level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootRoles {
    /// Sign the next root.
    pub root: RoleKeys,
    /// Online keys.
    pub timestamp: RoleKeys,
    /// Online keys, or nearly so.
    pub snapshot: RoleKeys,
    /// Sign what there is to fetch.
    pub targets: RoleKeys,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}
