//! What the store's owner grants snaps.

use crate::StoreError;
use crate::add::custom_of;
use crate::change::Change;
use crate::keys::StoreKeys;
use crate::store::{Outcome, Store};
use snap_format::Grant;
use std::collections::BTreeSet;
use std::path::Path;
use store_format::{Custom, GRANTS, ProductName, PublisherName, SnapGrants, SnapRelease};
use tuf_client::metadata::{RoleName, Targets};

impl Store<'_> {
    /// Has a snap be granted that and nothing else, with each revision that a device takes
    /// from then on.
    ///
    /// # Errors
    /// The publisher has no such snap; keys are missing.
    pub fn grant(
        &mut self,
        publisher: &PublisherName,
        name: &ProductName,
        grants: &[Grant],
        keys: &StoreKeys,
    ) -> Result<Outcome, StoreError> {
        self.require_nothing_pending()?;
        let mut known: BTreeSet<_> = self.snaps()?.map(|snap| full_name(&snap)).collect();
        let wanted = format!("{publisher}/{name}");
        if !known.remove(&wanted) {
            return Err(StoreError::NoTarget {
                name: wanted,
                known: known.into_iter().collect(),
            });
        }
        match self.targets_granting(publisher, name, grants)? {
            None => Ok(Outcome::Published),
            Some(targets) => {
                let mut change = Change::default();
                change.put(&RoleName::targets(), &targets)?;
                self.commit(change, keys)
            }
        }
    }

    /// The owner's own role with that grant, if it is another one than before.
    pub(crate) fn targets_granting(
        &self,
        publisher: &PublisherName,
        name: &ProductName,
        grants: &[Grant],
    ) -> Result<Option<Targets>, StoreError> {
        let mut targets = self.published()?.targets.clone();
        let mut all = grants_in(&targets);
        let words: BTreeSet<_> = grants.iter().map(Grant::to_string).collect();
        let before: BTreeSet<_> = all.of(publisher, name).map(str::to_owned).collect();
        if words == before {
            return Ok(None);
        }
        all.set(publisher, name, words);
        let all = serde_json::to_value(all)
            .map_err(|error| StoreError::damaged(Path::new(GRANTS), error))?;
        targets.extra.insert(GRANTS.to_owned(), all);
        self.renew_targets(&mut targets);
        Ok(Some(targets))
    }

    fn snaps(&self) -> Result<impl Iterator<Item = SnapRelease>, StoreError> {
        let lists = self.published()?.delegated.values();
        let listed = lists.flat_map(|targets| targets.targets.values());
        Ok(listed.filter_map(|target| match custom_of(target) {
            Some(Custom::Snap(release)) => Some(release),
            _ => None,
        }))
    }
}

fn full_name(snap: &SnapRelease) -> String {
    format!("{}/{}", snap.publisher, snap.name)
}

/// What the role grants.
pub(crate) fn grants_in(targets: &Targets) -> SnapGrants {
    let grants = targets.extra.get(GRANTS).cloned().unwrap_or_default();
    serde_json::from_value(grants).unwrap_or_default()
}
