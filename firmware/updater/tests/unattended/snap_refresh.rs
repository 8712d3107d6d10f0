//! Snaps when nobody types: the real daemon, a real store over a real web server, and the
//! test's clock.

use crate::device::{Device, HOUR};
use crate::maker::{DAY, Maker, NOW, everyone_after};
use crate::server::BadServer;
use crate::snap_parts::{make_snap, places};
use crate::snaps::Asked;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;
use updater::changes::{Change, ChangeKind, Status};
use updater::device::{Device as _, FailureKind};
use updater::snaps::SnapListing as _;

/// A device with revision 1 of `hello`, and its store.
pub(crate) struct Field {
    pub(crate) maker: Maker,
    server: crate::server::HonestServer,
    device: Device,
    pub(crate) asked: Asked,
}

impl Field {
    pub(crate) fn new(settings: &str) -> Self {
        let maker = Maker::new();
        maker.add_publisher("acme");
        maker.publish_snap("acme", "1.0");
        let server = maker.serve();
        let settings = format!(
            "store = ['{}']\nchannel = 'edge'\npoll-interval-secs = 3600\n{settings}",
            server.address()
        );
        let device = Device::new(&maker, &settings);
        let asked = Asked::of(&device);
        asked.act(&json!({ "action": "install" })).unwrap();
        Self {
            maker,
            server,
            device,
            asked,
        }
    }

    fn publish(&self, version: &str) {
        self.maker.publish_snap("acme", version);
    }

    /// Turns of the daemon for so long.
    pub(crate) fn pass(&self, time: Duration) {
        let clock = self.device.hardware();
        let end = self.device.uptime() + time;
        while self.device.uptime() < end {
            let pause = self.asked.engine.turn_with(&self.asked.desk);
            let left = end.saturating_sub(self.device.uptime());
            updater::Clock::sleep(clock, pause.min(left));
        }
    }

    pub(crate) fn revision(&self) -> Value {
        self.asked.get("v2/snaps/hello")["revision"].take()
    }

    fn told(&self) -> String {
        self.asked.engine.system().unwrap().unattended.state
    }

    pub(crate) fn set(&self, key: &str, value: Value) {
        self.asked.engine.set(key, value).unwrap();
    }

    fn unattended(&self) -> Vec<Change> {
        let mut all = self.asked.changes.list();
        all.retain(|change| change.kind == ChangeKind::AutoRefresh);
        all
    }

    /// Why the newest revision is not taken by itself.
    fn reason(&self) -> Value {
        self.asked.get("v2/find?select=refresh")[0]["twinkeel"]["not-taken-by-itself"].take()
    }

    /// From now on its hook refuses every configuration: the file is in its data.
    fn break_snap(&self) {
        fs::write(self.choosy(), "").unwrap();
    }

    fn mend_snap(&self) {
        fs::remove_file(self.choosy()).unwrap();
    }

    fn choosy(&self) -> std::path::PathBuf {
        let places = places(&self.device.file("snaps"));
        places.data.join("hello/current/choosy")
    }
}

#[test]
fn a_snap_that_is_left_alone_is_refreshed() {
    let field = Field::new("");
    field.publish("1.1");
    field.server.log();
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "2");
    let changes = field.unattended();
    let [change] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(
        (&*change.summary, change.status(), &change.data["revision"]),
        ("Auto-refresh \"hello\" snap", Status::Done, &json!("2"))
    );
    // And then an idle poll is one request, as it is without snaps.
    field.pass(2 * HOUR);
    field.server.log();
    field.pass(24 * HOUR);
    let log = field.server.log();
    assert!((22..=28).contains(&log.len()), "{log:?}");
    assert!(log.iter().all(|line| line.ends_with(" 304")), "{log:?}");
    assert_eq!(field.unattended().len(), 1);
}

#[test]
fn what_fails_its_check_goes_back_and_waits_for_a_newer_one_or_a_person() {
    let field = Field::new("");
    field.break_snap();
    field.publish("1.1");
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "1");
    let changes = field.unattended();
    assert_eq!(changes[0].status(), Status::Error);
    let told = changes[0].error().unwrap();
    assert!(told.contains("the hook configure ended with 1"), "{told}");
    let snap = field.asked.get("v2/snaps/hello");
    assert_eq!(snap["twinkeel"]["failed"], "2");
    assert_eq!(field.reason(), "it failed on this device");
    // What it needed is there now, and nobody says so.
    field.mend_snap();
    field.pass(24 * HOUR);
    assert_eq!(
        (field.revision(), field.unattended().len()),
        (json!("1"), 1)
    );
    // Neither does a daemon that starts again forget.
    let asked = Asked::again(&field.device);
    let field = Field { asked, ..field };
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "1");
    field.publish("1.2");
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "3");

    // A person takes what failed all the same, and from then on it counts.
    field.break_snap();
    field.publish("1.3");
    field.pass(2 * HOUR);
    field.mend_snap();
    field.asked.act(&json!({ "action": "refresh" })).unwrap();
    let snap = field.asked.get("v2/snaps/hello");
    assert_eq!(
        (&snap["revision"], &snap["twinkeel"]["failed"]),
        (&json!("4"), &Value::Null)
    );
}

#[test]
fn what_a_person_reverted_does_not_come_back_and_a_file_is_left_alone() {
    let field = Field::new("");
    field.publish("1.1");
    field.pass(2 * HOUR);
    field.asked.act(&json!({ "action": "revert" })).unwrap();
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "1");
    assert_eq!(field.reason(), "somebody went back from it");
    field.publish("1.2");
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "3");

    let file = make_snap(&field.device.file(""), "9.0");
    let change = field.asked.act_with_file(&file);
    assert_eq!(change.status(), Status::Done, "{change:?}");
    assert_eq!(field.revision(), "x1");
    field.publish("1.3");
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "x1");
}

#[test]
fn windows_and_holds_of_the_owner_are_kept() {
    let field = Field::new("windows = ['00:00-01:00']\n");
    // The test's time began at eight in the morning.
    assert_eq!(NOW % DAY / 3600, 8);
    field.publish("1.1");
    field.pass(15 * HOUR);
    assert_eq!(field.revision(), "1");
    assert_eq!(
        field.told(),
        "newer snaps are there: hello; it waits for a window"
    );
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "2");

    field.set("windows", Value::Null);
    let no = |key: &str, value: Value, version: &str, revision: &str| {
        field.set(key, value);
        field.publish(version);
        field.pass(24 * HOUR);
        assert_eq!(field.revision(), revision, "{key}");
        field.set(key, Value::Null);
        field.pass(2 * HOUR);
        assert_ne!(field.revision(), revision, "{key}");
    };
    no("hold", json!("forever"), "1.2", "2");
    no("autopilot", json!("off"), "1.3", "3");
    no("snap-autopilot", json!("off"), "1.4", "4");

    // Of one snap, as 'snap refresh --hold=48h hello' asks for it.
    let until = updater::Clock::unix_secs(field.device.hardware()) + 2 * DAY;
    let until = tuf_client::UtcTime(until).to_string();
    let hold = json!({ "action": "hold", "time": until });
    field.asked.act(&hold).unwrap();
    assert_eq!(field.asked.get("v2/snaps/hello")["hold"], until);
    field.publish("1.5");
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "5");
    assert_eq!(field.reason(), "the snap is on hold");
    field.pass(26 * HOUR);
    assert_eq!(field.revision(), "6");
    field.asked.act(&json!({ "action": "unhold" })).unwrap();
    assert_eq!(field.asked.get("v2/snaps/hello")["hold"], Value::Null);
}

#[test]
fn a_wave_of_a_snap_is_waited_for() {
    let field = Field::new("");
    field
        .maker
        .publish_snap_as("acme", "1.1", everyone_after(3));
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "1");
    assert_eq!(field.reason(), "so far 0% of the devices may take it");
    // Who asks gets it.
    field.maker.act(3, |store, keys| store.refresh(keys));
    field.pass(2 * HOUR);
    assert_eq!(field.revision(), "2");
}

#[test]
fn the_system_comes_first_and_a_trial_alone() {
    let field = Field::new("reboot = 'never'\n");
    field.maker.publish(2);
    field.publish("1.1");
    // Until somebody reboots it.
    field.pass(24 * HOUR);
    assert_eq!(field.revision(), "1");
    assert_eq!(
        field.told(),
        "newer snaps are there: hello; they wait for the reboot"
    );
    // One that was noted before is not begun any more.
    let begun = field
        .asked
        .engine
        .act_at_rest(&mut || panic!("it was begun"));
    assert_eq!(begun.unwrap_err().kind, FailureKind::Unconfirmed);
    let mut field = field;
    field.device.boot();
    field.asked = Asked::again(&field.device);
    field.pass(24 * HOUR);
    assert_eq!(
        (field.revision(), field.told()),
        (
            json!("1"),
            "the running system has yet to be confirmed".to_owned()
        )
    );
    field.device.confirm();
    field.pass(2 * HOUR);
    assert_eq!((field.device.version(), field.revision()), (2, json!("2")));
}

#[test]
fn a_snap_is_fetched_at_the_owners_pace() {
    let field = Field::new("rate-limit-bytes-per-sec = 1024\n");
    field.publish("1.1");
    let mut took = Duration::ZERO;
    while field.revision() == "1" {
        let begun = field.device.uptime();
        let pause = field.asked.engine.turn_with(&field.asked.desk);
        took = field.device.uptime() - begun;
        field.device.pass(pause);
    }
    // Some 7 KiB: what the revision that is here does not hold.
    assert!((5..20).contains(&took.as_secs()), "{took:?}");
}

#[test]
fn a_line_that_breaks_is_tried_again_and_blames_no_revision() {
    let field = Field::new("");
    field.publish("1.1");
    let targets = field.maker.layout().public().join("targets/snaps/acme");
    let away = field.maker.path("away");
    fs::rename(&targets, &away).unwrap();
    field.pass(3 * HOUR);
    assert_eq!(field.revision(), "1");
    let changes = field.unattended();
    assert!(!changes.is_empty());
    assert!(changes.iter().all(|one| one.status() == Status::Error));
    assert_eq!(
        field.asked.get("v2/snaps/hello")["twinkeel"]["failed"],
        Value::Null
    );
    fs::rename(&away, &targets).unwrap();
    field.pass(5 * HOUR);
    assert_eq!(field.revision(), "2");
}

#[test]
fn a_list_of_snaps_that_does_not_come_keeps_no_release_away() {
    let field = Field::new("reboot = 'never'\n");
    field.publish("1.1");
    field.maker.publish(2);
    let bad = BadServer::before(&field.server, "snaps-acme");
    field.set("store", json!([bad.address()]));
    field.pass(2 * HOUR);
    let system = field.asked.engine.system().unwrap();
    assert_eq!(system.others[0].version, Some(2), "{}", field.told());
}
