//! Roles' files that are to be published together, signed or not.

use crate::StoreError;
use crate::authority::{Authority, Quorum};
use crate::keys::StoreKeys;
use crate::published::Published;
use std::collections::BTreeMap;
use std::path::Path;
use tuf_client::metadata::{Envelope, RoleName, Root, Signed, Targets};

/// New files of root, targets and delegated roles. Snapshot and timestamp are made when the
/// change is published, with the keys that are on-line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change(pub(crate) BTreeMap<RoleName, Envelope>);

impl Change {
    /// Adds a role's new file, which nobody signed yet.
    pub(crate) fn put(&mut self, role: &RoleName, signed: &impl Signed) -> Result<(), StoreError> {
        let envelope = Envelope::unsigned(signed).map_err(|error| damaged(role, error))?;
        self.0.insert(role.clone(), envelope);
        Ok(())
    }

    /// The root that devices will have.
    pub(crate) fn root(&self, old: Option<&Published>) -> Result<Root, StoreError> {
        let role = RoleName::root();
        match (self.typed(&role)?, old) {
            (Some(root), _) => Ok(root),
            (None, Some(old)) => Ok(old.root.clone()),
            (None, None) => Err(StoreError::NotPending(role)),
        }
    }

    fn targets(&self, old: Option<&Published>) -> Result<Targets, StoreError> {
        let role = RoleName::targets();
        match (self.typed(&role)?, old) {
            (Some(targets), _) => Ok(targets),
            (None, Some(old)) => Ok(old.targets.clone()),
            (None, None) => Err(StoreError::NotPending(role)),
        }
    }

    pub(crate) fn typed<T: Signed>(&self, role: &RoleName) -> Result<Option<T>, StoreError> {
        let Some(envelope) = self.0.get(role) else {
            return Ok(None);
        };
        let typed = T::deserialize(&envelope.signed).map_err(|error| damaged(role, error))?;
        Ok(Some(typed))
    }

    /// Those whose threshold has to sign the role's new file: for a root also the old one's.
    pub(crate) fn needed(
        &self,
        role: &RoleName,
        old: Option<&Published>,
    ) -> Result<Vec<Authority>, StoreError> {
        let mut needed = vec![self.authority(role, old)?];
        if let Some(old) = old.filter(|_| *role == RoleName::root()) {
            needed.push(Authority::top(&old.root, role)?);
        }
        Ok(needed)
    }

    /// Those who may sign it: also who could so far, for devices that do not know of new
    /// keys yet.
    pub(crate) fn allowed(
        &self,
        role: &RoleName,
        old: Option<&Published>,
    ) -> Result<Vec<Authority>, StoreError> {
        let mut allowed = vec![self.authority(role, old)?];
        if let Some(old) = old {
            allowed.extend(old.authority(role).ok());
        }
        Ok(allowed)
    }

    fn authority(&self, role: &RoleName, old: Option<&Published>) -> Result<Authority, StoreError> {
        if RoleName::TOP_LEVEL.contains(&role.0.as_str()) {
            return Authority::top(&self.root(old)?, role);
        }
        Authority::delegated(self.targets(old)?.delegations.as_ref(), role)
    }

    /// Signs all of it with the keys at hand.
    pub(crate) fn sign(
        &mut self,
        keys: &StoreKeys,
        old: Option<&Published>,
    ) -> Result<(), StoreError> {
        let roles: Vec<RoleName> = self.0.keys().cloned().collect();
        for role in roles {
            let allowed = self.allowed(&role, old)?;
            if let Some(envelope) = self.0.get_mut(&role) {
                for authority in &allowed {
                    keys.sign(envelope, authority)?;
                }
            }
        }
        Ok(())
    }

    /// Where the role's file lacks most.
    pub(crate) fn quorum(
        &self,
        role: &RoleName,
        old: Option<&Published>,
    ) -> Result<Quorum, StoreError> {
        let envelope = self.0.get(role);
        let envelope = envelope.ok_or_else(|| StoreError::NotPending(role.clone()))?;
        let quorums = self.needed(role, old)?;
        let quorums: Result<Vec<Quorum>, _> = quorums
            .iter()
            .map(|needed| needed.quorum(envelope))
            .collect();
        let lacking = |quorum: &Quorum| i64::from(quorum.have) - i64::from(quorum.need);
        let worst = quorums?.into_iter().min_by_key(lacking);
        worst.ok_or_else(|| StoreError::NotPending(role.clone()))
    }

    /// What every role has and needs.
    pub(crate) fn quorums(
        &self,
        old: Option<&Published>,
    ) -> Result<BTreeMap<RoleName, Quorum>, StoreError> {
        let quorum = |role: &RoleName| Ok((role.clone(), self.quorum(role, old)?));
        self.0.keys().map(quorum).collect()
    }
}

impl Published {
    /// Who signs a role now.
    pub(crate) fn authority(&self, role: &RoleName) -> Result<Authority, StoreError> {
        if RoleName::TOP_LEVEL.contains(&role.0.as_str()) {
            return Authority::top(&self.root, role);
        }
        Authority::delegated(self.targets.delegations.as_ref(), role)
    }

    /// The file of `targets` or of a delegated role.
    pub(crate) fn targets_of(&self, role: &RoleName) -> Result<&Targets, StoreError> {
        if *role == RoleName::targets() {
            return Ok(&self.targets);
        }
        let delegated = self.delegated.get(role);
        delegated.ok_or_else(|| StoreError::UnknownRole(role.0.clone()))
    }
}

fn damaged(role: &RoleName, error: impl std::fmt::Display) -> StoreError {
    StoreError::damaged(Path::new(&role.meta_name()), error)
}
