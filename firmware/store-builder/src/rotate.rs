//! Other keys for a role, or the same with a new life.

use crate::StoreError;
use crate::authority::{Authority, role_keys};
use crate::change::Change;
use crate::keys::StoreKeys;
use crate::publication::next;
use crate::publisher::delegations_mut;
use crate::settings::after;
use crate::store::{Outcome, Store};
use image_format::PublicKey;
use std::collections::BTreeSet;
use tuf_client::metadata::{Delegations, RoleKeys, RoleName, Root};

/// What changes about a role's keys. The default changes nothing, and only renews.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// Keys to make.
    pub new_keys: u8,
    /// Keys whose private half is elsewhere.
    pub foreign: Vec<PublicKey>,
    /// Keys that may no longer sign.
    pub revoked: Vec<PublicKey>,
    /// How many must sign, if that changes.
    pub threshold: Option<u32>,
}

impl Store<'_> {
    /// Changes a role's keys and signs anew what the role and the one above it say. A root
    /// key's successor is signed by the old keys and by the new ones.
    ///
    /// # Errors
    /// No such role or key; a threshold that cannot be met; on-line keys are missing.
    pub fn rotate(
        &mut self,
        role: &RoleName,
        rotation: &Rotation,
        keys: &mut StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.require_nothing_pending()?;
        let published = self.published()?;
        let former = published.authority(role)?;
        let (public, need) = successors(role, &former, rotation, keys)?;
        let (mut root, mut targets) = (published.root.clone(), published.targets.clone());
        let mut change = Change::default();
        if RoleName::TOP_LEVEL.contains(&role.0.as_str()) {
            let new = role_keys(&mut root.keys, role, &public, need)?;
            *top_role_mut(&mut root, role)? = new;
            self.renew_root(&mut root);
            change.put(&RoleName::root(), &root)?;
            if *role == RoleName::targets() {
                self.renew_targets(&mut targets);
                change.put(role, &targets)?;
            }
        } else {
            let mut own = published.targets_of(role)?.clone();
            let delegations = delegations_mut(&mut targets);
            let new = role_keys(&mut delegations.keys, role, &public, need)?;
            let entry = delegations
                .roles
                .iter_mut()
                .find(|entry| entry.name == *role);
            let unknown = || StoreError::UnknownRole(role.0.clone());
            entry.ok_or_else(unknown)?.keys = new;
            forget_unused(delegations);
            self.renew_delegated(&mut own);
            change.put(role, &own)?;
            self.renew_targets(&mut targets);
            change.put(&RoleName::targets(), &targets)?;
        }
        self.commit(change, keys)
    }

    /// Signs roles' files again, with a new life and the same keys. What expired together is
    /// renewed together: devices refuse a store in which one of them is still too old.
    ///
    /// # Errors
    /// No such role; on-line keys are missing.
    pub fn renew(&mut self, roles: &[RoleName], keys: &StoreKeys) -> Result<Outcome, StoreError> {
        self.require_nothing_pending()?;
        let published = self.published()?;
        let mut change = Change::default();
        for role in roles {
            if *role == RoleName::root() {
                let mut root = published.root.clone();
                self.renew_root(&mut root);
                change.put(role, &root)?;
                continue;
            }
            let mut targets = published.targets_of(role)?.clone();
            match *role == RoleName::targets() {
                true => self.renew_targets(&mut targets),
                false => self.renew_delegated(&mut targets),
            }
            change.put(role, &targets)?;
        }
        self.commit(change, keys)
    }

    fn renew_root(&self, root: &mut Root) {
        let roles = &root.roles;
        let used: BTreeSet<_> = [
            &roles.root,
            &roles.timestamp,
            &roles.snapshot,
            &roles.targets,
        ]
        .into_iter()
        .flat_map(|role| role.key_ids.iter().cloned())
        .collect();
        root.keys.retain(|id, _| used.contains(id));
        root.version = next(Some(root.version));
        root.expires = after(self.now, self.settings.lifetime_hours.root);
    }
}

/// The role's keys after the rotation, and how many of them must sign.
fn successors(
    role: &RoleName,
    former: &Authority,
    rotation: &Rotation,
    keys: &mut StoreKeys,
) -> Result<(Vec<PublicKey>, u32), StoreError> {
    for key in &rotation.revoked {
        if former.key_id(key).is_none() {
            return Err(StoreError::NoSuchKey {
                role: role.clone(),
                key: *key,
            });
        }
    }
    let mut public: Vec<PublicKey> = former.keys().copied().collect();
    public.retain(|key| !rotation.revoked.contains(key));
    public.extend(&rotation.foreign);
    let need = rotation.threshold.unwrap_or(former.need());
    let count = public.len() + usize::from(rotation.new_keys);
    if need == 0 || usize::try_from(need).is_ok_and(|need| need > count) {
        // Before keys are made for nothing.
        return Err(StoreError::Threshold {
            role: role.clone(),
            need,
            keys: count,
        });
    }
    public.extend(keys.make(role, rotation.new_keys)?);
    Ok((public, need))
}

fn top_role_mut<'a>(root: &'a mut Root, role: &RoleName) -> Result<&'a mut RoleKeys, StoreError> {
    match role.0.as_str() {
        "root" => Ok(&mut root.roles.root),
        "timestamp" => Ok(&mut root.roles.timestamp),
        "snapshot" => Ok(&mut root.roles.snapshot),
        "targets" => Ok(&mut root.roles.targets),
        other => Err(StoreError::UnknownRole(other.to_owned())),
    }
}

fn forget_unused(delegations: &mut Delegations) {
    let used: BTreeSet<_> = delegations
        .roles
        .iter()
        .flat_map(|role| role.keys.key_ids.iter().cloned())
        .collect();
    delegations.keys.retain(|id, _| used.contains(id));
}
