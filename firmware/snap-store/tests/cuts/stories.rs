//! What is asked of a device, and what it has before.

use crate::device::{Ask, Device};
use crate::snap_files::SnapFiles;
use serde_json::Map;
use snap_format::{Grant, SnapName};
use snap_store::{Asked, Data, NewSnap, Origin, Outcome, Silent, Snaps, StoreError, root_hash_of};
use std::collections::BTreeSet;
use std::fs::File;

/// A story: what is there, and what is asked.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) before: fn(&Device),
    pub(crate) ask: Ask<'static>,
    pub(crate) ends: Ends,
}

/// How it ends where nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ends {
    Done,
    Undone,
}

/// Nobody grants anything.
pub(crate) const NONE: BTreeSet<Grant> = BTreeSet::new();

pub(crate) fn hello() -> SnapName {
    "hello".parse().unwrap()
}

/// Revision N of the store is version N.
pub(crate) fn of_store(version: &str) -> NewSnap {
    new_snap(hello(), version)
}

/// Of another snap.
pub(crate) fn new_snap(name: SnapName, version: &str) -> NewSnap {
    let file = File::open(SnapFiles::get().path(version)).unwrap();
    let hash = root_hash_of(&file).unwrap().unwrap();
    NewSnap {
        name,
        frameworks: BTreeSet::new(),
        grants: BTreeSet::new(),
        revision: version.parse().unwrap(),
        version: version.to_owned(),
        length_bytes: hash.length_bytes,
        sha256: hash.sha256,
        root_hash: Some(hash.root_hash),
        origin: Origin::Store {
            publisher: "acme".into(),
            channel: "stable".into(),
        },
        channel: None,
        address: format!("store:{version}"),
    }
}

pub(crate) fn install(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take(&of_store("1"), Asked::Install, &NONE, &mut Silent)
}

pub(crate) fn refresh(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take(&of_store("2"), Asked::Refresh, &NONE, &mut Silent)
}

pub(crate) fn install_file(device: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take_file(&device.bring("1"), &NONE, &mut Silent)
}

pub(crate) fn install_granted(
    device: &Device,
    snaps: &mut Snaps<'_>,
) -> Result<Outcome, StoreError> {
    let grants = ["gpio", "/dev/ttyUSB0"].map(|word| word.parse().unwrap());
    snaps.take_file(&device.bring("1"), &grants.into(), &mut Silent)
}

pub(crate) fn refresh_file(device: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take_file(&device.bring("2"), &NONE, &mut Silent)
}

pub(crate) fn revert(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.revert(&hello(), &mut Silent)
}

pub(crate) fn remove(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.remove(&hello(), Data::Keep, &mut Silent)
}

pub(crate) fn purge(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.remove(&hello(), Data::Purge, &mut Silent)
}

pub(crate) fn configure(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    let patch = Map::from_iter([("port".to_owned(), 80.into())]);
    snaps.configure(&hello(), &patch, &mut Silent)
}

pub(crate) fn broker() -> SnapName {
    "broker".parse().unwrap()
}

pub(crate) fn install_broker(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take(
        &new_snap(broker(), "101"),
        Asked::Install,
        &NONE,
        &mut Silent,
    )
}

pub(crate) fn refresh_broker(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.take(
        &new_snap(broker(), "102"),
        Asked::Refresh,
        &NONE,
        &mut Silent,
    )
}

pub(crate) fn revert_broker(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    snaps.revert(&broker(), &mut Silent)
}

pub(crate) fn install_web(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    let web = new_snap("web".parse().unwrap(), "201");
    snaps.take(&web, Asked::Install, &NONE, &mut Silent)
}

pub(crate) fn install_hub(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    let hub = new_snap("hub".parse().unwrap(), "301");
    snaps.take(&hub, Asked::Install, &NONE, &mut Silent)
}

/// A framework, and what needs it.
pub(crate) fn needed(device: &Device) {
    device.must(&install_broker);
    device.must(&install_web);
}

fn nothing(_: &Device) {}

/// What PID 1 leaves of snaps: `/var/snap`.
pub(crate) fn reset_but_for_data(device: &Device) {
    device.reboot();
    for gone in ["writable", "snap"] {
        std::fs::remove_dir_all(device.path(gone)).unwrap();
    }
    for made in ["writable/snaps", "snap"] {
        std::fs::create_dir_all(device.path(made)).unwrap();
    }
}

/// The first try did not end well, and left a state.
fn reset_and_tried(device: &Device) {
    first(device);
    reset_but_for_data(device);
    *device.unhealthy.lock().unwrap() = Some("1".into());
    assert!(device.try_(&install).is_err());
    *device.unhealthy.lock().unwrap() = None;
}

fn first(device: &Device) {
    device.must(&install);
}

fn both(device: &Device) {
    first(device);
    device.must(&refresh);
}

/// The first revision, whose configuration goes with it.
fn configured(device: &Device) {
    first(device);
    device.must(&configure);
}

pub(crate) const ALL: [Story; 18] = [
    Story {
        name: "configure",
        before: first,
        ask: &configure,
        ends: Ends::Done,
    },
    Story {
        name: "configure, and the snap refuses",
        before: |device| {
            first(device);
            *device.refuses.lock().unwrap() = true;
        },
        ask: &configure,
        ends: Ends::Undone,
    },
    Story {
        name: "refresh what is configured to what does not work",
        before: |device| {
            configured(device);
            *device.unhealthy.lock().unwrap() = Some("2".into());
        },
        ask: &refresh,
        ends: Ends::Undone,
    },
    Story {
        name: "install",
        before: nothing,
        ask: &install,
        ends: Ends::Done,
    },
    Story {
        name: "install behind a factory reset that kept the data",
        before: reset_and_tried,
        ask: &install,
        ends: Ends::Done,
    },
    Story {
        name: "install what does not work",
        before: |device| *device.unhealthy.lock().unwrap() = Some("1".into()),
        ask: &install,
        ends: Ends::Undone,
    },
    Story {
        name: "install a file, with grants",
        before: nothing,
        ask: &install_granted,
        ends: Ends::Done,
    },
    Story {
        name: "refresh",
        before: first,
        ask: &refresh,
        ends: Ends::Done,
    },
    Story {
        name: "refresh, and the store leads to wrong blocks of what is here",
        before: |device| {
            first(device);
            *device.misled.lock().unwrap() = true;
        },
        ask: &refresh,
        ends: Ends::Done,
    },
    Story {
        name: "refresh from a file, where there are two already",
        before: both,
        ask: &install_file,
        ends: Ends::Done,
    },
    Story {
        name: "refresh to what does not work",
        before: |device| {
            first(device);
            *device.unhealthy.lock().unwrap() = Some("2".into());
        },
        ask: &refresh_file,
        ends: Ends::Undone,
    },
    Story {
        name: "revert",
        before: both,
        ask: &revert,
        ends: Ends::Done,
    },
    Story {
        name: "refresh to what somebody went back from, and it still does not work",
        before: |device| {
            both(device);
            device.must(&revert);
            *device.unhealthy.lock().unwrap() = Some("2".into());
        },
        ask: &refresh,
        ends: Ends::Undone,
    },
    Story {
        name: "remove",
        before: both,
        ask: &remove,
        ends: Ends::Done,
    },
    Story {
        name: "install again over data that was kept",
        before: |device| {
            first(device);
            device.must(&remove);
        },
        ask: &install,
        ends: Ends::Done,
    },
    Story {
        name: "purge",
        before: both,
        ask: &purge,
        ends: Ends::Done,
    },
    Story {
        name: "refresh a framework that is needed",
        before: needed,
        ask: &refresh_broker,
        ends: Ends::Done,
    },
    Story {
        name: "refresh a framework to what others do not start with",
        before: |device| {
            needed(device);
            *device.disliked.lock().unwrap() = Some("102".parse().unwrap());
        },
        ask: &refresh_broker,
        ends: Ends::Undone,
    },
];
