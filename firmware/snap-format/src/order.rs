//! In which order the services of a snap start.

use crate::app::App;
use crate::names::AppName;
use std::collections::{BTreeMap, BTreeSet};

/// The services that cannot be put into an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cycle(pub(crate) Vec<AppName>);

/// The services, each behind those that it waits for; by name where it does not matter.
pub(crate) fn order(apps: &BTreeMap<AppName, App>) -> Result<Vec<AppName>, Cycle> {
    let mut waits: BTreeMap<&AppName, BTreeSet<&AppName>> = BTreeMap::new();
    let services = apps
        .iter()
        .filter_map(|(name, app)| Some((name, app.service.as_ref()?)));
    for (name, service) in services {
        waits.entry(name).or_default().extend(&service.after);
        for later in &service.before {
            waits.entry(later).or_default().insert(name);
        }
    }
    let mut ordered = Vec::new();
    while !waits.is_empty() {
        let ready = waits.iter().find(|(_, others)| others.is_empty());
        let Some((&ready, _)) = ready else {
            return Err(Cycle(waits.into_keys().cloned().collect()));
        };
        waits.remove(ready);
        for others in waits.values_mut() {
            others.remove(ready);
        }
        ordered.push(ready.clone());
    }
    Ok(ordered)
}
