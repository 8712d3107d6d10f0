//! Snaps whose files are damaged, and the daemon that looks after them.

use crate::device::Device;
use crate::maker::Maker;
use crate::server::HonestServer;
use crate::snap_parts::places;
use crate::snaps::Asked;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use updater::changes::ChangeKind;
use updater::snaps::Retries;

/// A device with a snap of a store.
struct Installed {
    maker: Maker,
    device: Device,
    asked: Asked,
}

impl Installed {
    fn new(server: &HonestServer, maker: Maker) -> Self {
        let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
        let device = Device::new(&maker, &settings);
        let asked = Asked::of(&device);
        asked.act(&json!({ "action": "install" })).unwrap();
        Self {
            maker,
            device,
            asked,
        }
    }

    fn file(&self) -> PathBuf {
        let root = self.device.file("snaps");
        places(&root).file(&"hello".parse().unwrap(), "1".parse().unwrap())
    }

    /// Some blocks are lost, and the kernel gives no file of it any more.
    fn damage(&self) {
        let file = File::options().write(true).open(self.file()).unwrap();
        file.write_all_at(&[7; 9000], 50_000).unwrap();
        let root = self.device.file("snaps");
        let mount = places(&root).mount(&"hello".parse().unwrap(), "1".parse().unwrap());
        fs::remove_dir_all(mount.join("meta")).unwrap();
    }

    /// What the daemon says of its last repair.
    fn last(&self) -> updater::changes::Change {
        let last = self.asked.changes.list().pop().unwrap();
        assert_eq!(last.kind, ChangeKind::AutoRefresh);
        assert_eq!(last.summary, "Repair revision 1 of \"hello\" snap");
        last
    }

    fn health(&self) -> Value {
        self.asked.get("v2/snaps/hello")["health"].take()
    }
}

fn maker() -> Maker {
    let maker = Maker::new();
    maker.add_publisher("acme");
    maker.publish_snap("acme", "1.0");
    maker
}

#[test]
fn what_is_damaged_is_fetched_again_and_no_more_than_that() {
    let maker = maker();
    let server = maker.serve();
    let here = Installed::new(&server, maker);
    let whole = fs::read(here.file()).unwrap();
    let mut retries = Retries::default();
    let before = here.asked.changes.list().len();
    here.asked.desk.mend(&mut retries);
    assert_eq!(here.asked.changes.list().len(), before);

    here.damage();
    here.asked.desk.mend(&mut retries);
    assert!(fs::read(here.file()).unwrap() == whole);
    let change = here.last();
    assert_eq!(change.error(), None);
    let log = &change.tasks[0].log[0];
    let fetched = log.split(' ').nth(2).unwrap();
    // Nine kilobytes, the chunks that they are in, and the list.
    let fetched: u64 = fetched.parse().unwrap();
    assert!((9000..40_000).contains(&fetched), "{log}");
    assert_eq!(here.health(), Value::Null);
    assert_eq!(here.asked.get("v2/snaps/hello")["version"], "1.0");
}

#[test]
fn a_store_that_cannot_be_reached_is_asked_again_later() {
    let maker = maker();
    let server = maker.serve();
    let here = Installed::new(&server, maker);
    let whole = fs::read(here.file()).unwrap();
    drop(server);
    here.damage();
    let mut retries = Retries::default();
    here.asked.desk.mend(&mut retries);
    let told = here.last().error().unwrap();
    assert!(told.contains("cannot look for releases"), "{told}");
    let health = here.health();
    assert_eq!(health["status"], "error");
    let message = health["message"].as_str().unwrap();
    assert!(
        message.contains("fetched again once the store"),
        "{message}"
    );
    // Not at once.
    let before = here.asked.changes.list().len();
    here.asked.desk.mend(&mut retries);
    assert_eq!(here.asked.changes.list().len(), before);

    // The daemon that starts then remembers it.
    let server = here.maker.serve();
    let settings = json!({ "store": [server.address()] });
    let set = here
        .asked
        .ask(updater::api::Method::Put, "v2/snaps/system/conf", &settings);
    assert!(set.to_json()["status-code"].as_u64().unwrap() < 300);
    here.asked.desk.mend(&mut Retries::default());
    assert_eq!(here.last().error(), None);
    assert!(fs::read(here.file()).unwrap() == whole);
    assert_eq!(here.health(), Value::Null);
}

#[test]
fn what_the_store_withdrew_stays_damaged_and_can_be_left() {
    let maker = maker();
    let server = maker.serve();
    let here = Installed::new(&server, maker);
    here.maker.act(0, |store, keys| {
        store.withdraw("snaps/acme/hello_1.snap", keys)
    });
    here.damage();
    here.asked.desk.mend(&mut Retries::default());
    let told = here.last().error().unwrap();
    assert!(told.contains("the store has it no more"), "{told}");
    here.asked.act(&json!({ "action": "remove" })).unwrap();
    assert_eq!(here.asked.get("v2/snaps?snaps=hello"), json!([]));
}
