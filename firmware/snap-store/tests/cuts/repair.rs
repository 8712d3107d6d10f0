//! Revisions whose files are damaged, and what goes wrong while they are made whole.

use crate::device::{Ask, Device};
use crate::faulty::{Errno, Fault};
use crate::stories::{hello, install, install_file, purge, refresh, remove, revert};
use snap_format::Revision;
use snap_store::{Damage, Outcome, Silent, Snaps, StoreError};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

fn revision(text: &str) -> Revision {
    text.parse().unwrap()
}

/// A block of the file of a revision is another.
fn damage(device: &Device, revision: &str) {
    let path = device
        .path("writable/snaps/hello")
        .join(format!("{revision}.snap"));
    let file = File::options().write(true).open(path).unwrap();
    file.write_all_at(&[7; 100], 5000).unwrap();
}

/// Its tree forgot everything.
fn damage_tree(device: &Device, revision: &str) {
    let path = device
        .path("writable/snaps/hello")
        .join(format!("{revision}.tree"));
    fs::write(path, [0; 4096]).unwrap();
}

/// As the daemon does, for each revision that is suspect.
fn mend(_: &Device, snaps: &mut Snaps<'_>) -> Result<Outcome, StoreError> {
    let state = snaps.state().clone();
    let all = state.snap(&hello()).unwrap().revisions.clone();
    let suspect = all.iter().find(|one| snaps.is_suspect(&hello(), one));
    let suspect = suspect
        .ok_or_else(|| StoreError::NoUpdate(hello()))?
        .revision;
    let damage = snaps.examine(&hello(), suspect)?;
    let address = format!("store:{suspect}");
    let address = (damage == Some(Damage::File)).then_some(&*address);
    snaps.repair(&hello(), suspect, address, &mut Silent)
}

fn nothing_to_mend(device: &Device) {
    let told = device.try_(&mend).unwrap_err();
    assert!(matches!(told, StoreError::NoUpdate(_)), "{told}");
}

/// Revisions 1 and 2, with data that the second wrote later on.
fn both() -> Device {
    let device = Device::new();
    device.must(&install);
    device.must(&refresh);
    fs::write(device.path("var/snap/hello/current/data"), "mine").unwrap();
    device
}

#[test]
fn a_damaged_block_is_fetched_again_and_nothing_else_changes() {
    let device = Device::new();
    device.must(&install);
    fs::write(device.path("var/snap/hello/current/data"), "mine").unwrap();
    let whole = device.content();
    nothing_to_mend(&device);
    damage(&device, "1");
    *device.fetched_bytes.lock().unwrap() = 0;
    device.order.lock().unwrap().clear();
    device.must(&mend);
    assert_eq!(device.content(), whole);
    // The block, and none of those that are as they were.
    assert_eq!(*device.fetched_bytes.lock().unwrap(), 4096);
    assert_eq!(
        *device.order.lock().unwrap(),
        ["+hello", "-hello", "+hello"]
    );
    nothing_to_mend(&device);
}

/// The older revision has the same program.
#[test]
fn a_block_that_another_revision_has_is_not_fetched() {
    let device = both();
    let whole = device.content();
    damage(&device, "2");
    *device.fetched_bytes.lock().unwrap() = 0;
    device.must(&mend);
    assert_eq!(device.content(), whole);
    assert_eq!(*device.fetched_bytes.lock().unwrap(), 0);
}

#[test]
fn a_damaged_snap_that_is_not_mounted_any_more_starts_again() {
    let device = both();
    let whole = device.content();
    damage(&device, "2");
    device.reboot();
    let started = device.start();
    assert!(!started.broken.is_empty() && device.content().running.is_empty());
    device.must(&mend);
    assert_eq!(device.content(), whole);
}

#[test]
fn the_older_revision_is_made_whole_and_what_runs_goes_on() {
    let device = both();
    let whole = device.content();
    damage(&device, "1");
    device.order.lock().unwrap().clear();
    device.must(&mend);
    assert_eq!(device.content(), whole);
    // By the start of the daemon, and by nothing since.
    assert_eq!(*device.order.lock().unwrap(), ["+hello"]);
}

#[test]
fn a_tree_is_made_again_without_the_store() {
    let device = both();
    let whole = device.content();
    damage_tree(&device, "2");
    *device.fetched_bytes.lock().unwrap() = 0;
    device.must(&mend);
    assert_eq!(device.content(), whole);
    assert_eq!(*device.fetched_bytes.lock().unwrap(), 0);
}

#[test]
fn what_is_damaged_is_remembered_until_it_is_whole() {
    let device = both();
    damage(&device, "2");
    let found = |_: &Device, snaps: &mut Snaps<'_>| {
        let found = snaps.examine(&hello(), revision("2")).unwrap();
        assert_eq!(found, Some(Damage::File));
        Err(StoreError::NotInstalled(hello()))
    };
    device.try_(&found).unwrap_err();
    assert!(device.content().state.contains("\"damage\":\"file\""));
    device.must(&mend);
    assert!(!device.content().state.contains("damage"));
}

/// The store has another file under that name.
#[test]
fn what_is_not_the_same_revision_is_not_put_in_its_place() {
    let device = both();
    damage(&device, "2");
    let damaged = device.content();
    let wrong = |_: &Device, snaps: &mut Snaps<'_>| {
        snaps.repair(&hello(), revision("2"), Some("store:1"), &mut Silent)
    };
    let told = device.try_(&wrong).unwrap_err().to_string();
    assert!(
        told.contains("not the file that its publisher signed"),
        "{told}"
    );
    assert_eq!(device.content(), damaged);
    device.must(&mend);
}

/// Nobody has a file that somebody brought. What is left is the revision before.
#[test]
fn a_brought_file_that_is_damaged_stays_so() {
    let device = Device::new();
    device.must(&install_file);
    damage(&device, "x1");
    let damaged = device.content();
    let alone = |_: &Device, snaps: &mut Snaps<'_>| {
        snaps.repair(&hello(), revision("x1"), None, &mut Silent)
    };
    device.try_(&alone).unwrap_err();
    assert_eq!(device.content(), damaged);
}

/// A cut before a call is one behind the call before it.
const FAULTS: [Fault; 5] = [
    Fault::Refused(Errno::Io),
    Fault::RefusedFromHere(Errno::NoSpace),
    Fault::Lied(Errno::Io),
    Fault::CutWithin,
    Fault::CutAfter,
];

/// Each call of a repair goes wrong in each way, with a reboot behind it. Then the next repair
/// has nothing to do, or does it; the snap runs, and has its data.
#[test]
fn a_repair_that_is_cut_anywhere_is_made_good_by_the_next() {
    type Spoil = fn(&Device);
    let spoilt: [(&str, Spoil); 4] = [
        ("current", |device| damage(device, "2")),
        ("older", |device| damage(device, "1")),
        ("tree", |device| damage_tree(device, "2")),
        ("unmounted", |device| {
            damage(device, "2");
            device.reboot();
        }),
    ];
    let whole = both().content();
    let mut runs = 0;
    for (name, spoil) in spoilt {
        let begin = || {
            let device = both();
            spoil(&device);
            device
        };
        let (_, all) = begin().count(&mend);
        for fault in FAULTS {
            for at in 0..all {
                let what = format!("{name}: {fault:?} in call {at}");
                let device = begin();
                device.ask(&mend, (at, fault));
                device.reboot();
                device.start();
                if name == "older" {
                    // Nothing is wrong with what runs.
                    assert_eq!(device.content().running, whole.running, "{what}");
                }
                while device.try_(&mend).is_ok() {}
                assert_eq!(device.content(), whole, "{what}");
                runs += 1;
            }
        }
    }
    println!("runs={runs}");
}

/// Nothing of it can be read any more, and still somebody gets rid of it.
#[test]
fn what_cannot_be_read_can_be_left_and_removed() {
    for ask in [&revert as Ask<'_>, &remove, &purge] {
        let device = both();
        damage(&device, "2");
        device.reboot();
        let gone = device.start().broken;
        assert!(!gone.is_empty());
        device.must(ask);
    }
}
