//! Snaps that the owner wants from the first boot on, over a real store and a real web server.

use crate::device::{Device, HOUR};
use crate::maker::Maker;
use crate::snap_parts::{make_snap_of, places};
use crate::snaps::Asked;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::Duration;
use updater::device::Device as _;
use updater::wishes::{Wish, WishFiles, WishStanding};

/// Every second counts from here on: before it a device may still get its network.
const SETTLED: Duration = Duration::from_secs(120);

/// A device with wishes, and a daemon that was just started.
struct Owner {
    device: Device,
    asked: Asked,
}

impl Owner {
    fn new(maker: &Maker, store: &str) -> Self {
        let settings = format!("store = ['{store}']\nchannel = 'edge'\n");
        let device = Device::new(maker, &settings);
        let asked = Asked::of(&device);
        Self { device, asked }
    }

    /// As the program `cloud-config` does.
    fn files(&self) -> WishFiles {
        WishFiles::below(&self.device.file("snaps/writable/system"))
    }

    fn wants(&self, name: &str, configuration: &Value) {
        let wish = Wish {
            configuration: configuration.as_object().cloned().unwrap_or_default(),
            ..Wish::default()
        };
        self.files().write(&name.parse().unwrap(), &wish).unwrap();
    }

    /// Power is lost, and comes back.
    fn restart(&mut self) {
        self.asked = Asked::of(&self.device);
    }

    fn turn(&self) -> Duration {
        self.asked.wishes().turn()
    }

    fn standings(&self) -> Vec<(String, WishStanding)> {
        let all = self.files().list().into_iter();
        all.map(|(name, wish)| (name.to_string(), wish.standing))
            .collect()
    }

    fn is_here(&self, name: &str) -> bool {
        self.asked.get(&format!("v2/snaps/{name}"))["status"] == "active"
    }

    /// Kind, status, and why it failed, of all changes.
    fn changes(&self) -> Vec<(String, String, String)> {
        let all = self.asked.get("v2/changes?select=all");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let all = all.as_array().unwrap().iter().map(|change| {
            (
                text(&change["kind"]),
                text(&change["status"]),
                text(&change["data"]["failure"]["message"]),
            )
        });
        all.collect()
    }
}

fn maker_with(snaps: &[(&str, &str)]) -> Maker {
    let maker = Maker::new();
    maker.add_publisher("acme");
    for (name, keys) in snaps {
        let file = make_snap_of(&maker.path("snaps"), name, "1.0", keys);
        maker.publish_file("acme", &file, &[]);
    }
    maker
}

/// An address at which nobody answers.
fn nobody() -> String {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    format!("http://{}", taken.local_addr().unwrap())
}

#[test]
fn a_wish_outlives_a_store_that_is_down_and_a_loss_of_power_and_is_honoured_once() {
    let maker = maker_with(&[("hello", "")]);
    let mut owner = Owner::new(&maker, &nobody());
    owner.wants("hello", &Value::Null);
    // The network may not be up yet; later it is asked less and less.
    let mut wishes = owner.asked.wishes();
    assert_eq!(wishes.turn(), Duration::from_secs(5));
    owner.device.pass(SETTLED);
    let mut last = Duration::ZERO;
    for _ in 0..4 {
        let pause = wishes.turn();
        assert!(pause > last && pause < HOUR, "{last:?} {pause:?}");
        assert_eq!(wishes.turn(), pause, "it does not wait");
        owner.device.pass(pause);
        last = pause;
    }
    let [(name, WishStanding::Failed(why))] = &owner.standings()[..] else {
        panic!("{:?}", owner.standings());
    };
    assert!(name == "hello" && !why.is_empty());
    // Only the last try is told.
    let changes = owner.changes();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0].1, "Error", "{changes:?}");

    owner.restart();
    let server = maker.serve();
    let engine = &owner.asked.engine;
    engine.set("store", json!([server.address()])).unwrap();
    assert_eq!(owner.turn(), HOUR);
    assert!(owner.is_here("hello") && owner.standings().is_empty());

    let remove = json!({ "action": "remove" });
    owner.asked.act(&remove).unwrap();
    owner.restart();
    assert_eq!(owner.turn(), HOUR);
    assert!(!owner.is_here("hello"));
}

#[test]
fn a_snap_that_the_store_does_not_have_is_given_up_and_told() {
    let maker = maker_with(&[("hello", "")]);
    let server = maker.serve();
    let mut owner = Owner::new(&maker, &server.address());
    owner.wants("nothing", &Value::Null);
    owner.wants("hello", &Value::Null);
    assert_eq!(owner.turn(), HOUR);
    assert!(owner.is_here("hello"));
    let why = "snap \"nothing\" not found: the channel edge has none of that name for this device";
    let given_up = WishStanding::GivenUp(format!("{why}; 'snappy install nothing' asks again"));
    assert_eq!(owner.standings(), [("nothing".to_owned(), given_up)]);
    let told = (
        "install-snap".to_owned(),
        "Error".to_owned(),
        why.to_owned(),
    );
    assert!(owner.changes().contains(&told), "{:?}", owner.changes());

    server.log();
    owner.restart();
    assert_eq!(owner.turn(), HOUR);
    assert_eq!(server.log(), [""; 0]);
    // A person's own try is a person's own affair.
    let install = json!({ "action": "install" });
    let told = owner.asked.act_on("nothing", &install).unwrap_err();
    assert_eq!(told, why);
    assert!(owner.standings().is_empty());
}

#[test]
fn a_framework_may_be_wanted_behind_what_needs_it() {
    let maker = maker_with(&[
        ("app", "frameworks: [broker]"),
        ("broker", "framework: {offers: [bus]}\nslots: {bus: }"),
        ("other", "frameworks: [missing]"),
    ]);
    let server = maker.serve();
    let owner = Owner::new(&maker, &server.address());
    for name in ["app", "broker", "other"] {
        owner.wants(name, &Value::Null);
    }
    owner.device.pass(SETTLED);
    // What may come one day is asked for as seldom as a release that cannot be installed.
    assert!(owner.turn() > HOUR);
    assert!(owner.is_here("app") && owner.is_here("broker"));
    let [(name, WishStanding::Failed(why))] = &owner.standings()[..] else {
        panic!("{:?}", owner.standings());
    };
    assert_eq!(name, "other");
    assert!(why.contains("'snappy install missing'"), "{why}");
}

#[test]
fn a_configuration_is_set_once_the_snap_is_here() {
    let maker = maker_with(&[("hello", "")]);
    let server = maker.serve();
    let mut owner = Owner::new(&maker, &server.address());
    let configuration = json!({ "name": "gateway", "port": { "web": 80 } });
    owner.wants("hello", &configuration);
    assert_eq!(owner.turn(), HOUR);
    assert_eq!(owner.asked.get("v2/snaps/hello/conf"), configuration);

    // Power was lost when the snap was here, and what it is told was not.
    owner.wants("hello", &json!({ "name": "other" }));
    owner.restart();
    assert_eq!(owner.turn(), HOUR);
    assert_eq!(owner.asked.get("v2/snaps/hello/conf")["name"], "other");
    assert!(owner.standings().is_empty());
    let failed = |change: &(String, String, String)| change.1 != "Done";
    assert!(!owner.changes().iter().any(failed), "{:?}", owner.changes());

    // A snap that wants another one stays, and is told of.
    let data = places(&owner.device.file("snaps")).data.join("hello/1");
    std::fs::write(data.join("choosy"), "").unwrap();
    owner.wants("hello", &configuration);
    assert_eq!(owner.turn(), HOUR);
    let [(_, WishStanding::GivenUp(why))] = &owner.standings()[..] else {
        panic!("{:?}", owner.standings());
    };
    assert!(
        why.starts_with("it is installed, and its configuration is not taken: ")
            && why.ends_with("'snappy config hello KEY=VALUE' sets another"),
        "{why}"
    );
}

#[test]
fn who_removes_a_snap_does_not_want_it_any_more() {
    let maker = maker_with(&[("hello", "")]);
    let mut owner = Owner::new(&maker, &nobody());
    owner.wants("hello", &Value::Null);
    owner.turn();
    owner.asked.act(&json!({ "action": "remove" })).unwrap();
    assert!(owner.standings().is_empty());
    let told = owner.asked.act(&json!({ "action": "remove" })).unwrap_err();
    assert_eq!(told, "snap \"hello\" is not installed");

    // The same while it is here, brought by a person.
    owner.wants("hello", &Value::Null);
    let server = maker.serve();
    let engine = &owner.asked.engine;
    engine.set("store", json!([server.address()])).unwrap();
    owner.asked.act(&json!({ "action": "install" })).unwrap();
    owner.asked.act(&json!({ "action": "remove" })).unwrap();
    owner.restart();
    assert_eq!(owner.turn(), HOUR);
    assert!(!owner.is_here("hello"));
}
