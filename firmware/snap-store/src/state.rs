//! Which snaps there are. Written whole, with the change that is in progress.
//!
//! The release of the system before this one reads it, too: members are added, and never
//! change their meaning. What a reader does not know it keeps as it is.

use crate::change::{Change, ChangeKind, Direction};
use crate::configuration::Configuration;
use crate::fault::Fault;
use crate::text::{self, Text};
use image_format::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use snap_format::{Grant, Revision, SnapName};
use std::collections::{BTreeMap, BTreeSet};

/// All of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct State {
    /// By name; those whose data was kept, too.
    #[serde(default)]
    pub(crate) snaps: BTreeMap<Text<SnapName>, SnapState>,
    /// What is in progress.
    #[serde(default)]
    pub(crate) change: Option<Change>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// A snap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SnapState {
    /// The revision that counts; none for one that was removed and left its data.
    #[serde(default, with = "text::optional")]
    pub current: Option<Revision>,
    /// What is here: the current one, and the one before it.
    #[serde(default)]
    pub revisions: Vec<RevisionState>,
    /// The last number that a file was given.
    #[serde(default)]
    pub last_local: u32,
    /// A removed snap's data, which the next installation begins with.
    #[serde(
        default,
        with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub kept_data: Option<Revision>,
    /// Its configuration, which goes the same way.
    #[serde(default, skip_serializing_if = "Configuration::is_empty")]
    pub kept_configuration: Configuration,
    /// A person went back from this one: no unattended refresh takes it, or an older one.
    #[serde(
        default,
        with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub reverted_from: Option<Revision>,
    /// A refresh to this one failed by its fault and was undone: no unattended refresh takes
    /// it again.
    #[serde(
        default,
        with = "text::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub failed: Option<Revision>,
    /// The channel that somebody chose for it. Without one it follows the device's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// What the administrator granted it. It goes with the snap.
    #[serde(
        default,
        with = "text::many",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub grants: BTreeSet<Grant>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// A revision of a snap whose file is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RevisionState {
    /// Which one.
    #[serde(with = "text::one")]
    pub revision: Revision,
    /// As the snap says, for people.
    pub version: String,
    /// Of the file.
    pub length_bytes: u64,
    /// Of the whole file: as it was signed, or as it was found.
    #[serde(with = "text::hex")]
    pub sha256: Digest,
    /// Names every block of the file.
    #[serde(with = "text::hex")]
    pub root_hash: Digest,
    /// Who vouches for it.
    pub origin: Origin,
    /// What a person set of it.
    #[serde(default, skip_serializing_if = "Configuration::is_empty")]
    pub configuration: Configuration,
    /// What the store's owner signed that it is granted.
    #[serde(
        default,
        with = "text::many",
        skip_serializing_if = "BTreeSet::is_empty"
    )]
    pub grants: BTreeSet<Grant>,
    /// What was found to be wrong with its files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damage: Option<Damage>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

/// What is wrong with the files of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// The hash tree of the snap is not the one that was made; it can be made again.
    Tree,
    /// The snap is not the one that was installed, or cannot be read.
    #[serde(other)]
    File,
}

/// Who vouches for a file. It stays with the revision for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Origin {
    /// Nobody.
    Unauthenticated,
    /// A publisher, in a store's signed metadata.
    #[serde(rename_all = "kebab-case")]
    Store {
        /// Whose role lists it.
        publisher: String,
        /// The channel that it was taken from.
        channel: String,
    },
}

impl State {
    /// The snaps that are installed.
    pub fn installed(&self) -> impl Iterator<Item = (&SnapName, &SnapState)> {
        self.all().filter(|(_, snap)| snap.current.is_some())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&SnapName, &SnapState)> {
        self.snaps.iter().map(|(name, snap)| (&name.0, snap))
    }

    /// One of them, removed ones whose data was kept included.
    #[must_use]
    pub fn snap(&self, name: &SnapName) -> Option<&SnapState> {
        self.snaps.get(&Text(name.clone()))
    }

    /// What is in progress.
    #[must_use]
    pub fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }

    /// Has the change that is in progress be undone, because of `reason`.
    pub(crate) fn turn_back(&mut self, reason: String, fault: Fault) {
        let Some(change) = &mut self.change else {
            return;
        };
        change.direction = Direction::Back(reason);
        // A repair that does not work says nothing about the revision.
        let new = change.new.as_ref().filter(|_| !change.repairs());
        let new = new.map(|new| new.revision);
        // The number of a file is not given again.
        let of_store = new.filter(|new| matches!(new, Revision::Store(_)));
        if change.kind == ChangeKind::Refresh && fault == Fault::Revision && of_store.is_some() {
            let name = change.snap.clone();
            self.snap_mut(&name).failed = of_store;
        }
    }

    pub(crate) fn snap_mut(&mut self, name: &SnapName) -> &mut SnapState {
        self.snaps.entry(Text(name.clone())).or_default()
    }

    pub(crate) fn forget(&mut self, name: &SnapName) {
        self.snaps.remove(&Text(name.clone()));
    }
}

impl SnapState {
    /// A revision that is here.
    #[must_use]
    pub fn revision(&self, revision: Revision) -> Option<&RevisionState> {
        let mut all = self.revisions.iter();
        all.find(|found| found.revision == revision)
    }

    /// The revision that counts.
    #[must_use]
    pub fn current(&self) -> Option<&RevisionState> {
        self.revision(self.current?)
    }

    /// The one to go back to.
    #[must_use]
    pub fn other(&self) -> Option<&RevisionState> {
        let mut all = self.revisions.iter().rev();
        all.find(|found| Some(found.revision) != self.current)
    }
}

impl RevisionState {
    /// A revision whose blocks are not named yet.
    #[must_use]
    pub fn new(revision: Revision, version: String, origin: Origin) -> Self {
        Self {
            revision,
            version,
            length_bytes: 0,
            sha256: Digest::ZERO,
            root_hash: Digest::ZERO,
            origin,
            configuration: Configuration::default(),
            grants: BTreeSet::new(),
            damage: None,
            unknown: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the first release with snaps wrote it.
    const GOLDEN: &str = r#"{"snaps":{"hello":{"current":"x2","revisions":[{"revision":"7","version":"1.0","length-bytes":4096,"sha256":"1111111111111111111111111111111111111111111111111111111111111111","root-hash":"2222222222222222222222222222222222222222222222222222222222222222","origin":{"kind":"store","publisher":"acme","channel":"stable"}},{"revision":"x2","version":"1.1","length-bytes":8192,"sha256":"3333333333333333333333333333333333333333333333333333333333333333","root-hash":"4444444444444444444444444444444444444444444444444444444444444444","origin":{"kind":"unauthenticated"}}],"last-local":2,"reverted-from":"8"}},"change":null}"#;

    #[test]
    fn a_state_reads_and_writes_as_ever() {
        let state: State = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), GOLDEN);
        let (name, snap) = state.installed().next().unwrap();
        assert_eq!(name.as_str(), "hello");
        assert_eq!(snap.current().unwrap().version, "1.1");
        assert_eq!(snap.other().unwrap().version, "1.0");
    }

    #[test]
    fn a_configuration_lies_with_its_revision() {
        let with = GOLDEN.replacen(
            "\"channel\":\"stable\"}}",
            "\"channel\":\"stable\"},\"configuration\":{\"port\":80}}",
            1,
        );
        let state: State = serde_json::from_str(&with).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), with);
        let (_, snap) = state.installed().next().unwrap();
        let port = snap.other().unwrap().configuration.get("port").unwrap();
        assert_eq!(port, Some(&80.into()));
        assert!(snap.current().unwrap().configuration.is_empty());
    }

    #[test]
    fn damage_lies_with_its_revision_and_of_an_unknown_kind_is_the_files() {
        let with = |word: &str| {
            let damage = format!("\"channel\":\"stable\"}},\"damage\":\"{word}\"}}");
            GOLDEN.replacen("\"channel\":\"stable\"}}", &damage, 1)
        };
        let read = |text: &str| serde_json::from_str::<State>(text).unwrap();
        for word in ["file", "tree"] {
            assert_eq!(
                serde_json::to_string(&read(&with(word))).unwrap(),
                with(word)
            );
        }
        let state = read(&with("owner"));
        let (_, snap) = state.installed().next().unwrap();
        assert_eq!(snap.other().unwrap().damage, Some(Damage::File));
        assert_eq!(snap.current().unwrap().damage, None);
    }

    #[test]
    fn what_a_newer_release_added_is_kept() {
        let newer = GOLDEN
            .replacen("\"last-local\":2", "\"last-local\":2,\"pinned\":true", 1)
            .replacen("\"change\":null", "\"change\":null,\"sets\":[1]", 1)
            .replacen(
                "\"kind\":\"unauthenticated\"}}",
                "\"kind\":\"unauthenticated\"},\"mark\":9}",
                1,
            );
        let state: State = serde_json::from_str(&newer).unwrap();
        let written: Value = serde_json::to_value(&state).unwrap();
        assert_eq!(written, serde_json::from_str::<Value>(&newer).unwrap());
        assert_eq!(written["snaps"]["hello"]["revisions"][1]["mark"], 9);
    }
}
