//! The one thread that changes snaps.

use super::choice::choose;
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
use serde_json::json;
use snap_format::SnapName;
use snap_store::{
    Asked, Change, Cost, Data, DiskFiles, Files, Granted, KernelMounts, Mounts, Outcome, Parts,
    Places, Runtime, Silent, Snaps, StoreError, Watch,
};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

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
            let started = snaps.start(&mut Follow { changes, id });
            if let Some(resumed) = &started.resumed {
                tell(changes, id, resumed);
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
        if let SnapAct::Grant(name, grants) | SnapAct::Revoke(name, grants) = &act {
            let granted = snaps.grant(
                name,
                |here| match act {
                    SnapAct::Grant(..) => here.extend(grants.iter().cloned()),
                    _ => here.retain(|grant| !grants.contains(grant)),
                },
                &mut watch,
            );
            *lock(shown) = snaps.state().clone();
            live.is_over();
            match granted {
                Ok(granted) => {
                    let is_changed = granted == Granted::Changed;
                    let data = json!({ "snap-name": name.as_str(), "changed": is_changed });
                    changes.finish(id, data);
                }
                Err(error) => changes.fail(id, &failure(&error)),
            }
            continue;
        }
        sources.set_haste(match &act {
            SnapAct::AutoRefresh(_) | SnapAct::Repair(..) => Haste::None {
                rate_bytes_per_sec: listing.rate_limit_bytes_per_sec(),
            },
            _ => Haste::SomebodyWaits,
        });
        let done = act_on(&mut snaps, listing, machine, &act, &mut watch);
        *lock(shown) = snaps.state().clone();
        live.is_over();
        if let (SnapAct::Remove(name, Data::Purge), Ok(Ok(_))) = (&act, &done)
            && let Err(error) = parts.services.forget(name.as_str())
        {
            eprintln!("snap {name}: {error}");
        }
        match done {
            Ok(done) => tell(changes, id, &done),
            Err(failure) => changes.fail(id, &failure),
        }
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

type Done = Result<Outcome, StoreError>;

fn act_on(
    snaps: &mut Snaps<'_>,
    listing: &dyn SnapListing,
    machine: &str,
    act: &SnapAct,
    watch: &mut dyn Watch,
) -> Result<Done, Failure> {
    let none = BTreeSet::new();
    let (wanted, asked, grants) = match act {
        SnapAct::AutoRefresh(new) => {
            let mut done = None;
            listing.act_at_rest(&mut || {
                done = Some(snaps.take(new, Asked::Refresh, &none, watch));
            })?;
            let name = || StoreError::NotInstalled(new.name.clone());
            return Ok(done.unwrap_or_else(|| Err(name())));
        }
        SnapAct::Install(wanted, grants) => (wanted, Asked::Install, grants),
        SnapAct::Refresh(wanted) => (wanted, Asked::Refresh, &none),
        SnapAct::File(_, file, grants) => return Ok(snaps.take_file(file, grants, watch)),
        SnapAct::Revert(name) => return Ok(snaps.revert(name, watch)),
        SnapAct::Repair(name, revision) => {
            return mender::repair(snaps, listing, name, *revision, watch);
        }
        SnapAct::Configure(name, patch) => return Ok(snaps.configure(name, patch, watch)),
        SnapAct::ConfigureItself(name, patch) => {
            return Ok(snaps.configure_itself(name, patch, watch));
        }
        SnapAct::Remove(name, data) => return Ok(snaps.remove(name, *data, watch)),
        SnapAct::Grant(name, _) | SnapAct::Revoke(name, _) => {
            return Ok(Err(StoreError::NotInstalled(name.clone())));
        }
    };
    // Whether it is here is told without the store.
    snaps
        .require_as_asked(&wanted.name, asked)
        .map_err(|error| failure(&error))?;
    let listed = listing.listed_snaps()?;
    let new = choose(&listed, wanted, snaps.state(), &listing.channel(), machine)?;
    Ok(snaps.take(&new, asked, grants, watch))
}

fn tell(changes: &Changes, id: u64, done: &Done) {
    match done {
        Ok(outcome) => {
            let name = outcome.change.snap.as_str();
            let revision = outcome
                .change
                .new
                .as_ref()
                .map(|new| new.revision.to_string());
            let data = json!({
                "snap-name": name,
                "snap-names": [name],
                "revision": revision,
                "left-behind": outcome.left_behind,
            });
            if let Some(left) = &outcome.left_behind {
                eprintln!("snap {name}: {left}; what nobody needs any more stays on the disk");
            }
            changes.finish(id, data);
        }
        Err(error) => {
            let told = failure(error);
            if told.kind == FailureKind::Disk {
                eprintln!("{error}");
            }
            changes.fail(id, &told);
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
