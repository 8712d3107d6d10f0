//! Frameworks: snaps that offer something to apps. The key is ours; snapd does not know it.
//!
//! A snap with `framework:` offers, one whose `frameworks:` names it needs. A plug with the
//! attribute `framework` leads to a slot of that framework. What a framework may do on the
//! device is not said here: privilege comes from the store's signed word or from the person
//! who installs.

use crate::error::{Problem, SnapYamlError};
use crate::interface::{Attribute, Connector};
use crate::names::{PlugName, SlotName, SnapName};
use crate::snap_yaml::SnapYaml;
use crate::words::SnapType;
use crate::yaml::Map;
use std::collections::{BTreeMap, BTreeSet};

/// What a framework offers to apps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Framework {
    /// The slots of the snap that apps may connect to.
    pub offers: BTreeSet<SlotName>,
}

pub(crate) fn read_framework(document: &Map<'_>) -> Result<Option<Framework>, SnapYamlError> {
    let Some(value) = document.get("framework") else {
        return Ok(None);
    };
    let map = value.map()?;
    let mut unknown = map.entries().filter(|(key, _)| *key != "offers");
    if let Some((_, value)) = unknown.next() {
        return Err(value.refuse(Problem::Together(
            "a framework says what it offers, and nothing else; remove the key",
        )));
    }
    let offers = map.list("offers")?.into_iter().collect();
    Ok(Some(Framework { offers }))
}

pub(crate) fn read_frameworks(document: &Map<'_>) -> Result<BTreeSet<SnapName>, SnapYamlError> {
    Ok(document.list("frameworks")?.into_iter().collect())
}

/// A slot of a framework, as a plug names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FrameworkSlot {
    /// Whose.
    pub framework: SnapName,
    /// Which; the plug's own name if none is given.
    pub slot: SlotName,
}

impl FrameworkSlot {
    /// Where a plug leads; `None` for one that leads to no framework.
    ///
    /// # Errors
    /// What is wrong with its attributes.
    pub(crate) fn of(plug: &PlugName, connector: &Connector) -> Result<Option<Self>, Problem> {
        let Some(framework) = connector.attributes.get("framework") else {
            return Ok(None);
        };
        let slot = match connector.attributes.get("slot") {
            None => plug.as_str(),
            Some(Attribute::Text(slot)) => slot,
            Some(_) => return Err(Problem::NotA("name of a slot")),
        };
        let Attribute::Text(framework) = framework else {
            return Err(Problem::NotA("name of a framework"));
        };
        Ok(Some(Self {
            framework: framework.parse()?,
            slot: slot.parse()?,
        }))
    }
}

impl SnapYaml {
    /// The slot to which a plug leads, if it leads to a framework.
    #[must_use]
    pub fn framework_slot(&self, plug: &PlugName) -> Option<FrameworkSlot> {
        // Whoever has this has read it, and that refuses what leads nowhere.
        let connector = self.plugs.get(plug)?;
        FrameworkSlot::of(plug, connector).ok().flatten()
    }

    /// All slots of frameworks that it needs.
    pub fn framework_slots(&self) -> impl Iterator<Item = FrameworkSlot> + '_ {
        let plugs = self.plugs.keys();
        plugs.filter_map(|plug| self.framework_slot(plug))
    }
}

/// A framework offers slots that it has, and is an app to everybody else. Plugs lead to
/// frameworks that the snap says it needs.
pub(crate) fn check_framework(map: &Map<'_>, snap: &SnapYaml) -> Result<(), SnapYamlError> {
    if snap.frameworks.contains(&snap.name) {
        let what = "a snap does not need itself; remove it";
        return Err(map.refuse_key("frameworks", Problem::Together(what)));
    }
    for (plug, connector) in &snap.plugs {
        let leads_to = FrameworkSlot::of(plug, connector);
        let leads_to = leads_to.map_err(|problem| map.refuse_key("plugs", problem))?;
        if let Some(FrameworkSlot { framework, .. }) = leads_to
            && !snap.frameworks.contains(&framework)
        {
            let (kind, name) = ("word under frameworks", framework.to_string());
            return Err(map.refuse_key("plugs", Problem::Undefined { kind, name }));
        }
    }
    let Some(framework) = &snap.framework else {
        return Ok(());
    };
    if snap.snap_type != SnapType::App {
        let what = "only a snap of type app can be a framework; remove it";
        return Err(map.refuse_key("framework", Problem::Together(what)));
    }
    let mut offers = framework.offers.iter();
    match offers.find(|slot| !snap.slots.contains_key(*slot)) {
        None => Ok(()),
        Some(slot) => {
            let (kind, name) = ("slot", slot.to_string());
            Err(map.refuse_key("framework", Problem::Undefined { kind, name }))
        }
    }
}

/// Snaps in the order in which they start: each behind the frameworks that it needs, by name
/// where it does not matter. What is no key is passed over. No circle keeps a snap out.
#[must_use]
pub fn order_of_snaps(needs: &BTreeMap<SnapName, BTreeSet<SnapName>>) -> Vec<SnapName> {
    fn visit(
        name: &SnapName,
        needs: &BTreeMap<SnapName, BTreeSet<SnapName>>,
        seen: &mut BTreeSet<SnapName>,
        ordered: &mut Vec<SnapName>,
    ) {
        let Some(needed) = needs.get(name) else {
            return;
        };
        if seen.insert(name.clone()) {
            for name in needed {
                visit(name, needs, seen, ordered);
            }
            ordered.push(name.clone());
        }
    }
    let (mut seen, mut ordered) = (BTreeSet::new(), Vec::new());
    for name in needs.keys() {
        visit(name, needs, &mut seen, &mut ordered);
    }
    ordered
}
