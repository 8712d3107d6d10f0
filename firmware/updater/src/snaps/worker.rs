//! The one thread that changes snaps.

use super::choice::{WantedSnap, choice_of, choose};
use super::failure::failure;
use super::line::{Haste, HttpSources};
use super::live::{Live, Told};
use super::mender;
use super::runtime::Supervised;
use super::services::Services;
use super::{Job, Shown, SnapAct, SnapListing, lock};
use crate::changes::{ChangeKind, Changes};
use crate::device::{Failure, FailureKind};
use crate::machine::{Clock, ThisMachine};
use serde_json::{Value, json};
use snap_format::{Grant, SnapName};
use snap_store::{
    Asked, Change, Cost, Data, DiskFiles, Files, KernelMounts, Mounts, NewSnap, Outcome, Parts,
    Places, Runtime, Silent, Snaps, StoreError, Watch, Written,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use store_format::Channel;

/// What the snaps of a device stand on.
pub struct SnapParts {
    /// Files.
    pub files: Arc<dyn Files>,
    /// Mounts.
    pub mounts: Arc<dyn Mounts>,
    /// Programs.
    pub runtime: Arc<dyn Runtime>,
    /// Services, for those who ask for them.
    pub services: Arc<dyn Services>,
    /// Where everything lies.
    pub places: Places,
    /// What lines are paced by.
    pub clock: Arc<dyn Clock>,
}

impl Default for SnapParts {
    /// The device's own.
    fn default() -> Self {
        Self {
            files: Arc::new(DiskFiles),
            mounts: Arc::new(KernelMounts),
            runtime: Arc::new(Supervised::default()),
            services: Arc::new(Supervised::default()),
            places: Places::default(),
            clock: Arc::new(ThisMachine),
        }
    }
}

/// Starts the snaps, and does what is asked for as long as somebody can ask.
pub(super) fn work(
    parts: SnapParts,
    changes: &Changes,
    listing: &dyn SnapListing,
    shown: &Shown,
    live: &Live,
    to_do: &Receiver<Job>,
) {
    let sources = HttpSources::new(&*parts.clock);
    let machine = crate::api::architecture();
    let runtime = Told {
        runtime: &*parts.runtime,
        live,
    };
    let own = Parts {
        files: &*parts.files,
        mounts: &*parts.mounts,
        runtime: &runtime,
        sources: &sources,
    };
    let mut snaps = match Snaps::open(parts.places.clone(), machine, own) {
        Ok(snaps) => snaps,
        Err(error) => return eprintln!("cannot start the snaps: {error}"),
    };
    *lock(shown) = snaps.state().clone();
    let cut = snaps
        .state()
        .change()
        .map(|change| resumed(changes, change));
    let started = match cut.flatten() {
        Some(id) => {
            let mut started = snaps.start(&mut Follow { changes, id });
            if let Some(resumed) = started.resumed.take() {
                tell(
                    changes,
                    id,
                    resumed.map(told).map_err(|error| failure(&error)),
                );
            }
            started
        }
        None => snaps.start(&mut Silent),
    };
    for (name, revision, error) in started.broken {
        eprintln!("snap {name}, revision {revision}: {error}");
    }
    *lock(shown) = snaps.state().clone();
    live.is_over();
    for Job { id, act } in to_do {
        let mut watch = Follow { changes, id };
        sources.set_haste(match &act {
            SnapAct::AutoRefresh(_) | SnapAct::Repair(..) => Haste::None {
                rate_bytes_per_sec: listing.rate_limit_bytes_per_sec(),
            },
            _ => Haste::SomebodyWaits,
        });
        let done = act_on(&mut snaps, listing, machine, &act, &mut watch);
        *lock(shown) = snaps.state().clone();
        live.is_over();
        if let (SnapAct::Remove(name, Data::Purge), Ok(_)) = (&act, &done)
            && let Err(error) = parts.services.forget(name.as_str())
        {
            eprintln!("snap {name}: {error}");
        }
        tell(changes, id, done);
    }
}

/// The change that was cut short is one of this daemon, too.
fn resumed(changes: &Changes, change: &Change) -> Option<u64> {
    let kind = match change.kind {
        snap_store::ChangeKind::Install => ChangeKind::InstallSnap,
        snap_store::ChangeKind::Refresh => ChangeKind::RefreshSnap,
        snap_store::ChangeKind::Configure => ChangeKind::ConfigureSnap,
        snap_store::ChangeKind::Revert => ChangeKind::RevertSnap,
        snap_store::ChangeKind::Remove | snap_store::ChangeKind::Purge => ChangeKind::RemoveSnap,
    };
    let name = change.snap.as_str();
    let summary = format!("Go on with what was cut short of {name:?} snap");
    changes.begin_of(name, kind, &summary, &[]).ok()
}

/// Does it, and returns what its change tells.
fn act_on(
    snaps: &mut Snaps<'_>,
    listing: &dyn SnapListing,
    machine: &str,
    act: &SnapAct,
    watch: &mut dyn Watch,
) -> Result<Value, Failure> {
    let none = BTreeSet::new();
    let outcome = match act {
        SnapAct::AutoRefresh(new) => {
            let mut done = None;
            listing.act_at_rest(&mut || {
                done = Some(snaps.take(new, Asked::Refresh, &none, watch));
            })?;
            done.unwrap_or_else(|| Err(StoreError::NotInstalled(new.name.clone())))
        }
        SnapAct::Install(wanted, grants) => {
            let new = find(snaps, listing, machine, wanted, Asked::Install)?;
            snaps.take(&new, Asked::Install, grants, watch)
        }
        SnapAct::Refresh(wanted) => {
            match find(snaps, listing, machine, wanted, Asked::Refresh) {
                Ok(new) => snaps.take(&new, Asked::Refresh, &none, watch),
                // The newest of that channel is here, or is older.
                Err(failure) => match &wanted.channel {
                    Some(channel) if failure.kind == FailureKind::NoUpdate => {
                        return follow(snaps, listing, &wanted.name, channel, watch);
                    }
                    _ => return Err(failure),
                },
            }
        }
        SnapAct::Switch(name, channel) => return follow(snaps, listing, name, channel, watch),
        SnapAct::File(_, file, grants) => snaps.take_file(file, grants, watch),
        SnapAct::Revert(name) => snaps.revert(name, watch),
        SnapAct::Repair(name, revision) => {
            return mender::repair(snaps, listing, name, *revision, watch).map(told);
        }
        SnapAct::Configure(name, patch) => snaps.configure(name, patch, watch),
        SnapAct::ConfigureItself(name, patch) => snaps.configure_itself(name, patch, watch),
        SnapAct::Remove(name, data) => snaps.remove(name, *data, watch),
        SnapAct::Grant(name, grants) => {
            let add = |here: &mut BTreeSet<Grant>| here.extend(grants.iter().cloned());
            return written(name, snaps.grant(name, add, watch));
        }
        SnapAct::Revoke(name, grants) => {
            let take = |here: &mut BTreeSet<Grant>| here.retain(|one| !grants.contains(one));
            return written(name, snaps.grant(name, take, watch));
        }
    };
    outcome.map(told).map_err(|error| failure(&error))
}

/// The revision that somebody means.
fn find(
    snaps: &Snaps<'_>,
    listing: &dyn SnapListing,
    machine: &str,
    wanted: &WantedSnap,
    asked: Asked,
) -> Result<NewSnap, Failure> {
    // Whether it is here is told without the store.
    snaps
        .require_as_asked(&wanted.name, asked)
        .map_err(|error| failure(&error))?;
    let listed = listing.listed_snaps()?;
    choose(&listed, wanted, snaps.state(), &listing.channel(), machine)
}

fn follow(
    snaps: &mut Snaps<'_>,
    listing: &dyn SnapListing,
    name: &SnapName,
    channel: &Channel,
    watch: &mut dyn Watch,
) -> Result<Value, Failure> {
    let chosen = choice_of(channel, &listing.channel());
    written(name, snaps.follow(name, chosen, watch))
}

fn written(name: &SnapName, written: Result<Written, StoreError>) -> Result<Value, Failure> {
    let written = written.map_err(|error| failure(&error))?;
    let (names, is_changed) = ([name.as_str()], written == Written::Changed);
    Ok(json!({ "snap-name": names[0], "snap-names": names, "changed": is_changed }))
}

fn told(outcome: Outcome) -> Value {
    let Outcome {
        change,
        left_behind,
    } = outcome;
    let name = change.snap.as_str();
    if let Some(left) = &left_behind {
        eprintln!("snap {name}: {left}; what nobody needs any more stays on the disk");
    }
    json!({
        "snap-name": name,
        "snap-names": [name],
        "revision": change.new.map(|new| new.revision.to_string()),
        "left-behind": left_behind,
    })
}

fn tell(changes: &Changes, id: u64, done: Result<Value, Failure>) {
    match done {
        Ok(data) => changes.finish(id, data),
        Err(failure) => {
            if failure.kind == FailureKind::Disk {
                eprintln!("{}", failure.message);
            }
            changes.fail(id, &failure);
        }
    }
}

/// Tells the change of this daemon how far the snap's is.
struct Follow<'a> {
    changes: &'a Changes,
    id: u64,
}

impl Watch for Follow<'_> {
    fn moved(&mut self, change: &Change) {
        self.changes.follow(self.id, change);
    }

    fn bytes(&mut self, done: u64, total: u64) {
        self.changes.follow_bytes(self.id, done, total);
    }

    fn fetched(&mut self, snap: &SnapName, cost: &Cost) {
        eprintln!("snap {snap}: {cost}");
        self.changes.note(self.id, &cost.to_string());
    }
}
