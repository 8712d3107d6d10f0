//! What becomes of a release after it was added: channels and waves, hold, withdrawal.

use crate::StoreError;
use crate::add::custom_of;
use crate::keys::StoreKeys;
use crate::store::{Outcome, Store};
use store_format::{Channel, Custom, Hold, Rollout};
use tuf_client::metadata::{RoleName, Target, Targets};

impl Store<'_> {
    /// Gives a release to a channel, or changes its waves there.
    ///
    /// # Errors
    /// There is no such release; keys are missing.
    pub fn promote(
        &mut self,
        name: &str,
        channel: Channel,
        rollout: Rollout,
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.edit(name, keys, |custom| {
            let channels = custom.channels_mut();
            let channels = channels.ok_or_else(|| StoreError::IsPatch(name.to_owned()))?;
            channels.insert(channel, rollout);
            Ok(())
        })
    }

    /// Stops a release: nobody new takes it.
    ///
    /// # Errors
    /// There is no such release; keys are missing.
    pub fn hold(
        &mut self,
        name: &str,
        reason: &str,
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.edit(name, keys, |custom| {
            let hold = custom.hold_mut();
            *hold.ok_or_else(|| StoreError::IsPatch(name.to_owned()))? =
                Some(Hold(reason.to_owned()));
            Ok(())
        })
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// The release is not held; keys are missing.
    pub fn resume(&mut self, name: &str, keys: &StoreKeys) -> Result<Outcome, StoreError> {
        self.edit(name, keys, |custom| {
            match custom.hold_mut().and_then(Option::take) {
                Some(_) => Ok(()),
                None => Err(StoreError::NotHeld(name.to_owned())),
            }
        })
    }

    /// Takes a release out of a channel.
    ///
    /// # Errors
    /// The channel does not have it; keys are missing.
    pub fn withdraw_from(
        &mut self,
        name: &str,
        channel: &Channel,
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.edit(name, keys, |custom| {
            let removed = custom
                .channels_mut()
                .and_then(|channels| channels.remove(channel));
            removed.map(drop).ok_or_else(|| StoreError::NotInChannel {
                name: name.to_owned(),
                channel: channel.clone(),
            })
        })
    }

    /// Takes a release out of the store, with the patches that lead to it. The files stay
    /// where they are, for devices that are fetching them.
    ///
    /// # Errors
    /// There is no such release; keys are missing.
    pub fn withdraw(&mut self, name: &str, keys: &StoreKeys) -> Result<Outcome, StoreError> {
        let (role, mut targets) = self.find(name)?;
        let withdrawn = targets.targets.remove(name);
        if let Some(Custom::System(release)) = withdrawn.as_ref().and_then(custom_of) {
            let leads_there = |target: &Target| match custom_of(target) {
                Some(Custom::SystemPatch(patch)) => {
                    patch.to_manifest_sha256 == release.manifest_sha256
                }
                _ => false,
            };
            targets.targets.retain(|_, target| !leads_there(target));
        }
        self.commit_delegated(&role, targets, keys)
    }

    fn edit(
        &mut self,
        name: &str,
        keys: &StoreKeys,
        change: impl FnOnce(&mut Custom) -> Result<(), StoreError>,
    ) -> Result<Outcome, StoreError> {
        let (role, mut targets) = self.find(name)?;
        let no_target = || StoreError::NoTarget {
            name: name.to_owned(),
            known: Vec::new(),
        };
        let target = targets.targets.get_mut(name).ok_or_else(no_target)?;
        let mut custom = custom_of(target).ok_or_else(no_target)?;
        change(&mut custom)?;
        let custom = serde_json::to_value(&custom)
            .map_err(|error| StoreError::damaged(std::path::Path::new(name), error))?;
        target.custom = Some(custom);
        self.commit_delegated(&role, targets, keys)
    }

    /// The role that lists a release, and its list.
    fn find(&self, name: &str) -> Result<(RoleName, Targets), StoreError> {
        self.require_nothing_pending()?;
        let delegated = &self.published()?.delegated;
        let found = delegated
            .iter()
            .find(|(_, targets)| targets.targets.contains_key(name));
        let known = || {
            delegated
                .values()
                .flat_map(|targets| targets.targets.keys())
        };
        match found {
            Some((role, targets)) => Ok((role.clone(), targets.clone())),
            None => Err(StoreError::NoTarget {
                name: name.to_owned(),
                known: known().cloned().collect(),
            }),
        }
    }
}
