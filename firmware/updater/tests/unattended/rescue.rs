//! No slot boots: the rescue system installs a release, from a disk or from the store.

use crate::device::{Device, HOUR};
use crate::maker::{BOARD, Maker, everyone_after};
use crate::server::BadServer;
use image_format::{Event, Slot, SlotStatus};
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use system_update::{Progress, record_not_reinstalled};
use updater::Clock;
use updater::device::FailureKind;
use updater::reinstall::{AttachedDisk, Ended, NotInstalled, Surroundings};
use updater::settings::RescueSources;

/// Disks that are directories.
struct Around<'a> {
    device: &'a Device,
    disks: Mutex<Vec<(AttachedDisk, PathBuf)>>,
    cable: Result<(), String>,
    told: Mutex<Vec<NotInstalled>>,
    /// After that many looks at the disks the last one is attached.
    late: Mutex<u32>,
}

impl<'a> Around<'a> {
    fn new(device: &'a Device) -> Self {
        Self {
            device,
            disks: Mutex::default(),
            cable: Ok(()),
            told: Mutex::default(),
            late: Mutex::default(),
        }
    }

    /// A disk with these files.
    fn attach(&self, name: &str, files: &[(&str, Vec<u8>)]) {
        let place = self.device.file(name);
        fs::create_dir(&place).unwrap();
        for (file, bytes) in files {
            fs::write(place.join(file), bytes).unwrap();
        }
        let disk = AttachedDisk {
            name: name.to_owned(),
            sequence: 1,
        };
        self.disks.lock().unwrap().push((disk, place));
    }

    fn reasons(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter()
            .map(|one| format!("{}: {}", one.from, one.reason))
            .collect()
    }

    fn require(&self, number: usize, words: &str) {
        let reasons = self.reasons();
        let found = reasons.get(number).is_some_and(|one| one.contains(words));
        assert!(found, "{number}: {words:?} of {reasons:?}");
    }
}

impl Surroundings for Around<'_> {
    type Mounted = PathBuf;

    fn attached(&self) -> Vec<AttachedDisk> {
        let mut late = self.late.lock().unwrap();
        let disks = self.disks.lock().unwrap();
        let there = disks.len() - usize::from(*late > 0);
        *late = late.saturating_sub(1);
        disks
            .iter()
            .take(there)
            .map(|(disk, _)| disk.clone())
            .collect()
    }

    fn mount(&self, disk: &AttachedDisk) -> Result<PathBuf, String> {
        let disks = self.disks.lock().unwrap();
        let found = disks.iter().find(|(one, _)| one == disk);
        found
            .map(|(_, place)| place.clone())
            .ok_or_else(|| "it is gone".to_owned())
    }

    fn join_network(&self) -> Result<(), String> {
        self.cable.clone()
    }

    fn tell(&self, failed: &NotInstalled) {
        let boot = self.device.hardware().report().boot;
        let mut disk = self.device.hardware().open();
        record_not_reinstalled(&mut disk, boot, &failed.from, &failed.reason).unwrap();
        self.told.lock().unwrap().push(failed.clone());
    }

    fn show(&self, _: Progress) {}
}

/// A device whose slots are both bad.
fn bricked(maker: &Maker, settings: &str) -> Device {
    let mut device = Device::new(maker, settings);
    device.brick();
    device
}

/// The device boots what was installed.
fn boots(mut device: Device, version: u64) {
    device.boot();
    assert_eq!(device.version(), version);
    device.confirm();
    let status = device.state().slot(Slot::B).status;
    assert_eq!(status, SlotStatus::Confirmed);
}

#[test]
fn the_newest_release_on_a_stick_is_installed_and_boots() {
    let maker = Maker::new();
    let device = bricked(&maker, "");
    let around = Around::new(&device);
    around.attach("sda1", &[("photo.jpg", b"no".to_vec())]);
    let files = [2, 4, 3].map(|version| maker.update_file(BOARD, version));
    let [two, four, three] = files;
    let names = ["a.update", "b.update", "c.update"];
    around.attach(
        "sdb1",
        &[(names[0], two), (names[1], four), (names[2], three)],
    );
    let staged = device
        .engine
        .reinstall(RescueSources::Usb, &around)
        .unwrap();
    assert_eq!((staged.version.0, staged.slot), (4, Slot::B));
    around.require(0, "sda1: it holds no file *.update");
    boots(device, 4);
}

#[test]
fn what_is_not_for_this_device_is_named_and_leaves_the_slots_as_they_were() {
    let maker = Maker::new();
    let device = bricked(&maker, "");
    let around = Around::new(&device);
    let mut changed = maker.update_file(BOARD, 5);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let mut short = maker.update_file(BOARD, 4);
    short.pop();
    let foreign = Maker::new().update_file(BOARD, 6);
    around.attach(
        "sda1",
        &[
            ("changed.update", changed),
            ("foreign.update", foreign),
            ("other-board.update", maker.update_file("arm64-uefi", 7)),
            ("short.update", short),
        ],
    );
    let slots = |device: &Device| device.state().slots;
    let before = (slots(&device), device.disk_bytes());
    let error = device
        .engine
        .reinstall(RescueSources::Usb, &around)
        .unwrap_err();
    assert_eq!(error.kind, FailureKind::NoUpdate);
    // Those that do not verify, by name; then the others, the newest first.
    around.require(0, "foreign.update on sda1: it is refused");
    around.require(1, "other-board.update on sda1: it is refused");
    around.require(2, "changed.update on sda1: cannot install");
    around.require(2, "not the one that was signed");
    around.require(3, "short.update on sda1: cannot install");
    assert_eq!(around.reasons().len(), 4);
    assert_eq!(slots(&device), before.0);
    // The record has grown, and nothing else.
    let differ = before
        .1
        .iter()
        .zip(device.disk_bytes())
        .filter(|(a, b)| *a != b);
    assert!(
        differ.count() < 4 * 1280,
        "more than the record was written"
    );
    let told = device.events();
    let told = told
        .iter()
        .filter(|event| matches!(event, Event::ReinstallFailed { .. }));
    assert_eq!(told.count(), 4);
}

#[test]
fn a_good_file_behind_a_bad_one_is_taken() {
    let maker = Maker::new();
    let device = bricked(&maker, "");
    let around = Around::new(&device);
    let mut changed = maker.update_file(BOARD, 5);
    let last = changed.len() - 1;
    changed[last] ^= 1;
    around.attach(
        "sda1",
        &[
            ("5.update", changed),
            ("4.update", maker.update_file(BOARD, 4)),
        ],
    );
    let staged = device
        .engine
        .reinstall(RescueSources::Usb, &around)
        .unwrap();
    assert_eq!(staged.version.0, 4);
    boots(device, 4);
}

#[test]
fn a_stick_that_is_attached_later_is_found_and_each_is_looked_at_once() {
    let maker = Maker::new();
    let device = bricked(&maker, "rescue = 'usb'\n");
    let around = Around::new(&device);
    around.attach("sda1", &[]);
    around.attach("sdb1", &[("2.update", maker.update_file(BOARD, 2))]);
    *around.late.lock().unwrap() = 100;
    let ended = device.engine.reinstall_unattended(&around).unwrap();
    assert!(matches!(ended, Ended::Installed(staged) if staged.version.0 == 2));
    assert_eq!(around.reasons(), ["sda1: it holds no file *.update"]);
    assert_eq!(device.hardware().uptime().as_secs(), 500);
    boots(device, 2);
}

#[test]
fn the_newest_release_that_the_store_offers_is_installed_and_boots() {
    let maker = Maker::new();
    for version in [1, 2] {
        maker.publish(version);
    }
    let held = maker.publish(3);
    maker.act(0, |store, keys| {
        store.hold(&held, "it eats batteries", keys)
    });
    let server = maker.serve();
    let settings = format!("store = ['{}']\nrescue = 'network'\n", server.address());
    let device = bricked(&maker, &settings);
    let around = Around::new(&device);
    let ended = device.engine.reinstall_unattended(&around).unwrap();
    assert!(matches!(ended, Ended::Installed(staged) if staged.version.0 == 2));
    assert_eq!(around.reasons(), Vec::<String>::new());
    boots(device, 2);
}

#[test]
fn the_version_that_was_there_may_come_back_from_the_store() {
    let maker = Maker::new();
    maker.publish(1);
    let server = maker.serve();
    let settings = format!("store = ['{}']\n", server.address());
    let device = bricked(&maker, &settings);
    let around = Around::new(&device);
    let staged = device
        .engine
        .reinstall(RescueSources::Network, &around)
        .unwrap();
    assert_eq!(staged.version.0, 1);
    boots(device, 1);
}

#[test]
fn what_the_device_is_not_offered_is_told_and_nothing_is_written() {
    let maker = Maker::new();
    maker.publish_as(BOARD, 2, everyone_after(3));
    let server = maker.serve();
    let settings = format!("store = ['{}']\n", server.address());
    let device = bricked(&maker, &settings);
    let around = Around::new(&device);
    let slots = device.state().slots;
    device
        .engine
        .reinstall(RescueSources::Network, &around)
        .unwrap_err();
    around.require(
        0,
        "the store: it offers nothing; of the newest release: so far 0% of",
    );
    assert_eq!(device.state().slots, slots);
}

#[test]
fn a_store_that_does_not_answer_is_asked_less_and_less_and_told_once() {
    let maker = Maker::new();
    let server = BadServer::that_answers("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n");
    let settings = format!("store = ['{}']\nrescue = 'both'\n", server.address());
    let device = bricked(&maker, &settings);
    let around = Around::new(&device);
    around.attach("sda1", &[("2.update", maker.update_file(BOARD, 2))]);
    // Somebody comes with a stick after an hour.
    *around.late.lock().unwrap() = 720;
    let ended = device.engine.reinstall_unattended(&around).unwrap();
    assert!(matches!(ended, Ended::Installed(staged) if staged.version.0 == 2));
    assert_eq!(device.hardware().uptime(), HOUR);
    // After 1, 2, 4, 8, 16 and 32 minutes, half as much more at most.
    let asked = around.reasons().len();
    assert!((5..=7).contains(&asked), "{asked}");
    around.require(0, "the store: cannot look for releases");
    let told = device.events();
    let told = told
        .iter()
        .filter(|event| matches!(event, Event::ReinstallFailed { .. }));
    assert_eq!(told.count(), 1);
}

#[test]
fn without_a_network_nobody_is_asked() {
    let maker = Maker::new();
    let device = bricked(&maker, "store = ['http://127.0.0.1:1/']\n");
    let mut around = Around::new(&device);
    around.cable = Err("no port has an address".to_owned());
    device
        .engine
        .reinstall(RescueSources::Both, &around)
        .unwrap_err();
    assert_eq!(around.reasons(), ["the store: no port has an address"]);
}

#[test]
fn nothing_is_looked_at_where_nobody_wants_it_and_where_a_slot_runs() {
    let maker = Maker::new();
    let device = bricked(&maker, "");
    let around = Around::new(&device);
    around.attach("sda1", &[("2.update", maker.update_file(BOARD, 2))]);
    let ended = device.engine.reinstall_unattended(&around).unwrap();
    assert_eq!(ended, Ended::Off);

    let device = Device::new(&maker, "rescue = 'both'\n");
    let around = Around::new(&device);
    let error = device.engine.reinstall_unattended(&around).unwrap_err();
    assert_eq!(error.kind, FailureKind::Unconfirmed);
    assert!(error.message.contains("system-a runs"), "{}", error.message);
}

#[test]
fn a_release_that_did_not_come_up_is_not_written_over_and_over() {
    let maker = Maker::new();
    for version in [1, 2] {
        maker.publish(version);
    }
    let server = maker.serve();
    let settings = format!("store = ['{}']\n", server.address());
    let device = bricked(&maker, &settings);
    let around = Around::new(&device);
    around.attach("sda1", &[("2.update", maker.update_file(BOARD, 2))]);
    let reinstall = |sources| device.engine.reinstall(sources, &around);
    assert_eq!(reinstall(RescueSources::Usb).unwrap().version.0, 2);
    device.exhaust();
    let slots = device.state().slots;
    reinstall(RescueSources::Usb).unwrap_err();
    around.require(
        0,
        "2.update on sda1: it is in system-b already, and did not come up",
    );
    assert_eq!(device.state().slots, slots);
    // The store has another one, which goes to the other slot.
    let staged = reinstall(RescueSources::Network).unwrap();
    assert_eq!((staged.version.0, staged.slot), (1, Slot::A));
}
