//! `timestamp.json`: which snapshot is current (section 4.6).

use super::{Extra, MetaFile, SpecVersion, Version};
use crate::time::UtcTime;
use serde::{Deserialize, Serialize};

/// `_type` of a timestamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampKind {
    /// The only one.
    #[default]
    #[serde(rename = "timestamp")]
    Timestamp,
}

/// The signed part of `timestamp.json`. Our store's has `issued` among its `extra`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timestamp {
    /// Always `timestamp`.
    #[serde(rename = "_type")]
    pub kind: TimestampKind,
    /// Of the specification.
    pub spec_version: SpecVersion,
    /// Of this file.
    pub version: Version,
    /// Soon: whoever holds a mirror back can do so until then.
    pub expires: UtcTime,
    /// The snapshot.
    pub meta: TimestampMeta,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a timestamp lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimestampMeta {
    /// The snapshot that is current.
    #[serde(rename = "snapshot.json")]
    pub snapshot: MetaFile,
    /// Not defined by the specification.
    #[serde(flatten)]
    pub extra: Extra,
}
