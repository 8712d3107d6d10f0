//! Who may sign a role, and who did so far. That it counts devices decide, by `tuf-client`;
//! this tells a publisher what is missing.

use crate::StoreError;
use image_format::{Digest, PublicKey, Signature};
use image_trust::verify_signature;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::num::NonZeroU32;
use std::path::Path;
use tuf_client::keys::{Key, KeyId};
use tuf_client::metadata::{Delegations, Envelope, Extra, RoleKeys, RoleName, Root, Threshold};

/// The keys of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    keys: BTreeMap<KeyId, PublicKey>,
    need: u32,
}

/// How many distinct keys signed, and how many must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Quorum {
    /// Keys that signed.
    pub have: u32,
    /// Keys that must.
    pub need: u32,
}

impl Quorum {
    /// Whether it is enough.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.have >= self.need
    }
}

impl Authority {
    fn new(keys: &BTreeMap<KeyId, Key>, role: &RoleKeys) -> Self {
        let public = |id: &KeyId| Some((id.clone(), public_key(keys.get(id)?)?));
        Authority {
            keys: role.key_ids.iter().filter_map(public).collect(),
            need: role.threshold.0.get(),
        }
    }

    /// Of a role of the top level.
    pub(crate) fn top(root: &Root, role: &RoleName) -> Result<Self, StoreError> {
        Ok(Self::new(&root.keys, top_role(root, role)?))
    }

    /// Of a delegated role.
    pub(crate) fn delegated(
        delegations: Option<&Delegations>,
        role: &RoleName,
    ) -> Result<Self, StoreError> {
        delegations
            .and_then(|all| {
                let delegated = all.roles.iter().find(|one| one.name == *role)?;
                Some(Self::new(&all.keys, &delegated.keys))
            })
            .ok_or_else(|| StoreError::UnknownRole(role.0.clone()))
    }

    pub(crate) fn key_id(&self, key: &PublicKey) -> Option<&KeyId> {
        self.keys
            .iter()
            .find(|(_, own)| *own == key)
            .map(|(id, _)| id)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        self.keys.values()
    }

    pub(crate) fn need(&self) -> u32 {
        self.need
    }

    pub(crate) fn quorum(&self, envelope: &Envelope) -> Result<Quorum, StoreError> {
        let message = message(envelope)?;
        let mut signers = BTreeSet::new();
        for signature in &envelope.signatures {
            let Some(key) = self.keys.get(&signature.key_id) else {
                continue;
            };
            let Some(bytes) = decode_signature(&signature.signature) else {
                continue;
            };
            if verify_signature(&message, &Signature { key: *key, bytes }).is_ok() {
                signers.insert(key.0);
            }
        }
        let have = u32::try_from(signers.len()).unwrap_or(u32::MAX);
        let need = self.need;
        Ok(Quorum { have, need })
    }
}

pub(crate) fn top_role<'a>(root: &'a Root, role: &RoleName) -> Result<&'a RoleKeys, StoreError> {
    match role.0.as_str() {
        "root" => Ok(&root.roles.root),
        "timestamp" => Ok(&root.roles.timestamp),
        "snapshot" => Ok(&root.roles.snapshot),
        "targets" => Ok(&root.roles.targets),
        other => Err(StoreError::UnknownRole(other.to_owned())),
    }
}

/// The bytes that signers sign.
pub(crate) fn message(envelope: &Envelope) -> Result<Vec<u8>, StoreError> {
    envelope
        .signed_bytes()
        .map_err(|error| StoreError::damaged(Path::new("the metadata"), error))
}

/// Adds a signature, in place of the key's former one.
pub(crate) fn merge(envelope: &mut Envelope, id: &KeyId, signature: &Signature) {
    envelope.signatures.retain(|former| former.key_id != *id);
    envelope.signatures.push(tuf_client::metadata::Signature {
        key_id: id.clone(),
        signature: hex(&signature.bytes),
        extra: Extra::new(),
    });
}

/// Keys and threshold of a role, for the file above it. The keys go into `map`.
pub(crate) fn role_keys(
    map: &mut BTreeMap<KeyId, Key>,
    role: &RoleName,
    keys: &[PublicKey],
    need: u32,
) -> Result<RoleKeys, StoreError> {
    let distinct: BTreeSet<_> = keys.iter().map(|key| key.0).collect();
    let threshold = NonZeroU32::new(need)
        .filter(|need| usize::try_from(need.get()).is_ok_and(|need| need <= distinct.len()))
        .ok_or_else(|| StoreError::Threshold {
            role: role.clone(),
            need,
            keys: distinct.len(),
        })?;
    let mut key_ids = Vec::new();
    for public in distinct {
        let key = Key::ed25519(&public);
        let id = key
            .usual_id()
            .map_err(|error| StoreError::damaged(Path::new("a key"), error))?;
        map.insert(id.clone(), key);
        key_ids.push(id);
    }
    Ok(RoleKeys {
        key_ids,
        threshold: Threshold(threshold),
        extra: Extra::new(),
    })
}

fn public_key(key: &Key) -> Option<PublicKey> {
    Digest::parse_hex(&key.value.public).map(|Digest(bytes)| PublicKey(bytes))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn decode_signature(text: &str) -> Option<[u8; 64]> {
    let (first, second) = (text.get(..64)?, text.get(64..)?);
    let halves = [Digest::parse_hex(first)?.0, Digest::parse_hex(second)?.0];
    halves.concat().try_into().ok()
}
