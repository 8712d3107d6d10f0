//! `targets.json` and the files of delegated roles: what there is to fetch, and whom
//! else to ask (section 4.5).

use super::{Extra, Hashes, RoleKeys, RoleName, SpecVersion, Version};
use crate::keys::{Key, KeyId};
use crate::time::UtcTime;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// `_type` of a targets role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetsKind {
    /// The only one.
    #[default]
    #[serde(rename = "targets")]
    Targets,
}

/// The signed part of a targets role's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Targets {
    /// Always `targets`.
    #[serde(rename = "_type")]
    pub kind: TargetsKind,
    /// Of the specification.
    pub spec_version: SpecVersion,
    /// Of this file.
    pub version: Version,
    /// From then on it counts no more.
    pub expires: UtcTime,
    /// By name. Names are paths as an address has them.
    pub targets: BTreeMap<String, Target>,
    /// Whom else to ask, if anyone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegations: Option<Delegations>,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A file that may be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its exact length.
    #[serde(rename = "length")]
    pub length_bytes: u64,
    /// Its hashes.
    pub hashes: Hashes,
    /// What the publisher says of it. Signed, and not looked at here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Value>,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The roles that a targets role trusts with some names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegations {
    /// All keys, each under a name of its own.
    pub keys: BTreeMap<KeyId, Key>,
    /// Whom to ask first stands first.
    #[serde(deserialize_with = "distinct_roles")]
    pub roles: Vec<DelegatedRole>,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A role that is trusted with some names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DelegatedRole {
    /// Its name, of which the delegating role has one only.
    pub name: RoleName,
    /// Whether nobody after it is asked for names of its scope.
    pub terminating: bool,
    /// The names.
    #[serde(flatten)]
    pub scope: Scope,
    /// Who signs for it.
    #[serde(flatten)]
    pub keys: RoleKeys,
}

/// Which names a role is trusted with: one of the two, never both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ScopeMembers", into = "ScopeMembers")]
pub enum Scope {
    /// Names that one of these patterns matches.
    Paths(Vec<String>),
    /// Names whose SHA-256 in hex begins with one of these.
    HashPrefixes(Vec<String>),
}

#[derive(Clone, Serialize, Deserialize)]
struct ScopeMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paths: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path_hash_prefixes: Option<Vec<String>>,
}

impl TryFrom<ScopeMembers> for Scope {
    type Error = String;

    fn try_from(members: ScopeMembers) -> Result<Self, String> {
        match (members.paths, members.path_hash_prefixes) {
            (Some(paths), None) => Ok(Scope::Paths(paths)),
            (None, Some(prefixes)) => Ok(Scope::HashPrefixes(prefixes)),
            (Some(_), Some(_)) => Err("paths and path_hash_prefixes exclude each other".into()),
            (None, None) => Err("neither paths nor path_hash_prefixes".into()),
        }
    }
}

impl From<Scope> for ScopeMembers {
    fn from(scope: Scope) -> Self {
        let (paths, path_hash_prefixes) = match scope {
            Scope::Paths(paths) => (Some(paths), None),
            Scope::HashPrefixes(prefixes) => (None, Some(prefixes)),
        };
        ScopeMembers {
            paths,
            path_hash_prefixes,
        }
    }
}

/// A role is asked once: its name stands once, and is not one of the top level's.
fn distinct_roles<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<DelegatedRole>, D::Error> {
    use serde::de::Error;
    let roles = Vec::<DelegatedRole>::deserialize(deserializer)?;
    let mut names = BTreeSet::new();
    for role in &roles {
        let name = role.name.0.as_str();
        if name.is_empty() || RoleName::TOP_LEVEL.contains(&name) {
            return Err(D::Error::custom(format_args!(
                "no role may be delegated as {name:?}"
            )));
        }
        if !names.insert(name) {
            return Err(D::Error::custom(format_args!(
                "role {name:?} is delegated twice"
            )));
        }
    }
    Ok(roles)
}
