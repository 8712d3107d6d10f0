//! What is done and what is refused, one thing at a time.

use crate::device::Device;
use crate::faulty::{Errno, Fault};
use crate::snap_files::SnapFiles;
use crate::stories::{
    NONE, hello, install, install_file, of_store, purge, refresh, refresh_file, remove, revert,
};
use snap_format::{Hook, Revision};
use snap_store::{Asked, Data, NewSnap, Origin, Outcome, Silent, Snaps, StoreError};
use std::fs;

fn data(device: &Device, revision: &str) -> String {
    let path = device.path("var/snap/hello").join(revision).join("data");
    fs::read_to_string(path).unwrap_or_default()
}

fn refused(device: &Device, ask: crate::device::Ask<'_>) -> String {
    let before = device.content();
    let told = device.try_(ask).unwrap_err().to_string();
    assert_eq!(device.content().tree, before.tree, "{told}");
    told
}

#[test]
fn data_goes_with_the_revision_and_comes_back_with_it() {
    let device = Device::new();
    device.must(&install);
    assert_eq!(data(&device, "current"), "1");
    device.must(&refresh);
    assert_eq!(
        (data(&device, "current"), data(&device, "1")),
        ("12".into(), "1".into())
    );
    device.must(&revert);
    assert_eq!(data(&device, "current"), "1");
    // From there on anew: what the newer revision made of the data is gone.
    fs::write(device.path("var/snap/hello/current/data"), "1+").unwrap();
    device.must(&refresh);
    assert_eq!(data(&device, "current"), "1+2");
    assert!(!device.path("var/snap/hello/2.aside").exists());
}

#[test]
fn a_revision_that_does_not_work_leaves_the_old_one_and_its_data() {
    let device = Device::new();
    device.must(&install);
    *device.unhealthy.lock().unwrap() = Some("2".into());
    let told = device.try_(&refresh).unwrap_err();
    assert_eq!(told.to_string(), "version 2 is not well");
    let hooks = device.hooks.lock().unwrap().clone();
    let (one, two): (Revision, Revision) = ("1".parse().unwrap(), "2".parse().unwrap());
    assert_eq!(
        hooks,
        [
            (one, Hook::Install),
            (one, Hook::Configure),
            (one, Hook::CheckHealth),
            (one, Hook::PreRefresh),
            (two, Hook::PostRefresh),
            (two, Hook::Configure),
            (two, Hook::CheckHealth),
        ]
    );
    assert_eq!(data(&device, "current"), "1");
    // It is remembered, until it works.
    let failed = |device: &Device| {
        let state = fs::read(device.path("writable/snaps/state.json")).unwrap();
        let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
        state["snaps"]["hello"]["failed"].clone()
    };
    assert_eq!(failed(&device), "2");
    *device.unhealthy.lock().unwrap() = None;
    device.must(&refresh);
    assert_eq!(failed(&device), serde_json::Value::Null);
}

#[test]
fn one_older_revision_is_kept() {
    let device = Device::new();
    device.must(&install_file);
    device.must(&refresh_file);
    let third = device.must(&install_file);
    let doomed: Vec<_> = third
        .change
        .doomed
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(doomed, ["x1"]);
    let tree = device.content().tree;
    let has = |path: &str| tree.contains_key(std::path::Path::new(path));
    for path in [
        "writable/snaps/hello/x1.snap",
        "var/snap/hello/x1",
        "snap/hello/x1",
    ] {
        assert!(!has(path), "{path}");
    }
    for path in [
        "writable/snaps/hello/x2.tree",
        "var/snap/hello/x2",
        "snap/hello/x3",
    ] {
        assert!(has(path), "{path}");
    }
    assert!(has("snap/bin/hello.old") && !has("snap/bin/hello.new"));
}

#[test]
fn what_is_removed_leaves_its_data_and_what_is_purged_leaves_nothing() {
    let device = Device::new();
    let empty = device.content();
    device.must(&install_file);
    device.must(&remove);
    assert_eq!(data(&device, "x1"), "1");
    assert_eq!(refused(&device, &remove), "snap \"hello\" is not installed");
    // The next one begins with it, and has a number of its own.
    device.must(&refresh_file);
    assert_eq!(
        (data(&device, "x2"), data(&device, "x1")),
        ("12".into(), String::new())
    );
    device.must(&remove);
    device.must(&purge);
    let mut after = device.content();
    after.tree.remove(std::path::Path::new("snap/bin"));
    assert_eq!(after.tree, empty.tree);
    assert_eq!(refused(&device, &purge), "snap \"hello\" is not installed");
}

#[test]
fn a_fetch_goes_on_from_where_it_was_cut() {
    let device = Device::new();
    let length = SnapFiles::get().bytes("1").len() as u64;
    let (_, all) = device.count(&install);
    // As many calls as it takes until there is half of it.
    let part_of = |device: &Device| {
        let part = device.path("writable/snaps/.incoming/hello_1.part");
        fs::metadata(part).map_or(0, |part| part.len())
    };
    let mut cut = (0..all).map(|at| {
        let device = Device::new();
        device.ask(&install, (at, Fault::CutWithin));
        device
    });
    let device = cut.find(|device| part_of(device) > 0).unwrap();
    let here = part_of(&device);
    assert!(here < length, "{here} of {length}");
    *device.fetched_bytes.lock().unwrap() = 0;
    device.start().resumed.unwrap().unwrap();
    assert_eq!(*device.fetched_bytes.lock().unwrap(), length - here);
    assert_eq!(data(&device, "current"), "1");
}

#[test]
fn what_another_revision_holds_is_not_fetched() {
    let device = Device::new();
    device.must(&install);
    let length = SnapFiles::get().bytes("2").len() as u64;
    *device.fetched_bytes.lock().unwrap() = 0;
    device.must(&refresh);
    let fetched = *device.fetched_bytes.lock().unwrap();
    assert!((1..length).contains(&fetched), "{fetched} of {length}");
    assert_eq!(data(&device, "current"), "12");
}

/// Nobody trusts what says which blocks are here: all of the file is fetched then.
#[test]
fn who_is_misled_fetches_all_of_it() {
    let device = Device::new();
    device.must(&install);
    let length = SnapFiles::get().bytes("2").len() as u64;
    *device.fetched_bytes.lock().unwrap() = 0;
    *device.misled.lock().unwrap() = true;
    device.must(&refresh);
    let fetched = *device.fetched_bytes.lock().unwrap();
    assert!(fetched > length, "{fetched} of {length}");
    assert_eq!(data(&device, "current"), "12");
}

#[test]
fn a_file_that_is_not_what_was_signed_is_refused() {
    let device = Device::new();
    let forged = |_: &Device, snaps: &mut Snaps<'_>| {
        let mut new = of_store("1");
        new.address = "store:2".into();
        new.length_bytes = SnapFiles::get().bytes("2").len() as u64;
        snaps.take(&new, Asked::Install, &NONE, &mut Silent)
    };
    let told = refused(&device, &forged);
    assert!(
        told.contains("not the file that its publisher signed"),
        "{told}"
    );
    let other_root = |_: &Device, snaps: &mut Snaps<'_>| {
        let mut new = of_store("1");
        new.root_hash = Some(image_format::Digest([7; 32]));
        snaps.take(&new, Asked::Install, &NONE, &mut Silent)
    };
    let told = refused(&device, &other_root);
    assert!(
        told.contains("not the file that its publisher signed"),
        "{told}"
    );
    // It is not kept to go on from.
    assert!(
        !device
            .path("writable/snaps/.incoming/hello_1.part")
            .exists()
    );
}

#[test]
fn refusals_say_why() {
    let device = Device::new();
    let of = |new: NewSnap, asked: Asked| {
        move |_: &Device, snaps: &mut Snaps<'_>| snaps.take(&new, asked, &NONE, &mut Silent)
    };
    let told = refused(&device, &of(of_store("3"), Asked::Install));
    assert_eq!(
        told,
        "cannot use snap \"hello\": it is made for other processors"
    );
    let mut other = of_store("1");
    other.name = "other".parse().unwrap();
    let told = refused(&device, &of(other, Asked::Install));
    assert_eq!(
        told,
        "cannot use the file: it is the snap \"hello\", not \"other\""
    );
    let mut bin = of_store("1");
    bin.name = "bin".parse().unwrap();
    let told = refused(&device, &of(bin, Asked::Install));
    assert!(told.contains("something else has it"), "{told}");
    let told = refused(&device, &of(of_store("1"), Asked::Refresh));
    assert_eq!(told, "snap \"hello\" is not installed");
    device.must(&install);
    let told = refused(&device, &of(of_store("2"), Asked::Install));
    assert!(
        told.starts_with("snap \"hello\" is already installed"),
        "{told}"
    );
    let told = refused(&device, &of(of_store("1"), Asked::Refresh));
    assert_eq!(told, "snap \"hello\" has no updates available");
    let told = refused(&device, &of(of_store("4"), Asked::Refresh));
    assert!(told.contains("does not read the data"), "{told}");
    assert!(refused(&device, &revert).starts_with("cannot roll back \"hello\""));
    let no_snap = |device: &Device, snaps: &mut Snaps<'_>| -> Result<Outcome, StoreError> {
        let file = device.bring("1");
        fs::write(&file, "no snap").unwrap();
        snaps.take_file(&file, &NONE, &mut Silent)
    };
    assert!(refused(&device, &no_snap).starts_with("cannot read the snap"));
    let ragged = |device: &Device, snaps: &mut Snaps<'_>| -> Result<Outcome, StoreError> {
        let file = device.bring("2");
        let mut bytes = fs::read(&file).unwrap();
        bytes.push(0);
        fs::write(&file, bytes).unwrap();
        snaps.take_file(&file, &NONE, &mut Silent)
    };
    assert!(refused(&device, &ragged).contains("does not end with a whole block"));
}

#[test]
fn what_is_kept_for_the_system_is_not_taken() {
    let device = Device::new();
    device.must(&install);
    let length = SnapFiles::get().bytes("2").len() as u64;
    *device.free_bytes.lock().unwrap() = Some((4 << 20) + length);
    let told = refused(&device, &refresh);
    assert!(
        told.contains(&format!("snaps have {length} left")),
        "{told}"
    );
    *device.free_bytes.lock().unwrap() = Some((4 << 20) + length + length / 64 + 8192);
    device.must(&refresh);
    // Data counts as files do.
    device.must(&revert);
    fs::write(device.path("var/snap/hello/1/large"), [1; 90_000]).unwrap();
    let told = refused(&device, &refresh);
    assert!(told.contains("cannot use 9"), "{told}");
}

#[test]
fn somebody_who_went_back_is_remembered() {
    let device = Device::new();
    device.must(&install);
    device.must(&refresh);
    device.must(&revert);
    assert!(device.content().state.contains("\"reverted-from\":\"2\""));
    device.must(&refresh);
    assert!(!device.content().state.contains("reverted-from"));
}

#[test]
fn who_vouched_for_a_file_is_remembered_for_ever() {
    let device = Device::new();
    device.must(&install);
    device.must(&refresh_file);
    let tree = device.content().state;
    let state: serde_json::Value = serde_json::from_str(&tree).unwrap();
    let kinds = state["snaps"]["hello"]["revisions"].as_array().unwrap();
    let kinds: Vec<_> = kinds
        .iter()
        .map(|one| one["origin"]["kind"].clone())
        .collect();
    assert_eq!(kinds, ["store", "unauthenticated"]);
    assert_ne!(Origin::Unauthenticated, of_store("1").origin);
}

/// The disk is full, and stays so: nothing can be written, and nothing is lost.
#[test]
fn a_disk_that_stays_full_leaves_what_was_there() {
    let device = Device::new();
    device.must(&install);
    let before = device.content();
    let (start, _) = device.count(&|_, _| Err(StoreError::NotInstalled(hello())));
    device.ask(&refresh, (start, Fault::RefusedFromHere(Errno::NoSpace)));
    assert_eq!(device.content(), before);
    let gone = |_: &Device, snaps: &mut Snaps<'_>| snaps.remove(&hello(), Data::Purge, &mut Silent);
    device.must(&gone);
}
