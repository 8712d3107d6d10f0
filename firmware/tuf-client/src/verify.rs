//! Signatures to trust: the only maker of `Verified`.

use crate::error::Rule;
use crate::keys::{Identity, Key, KeyId};
use crate::metadata::{
    Delegations, Envelope, RoleKeys, RoleName, Root, Signed, Snapshot, Targets, Timestamp,
};
use crate::{hex, json::JsonError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// A file that enough of its role's keys signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Who may sign for one role, as the file above it says.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    keys: &'a BTreeMap<KeyId, Key>,
    role: &'a RoleKeys,
}

impl<'a> Authority<'a> {
    fn root(root: &'a Root) -> Self {
        Authority {
            keys: &root.keys,
            role: &root.roles.root,
        }
    }

    /// Counts distinct keys, not ids and not signatures. A signature that is wrong, or of a
    /// key that the role does not have, counts for nothing and spoils nothing.
    fn verify(&self, envelope: &Envelope) -> Result<(), Rule> {
        let message = envelope.signed_bytes().map_err(Rule::Malformed)?;
        let mut signers: BTreeSet<Identity> = BTreeSet::new();
        for signature in &envelope.signatures {
            if !self.role.key_ids.contains(&signature.key_id) {
                continue;
            }
            let verifier = self.keys.get(&signature.key_id).and_then(Key::verifier);
            let Some(verifier) = verifier else { continue };
            let accepted = hex::decode(&signature.signature)
                .is_some_and(|bytes| verifier.accepts(&message, &bytes));
            if accepted {
                signers.extend(verifier.identity());
            }
        }
        let needed = self.role.threshold.0.get();
        if usize::try_from(needed).is_ok_and(|needed| signers.len() >= needed) {
            Ok(())
        } else {
            Err(Rule::Threshold {
                signed: signers.len(),
                needed,
            })
        }
    }

    fn check<T: Signed>(&self, bytes: &[u8]) -> Result<Verified<T>, Rule> {
        let envelope = Envelope::parse(bytes).map_err(Rule::Malformed)?;
        self.verify(&envelope)?;
        shape(&envelope).map(Verified)
    }
}

/// The signed part as the role's type; `_type` decides.
fn shape<T: Signed>(envelope: &Envelope) -> Result<T, Rule> {
    T::deserialize(&envelope.signed).map_err(|error| Rule::Malformed(JsonError(error.to_string())))
}

/// The first root: whoever gave it vouches for it, and its own keys must have signed it.
pub(crate) fn verify_first_root(bytes: &[u8]) -> Result<Verified<Root>, Rule> {
    let envelope = Envelope::parse(bytes).map_err(Rule::Malformed)?;
    let root: Root = shape(&envelope)?;
    Authority::root(&root).verify(&envelope)?;
    Ok(Verified(root))
}

/// A root after another one: both must agree to it (section 5.3.4).
pub(crate) fn verify_next_root(
    trusted: &Verified<Root>,
    bytes: &[u8],
) -> Result<Verified<Root>, Rule> {
    let envelope = Envelope::parse(bytes).map_err(Rule::Malformed)?;
    Authority::root(trusted).verify(&envelope)?;
    let root: Root = shape(&envelope)?;
    Authority::root(&root).verify(&envelope)?;
    Ok(Verified(root))
}

pub(crate) fn verify_timestamp(
    root: &Verified<Root>,
    bytes: &[u8],
) -> Result<Verified<Timestamp>, Rule> {
    let role = &root.roles.timestamp;
    Authority {
        keys: &root.keys,
        role,
    }
    .check(bytes)
}

pub(crate) fn verify_snapshot(
    root: &Verified<Root>,
    bytes: &[u8],
) -> Result<Verified<Snapshot>, Rule> {
    let role = &root.roles.snapshot;
    Authority {
        keys: &root.keys,
        role,
    }
    .check(bytes)
}

pub(crate) fn verify_targets(
    root: &Verified<Root>,
    bytes: &[u8],
) -> Result<Verified<Targets>, Rule> {
    let role = &root.roles.targets;
    Authority {
        keys: &root.keys,
        role,
    }
    .check(bytes)
}

/// The file of a role that `delegator` trusts with something.
pub(crate) fn verify_delegated(
    delegator: &Verified<Targets>,
    role: &RoleName,
    bytes: &[u8],
) -> Result<Verified<Targets>, Rule> {
    let nobody = Rule::Threshold {
        signed: 0,
        needed: 1,
    };
    let Some(Delegations { keys, roles, .. }) = &delegator.delegations else {
        return Err(nobody);
    };
    let role = roles
        .iter()
        .find(|delegated| delegated.name == *role)
        .ok_or(nobody)?;
    Authority {
        keys,
        role: &role.keys,
    }
    .check(bytes)
}

/// The distinct keys of a role that can verify here.
pub(crate) fn identities(root: &Root, role: &RoleKeys) -> BTreeSet<Identity> {
    let keys = role.key_ids.iter().filter_map(|id| root.keys.get(id));
    keys.filter_map(Key::identity).collect()
}
