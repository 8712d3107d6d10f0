//! A factory reset that keeps what apps wrote takes the snaps, and the next installation of each
//! begins with its data.

use crate::device::Device;
use crate::stories::{install, install_file, of_store, refresh, remove, reset_but_for_data};
use snap_store::{Asked, Silent, Snaps};
use std::collections::BTreeSet;
use std::fs;

fn write(device: &Device, path: &str, text: &str) {
    fs::write(device.path("var/snap/hello").join(path), text).unwrap();
}

fn read(device: &Device, path: &str) -> String {
    fs::read_to_string(device.path("var/snap/hello").join(path)).unwrap()
}

#[test]
fn the_revision_that_counted_hands_its_data_on() {
    for revision in ["1", "2"] {
        let device = Device::new();
        device.must(&install);
        write(&device, "1/state", "one");
        write(&device, "common/key", "kept");
        reset_but_for_data(&device);
        assert!(device.start().broken.is_empty());
        let new = of_store(revision);
        device.must(&|_: &Device, snaps: &mut Snaps<'_>| {
            snaps.take(&new, Asked::Install, &BTreeSet::new(), &mut Silent)
        });
        assert_eq!(read(&device, "current/state"), "one", "{revision}");
        assert_eq!(read(&device, "common/key"), "kept");
        // As behind a removal, nothing else is left of it.
        let names = fs::read_dir(device.path("var/snap/hello")).unwrap();
        let names: BTreeSet<_> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(
            names,
            ["common", "current", revision].map(String::from).into()
        );
    }
}

#[test]
fn of_two_revisions_the_current_ones_is_taken_and_of_a_file_too() {
    let device = Device::new();
    device.must(&install);
    device.must(&refresh);
    write(&device, "2/state", "two");
    reset_but_for_data(&device);
    device.must(&install_file);
    assert_eq!(read(&device, "current/state"), "two");

    // A link that was lost, by a try that did not end well, and of a removed snap.
    let device = Device::new();
    device.must(&install);
    write(&device, "1/state", "one");
    device.must(&remove);
    reset_but_for_data(&device);
    device.must(&install);
    assert_eq!(read(&device, "current/state"), "one");
}
