//! What is asked becomes a change, or is refused before anything is done.

use crate::acts::data_of_an_earlier_time;
use crate::change::{Change, ChangeKind, Direction, EarlierData, Reconfigured, TaskKind, tasks};
use crate::error::StoreError;
use crate::run::{Outcome, Watch};
use crate::start::Snaps;
use crate::state::{Origin, RevisionState, SnapState};
use image_format::Digest;
use serde_json::{Map, Value};
use snap_format::{Grant, Revision, SnapFile, SnapName};
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::Path;

/// The directory of all commands, and what the system is called among parts.
const RESERVED: [&str; 3] = ["bin", "system", "ubuntu-core"];

/// A snap that a store lists.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSnap {
    /// Its name.
    pub name: SnapName,
    /// Its revision there.
    pub revision: NonZeroU32,
    /// For people.
    pub version: String,
    /// Of the file, as it was signed.
    pub length_bytes: u64,
    /// Of the file, as it was signed.
    pub sha256: Digest,
    /// Of its blocks, where the store signs that.
    pub root_hash: Option<Digest>,
    /// The frameworks that it needs, where the store signs that.
    pub frameworks: BTreeSet<SnapName>,
    /// What the store's owner signed that it is granted.
    pub grants: BTreeSet<Grant>,
    /// Who signed it.
    pub origin: Origin,
    /// The channel that the snap follows from then on, if not the device's.
    pub channel: Option<String>,
    /// Where it lies, for [`Sources`](crate::Sources).
    pub address: String,
}

/// Whether the data of a removed snap stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// For the next installation.
    Keep,
    /// It goes.
    Purge,
}

/// A revision that somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It has to be a snap that is not there.
    Install,
    /// It has to be one that is there.
    Refresh,
}

impl Snaps<'_> {
    /// Installs or refreshes a snap from a store. The administrator may grant it something.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn take(
        &mut self,
        new: &NewSnap,
        asked: Asked,
        grants: &BTreeSet<Grant>,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.require_idle(watch)?;
        self.require_as_asked(&new.name, asked)?;
        self.require_installed(&new.name, &new.frameworks)?;
        let mut revision = RevisionState::new(
            Revision::Store(new.revision),
            new.version.clone(),
            new.origin.clone(),
        );
        revision.length_bytes = new.length_bytes;
        revision.sha256 = new.sha256;
        revision.root_hash = new.root_hash.unwrap_or(Digest::ZERO);
        revision.grants = new.grants.clone();
        let mut change = self.coming(&new.name, revision, Some(new.address.clone()))?;
        change.grants = grants.clone();
        change.channel = new.channel.clone();
        self.begin(change, watch)
    }

    /// Installs a snap from a file that nobody vouches for, or refreshes it. The file is on
    /// the file system of the snaps, and is taken from where it lies.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn take_file(
        &mut self,
        file: &Path,
        grants: &BTreeSet<Grant>,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        let change = self
            .require_idle(watch)
            .and_then(|()| self.coming_from(file));
        let taken = change.and_then(|mut change| {
            change.grants = grants.clone();
            self.begin(change, watch)
        });
        if self.state.change.is_none() {
            // Wherever it went, nobody takes it any more; the next start sweeps what stays.
            let _ = self.files.remove_file(file);
        }
        taken
    }

    fn coming_from(&self, file: &Path) -> Result<Change, StoreError> {
        let act = || format!("open {}", file.display());
        let opened = self.files.open(file).map_err(StoreError::io(act()))?;
        // It is read again where its blocks have names; here it only says what it wants to be.
        let snap = SnapFile::open(opened)?;
        let name = snap.yaml().name.clone();
        self.require_installed(&name, &snap.yaml().frameworks)?;
        let last = self.state.snap(&name).map_or(0, |snap| snap.last_local);
        let number = NonZeroU32::MIN.saturating_add(last);
        let revision = RevisionState::new(
            Revision::Local(number),
            snap.yaml().version.to_string(),
            Origin::Unauthenticated,
        );
        let part = self.places.part(&name, revision.revision);
        let change = self.coming(&name, revision, None)?;
        self.files
            .rename(file, &part)
            .map_err(StoreError::io(act()))?;
        Ok(change)
    }

    /// Goes back to the revision before, and its data.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn revert(
        &mut self,
        name: &SnapName,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.require_idle(watch)?;
        self.require_as_asked(name, Asked::Refresh)?;
        let snap = self.state.snap(name);
        let other = snap.and_then(|snap| snap.other()).cloned();
        let other = other.ok_or_else(|| StoreError::NoOlder(name.clone()))?;
        let dependants = self.dependants(name)?;
        let mut kinds = vec![TaskKind::Mount];
        kinds.extend(TaskKind::StopDependants.if_any(&dependants));
        kinds.extend([TaskKind::Stop, TaskKind::Link, TaskKind::Start]);
        kinds.extend(TaskKind::StartDependants.if_any(&dependants));
        kinds.extend([TaskKind::Retire, TaskKind::Clean]);
        let mut change = self.change(ChangeKind::Revert, name, Some(other), &kinds);
        change.dependants = dependants;
        self.begin(change, watch)
    }

    /// Removes a snap. Purged are also the data of one that was removed before.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn remove(
        &mut self,
        name: &SnapName,
        data: Data,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.require_idle(watch)?;
        let is_installed = self.is_installed(name);
        let has_data = match data {
            Data::Keep => false,
            Data::Purge => {
                let path = self.places.data_of(name);
                let act = || format!("look for {}", path.display());
                self.files.exists(&path).map_err(StoreError::io(act()))?
            }
        };
        if !is_installed && !has_data {
            return Err(StoreError::NotInstalled(name.clone()));
        }
        let kind = match data {
            Data::Keep => ChangeKind::Remove,
            Data::Purge => ChangeKind::Purge,
        };
        let mut kinds = Vec::new();
        if is_installed {
            self.require_not_needed(name)?;
            kinds.extend([TaskKind::Stop, TaskKind::RemoveHook, TaskKind::Unlink]);
        }
        kinds.extend([TaskKind::Retire, TaskKind::Clean]);
        let change = self.change(kind, name, None, &kinds);
        self.begin(change, watch)
    }

    /// Sets each key of `patch` in the configuration of the current revision; `null` unsets
    /// it. The snap's hook is asked, and what it refuses is set back.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn configure(
        &mut self,
        name: &SnapName,
        patch: &Map<String, Value>,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        let kinds = [TaskKind::SetConfiguration, TaskKind::Configure];
        self.set_configuration(name, patch, &kinds, watch)
    }

    /// The same, for a program of the snap itself: the hook is not asked.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn configure_itself(
        &mut self,
        name: &SnapName,
        patch: &Map<String, Value>,
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.set_configuration(name, patch, &[TaskKind::SetConfiguration], watch)
    }

    fn set_configuration(
        &mut self,
        name: &SnapName,
        patch: &Map<String, Value>,
        kinds: &[TaskKind],
        watch: &mut dyn Watch,
    ) -> Result<Outcome, StoreError> {
        self.require_idle(watch)?;
        let current = self.state.snap(name).and_then(SnapState::current);
        let current = current.ok_or_else(|| StoreError::NotInstalled(name.clone()))?;
        let from = current.configuration.clone();
        let to = from.patched(patch)?;
        let mut change = self.change(ChangeKind::Configure, name, None, kinds);
        change.configuration = Some(Reconfigured { from, to });
        self.begin(change, watch)
    }

    /// A revision that comes: from a store with an address, or from a file that is here.
    fn coming(
        &self,
        name: &SnapName,
        new: RevisionState,
        address: Option<String>,
    ) -> Result<Change, StoreError> {
        if RESERVED.contains(&name.as_str()) {
            return Err(StoreError::Reserved(name.clone()));
        }
        let snap = self.state.snap(name);
        let is_current = snap.and_then(|snap| snap.current) == Some(new.revision);
        if is_current {
            return Err(StoreError::NoUpdate(name.clone()));
        }
        let here = snap.and_then(|snap| snap.revision(new.revision));
        let dependants = self.dependants(name)?;
        let mut kinds = Vec::new();
        match (here, &address) {
            // Somebody went back from it.
            (Some(_), _) => {}
            (None, Some(_)) => kinds.extend([TaskKind::Fetch, TaskKind::Seal]),
            (None, None) => kinds.push(TaskKind::Seal),
        }
        kinds.push(TaskKind::Mount);
        let kind = match self.is_installed(name) {
            true => {
                kinds.push(TaskKind::PreRefresh);
                kinds.extend(TaskKind::StopDependants.if_any(&dependants));
                kinds.push(TaskKind::Stop);
                kinds.extend([TaskKind::CopyData, TaskKind::Link, TaskKind::PostRefresh]);
                ChangeKind::Refresh
            }
            false => {
                kinds.extend([TaskKind::CopyData, TaskKind::Link, TaskKind::InstallHook]);
                ChangeKind::Install
            }
        };
        kinds.extend([TaskKind::Start, TaskKind::Configure, TaskKind::CheckHealth]);
        kinds.extend(TaskKind::StartDependants.if_any(&dependants));
        kinds.extend([TaskKind::Retire, TaskKind::Clean]);
        let new = here.cloned().unwrap_or(new);
        let revision = new.revision;
        let mut change = self.change(kind, name, Some(new), &kinds);
        change.address = address;
        change.dependants = dependants;
        change.earlier_data = data_of_an_earlier_time(self, name, revision)?;
        Ok(change)
    }

    pub(crate) fn change(
        &self,
        kind: ChangeKind,
        name: &SnapName,
        new: Option<RevisionState>,
        kinds: &[TaskKind],
    ) -> Change {
        let snap = self.state.snap(name);
        Change {
            kind,
            snap: name.clone(),
            new,
            old: snap.and_then(|snap| snap.current),
            address: None,
            channel: snap.and_then(|snap| snap.channel.clone()),
            dependants: Vec::new(),
            grants: BTreeSet::new(),
            old_grants: snap.map_or_else(BTreeSet::new, |snap| snap.grants.clone()),
            tasks: tasks(kinds),
            direction: Direction::Forward,
            doomed: Vec::new(),
            doomed_data: Vec::new(),
            earlier_data: EarlierData::None,
            configuration: None,
            resumed: 0,
        }
    }

    pub(crate) fn is_installed(&self, name: &SnapName) -> bool {
        let snap = self.state.snap(name);
        snap.is_some_and(|snap| snap.current.is_some())
    }

    /// Whether the snap is there, or not, as it should be.
    ///
    /// # Errors
    /// It is not.
    pub fn require_as_asked(&self, name: &SnapName, asked: Asked) -> Result<(), StoreError> {
        match (asked, self.is_installed(name)) {
            (Asked::Install, true) => Err(StoreError::AlreadyInstalled(name.clone())),
            (Asked::Refresh, false) => Err(StoreError::NotInstalled(name.clone())),
            (Asked::Install, false) | (Asked::Refresh, true) => Ok(()),
        }
    }

    /// Ends first what could not be ended before.
    pub(crate) fn require_idle(&mut self, watch: &mut dyn Watch) -> Result<(), StoreError> {
        // What became of it was told when it was cut short.
        let _ = self.resume(watch);
        match &self.state.change {
            None => Ok(()),
            Some(change) => Err(StoreError::Busy(change.kind, change.snap.clone())),
        }
    }
}
