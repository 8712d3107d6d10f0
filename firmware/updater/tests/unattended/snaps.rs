//! Snaps of a real store, over a real web server.

use crate::device::Device;
use crate::hardware::Hardware;
use crate::maker::{Maker, edge};
use crate::snap_parts::{make_snap, make_snap_of, parts, places};
use serde_json::{Value, json};
use snap_format::Grant;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use store_builder::{NewRelease, Outcome, RolePlan, StoreKeys};
use store_format::{Channel, PublisherName, Purpose, Rollout};
use updater::Engine;
use updater::api::{Answer, Api, Method, Peer, Request};
use updater::changes::{Change, Changes, Watched};
use updater::device::Device as _;
use updater::snaps::{SnapAct, SnapDesk, SnapListing, SnapParts};
use updater::wishes::Wishes;

const LONG: Duration = Duration::from_secs(60);

impl Maker {
    pub(crate) fn add_publisher(&self, name: &str) {
        let mut keys = StoreKeys::open_or_create(&self.path("keys"), Purpose::Test).unwrap();
        let name: PublisherName = name.parse().unwrap();
        self.act(0, |store, _| {
            store.add_publisher(&name, &RolePlan::new(1, 1), &mut keys)
        });
    }

    /// Publishes a version for everyone; its revision is the next one.
    pub(crate) fn publish_snap(&self, publisher: &str, version: &str) {
        self.publish_snap_as(publisher, version, Rollout::everyone(1));
    }

    /// Publishes a version for those who are in the wave.
    pub(crate) fn publish_snap_as(&self, publisher: &str, version: &str, rollout: Rollout) {
        let file = make_snap(&self.path("snaps"), version);
        self.publish_file_as(publisher, &file, &[], edge(), rollout);
    }

    /// Publishes a version for everyone who follows that channel.
    pub(crate) fn publish_snap_in(&self, publisher: &str, version: &str, channel: &str) {
        let file = make_snap(&self.path("snaps"), version);
        let channel = channel.parse().unwrap();
        self.publish_file_as(publisher, &file, &[], channel, Rollout::everyone(1));
    }

    /// Publishes a file, which the store's owner grants something.
    pub(crate) fn publish_file(&self, publisher: &str, file: &Path, grants: &[Grant]) {
        self.publish_file_as(publisher, file, grants, edge(), Rollout::everyone(1));
    }

    fn publish_file_as(
        &self,
        publisher: &str,
        file: &Path,
        grants: &[Grant],
        channel: Channel,
        rollout: Rollout,
    ) {
        let publisher = publisher.parse().unwrap();
        let release = NewRelease {
            file,
            board: None,
            publisher: Some(&publisher),
            channels: BTreeMap::from([(channel, rollout)]),
            minimum: None,
            grants,
            notes: String::new(),
            patches_from: &[],
        };
        let (_, outcome) = self.act(0, |store, keys| store.add(&release, keys));
        assert!(matches!(outcome, Outcome::Published), "{outcome:?}");
    }
}

/// The API of a device, without a socket.
pub(crate) struct Asked {
    api: Api,
    pub(crate) changes: Arc<Changes>,
    pub(crate) desk: SnapDesk,
    pub(crate) engine: Arc<Engine<Watched<Hardware>>>,
}

impl Asked {
    pub(crate) fn of(device: &Device) -> Self {
        let changes = Arc::new(Changes::open(device.file("changes.json")));
        let engine = device.watched(&changes);
        let listing = Arc::clone(&engine) as Arc<dyn SnapListing>;
        let root = device.file("snaps");
        let parts = SnapParts {
            clock: Arc::new(device.hardware().clone()),
            ..parts(&root)
        };
        let desk = SnapDesk::open(parts, Arc::clone(&changes), listing);
        let device = Arc::clone(&engine) as Arc<dyn updater::device::Device>;
        let api = Api::new(device, Arc::clone(&changes), Peer::ROOT).with_snaps(desk.clone());
        Self {
            api,
            changes,
            engine,
            desk,
        }
    }

    /// A daemon that starts again knows what is here.
    pub(crate) fn again(device: &Device) -> Self {
        let asked = Self::of(device);
        while asked.desk.state().installed().next().is_none() {
            std::thread::yield_now();
        }
        asked
    }

    pub(crate) fn act_with_file(&self, file: &Path) -> Change {
        let taken = file.with_extension("taken");
        std::fs::copy(file, &taken).unwrap();
        let name = "hello".parse().unwrap();
        let id = self.desk.ask(SnapAct::File(name, taken, BTreeSet::new()));
        self.changes
            .wait_until(id.unwrap(), LONG, Change::is_ready)
            .unwrap()
    }

    /// A loop of its own, which was just started.
    pub(crate) fn wishes(&self) -> Wishes<Watched<Hardware>> {
        Wishes::new(Arc::clone(&self.engine), self.desk.clone())
    }

    pub(crate) fn ask(&self, method: Method, address: &str, body: &Value) -> Answer {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let request = Request {
            method,
            path: path.split('/').map(str::to_owned).collect(),
            query: query.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            body: body.to_string().into(),
            upload: None,
        };
        self.api.answer(&request, Peer::ROOT)
    }

    pub(crate) fn get(&self, address: &str) -> Value {
        self.ask(Method::Get, address, &Value::Null).to_json()["result"].take()
    }

    pub(crate) fn act(&self, body: &Value) -> Result<Change, String> {
        self.act_on("hello", body)
    }

    pub(crate) fn act_on(&self, name: &str, body: &Value) -> Result<Change, String> {
        match self.ask(Method::Post, &format!("v2/snaps/{name}"), body) {
            Answer::Async(id) => {
                let change = self.changes.wait_until(id, LONG, Change::is_ready).unwrap();
                match change.error() {
                    None => Ok(change),
                    Some(error) => Err(error),
                }
            }
            answer => Err(answer.to_json()["result"]["message"]
                .as_str()
                .unwrap()
                .to_owned()),
        }
    }
}

fn content(root: &Path) -> Vec<String> {
    let all = std::fs::read_dir(places(root).files_of(&"hello".parse().unwrap()));
    let names = all
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_snap_of_a_store_comes_is_refreshed_and_goes() {
    let maker = Maker::new();
    maker.add_publisher("acme");
    maker.publish_snap("acme", "1.0");
    let server = maker.serve();
    let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
    let device = Device::new(&maker, &settings);
    let asked = Asked::of(&device);

    let found = asked.get("v2/find?q=hel");
    assert_eq!(
        (
            &found[0]["name"],
            &found[0]["revision"],
            &found[0]["developer"]
        ),
        (&json!("hello"), &json!("1"), &json!("acme")),
        "{found}"
    );
    let install = json!({ "action": "install" });
    asked.act(&install).unwrap();
    let told = asked.act(&install).unwrap_err();
    assert!(
        told.starts_with("snap \"hello\" is already installed"),
        "{told}"
    );
    let refresh = json!({ "action": "refresh" });
    let told = asked.act(&refresh).unwrap_err();
    assert_eq!(told, "snap \"hello\" has no updates available");

    maker.publish_snap("acme", "1.1");
    let newer = asked.get("v2/find?select=refresh");
    assert_eq!(newer[0]["version"], "1.1", "{newer}");
    let change = asked.act(&refresh).unwrap();
    assert!(change.tasks.len() > 8, "{:?}", change.tasks);
    let root = device.file("snaps");
    assert_eq!(content(&root), ["1.snap", "1.tree", "2.snap", "2.tree"]);
    let here = asked.get("v2/snaps/hello");
    assert_eq!(
        (&here["revision"], &here["version"]),
        (&json!("2"), &json!("1.1"))
    );

    asked.act(&json!({ "action": "revert" })).unwrap();
    assert_eq!(asked.get("v2/snaps/hello")["revision"], "1");
    asked
        .act(&json!({ "action": "remove", "purge": true }))
        .unwrap();
    assert!(content(&root).is_empty());
    let told = asked.act(&refresh).unwrap_err();
    assert_eq!(told, "snap \"hello\" is not installed");
}

/// The server holds another file than was signed: a mirror that was broken into.
#[test]
fn a_snap_that_is_not_the_signed_one_is_not_installed() {
    let maker = Maker::new();
    maker.add_publisher("acme");
    maker.publish_snap("acme", "1.0");
    let targets = maker.layout().public().join("targets/snaps/acme");
    let files = std::fs::read_dir(targets).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    // The list of its pieces lies beside it.
    let is_snap = |path: &PathBuf| path.extension() == Some("snap".as_ref());
    let file = files.find(is_snap).unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    let server = maker.serve();
    let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
    let device = Device::new(&maker, &settings);
    let asked = Asked::of(&device);
    let told = asked.act(&json!({ "action": "install" })).unwrap_err();
    assert!(
        told.contains("not the file that its publisher signed"),
        "{told}"
    );
    assert_eq!(asked.get("v2/snaps?snaps=hello"), json!([]));
}

/// A publisher whose list is damaged takes nobody else's snaps, and no system update, away.
#[test]
fn one_publisher_does_not_keep_others_away() {
    let maker = Maker::new();
    maker.publish(2);
    for publisher in ["acme", "zeta"] {
        maker.add_publisher(publisher);
    }
    maker.publish_snap("acme", "1.0");
    maker.publish_snap("zeta", "2.0");
    let server = maker.serve();
    let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
    let device = Device::new(&maker, &settings);
    let asked = Asked::of(&device);
    let told = asked.act(&json!({ "action": "install" })).unwrap_err();
    assert!(told.contains("say hello.zeta or hello.acme"), "{told}");
    let metadata = maker.layout().metadata();
    for entry in std::fs::read_dir(metadata).unwrap() {
        let path = entry.unwrap().path();
        if path.to_str().unwrap().contains("snaps-zeta") {
            std::fs::write(path, "{}").unwrap();
        }
    }
    let device = Device::new(&maker, &settings);
    let asked = Asked::of(&device);
    asked.act(&json!({ "action": "install" })).unwrap();
    assert_eq!(asked.get("v2/snaps/hello")["developer"], "acme");
    assert_eq!(device.engine.check().unwrap()[0].version, 2);
}

#[test]
fn what_a_snap_needs_and_is_granted_is_signed() {
    let maker = Maker::new();
    maker.add_publisher("acme");
    let directory = maker.path("snaps");
    let make = |name, keys| make_snap_of(&directory, name, "1.0", keys);
    let web = make("web", "frameworks: [broker]\nplugs: {gpio: }");
    maker.publish_file("acme", &web, &[]);
    let server = maker.serve();
    let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
    let device = Device::new(&maker, &settings);
    let asked = Asked::of(&device);
    let install = json!({ "action": "install" });

    // Refused at once, with its kind: a change that had fetched would have tasks.
    let refused = asked.ask(Method::Post, "v2/snaps/web", &install).to_json();
    assert_eq!(refused["status-code"], 400, "{refused}");
    assert_eq!(refused["result"]["kind"], "framework-missing", "{refused}");
    let message = refused["result"]["message"].as_str().unwrap();
    assert!(
        message.contains("'snappy install broker' installs it"),
        "{message}"
    );

    let broker = make("broker", "framework: {offers: [bus]}\nslots: {bus: }");
    maker.publish_file("acme", &broker, &[]);
    asked.act_on("broker", &install).unwrap();
    asked.act_on("web", &install).unwrap();
    let remove = json!({ "action": "remove" });
    let refused = asked
        .ask(Method::Post, "v2/snaps/broker", &remove)
        .to_json();
    assert_eq!(refused["result"]["kind"], "framework-needed", "{refused}");

    // The same file without and with a word of the store's owner.
    let grants = |asked: &Asked| asked.get("v2/snaps/web")["twinkeel"]["grants"]["store"].take();
    assert_eq!(grants(&asked), json!([]));
    maker.publish_file("acme", &web, &["gpio".parse().unwrap()]);
    asked
        .act_on("web", &json!({ "action": "refresh" }))
        .unwrap();
    assert_eq!(grants(&asked), json!(["gpio"]));
    let path = device
        .file("snaps")
        .join("writable/system/snaps/grants/web");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "plug gpio\n");
    asked.act_on("web", &json!({ "action": "revert" })).unwrap();
    assert!(!path.exists());
}
