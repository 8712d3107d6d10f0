//! The snaps of this device, for those who ask: what is here is told at once, and what is to
//! be done is done by one thread, one after the other.
//!
//! `snap-store` does it. This module knows the store's metadata, the API's changes and whom to
//! tell what.

mod app;
mod choice;
mod failure;
mod line;
mod live;
mod mender;
mod relations;
mod runtime;
mod service_act;
mod services;
mod unattended;
mod wished;
mod worker;

pub use app::AppHere;
pub(crate) use choice::channel_of;
pub use choice::{ListedSnap, WantedSnap};
pub(crate) use line::sha256_of;
pub(crate) use live::{Live, NotSet};
pub use mender::{Retries, told as told_of_damage};
pub use service_act::{ServiceAct, ServiceCommand};
pub use services::Services;
pub use unattended::{NotByItself, SnapSituation};
pub(crate) use unattended::{due, is_of_store};
use wished::Settled;
pub use worker::SnapParts;

use crate::changes::{Change, ChangeKind, Changes, Conflict, TaskKind};
use crate::device::{Failure, FailureKind};
use crate::wishes::WishFiles;
use serde_json::{Map, Value, json};
use snap_format::{Grant, Revision, SnapName, SnapYaml};
use snap_store::{Data, Files, Mounts, NewSnap, Places, State};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;
use store_format::Channel;

/// Whoever waits for the end of a change looks so often whether it is lost.
const A_WHILE: Duration = Duration::from_secs(3600);

/// Where the signed lists of snaps come from.
pub trait SnapListing: Send + Sync {
    /// What all publishers list, for any device.
    ///
    /// # Errors
    /// There is no store, or it does not answer as it should.
    fn listed_snaps(&self) -> Result<Vec<ListedSnap>, Failure>;

    /// The channel that this device follows.
    fn channel(&self) -> Channel;

    /// The owner's limit for what nobody waits for.
    fn rate_limit_bytes_per_sec(&self) -> Option<u64>;

    /// What this device is, as far as its own choice goes.
    ///
    /// # Errors
    /// The disk or the boot state cannot be read.
    fn situation(&self) -> Result<SnapSituation, Failure>;

    /// Runs `act` while no release of the system is on trial or on its way.
    ///
    /// # Errors
    /// One is: it was not run.
    fn act_at_rest(&self, act: &mut dyn FnMut()) -> Result<(), Failure>;
}

/// What somebody wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum SnapAct {
    /// A snap of the store that is not here, and what the administrator grants it.
    Install(WantedSnap, BTreeSet<Grant>),
    /// Another revision of one that is.
    Refresh(WantedSnap),
    /// A revision that nobody asked for.
    AutoRefresh(NewSnap),
    /// A file that nobody vouches for, the snap that it says it is, and what the administrator
    /// grants it.
    File(SnapName, PathBuf, BTreeSet<Grant>),
    /// The same revision, and later ones of that channel.
    Switch(SnapName, Channel),
    /// The revision before.
    Revert(SnapName),
    /// No revision at all.
    Remove(SnapName, Data),
    /// The same revision, whole.
    Repair(SnapName, Revision),
    /// Another configuration: a value for each dotted key, and null for none.
    Configure(SnapName, Map<String, Value>),
    /// The same, by a program of the snap itself.
    ConfigureItself(SnapName, Map<String, Value>),
    /// It is granted something.
    Grant(SnapName, BTreeSet<Grant>),
    /// It is granted that no more.
    Revoke(SnapName, BTreeSet<Grant>),
}

impl SnapAct {
    /// Of which snap.
    #[must_use]
    pub fn name(&self) -> &SnapName {
        match self {
            Self::Install(wanted, _) | Self::Refresh(wanted) => &wanted.name,
            Self::AutoRefresh(new) => &new.name,
            Self::File(name, ..)
            | Self::Switch(name, _)
            | Self::Revert(name)
            | Self::Remove(name, _)
            | Self::Repair(name, _)
            | Self::Configure(name, _)
            | Self::ConfigureItself(name, _)
            | Self::Grant(name, _)
            | Self::Revoke(name, _) => name,
        }
    }

    fn kind(&self) -> ChangeKind {
        match self {
            Self::Install(..) | Self::File(..) => ChangeKind::InstallSnap,
            Self::Refresh(_) => ChangeKind::RefreshSnap,
            Self::AutoRefresh(..) => ChangeKind::AutoRefresh,
            Self::Switch(..) => ChangeKind::SwitchSnap,
            Self::Revert(_) => ChangeKind::RevertSnap,
            Self::Remove(..) => ChangeKind::RemoveSnap,
            Self::Repair(..) => ChangeKind::AutoRefresh,
            Self::Configure(..)
            | Self::ConfigureItself(..)
            | Self::Grant(..)
            | Self::Revoke(..) => ChangeKind::ConfigureSnap,
        }
    }

    /// Where nobody waits to be told why it did not begin, a task of its own tells.
    fn first_tasks(&self) -> &'static [(TaskKind, &'static str)] {
        match self {
            Self::Repair(..) => &[(TaskKind::Check, "Find out what is damaged, and who has it")],
            _ => &[],
        }
    }

    fn summary(&self) -> String {
        let name = self.name().as_str();
        match self {
            Self::Install(..) => format!("Install {name:?} snap"),
            Self::Refresh(_) => format!("Refresh {name:?} snap"),
            Self::AutoRefresh(..) => format!("Auto-refresh {name:?} snap"),
            Self::File(..) => format!("Install {name:?} snap from a file"),
            Self::Switch(_, channel) => format!("Switch {name:?} snap to {channel}"),
            Self::Revert(_) => format!("Revert {name:?} snap"),
            Self::Repair(_, revision) => format!("Repair revision {revision} of {name:?} snap"),
            Self::Remove(_, Data::Keep) => format!("Remove {name:?} snap"),
            Self::Remove(_, Data::Purge) => format!("Purge {name:?} snap"),
            Self::Configure(..) | Self::ConfigureItself(..) => {
                format!("Change configuration of {name:?} snap")
            }
            Self::Grant(_, grants) => format!("Grant {name:?} snap {}", words(grants)),
            Self::Revoke(_, grants) => format!("Take {} from {name:?} snap", words(grants)),
        }
    }
}

fn words(grants: &BTreeSet<Grant>) -> String {
    let words: Vec<_> = grants.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// The desk at which people ask.
#[derive(Clone)]
pub struct SnapDesk {
    jobs: Sender<Job>,
    shown: Shown,
    changes: Arc<Changes>,
    listing: Arc<dyn SnapListing>,
    files: Arc<dyn Files>,
    mounts: Arc<dyn Mounts>,
    services: Arc<dyn Services>,
    places: Places,
    wishes: WishFiles,
    live: Arc<Live>,
}

/// What the last change left.
pub(crate) type Shown = Arc<Mutex<State>>;

/// Something to be done, as the change of that number.
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) act: SnapAct,
}

impl SnapDesk {
    /// Mounts and starts the snaps that are here, goes on with what was cut short, and waits
    /// for what is asked; all of it in a thread of its own.
    #[must_use]
    pub fn open(parts: SnapParts, changes: Arc<Changes>, listing: Arc<dyn SnapListing>) -> Self {
        let (jobs, to_do) = channel();
        let shown = Shown::default();
        let desk = Self {
            jobs,
            shown: Arc::clone(&shown),
            changes: Arc::clone(&changes),
            listing: Arc::clone(&listing),
            files: Arc::clone(&parts.files),
            mounts: Arc::clone(&parts.mounts),
            services: Arc::clone(&parts.services),
            places: parts.places.clone(),
            wishes: WishFiles::in_directory(parts.places.grants.with_file_name("wanted")),
            live: Arc::default(),
        };
        let live = Arc::clone(&desk.live);
        let work = move || worker::work(parts, &changes, &*listing, &shown, &live, &to_do);
        let begun = thread::Builder::new().name("snaps".to_owned()).spawn(work);
        if let Err(error) = begun {
            eprintln!("cannot start a thread: {error}; no snap runs before the next start");
        }
        desk
    }

    /// What is here.
    #[must_use]
    pub fn state(&self) -> State {
        lock(&self.shown).clone()
    }

    /// What a change that goes on has made of it by now.
    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    /// Where it is.
    #[must_use]
    pub fn places(&self) -> &Places {
        &self.places
    }

    /// What is wanted and not here yet.
    #[must_use]
    pub fn wishes(&self) -> &WishFiles {
        &self.wishes
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The services, as their supervisor has them.
    #[must_use]
    pub fn services(&self) -> &dyn Services {
        &*self.services
    }

    /// The apps of all snaps, by their names. A snap that cannot be read has none.
    #[must_use]
    pub fn apps(&self) -> Vec<AppHere> {
        let mut apps = Vec::new();
        for (snap, state) in self.state().installed() {
            let Some(current) = state.current else {
                continue;
            };
            let path = self.places.mount(snap, current).join("meta/snap.yaml");
            let yaml = self.files.read(&path).ok();
            let Some(yaml) = yaml.and_then(|yaml| SnapYaml::parse(&yaml).ok()) else {
                continue;
            };
            apps.extend(yaml.apps.into_iter().map(|(name, app)| AppHere {
                snap: snap.clone(),
                name,
                app,
            }));
        }
        apps
    }

    /// What the store has for this device, the newest first.
    ///
    /// # Errors
    /// See [`SnapListing::listed_snaps`].
    pub fn find(&self) -> Result<Vec<ListedSnap>, Failure> {
        let (own, state) = (self.channel(), self.state());
        let mut listed = self.listing.listed_snaps()?;
        listed.retain(|one| {
            let channel = channel_of(state.snap(&one.name), &own);
            one.is_for(&channel, crate::api::architecture())
        });
        Ok(listed)
    }

    /// The channel that this device follows, and its snaps, unless one was chosen for them.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.listing.channel()
    }

    /// Has something done, and returns the number of its change.
    ///
    /// # Errors
    /// Another change of the same snap is not over.
    pub fn ask(&self, act: SnapAct) -> Result<u64, Conflict> {
        let name = act.name().to_string();
        let id = self
            .changes
            .begin_of(&name, act.kind(), &act.summary(), act.first_tasks())?;
        if self.settle_wish(&act) == Settled::WasAll {
            self.changes.finish(id, json!({ "snap-names": [name] }));
            return Ok(id);
        }
        if self.jobs.send(Job { id, act }).is_err() {
            let gone = "the snaps of this device cannot be used; 'snappy service snappyd logs' \
                        tells why";
            self.changes
                .fail(id, &Failure::new(FailureKind::Disk, gone));
        }
        Ok(id)
    }

    /// Takes a revision that nobody asked for, and comes back when that is over.
    pub(crate) fn refresh_unattended(&self, new: NewSnap) -> Result<(), Failure> {
        let asked = self.ask(SnapAct::AutoRefresh(new));
        let busy = |conflict: Conflict| Failure::new(FailureKind::Busy, conflict);
        let id = asked.map_err(busy)?;
        loop {
            let change = self.changes.wait_until(id, A_WHILE, Change::is_ready);
            match change {
                Some(change) if !change.is_ready() => {}
                Some(change) => return change.failure.map_or(Ok(()), Err),
                // It is over so long that it was forgotten.
                None => return Ok(()),
            }
        }
    }

    /// Why this device does not take it by itself, if it is of a snap that is here.
    #[must_use]
    pub fn not_by_itself(&self, one: &ListedSnap, device: &SnapSituation) -> Option<NotByItself> {
        let state = self.state();
        let here = state.snap(&one.name).filter(|snap| is_of_store(snap))?;
        unattended::judge(one, here, device).err()
    }

    /// Tells what this device is, as far as its own choice goes.
    ///
    /// # Errors
    /// See [`SnapListing::situation`].
    pub fn situation(&self) -> Result<SnapSituation, Failure> {
        self.listing.situation()
    }

    /// Has something done with services, and returns the number of its change. It does not
    /// wait for changes of other snaps.
    ///
    /// # Errors
    /// A change of the same snap is not over.
    pub fn control(&self, act: ServiceAct) -> Result<u64, Conflict> {
        let tasks = act.tasks();
        let tasks: Vec<_> = tasks.iter().map(|(kind, text)| (*kind, &**text)).collect();
        let summary = "Running service command";
        let kind = ChangeKind::ServiceControl;
        let id = self
            .changes
            .begin_of(act.snap.as_str(), kind, summary, &tasks)?;
        let (changes, services) = (Arc::clone(&self.changes), Arc::clone(&self.services));
        let work = move || act.run(id, &changes, &*services);
        let begun = thread::Builder::new()
            .name("services".to_owned())
            .spawn(work);
        if let Err(error) = begun {
            let message = format!("cannot start a thread: {error}; ask again later");
            self.changes
                .fail(id, &Failure::new(FailureKind::Disk, message));
        }
        Ok(id)
    }
}

pub(crate) fn lock(shown: &Shown) -> MutexGuard<'_, State> {
    shown.lock().unwrap_or_else(PoisonError::into_inner)
}
