//! A repository in memory, whose keys are known and whose files can be bent.

use ed25519_dalek::{Signer, SigningKey};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::num::NonZeroU32;
use tuf_client::keys::{Key, KeyId};
use tuf_client::metadata::{
    DelegatedRole, Delegations, Envelope, Extra, Hashes, MetaFile, RoleKeys, RoleName, Root,
    RootKind, RootRoles, Scope, Signature, Snapshot, SnapshotKind, SpecVersion, Target, Targets,
    TargetsKind, Threshold, Timestamp, TimestampKind, TimestampMeta, Version,
};
use tuf_client::{Fetch, FetchError, Place, Reply, Request, UtcTime, Validator};

/// What devices take for now: 2026-11-26.
pub(crate) const NOW: UtcTime = UtcTime(1_795_651_200);
/// A day before and a year after.
pub(crate) const PAST: UtcTime = UtcTime(NOW.0 - 86_400);
pub(crate) const FUTURE: UtcTime = UtcTime(NOW.0 + 365 * 86_400);

/// The key of a number, and its id.
pub(crate) fn secret(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(crate) fn key(number: u8) -> Key {
    Key::ed25519(&secret(number).verifying_key().to_bytes())
}

pub(crate) fn key_id(number: u8) -> KeyId {
    KeyId(format!("key {number}"))
}

pub(crate) fn keys_of(numbers: &[u8]) -> BTreeMap<KeyId, Key> {
    numbers
        .iter()
        .map(|&number| (key_id(number), key(number)))
        .collect()
}

pub(crate) fn role_keys(numbers: &[u8], threshold: u32) -> RoleKeys {
    RoleKeys {
        key_ids: numbers.iter().map(|&number| key_id(number)).collect(),
        threshold: Threshold(NonZeroU32::new(threshold).expect("a threshold")),
        extra: Extra::new(),
    }
}

pub(crate) fn version(number: u64) -> Version {
    Version::new(number).expect("a version")
}

pub(crate) fn signature(number: u8, message: &[u8]) -> Signature {
    let bytes = secret(number).sign(message).to_bytes();
    Signature {
        key_id: key_id(number),
        signature: bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        extra: Extra::new(),
    }
}

/// Any JSON, signed.
pub(crate) fn sign_value(signed: Value, numbers: &[u8]) -> Vec<u8> {
    let mut envelope = Envelope {
        signatures: Vec::new(),
        signed,
    };
    let message = envelope.signed_bytes().expect("it has a canonical form");
    envelope.signatures = numbers
        .iter()
        .map(|&number| signature(number, &message))
        .collect();
    envelope.to_bytes().expect("it has bytes")
}

pub(crate) fn sign(signed: &impl serde::Serialize, numbers: &[u8]) -> Vec<u8> {
    sign_value(serde_json::to_value(signed).expect("it is JSON"), numbers)
}

/// Root has key 1, timestamp 2, snapshot 3, targets 4.
#[derive(Clone)]
pub(crate) struct Repository {
    pub(crate) root: Root,
    pub(crate) timestamp: Timestamp,
    pub(crate) snapshot: Snapshot,
    pub(crate) targets: Targets,
    pub(crate) delegated: BTreeMap<String, Targets>,
    /// Who signs what; the role of a new root needs both old and new ones.
    pub(crate) signers: BTreeMap<String, Vec<u8>>,
    /// Whether timestamp and snapshot tell lengths and hashes.
    pub(crate) telling: Telling,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) requests: RefCell<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    Versions,
    Bytes,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let (spec_version, extra) = (SpecVersion::current(), Extra::new());
        let first = Version::FIRST;
        let mut repository = Repository {
            root: Root {
                kind: RootKind::Root,
                spec_version: spec_version.clone(),
                version: first,
                expires: FUTURE,
                consistent_snapshot: true,
                keys: keys_of(&[1, 2, 3, 4]),
                roles: RootRoles {
                    root: role_keys(&[1], 1),
                    timestamp: role_keys(&[2], 1),
                    snapshot: role_keys(&[3], 1),
                    targets: role_keys(&[4], 1),
                    extra: extra.clone(),
                },
                extra: extra.clone(),
            },
            timestamp: Timestamp {
                kind: TimestampKind::Timestamp,
                spec_version: spec_version.clone(),
                version: first,
                expires: FUTURE,
                meta: TimestampMeta {
                    snapshot: MetaFile::of_version(first),
                    extra: extra.clone(),
                },
                extra: extra.clone(),
            },
            snapshot: Snapshot {
                kind: SnapshotKind::Snapshot,
                spec_version,
                version: first,
                expires: FUTURE,
                meta: BTreeMap::new(),
                extra,
            },
            targets: empty_targets(),
            delegated: BTreeMap::new(),
            signers: [
                ("root", 1),
                ("timestamp", 2),
                ("snapshot", 3),
                ("targets", 4),
            ]
            .map(|(role, number)| (role.to_owned(), vec![number]))
            .into(),
            telling: Telling::Versions,
            files: BTreeMap::new(),
            requests: RefCell::default(),
        };
        repository.publish_root();
        repository.publish();
        repository
    }

    pub(crate) fn put(&mut self, file: &str, bytes: Vec<u8>) {
        self.files.insert(format!("metadata/{file}"), bytes);
    }

    pub(crate) fn file(&self, file: &str) -> Vec<u8> {
        self.files[&format!("metadata/{file}")].clone()
    }

    /// Signs the root as it stands.
    pub(crate) fn publish_root(&mut self) {
        let bytes = sign(&self.root, &self.signers["root"]);
        self.put(&format!("{}.root.json", self.root.version), bytes);
    }

    /// The next root, changed.
    pub(crate) fn next_root(&mut self, change: impl FnOnce(&mut Root)) {
        self.root.version = self.root.version.next().expect("there is a next one");
        change(&mut self.root);
        self.publish_root();
    }

    /// Signs all but the root as it stands.
    pub(crate) fn publish(&mut self) {
        let mut roles = self.delegated.clone();
        roles.insert("targets".to_owned(), self.targets.clone());
        for (role, targets) in roles {
            let bytes = sign(&targets, &self.signers[&role]);
            let meta = self.meta(targets.version, &bytes);
            self.snapshot.meta.insert(format!("{role}.json"), meta);
            self.put_versioned(targets.version, &role, bytes);
        }
        self.publish_snapshot();
    }

    pub(crate) fn publish_snapshot(&mut self) {
        let bytes = sign(&self.snapshot, &self.signers["snapshot"]);
        self.timestamp.meta.snapshot = self.meta(self.snapshot.version, &bytes);
        self.put_versioned(self.snapshot.version, "snapshot", bytes);
        self.publish_timestamp();
    }

    pub(crate) fn publish_timestamp(&mut self) {
        let bytes = sign(&self.timestamp, &self.signers["timestamp"]);
        self.put("timestamp.json", bytes);
    }

    /// A release: everything but the root, one version up.
    pub(crate) fn release(&mut self) {
        let up = |version: &mut Version| *version = version.next().expect("there is a next one");
        up(&mut self.targets.version);
        up(&mut self.snapshot.version);
        up(&mut self.timestamp.version);
        self.publish();
    }

    pub(crate) fn add_target(&mut self, name: &str, bytes: &[u8]) {
        self.targets.targets.insert(name.to_owned(), target(bytes));
        self.put_target(name, bytes);
    }

    pub(crate) fn put_target(&mut self, name: &str, bytes: &[u8]) {
        let hashes = Hashes::of(bytes);
        let hash = hashes.sha256().expect("sha256 is told");
        let (directory, file) = name.rsplit_once('/').map_or(("", name), |(d, f)| (d, f));
        let slash = if directory.is_empty() { "" } else { "/" };
        let path = if self.root.consistent_snapshot {
            format!("targets/{directory}{slash}{hash}.{file}")
        } else {
            format!("targets/{name}")
        };
        self.files.insert(path, bytes.to_vec());
    }

    /// `delegator` trusts `role` with names, and `number` signs for it.
    pub(crate) fn delegate(&mut self, delegator: &str, role: &str, scope: &[&str], number: u8) {
        let scope = Scope::Paths(scope.iter().map(|&pattern| pattern.to_owned()).collect());
        let delegated = DelegatedRole {
            name: RoleName(role.to_owned()),
            terminating: false,
            scope,
            keys: role_keys(&[number], 1),
        };
        let delegations = self.delegations(delegator);
        delegations.keys.extend(keys_of(&[number]));
        delegations.roles.push(delegated);
        self.signers.insert(role.to_owned(), vec![number]);
        self.delegated
            .entry(role.to_owned())
            .or_insert_with(empty_targets);
    }

    pub(crate) fn delegations(&mut self, delegator: &str) -> &mut Delegations {
        let targets = match delegator {
            "targets" => &mut self.targets,
            other => self.delegated.get_mut(other).expect("a delegated role"),
        };
        targets.delegations.get_or_insert_with(|| Delegations {
            keys: BTreeMap::new(),
            roles: Vec::new(),
            extra: Extra::new(),
        })
    }

    fn meta(&self, version: Version, bytes: &[u8]) -> MetaFile {
        let mut meta = MetaFile::of_version(version);
        if self.telling == Telling::Bytes {
            meta.length_bytes = Some(bytes.len() as u64);
            meta.hashes = Some(Hashes::of(bytes));
        }
        meta
    }

    fn put_versioned(&mut self, version: Version, role: &str, bytes: Vec<u8>) {
        if self.root.consistent_snapshot {
            self.put(&format!("{version}.{role}.json"), bytes);
        } else {
            self.put(&format!("{role}.json"), bytes);
        }
    }

    /// What was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.requests.take()
    }
}

pub(crate) fn empty_targets() -> Targets {
    Targets {
        kind: TargetsKind::Targets,
        spec_version: SpecVersion::current(),
        version: Version::FIRST,
        expires: FUTURE,
        targets: BTreeMap::new(),
        delegations: None,
        extra: Extra::new(),
    }
}

pub(crate) fn target(bytes: &[u8]) -> Target {
    Target {
        length_bytes: bytes.len() as u64,
        hashes: Hashes::of(bytes),
        custom: None,
        extra: Extra::new(),
    }
}

impl Fetch for &Repository {
    fn fetch(&mut self, request: Request<'_>) -> Result<Reply<'_>, FetchError> {
        let (directory, path) = match request.place {
            Place::Metadata(path) => ("metadata", path),
            Place::Target(path) => ("targets", path),
        };
        self.requests.borrow_mut().push(path.to_owned());
        let bytes = self
            .files
            .get(&format!("{directory}/{path}"))
            .ok_or(FetchError::NotFound)?;
        let validator = Validator(format!("{:?}", Hashes::of(bytes).sha256()));
        if request.unless == Some(&validator) {
            return Ok(Reply::NotModified);
        }
        Ok(Reply::File {
            body: Box::new(Cursor::new(bytes)),
            validator: Some(validator),
        })
    }
}
