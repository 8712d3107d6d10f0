//! The snaps of a device, from the start of the daemon on.

use crate::acts::{grants, links};
use crate::change::Direction;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::files::Files;
use crate::mounts::Mounts;
use crate::places::Places;
use crate::run::{Outcome, Watch};
use crate::runtime::Runtime;
use crate::source::Sources;
use crate::state::State;
use crate::state_file;
use snap_format::{Revision, SnapName, order_of_snaps};
use std::collections::BTreeMap;

/// A change that was cut so often is undone: it may be what cuts it.
const MOST_RESUMED: u32 = 3;

/// The snaps of a device. Whoever has it holds the lock that keeps others away.
pub struct Snaps<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) mounts: &'a dyn Mounts,
    pub(crate) runtime: &'a dyn Runtime,
    pub(crate) sources: &'a dyn Sources,
    pub(crate) places: Places,
    /// Debian's name of the processor.
    pub(crate) machine: String,
    pub(crate) state: State,
}

/// What the start met.
#[derive(Debug, Default)]
pub struct Started {
    /// What became of the change that was cut short.
    pub resumed: Option<Result<Outcome, StoreError>>,
    /// Snaps that are not as they should be, and why.
    pub broken: Vec<Broken>,
}

impl<'a> Snaps<'a> {
    /// Reads the state, and does nothing yet.
    ///
    /// # Errors
    /// The state cannot be read.
    pub fn open(places: Places, machine: &str, parts: Parts<'a>) -> Result<Self, StoreError> {
        let state = state_file::read(parts.files, &places)?;
        Ok(Self {
            files: parts.files,
            mounts: parts.mounts,
            runtime: parts.runtime,
            sources: parts.sources,
            places,
            machine: machine.to_owned(),
            state,
        })
    }

    /// Mounts what is here, starts what should run, and goes on with what was cut short.
    pub fn start(&mut self, watch: &mut dyn Watch) -> Started {
        self.sweep();
        let mut broken = self.mount_all();
        broken.extend(self.start_all());
        let resumed = self.resume(watch);
        Started { resumed, broken }
    }

    /// What there is.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Where it is.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// Goes on with the change that was cut short, if one was.
    pub(crate) fn resume(&mut self, watch: &mut dyn Watch) -> Option<Result<Outcome, StoreError>> {
        let change = self.state.change.as_mut()?;
        change.resumed += 1;
        if change.resumed > MOST_RESUMED
            && change.direction == Direction::Forward
            && !change.is_decided()
        {
            let reason = "the device went down in it again and again".to_owned();
            let task = change.next().and_then(|at| change.tasks.get(at));
            let fault = task.map_or(Fault::Other, |task| Fault::of_a_cut_in(task.kind));
            self.state.turn_back(reason, fault);
        }
        // Where it cannot be counted it is tried all the same.
        let _ = state_file::write(self.files, &self.places, &self.state);
        Some(self.run(watch))
    }

    /// Removes what somebody brought and no change came to take. What was fetched in part
    /// stays, to go on from there.
    fn sweep(&self) {
        if self.state.change.is_some() {
            return;
        }
        let incoming = self.places.incoming();
        for name in self.files.list(&incoming).unwrap_or_default() {
            let revision = name
                .strip_suffix(".part")
                .and_then(|name| name.rsplit_once('_'));
            let is_fetched = revision.is_some_and(|(_, revision)| !revision.starts_with('x'));
            if !is_fetched {
                // What stays is in nobody's way.
                let _ = self.files.remove_file(&incoming.join(name));
            }
        }
    }

    fn mount_all(&self) -> Vec<Broken> {
        let mut broken = Vec::new();
        for (name, snap) in self.state.all() {
            for revision in &snap.revisions {
                let mounted = self.mount(name, revision);
                // One that comes, or goes again, is the change's affair.
                let comes = self.state.change().and_then(|change| change.new.as_ref());
                let is_coming = comes.is_some_and(|new| new.revision == revision.revision);
                if let Err(error) = mounted
                    && !is_coming
                {
                    broken.push((name.clone(), revision.revision, error));
                }
            }
            // A cut may have come between the state and what follows it.
            if let Some(current) = snap.current
                && let Err(error) = links::lead_to(self, name, Some(current))
                    .and_then(|()| grants::write(self, name, snap))
            {
                broken.push((name.clone(), current, error));
            }
        }
        broken
    }

    /// Starts what should run, each snap behind the frameworks that it needs. What runs of
    /// those that a change is about depends on how far it came: its next tasks count on it.
    fn start_all(&self) -> Vec<Broken> {
        let (mut broken, mut to_start) = (Vec::new(), BTreeMap::new());
        for (name, snap) in self.state.all() {
            let runs = match self.state.change() {
                Some(change) if change.snap == *name => change.running(),
                Some(change) if change.dependants.contains(name) => {
                    snap.current.filter(|_| change.lets_dependants_run())
                }
                _ => snap.current,
            };
            let Some(runs) = runs else { continue };
            let installed = self.installed(name, runs).and_then(|installed| {
                self.require_installed(name, &installed.yaml.frameworks)?;
                Ok(installed)
            });
            match installed {
                Ok(installed) => {
                    to_start.insert(name.clone(), installed);
                }
                Err(error) => broken.push((name.clone(), runs, error)),
            }
        }
        let needs = to_start.iter();
        let needs = needs.map(|(name, snap)| (name.clone(), snap.yaml.frameworks.clone()));
        for name in order_of_snaps(&needs.collect()) {
            if let Some(snap) = to_start.get(&name)
                && let Err(error) = self.runtime.start(snap)
            {
                broken.push((name, snap.revision, error.into()));
            }
        }
        broken
    }
}

/// A revision that is not as it should be, and why.
pub type Broken = (SnapName, Revision, StoreError);

/// What the snaps of a device stand on.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    /// Files.
    pub files: &'a dyn Files,
    /// Mounts.
    pub mounts: &'a dyn Mounts,
    /// Programs.
    pub runtime: &'a dyn Runtime,
    /// Where snaps come from.
    pub sources: &'a dyn Sources,
}
