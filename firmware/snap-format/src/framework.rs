//! Frameworks: snaps that offer something to apps. The key is ours; snapd does not know it.
//!
//! A snap with `framework:` offers, one whose `frameworks:` names it needs. What a framework
//! may do on the device is not said here: privilege comes from the store's signed word or
//! from the person who installs.

use crate::error::{Problem, SnapYamlError};
use crate::names::{SlotName, SnapName};
use crate::yaml::Map;
use std::collections::BTreeSet;

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
