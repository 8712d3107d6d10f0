//! PID 1 under a deadline: whatever it does has a time to be done by.
//!
//! A thread of its own feeds the watchdog as long as the main thread keeps its deadlines.
//! When one passes, it records what was being done and reboots; if even that hangs, nobody
//! feeds the watchdog any more, and the hardware resets the machine. So neither a kernel
//! that hangs nor a PID 1 that waits for ever strands a device.

use crate::failure::{self, Failure, during};
use crate::watchdog::Watchdog;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The watchdog is fed several times within its patience.
const FEEDS_PER_PATIENCE: u32 = 4;

/// The main thread's side.
#[derive(Clone)]
pub(crate) struct Guard(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    step: &'static str,
    limit_secs: u32,
    deadline: Instant,
    watchdog: Option<Watchdog>,
}

impl Guard {
    /// Starts to guard: what is done next has `limit_secs`.
    pub(crate) fn start(watchdog: Option<Watchdog>, watchdog_secs: u32, limit_secs: u32) -> Self {
        let guard = Self(Arc::new(Shared {
            state: Mutex::new(State {
                step: "start",
                limit_secs,
                deadline: after(limit_secs),
                watchdog,
            }),
            changed: Condvar::new(),
        }));
        let watched = guard.clone();
        let pause = Duration::from_secs(watchdog_secs.max(1).into()) / FEEDS_PER_PATIENCE;
        std::thread::spawn(move || watched.watch(pause));
        guard
    }

    /// Does a step of the boot, within the time that the boot has.
    ///
    /// # Errors
    /// The step's, under its name.
    pub(crate) fn step<T, E: Into<anyhow::Error>>(
        &self,
        step: &'static str,
        act: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, Failure> {
        self.lock().step = step;
        act().map_err(during(step))
    }

    /// From now on `step` is being done, and has `limit_secs` of its own.
    pub(crate) fn expect(&self, step: &'static str, limit_secs: u32) {
        let mut state = self.lock();
        state.step = step;
        state.limit_secs = limit_secs;
        state.deadline = after(limit_secs);
        self.0.changed.notify_all();
    }

    /// Guards no longer: the machine is to stand still.
    pub(crate) fn stand_down(&self) {
        let mut state = self.lock();
        state.deadline = after(u32::MAX);
        if let Some(watchdog) = state.watchdog.take() {
            watchdog.stop();
        }
    }

    fn watch(&self, pause: Duration) {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let Some(left) = state
                .deadline
                .checked_duration_since(now)
                .filter(|left| !left.is_zero())
            else {
                // Not dropped before: the main thread must not get away with it now.
                failure::time_out(state.step, state.limit_secs);
            };
            if let Some(watchdog) = &mut state.watchdog {
                watchdog.feed();
            }
            let waited = self.0.changed.wait_timeout(state, pause.min(left));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn after(secs: u32) -> Instant {
    Instant::now() + Duration::from_secs(secs.into())
}
