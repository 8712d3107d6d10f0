//! What a snap is granted, and for how long.

use crate::device::Device;
use crate::stories::{
    NONE, hello, install, install_file, install_granted, of_store, refresh_file, remove, revert,
};
use snap_format::Grant;
use snap_store::{Asked, Silent, Written};
use std::fs;

fn lines(device: &Device) -> String {
    let path = device.path("writable/system/snaps/grants/hello");
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn what_the_administrator_grants_stays_as_long_as_the_snap() {
    let device = Device::new();
    device.must(&install_granted);
    let granted = "plug gpio\ndevice /dev/ttyUSB0\n";
    assert_eq!(lines(&device), granted);
    device.must(&refresh_file);
    assert_eq!(lines(&device), granted);
    device.must(&revert);
    assert_eq!(lines(&device), granted);
    device.must(&remove);
    assert_eq!(lines(&device), "");
    device.must(&install_file);
    assert_eq!(lines(&device), "");
}

#[test]
fn what_a_store_signs_is_of_that_revision() {
    let device = Device::new();
    let signed = |_: &Device, snaps: &mut snap_store::Snaps<'_>| {
        let mut new = of_store("1");
        new.grants = ["i2c".parse().unwrap()].into();
        snaps.take(&new, Asked::Install, &NONE, &mut Silent)
    };
    device.must(&signed);
    assert_eq!(lines(&device), "plug i2c\n");
    // The same file, and nobody vouches for it.
    device.must(&refresh_file);
    assert_eq!(lines(&device), "");
    device.must(&revert);
    assert_eq!(lines(&device), "plug i2c\n");
    // The same snap.yaml without signed metadata.
    let device = Device::new();
    device.must(&install);
    assert_eq!(lines(&device), "");
}

#[test]
fn what_is_granted_later_starts_the_snap_again() {
    let device = Device::new();
    device.must(&install);
    let tty: Grant = "/dev/ttyUSB0".parse().unwrap();
    let assign = || {
        device.granted(|snaps| {
            snaps.grant(
                &hello(),
                |grants| {
                    grants.insert(tty.clone());
                },
                &mut Silent,
            )
        })
    };
    device.order.lock().unwrap().clear();
    assert_eq!(assign().unwrap(), Written::Changed);
    assert_eq!(
        *device.order.lock().unwrap(),
        ["+hello", "-hello", "+hello"]
    );
    assert_eq!(assign().unwrap(), Written::Already);
    assert_eq!(lines(&device), "device /dev/ttyUSB0\n");
    // A cut between the state and the file.
    fs::remove_file(device.path("writable/system/snaps/grants/hello")).unwrap();
    device.reboot();
    device.start();
    assert_eq!(lines(&device), "device /dev/ttyUSB0\n");
    let unassigned = device.granted(|snaps| {
        snaps.grant(
            &hello(),
            |grants| {
                grants.remove(&tty);
            },
            &mut Silent,
        )
    });
    assert_eq!(
        (unassigned.unwrap(), &*lines(&device)),
        (Written::Changed, "")
    );
    device.must(&remove);
    let told = assign().unwrap_err().to_string();
    assert_eq!(told, "snap \"hello\" is not installed");
}
