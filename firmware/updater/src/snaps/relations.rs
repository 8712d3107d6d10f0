//! Who offers and who needs what, and what is granted to whom: for those who ask.

use super::SnapDesk;
use serde_json::{Value, json};
use snap_format::{Grant, Revision, SnapName, SnapYaml};
use snap_store::{SnapState, State};
use std::collections::{BTreeMap, BTreeSet};

/// What the snaps that are here say of themselves.
pub(crate) struct Relations {
    state: State,
    yaml: BTreeMap<SnapName, SnapYaml>,
}

impl SnapDesk {
    pub(crate) fn relations(&self) -> Relations {
        let state = self.state();
        let yaml = state
            .installed()
            .filter_map(|(name, snap)| Some((name.clone(), self.read_yaml(name, snap.current?)?)));
        let yaml = yaml.collect();
        Relations { state, yaml }
    }

    /// From its verified mount; one that is not mounted says nothing.
    fn read_yaml(&self, name: &SnapName, revision: Revision) -> Option<SnapYaml> {
        let path = self.places.mount(name, revision).join("meta/snap.yaml");
        SnapYaml::parse(&std::fs::read(path).ok()?).ok()
    }
}

impl Relations {
    /// Adds what is known of a snap to what the API says of it.
    pub(crate) fn tell(&self, name: &SnapName, value: &mut Value) {
        let texts = |grants: Option<&BTreeSet<Grant>>| -> Vec<String> {
            grants.into_iter().flatten().map(Grant::to_string).collect()
        };
        let snap = self.state.snap(name);
        let signed = snap.and_then(SnapState::current).map(|one| &one.grants);
        value["twinkeel"]["grants"] = json!({
            "administrator": texts(snap.map(|snap| &snap.grants)),
            "store": texts(signed),
        });
        let Some(yaml) = self.yaml.get(name) else {
            return;
        };
        let frameworks: Vec<_> = yaml.frameworks.iter().map(SnapName::as_str).collect();
        value["twinkeel"]["frameworks"] = frameworks.into();
        if let Some(framework) = &yaml.framework {
            let offers: Vec<_> = framework.offers.iter().map(ToString::to_string).collect();
            let others = self.yaml.iter();
            let needed = others.filter(|(_, yaml)| yaml.frameworks.contains(name));
            let needed: Vec<_> = needed.map(|(other, _)| other.as_str()).collect();
            value["twinkeel"]["framework"] = json!({ "offers": offers, "needed-by": needed });
        }
    }
}
