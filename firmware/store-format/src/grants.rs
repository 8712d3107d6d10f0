//! What snaps are granted on devices: a member of the role `targets`, which the store's owner
//! signs. A publisher signs what it publishes, and so can grant its snaps nothing.

use crate::{ProductName, PublisherName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The name of the member.
pub const GRANTS: &str = "grants";

/// By `PUBLISHER/NAME`, in `snap-format`'s words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapGrants(BTreeMap<String, BTreeSet<String>>);

impl SnapGrants {
    /// What a snap is granted.
    pub fn of(&self, publisher: &PublisherName, name: &ProductName) -> impl Iterator<Item = &str> {
        let found = self.0.get(&format!("{publisher}/{name}"));
        found.into_iter().flatten().map(String::as_str)
    }

    /// Has a snap be granted that, and nothing else.
    pub fn set(
        &mut self,
        publisher: &PublisherName,
        name: &ProductName,
        grants: impl IntoIterator<Item = String>,
    ) {
        let grants = grants.into_iter().collect();
        self.0.insert(format!("{publisher}/{name}"), grants);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_read_and_write_as_ever() {
        const GOLDEN: &str = r#"{"acme/web":["/dev/ttyUSB0","gpio"]}"#;
        let mut grants: SnapGrants = serde_json::from_str(GOLDEN).unwrap();
        assert_eq!(serde_json::to_string(&grants).unwrap(), GOLDEN);
        let (acme, web) = ("acme".parse().unwrap(), "web".parse().unwrap());
        assert_eq!(grants.of(&acme, &web).count(), 2);
        assert_eq!(grants.of(&"zeta".parse().unwrap(), &web).count(), 0);
        grants.set(&acme, &web, ["kvm".to_owned()]);
        assert_eq!(grants.of(&acme, &web).collect::<Vec<_>>(), ["kvm"]);
    }
}
