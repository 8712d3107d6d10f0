//! What a change has made of a snap so far, for the programs of that snap: its hooks run, and
//! its services start, before anything is shown to others.
//!
//! What a hook sets stays here until it has ended well. Then it is part of the change.

use serde_json::{Map, Value};
use snap_format::{Hook, SnapName, SnapYaml};
use snap_store::{Configuration, ConfigurationError, Installed, Runtime, RuntimeError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The snaps that are started, or that a change is about.
pub(crate) struct Live(Mutex<Inner>);

struct Inner {
    phase: Phase,
    snaps: BTreeMap<SnapName, Now>,
}

/// What the one thread that changes snaps does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It starts what is here.
    Start,
    /// One change after the other.
    Changes,
}

/// A snap as its own programs see it.
#[derive(Clone)]
pub(crate) struct Now {
    pub(crate) yaml: SnapYaml,
    pub(crate) configuration: Configuration,
    /// Which hook runs.
    pub(crate) hook: Option<Hook>,
    set: Set,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Set {
    Nothing,
    Something,
}

/// Why a hook sets nothing.
#[derive(Debug)]
pub(crate) enum NotSet {
    /// None runs.
    NoHook,
    /// It is of what goes.
    Goes(Hook),
    /// It cannot be set so.
    Configuration(ConfigurationError),
}

impl Default for Live {
    fn default() -> Self {
        Self(Mutex::new(Inner {
            phase: Phase::Start,
            snaps: BTreeMap::new(),
        }))
    }
}

impl Live {
    /// The snap, if the thread is about it.
    pub(crate) fn of(&self, name: &SnapName) -> Option<Now> {
        self.lock().snaps.get(name).cloned()
    }

    /// Whether the thread starts what is here, and hears nobody.
    pub(crate) fn is_starting(&self) -> bool {
        self.lock().phase == Phase::Start
    }

    /// Sets each key of `patch` for the hook that runs.
    pub(crate) fn set(&self, name: &SnapName, patch: &Map<String, Value>) -> Result<(), NotSet> {
        let mut inner = self.lock();
        let now = inner.snaps.get_mut(name);
        let (now, hook) = now
            .and_then(|now| now.hook.map(|hook| (now, hook)))
            .ok_or(NotSet::NoHook)?;
        match hook {
            Hook::PreRefresh | Hook::Remove => return Err(NotSet::Goes(hook)),
            Hook::Install | Hook::PostRefresh | Hook::Configure | Hook::CheckHealth => {}
        }
        let patched = now.configuration.patched(patch);
        now.configuration = patched.map_err(NotSet::Configuration)?;
        now.set = Set::Something;
        Ok(())
    }

    /// What was begun is over, and shown to everybody.
    pub(super) fn is_over(&self) {
        let mut inner = self.lock();
        inner.phase = Phase::Changes;
        inner.snaps.clear();
    }

    fn note(&self, snap: &Installed, hook: Option<Hook>) {
        let now = Now {
            yaml: snap.yaml.clone(),
            configuration: snap.configuration.clone(),
            hook,
            set: Set::Nothing,
        };
        self.lock().snaps.insert(snap.name.clone(), now);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A runtime whose programs are known here while they run.
pub(super) struct Told<'a> {
    pub(super) runtime: &'a dyn Runtime,
    pub(super) live: &'a Live,
}

impl Runtime for Told<'_> {
    fn start(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.live.note(snap, None);
        self.runtime.start(snap)
    }

    fn stop(&self, snap: &Installed) -> Result<(), RuntimeError> {
        self.runtime.stop(snap)
    }

    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        self.live.note(snap, Some(hook));
        let ended = self.runtime.hook(snap, hook);
        if let Some(now) = self.live.lock().snaps.get_mut(&snap.name) {
            now.hook = None;
            if ended.is_err() {
                now.configuration = snap.configuration.clone();
                now.set = Set::Nothing;
            }
        }
        ended
    }

    fn set_by_hook(&self, name: &SnapName) -> Option<Configuration> {
        let mut inner = self.live.lock();
        let now = inner.snaps.get_mut(name)?;
        let was_set = std::mem::replace(&mut now.set, Set::Nothing);
        (was_set == Set::Something).then(|| now.configuration.clone())
    }
}
