//! The administrator grants a snap something, or takes it away.

use crate::acts::grants;
use crate::error::StoreError;
use crate::run::Watch;
use crate::start::Snaps;
use crate::state_file::{self, Written};
use snap_format::{Grant, SnapName};
use std::collections::BTreeSet;

impl Snaps<'_> {
    /// Has a snap be granted what `change` makes of what the administrator granted it, and
    /// starts it again with that.
    ///
    /// It holds from when the state is written; a cut behind that is made good by the next
    /// start.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn grant(
        &mut self,
        name: &SnapName,
        change: impl FnOnce(&mut BTreeSet<Grant>),
        watch: &mut dyn Watch,
    ) -> Result<Written, StoreError> {
        self.require_idle(watch)?;
        let current = self.state.snap(name).and_then(|snap| snap.current);
        let current = current.ok_or_else(|| StoreError::NotInstalled(name.clone()))?;
        let mut next = self.state.clone();
        let snap = next.snap_mut(name);
        let before = snap.grants.clone();
        change(&mut snap.grants);
        if snap.grants == before {
            return Ok(Written::Already);
        }
        let snap = snap.clone();
        state_file::write(self.files, &self.places, &next)?;
        self.state = next;
        grants::write(self, name, &snap)?;
        let installed = self.installed(name, current)?;
        let dependants = self.dependants(name)?;
        let mut others = Vec::new();
        for other in &dependants {
            let current = self.state.snap(other).and_then(|snap| snap.current);
            others.extend(
                current
                    .map(|current| self.installed(other, current))
                    .transpose()?,
            );
        }
        for other in others.iter().rev() {
            self.runtime.stop(other)?;
        }
        self.runtime.stop(&installed)?;
        self.runtime.start(&installed)?;
        for other in &others {
            self.runtime.start(other)?;
        }
        Ok(Written::Changed)
    }
}
