//! A store's metadata with one key, which a script can bend and sign again.

use anyhow::{Context, Result};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tuf_client::UtcTime;
use tuf_client::json::canonical;
use tuf_client::metadata::Hashes;

/// What the device takes for now: 2026-11-26.
pub(super) const NOW: UtcTime = UtcTime(1_795_651_200);
const FUTURE: &str = "2036-01-01T00:00:00Z";
const PAST: &str = "2026-11-25T00:00:00Z";

/// Files by their names below the address of the metadata.
#[derive(Clone)]
pub(crate) struct Repository {
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// Who signs.
const OURS: u8 = 1;
const STRANGER: u8 = 2;

impl Repository {
    /// Of one root, and everything else in that version.
    pub(super) fn new(version: u64) -> Result<Self> {
        let mut repository = Self {
            files: BTreeMap::new(),
        };
        repository.put_root(1)?;
        repository.publish(version, FUTURE, OURS)?;
        Ok(repository)
    }

    /// The first root, which a device is made with.
    pub(super) fn first_root(&self) -> Result<&[u8]> {
        let root = self.files.get("1.root.json");
        root.map(Vec::as_slice).context("there is a first root")
    }

    /// Another root, with the same keys.
    pub(super) fn put_root(&mut self, version: u64) -> Result<()> {
        let public = hex(&key(OURS).verifying_key().to_bytes());
        let role = json!({ "keyids": ["key"], "threshold": 1 });
        let root = json!({
            "_type": "root", "spec_version": "1.0.31", "version": version, "expires": FUTURE,
            "consistent_snapshot": true,
            "keys": { "key": {
                "keytype": "ed25519", "scheme": "ed25519", "keyval": { "public": public },
            } },
            "roles": { "root": role, "timestamp": role, "snapshot": role, "targets": role },
        });
        self.put(&format!("{version}.root.json"), sign(root, OURS)?);
        Ok(())
    }

    /// The timestamp has expired: somebody holds it back.
    pub(super) fn freeze(&mut self, version: u64) -> Result<()> {
        self.publish(version, PAST, OURS)
    }

    /// Somebody else signs.
    pub(super) fn sign_by_stranger(&mut self, version: u64) -> Result<()> {
        self.publish(version, FUTURE, STRANGER)
    }

    pub(super) fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.files.insert(name.to_owned(), bytes);
    }

    fn publish(&mut self, version: u64, expires: &str, key: u8) -> Result<()> {
        let targets = json!({
            "_type": "targets", "spec_version": "1.0.31", "version": version,
            "expires": FUTURE, "targets": {},
        });
        let targets = sign(targets, OURS)?;
        let snapshot = json!({
            "_type": "snapshot", "spec_version": "1.0.31", "version": version,
            "expires": FUTURE, "meta": { "targets.json": told(version, &targets)? },
        });
        let snapshot = sign(snapshot, OURS)?;
        let timestamp = json!({
            "_type": "timestamp", "spec_version": "1.0.31", "version": version,
            "expires": expires, "meta": { "snapshot.json": told(version, &snapshot)? },
        });
        self.put("timestamp.json", sign(timestamp, key)?);
        self.put(&format!("{version}.snapshot.json"), snapshot);
        self.put(&format!("{version}.targets.json"), targets);
        Ok(())
    }
}

/// What one role says of another's file.
fn told(version: u64, bytes: &[u8]) -> Result<Value> {
    let hashes = serde_json::to_value(Hashes::of(bytes))?;
    Ok(json!({ "version": version, "length": bytes.len(), "hashes": hashes }))
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn sign(signed: Value, number: u8) -> Result<Vec<u8>> {
    let message = canonical(&signed)?;
    let signature = hex(&key(number).sign(&message).to_bytes());
    let file = json!({ "signed": signed, "signatures": [{ "keyid": "key", "sig": signature }] });
    Ok(serde_json::to_vec(&file)?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
