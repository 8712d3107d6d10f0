//! The configuration goes with the revision, as the data does.

use crate::device::Device;
use crate::stories::{configure, hello, install, purge, refresh, remove, revert};
use serde_json::{Map, Value, json};
use snap_format::Hook;
use snap_store::{Outcome, Silent, Snaps, StoreError};

fn set(device: &Device, port: u32) {
    device.must(&|_: &Device, snaps: &mut Snaps<'_>| {
        let patch = Map::from_iter([("port".to_owned(), port.into())]);
        snaps.configure(&hello(), &patch, &mut Silent)
    });
}

fn port(device: &Device) -> Value {
    let state: Value = serde_json::from_str(&device.content().state).unwrap();
    let snap = &state["snaps"]["hello"];
    let revisions = snap["revisions"].as_array().unwrap();
    let current = revisions
        .iter()
        .find(|one| one["revision"] == snap["current"]);
    current.unwrap()["configuration"]["port"].clone()
}

#[test]
fn it_goes_with_the_revision_and_comes_back_with_it() {
    let device = Device::new();
    device.must(&install);
    assert_eq!(port(&device), Value::Null);
    set(&device, 80);
    device.must(&refresh);
    assert_eq!(port(&device), 80);
    assert_eq!(device.found.lock().unwrap()["port"], 80);
    set(&device, 443);
    device.must(&revert);
    assert_eq!(port(&device), 80);
    // From there on anew: what the newer revision had is gone.
    device.must(&refresh);
    assert_eq!(port(&device), 80);
}

#[test]
fn it_is_kept_with_the_data_of_a_removed_snap_and_purged_with_it() {
    let device = Device::new();
    device.must(&install);
    set(&device, 80);
    device.must(&remove);
    device.must(&install);
    assert_eq!(port(&device), 80);
    device.must(&purge);
    device.must(&install);
    assert_eq!(port(&device), Value::Null);
}

#[test]
fn the_snap_is_asked_and_what_it_refuses_is_set_back() {
    let device = Device::new();
    device.must(&install);
    set(&device, 80);
    device.hooks.lock().unwrap().clear();
    *device.refuses.lock().unwrap() = true;
    let told = device.try_(
        &|_: &Device, snaps: &mut Snaps<'_>| -> Result<Outcome, StoreError> {
            let patch = json!({ "port": 1, "name.first": "x" });
            snaps.configure(&hello(), patch.as_object().unwrap(), &mut Silent)
        },
    );
    assert_eq!(told.unwrap_err().to_string(), "that cannot be configured");
    assert_eq!(port(&device), 80);
    let found = Value::from(device.found.lock().unwrap().clone());
    assert_eq!(found, json!({ "port": 1, "name": { "first": "x" } }));
    let hooks = device.hooks.lock().unwrap().clone();
    assert_eq!(hooks, [("1".parse().unwrap(), Hook::Configure)]);
}

#[test]
fn what_is_not_here_cannot_be_configured() {
    let device = Device::new();
    let told = device.try_(&configure).unwrap_err();
    assert_eq!(told.to_string(), "snap \"hello\" is not installed");
}
