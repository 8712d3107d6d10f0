//! The `custom` member of a target.

use crate::{Channel, ProductName, PublisherName, Rollout};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a store says of a file beside its length and its hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Custom {
    /// An update file.
    System(SystemRelease),
    /// A snap.
    Snap(SnapRelease),
    /// A patch between two update files.
    SystemPatch(SystemPatch),
}

/// A release of the system for one board. What may be written or booted is decided by the
/// envelope in the file; this says which release is current, and for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SystemRelease {
    /// As in the manifest.
    pub board: ProductName,
    /// As in the manifest.
    pub product: ProductName,
    /// As in the manifest.
    pub version: u64,
    /// As in the manifest.
    pub epoch: u32,
    /// SHA-256 of the manifest's frame in hex: the name by which devices know the release.
    pub manifest_sha256: String,
    /// When it was added to the store, in seconds since 1970.
    #[serde(rename = "issued")]
    pub issued_secs: u64,
    /// The channels that have it.
    pub channels: BTreeMap<Channel, Rollout>,
    /// While it is there, nobody new takes the release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// A device that runs an older version takes another release first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_version: Option<u64>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// A patch that makes a release of the system from an older one of the same product. It is
/// for whoever may take the release, and runs the older one: it has no audience of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SystemPatch {
    /// As in both manifests.
    pub board: ProductName,
    /// As in both manifests.
    pub product: ProductName,
    /// The version that it starts from.
    pub from_version: u64,
    /// SHA-256 of that one's manifest's frame in hex.
    pub from_manifest_sha256: String,
    /// The version that it leads to.
    pub to_version: u64,
    /// SHA-256 of that one's manifest's frame in hex.
    pub to_manifest_sha256: String,
}

/// A revision of a snap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapRelease {
    /// As in `meta/snap.yaml`.
    pub name: ProductName,
    /// Whose role lists it.
    pub publisher: PublisherName,
    /// As in `meta/snap.yaml`: for people.
    pub version: String,
    /// Counts up with each file of this name: decides what is newer.
    pub revision: u64,
    /// As in `meta/snap.yaml`; `all` for those without machine code.
    pub architectures: Vec<String>,
    /// When it was added to the store, in seconds since 1970.
    #[serde(rename = "issued")]
    pub issued_secs: u64,
    /// The channels that have it.
    pub channels: BTreeMap<Channel, Rollout>,
    /// While it is there, nobody new takes the revision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// A device that has an older revision takes another one first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_revision: Option<u64>,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Root hash of the dm-verity tree over the file, in hex: it names every block. Its salt
    /// is `snap-store`'s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_hash: Option<String>,
    /// As in `meta/snap.yaml`: a device without them fetches nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frameworks: Vec<String>,
}

/// Why a release is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hold(pub String);

/// What nobody is offered by itself.
static NO_CHANNELS: BTreeMap<Channel, Rollout> = BTreeMap::new();

impl Custom {
    /// The channels that have it.
    #[must_use]
    pub fn channels(&self) -> &BTreeMap<Channel, Rollout> {
        match self {
            Custom::System(release) => &release.channels,
            Custom::Snap(release) => &release.channels,
            Custom::SystemPatch(_) => &NO_CHANNELS,
        }
    }

    /// The same, to change them; a patch has none.
    pub fn channels_mut(&mut self) -> Option<&mut BTreeMap<Channel, Rollout>> {
        match self {
            Custom::System(release) => Some(&mut release.channels),
            Custom::Snap(release) => Some(&mut release.channels),
            Custom::SystemPatch(_) => None,
        }
    }

    /// Whether it is held.
    #[must_use]
    pub fn hold(&self) -> Option<&Hold> {
        match self {
            Custom::System(release) => release.hold.as_ref(),
            Custom::Snap(release) => release.hold.as_ref(),
            Custom::SystemPatch(_) => None,
        }
    }

    /// The same, to change it; a patch has none.
    pub fn hold_mut(&mut self) -> Option<&mut Option<Hold>> {
        match self {
            Custom::System(release) => Some(&mut release.hold),
            Custom::Snap(release) => Some(&mut release.hold),
            Custom::SystemPatch(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Devices in the field read this for ever.
    const GOLDEN: &str = r#"{"kind":"system","board":"x86_64-uefi","product":"twinkeel","version":7,"epoch":1,"manifest-sha256":"00ff","issued":1700000000,"channels":{"edge":[{"share-permille":1000,"from":1700000000}]},"hold":"boots slowly","minimum-version":3,"notes":"fast"}"#;

    #[test]
    fn a_release_reads_and_writes_as_ever() {
        let custom: Custom = serde_json::from_str(GOLDEN).expect("the golden form");
        assert_eq!(serde_json::to_string(&custom).expect("JSON"), GOLDEN);
        assert_eq!(custom.hold(), Some(&Hold("boots slowly".to_owned())));
    }

    const GOLDEN_PATCH: &str = r#"{"kind":"system-patch","board":"x86_64-uefi","product":"twinkeel","from-version":6,"from-manifest-sha256":"00ee","to-version":7,"to-manifest-sha256":"00ff"}"#;

    #[test]
    fn a_patch_reads_and_writes_as_ever_and_has_no_audience() {
        let mut custom: Custom = serde_json::from_str(GOLDEN_PATCH).expect("the golden form");
        assert_eq!(serde_json::to_string(&custom).expect("JSON"), GOLDEN_PATCH);
        assert!(custom.channels().is_empty() && custom.channels_mut().is_none());
        assert!(custom.hold().is_none() && custom.hold_mut().is_none());
    }

    #[test]
    fn unknown_members_are_passed_over_and_unknown_kinds_are_not() {
        let newer = GOLDEN.replace("\"epoch\":1", "\"epoch\":1,\"colour\":\"red\"");
        assert!(serde_json::from_str::<Custom>(&newer).is_ok());
        let other = GOLDEN.replace("\"system\"", "\"loader\"");
        assert!(serde_json::from_str::<Custom>(&other).is_err());
    }
}
