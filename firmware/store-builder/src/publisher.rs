//! Publishers of snaps: each signs with keys of its own for names of its own.

use crate::StoreError;
use crate::authority::role_keys;
use crate::change::Change;
use crate::init::{RolePlan, empty_targets};
use crate::keys::StoreKeys;
use crate::publication::next;
use crate::settings::after;
use crate::store::{Outcome, Store};
use store_format::{PublisherName, snap_role, snap_scope};
use tuf_client::metadata::{DelegatedRole, Delegations, RoleKeys, RoleName, Scope, Targets};

impl Store<'_> {
    /// Trusts a publisher with the snaps of its name.
    ///
    /// # Errors
    /// There is one of this name; a threshold cannot be met.
    pub fn add_publisher(
        &mut self,
        name: &PublisherName,
        plan: &RolePlan,
        keys: &mut StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.require_nothing_pending()?;
        let role = RoleName(snap_role(name));
        let published = self.published()?;
        if published.delegated.contains_key(&role) {
            return Err(StoreError::PublisherExists(name.clone()));
        }
        let lifetimes = self.settings.lifetime_hours;
        let mut targets = published.targets.clone();
        let mut public = keys.take_or_make(&role, plan.keys)?;
        public.extend(&plan.foreign);
        let delegations = delegations_mut(&mut targets);
        let own = role_keys(&mut delegations.keys, &role, &public, plan.threshold)?;
        delegations
            .roles
            .push(delegated_role(&role, snap_scope(name), own));
        self.renew_targets(&mut targets);
        let mut change = Change::default();
        change.put(&RoleName::targets(), &targets)?;
        change.put(&role, &empty_targets(after(self.now, lifetimes.delegated)))?;
        self.commit(change, keys)
    }

    /// The next version, with a new life.
    pub(crate) fn renew_targets(&self, targets: &mut Targets) {
        targets.version = next(Some(targets.version));
        targets.expires = after(self.now, self.settings.lifetime_hours.targets);
    }

    /// The next version of a delegated role's file, with a new life.
    pub(crate) fn renew_delegated(&self, targets: &mut Targets) {
        targets.version = next(Some(targets.version));
        targets.expires = after(self.now, self.settings.lifetime_hours.delegated);
    }
}

pub(crate) fn delegations_mut(targets: &mut Targets) -> &mut Delegations {
    targets.delegations.get_or_insert_with(|| Delegations {
        keys: Default::default(),
        roles: Vec::new(),
        extra: Default::default(),
    })
}

/// A role that alone answers for its names.
pub(crate) fn delegated_role(role: &RoleName, scope: String, keys: RoleKeys) -> DelegatedRole {
    DelegatedRole {
        name: role.clone(),
        terminating: true,
        scope: Scope::Paths(vec![scope]),
        keys,
    }
}
