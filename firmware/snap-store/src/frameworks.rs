//! Which snap needs which framework, by what the revisions that count say of themselves.
//!
//! Nothing is taken that needs what is not here, and nothing goes that is needed.

use crate::error::StoreError;
use crate::start::Snaps;
use snap_format::{FrameworkSlot, SnapName, SnapYaml, order_of_snaps};
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;

impl Snaps<'_> {
    /// Refuses a snap whose frameworks are not installed: for those who know no more of it.
    ///
    /// # Errors
    /// [`StoreError::FrameworkMissing`].
    pub(crate) fn require_installed<'a>(
        &self,
        snap: &SnapName,
        frameworks: impl IntoIterator<Item = &'a SnapName>,
    ) -> Result<(), StoreError> {
        let mut frameworks = frameworks.into_iter();
        match frameworks.find(|framework| !self.is_installed(framework)) {
            None => Ok(()),
            Some(framework) => Err(StoreError::FrameworkMissing {
                snap: snap.clone(),
                framework: framework.clone(),
            }),
        }
    }

    /// Refuses a revision that needs what is not here, and one without a slot that somebody
    /// needs.
    pub(crate) fn require_frameworks(&self, yaml: &SnapYaml) -> Result<(), StoreError> {
        self.require_installed(&yaml.name, &yaml.frameworks)?;
        let slots: Vec<_> = yaml.framework_slots().collect();
        for name in &yaml.frameworks {
            let framework = self.yaml_of(name)?;
            let refuse = |slot: Option<&FrameworkSlot>| StoreError::NotOffered {
                snap: yaml.name.clone(),
                framework: name.clone(),
                slot: slot.map(|one| one.slot.clone()),
            };
            let offered = framework.and_then(|yaml| yaml.framework);
            let offered = offered.ok_or_else(|| refuse(None))?;
            let mut of_this = slots.iter().filter(|slot| slot.framework == *name);
            if let Some(slot) = of_this.find(|one| !offered.offers.contains(&one.slot)) {
                return Err(refuse(Some(slot)));
            }
        }
        self.require_no_circle(&yaml.name, &yaml.frameworks)?;
        self.require_what_others_need(yaml)
    }

    /// A snap that comes to need a snap that needs it could never be started, nor removed.
    fn require_no_circle(
        &self,
        name: &SnapName,
        frameworks: &BTreeSet<SnapName>,
    ) -> Result<(), StoreError> {
        let mut seen = BTreeSet::new();
        let mut open: Vec<SnapName> = frameworks.iter().cloned().collect();
        while let Some(next) = open.pop() {
            let Some(yaml) = self.yaml_of(&next)?.filter(|_| seen.insert(next.clone())) else {
                continue;
            };
            if yaml.frameworks.contains(name) {
                return Err(StoreError::Circle(name.clone(), next));
            }
            open.extend(yaml.frameworks);
        }
        Ok(())
    }

    fn require_what_others_need(&self, new: &SnapYaml) -> Result<(), StoreError> {
        for (name, yaml) in self.others(&new.name)? {
            if !yaml.frameworks.contains(&new.name) {
                continue;
            }
            let refuse = |slot: Option<&FrameworkSlot>| StoreError::SlotNeeded {
                framework: new.name.clone(),
                slot: slot.map(|one| one.slot.clone()),
                by: name.clone(),
            };
            let offered = new.framework.as_ref().ok_or_else(|| refuse(None))?;
            let mut of_new = yaml
                .framework_slots()
                .filter(|slot| slot.framework == new.name);
            if let Some(slot) = of_new.find(|one| !offered.offers.contains(&one.slot)) {
                return Err(refuse(Some(&slot)));
            }
        }
        Ok(())
    }

    /// The snaps that need this one, or one that needs it, in the order in which they start.
    pub(crate) fn dependants(&self, name: &SnapName) -> Result<Vec<SnapName>, StoreError> {
        let needs = self.others(name)?.into_iter();
        let needs: BTreeMap<_, _> = needs.map(|(name, yaml)| (name, yaml.frameworks)).collect();
        let mut found = BTreeSet::from([name.clone()]);
        loop {
            let before = found.len();
            for (other, frameworks) in &needs {
                if !frameworks.is_disjoint(&found) {
                    found.insert(other.clone());
                }
            }
            if found.len() == before {
                break;
            }
        }
        let mut ordered = order_of_snaps(&needs);
        ordered.retain(|other| found.contains(other));
        Ok(ordered)
    }

    /// Refuses to take a framework away from those that need it.
    pub(crate) fn require_not_needed(&self, name: &SnapName) -> Result<(), StoreError> {
        let others = self.others(name)?.into_iter();
        let by: Vec<_> = others
            .filter(|(_, yaml)| yaml.frameworks.contains(name))
            .map(|(other, _)| other)
            .collect();
        match by.is_empty() {
            true => Ok(()),
            false => Err(StoreError::FrameworkNeeded {
                framework: name.clone(),
                by,
            }),
        }
    }

    /// What the other installed snaps say of themselves. One that is not mounted runs nothing,
    /// and needs nothing.
    fn others(&self, name: &SnapName) -> Result<Vec<(SnapName, SnapYaml)>, StoreError> {
        let mut found = Vec::new();
        for (other, _) in self.state.installed().filter(|(other, _)| *other != name) {
            if let Some(yaml) = self.yaml_of(other)? {
                found.push((other.clone(), yaml));
            }
        }
        Ok(found)
    }

    fn yaml_of(&self, name: &SnapName) -> Result<Option<SnapYaml>, StoreError> {
        let Some(current) = self.state.snap(name).and_then(|snap| snap.current) else {
            return Ok(None);
        };
        match self.installed(name, current) {
            Ok(installed) => Ok(Some(installed.yaml)),
            Err(StoreError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
