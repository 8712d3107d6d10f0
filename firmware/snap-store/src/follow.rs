//! Somebody chooses the channel that a snap follows.

use crate::error::StoreError;
use crate::run::Watch;
use crate::start::Snaps;
use crate::state_file::{self, Written};
use snap_format::SnapName;

impl Snaps<'_> {
    /// Has a snap follow that channel, or the device's. What is here of it stays as it is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn follow(
        &mut self,
        name: &SnapName,
        channel: Option<String>,
        watch: &mut dyn Watch,
    ) -> Result<Written, StoreError> {
        self.require_idle(watch)?;
        if !self.is_installed(name) {
            return Err(StoreError::NotInstalled(name.clone()));
        }
        let mut next = self.state.clone();
        next.snap_mut(name).channel = channel;
        if next == self.state {
            return Ok(Written::Already);
        }
        state_file::write(self.files, &self.places, &next)?;
        self.state = next;
        Ok(Written::Changed)
    }
}
