//! What one file of metadata says of another.

use super::{Extra, Hashes, Version};
use serde::{Deserialize, Serialize};

/// The version of a file of metadata, and maybe its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetaFile {
    /// The file has this version and no other.
    pub version: Version,
    /// Its length, if stated.
    #[serde(default, rename = "length", skip_serializing_if = "Option::is_none")]
    pub length_bytes: Option<u64>,
    /// Its hashes, if stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<Hashes>,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

impl MetaFile {
    /// A file of which only the version is told.
    pub fn of_version(version: Version) -> Self {
        MetaFile {
            version,
            length_bytes: None,
            hashes: None,
            extra: Extra::new(),
        }
    }
}
