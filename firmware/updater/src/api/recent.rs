//! What the store said a moment ago. Others than the administrator are told that, so that
//! nobody has the device ask all the time.

use super::Peer;
use crate::device::Failure;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was said so long ago is told to others than the administrator.
const FRESH: Duration = Duration::from_secs(60);

/// An answer, and when it came.
pub(super) struct Recent<T>(Mutex<Option<(Instant, Result<T, Failure>)>>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Recent<T> {
    /// What `ask` says to the administrator, and what it said lately to `peer` if that is
    /// somebody else.
    pub(super) fn told(
        &self,
        peer: Peer,
        administrator: Peer,
        ask: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, said)) if peer != administrator && at.elapsed() < FRESH => said.clone(),
            _ => last.insert((Instant::now(), ask())).1.clone(),
        }
    }
}
