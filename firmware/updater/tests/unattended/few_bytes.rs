//! Refreshes of snaps that fetch what the device does not have.

use crate::device::Device;
use crate::maker::Maker;
use crate::server::HonestServer;
use crate::snap_parts::places;
use crate::snaps::Asked;
use release_source::pieces::list::{PieceList, SUFFIX};
use serde_json::json;
use std::fs;
use std::path::PathBuf;
use updater::changes::Change;

/// Revision 1 is installed, and revision 2 is published.
struct Refresh {
    maker: Maker,
    server: HonestServer,
    device: Device,
}

impl Refresh {
    fn new() -> Self {
        let maker = Maker::new();
        maker.add_publisher("acme");
        maker.publish_snap("acme", "1.0");
        let server = maker.serve();
        let settings = format!("store = ['{}']\nchannel = 'edge'\n", server.address());
        let device = Device::new(&maker, &settings);
        let asked = Asked::of(&device);
        asked.act(&json!({ "action": "install" })).unwrap();
        maker.publish_snap("acme", "1.1");
        server.log();
        Self {
            maker,
            server,
            device,
        }
    }

    /// A file of revision 2, as it is served.
    fn served(&self, suffix: &str) -> PathBuf {
        let targets = self.maker.layout().public().join("targets/snaps/acme");
        let mut files = fs::read_dir(targets)
            .unwrap()
            .map(|one| one.unwrap().path());
        let ends = format!(".hello_2.snap{suffix}");
        files
            .find(|path| path.to_str().unwrap().ends_with(&ends))
            .unwrap()
    }

    /// Refreshes, and tells what is said of the fetched bytes. What comes is what was signed.
    fn told(&self) -> Vec<String> {
        let asked = Asked::of(&self.device);
        let change = asked.act(&json!({ "action": "refresh" })).unwrap();
        let root = self.device.file("snaps");
        let here = places(&root).file(&"hello".parse().unwrap(), "2".parse().unwrap());
        assert!(fs::read(here).unwrap() == fs::read(self.served("")).unwrap());
        log(&change)
    }
}

/// Without the time in front.
fn log(change: &Change) -> Vec<String> {
    let lines = change.tasks.iter().flat_map(|task| &task.log);
    let text = |line: &String| line.split_once(" INFO ").unwrap().1.to_owned();
    lines.map(text).collect()
}

/// How many bytes were fetched, and how many were here.
fn bytes(line: &str) -> (u64, u64) {
    let numbers = line.split([' ', ';']).filter_map(|word| word.parse().ok());
    let numbers: Vec<u64> = numbers.take(2).collect();
    (numbers[0], numbers[1])
}

#[test]
fn a_refresh_fetches_what_changed_and_the_list() {
    let refresh = Refresh::new();
    let length = fs::metadata(refresh.served("")).unwrap().len();
    let told = refresh.told();
    assert_eq!(told.len(), 1, "{told:?}");
    let (fetched, reused) = bytes(&told[0]);
    // The program is the same: 320 KB that do not compress.
    assert!(reused > 300_000 && fetched < 30_000, "{}", told[0]);
    let list = fs::metadata(refresh.served(SUFFIX)).unwrap().len();
    assert_eq!(fetched + reused, length + list);
    // What the server sent is what was told.
    let requests = refresh.server.log();
    let whole = requests
        .iter()
        .filter(|line| line.contains("hello_2.snap "));
    assert!(whole.clone().count() > 0, "{requests:?}");
    assert!(
        whole.clone().all(|line| line.contains(" 206")),
        "{requests:?}"
    );
}

#[test]
fn without_a_list_or_with_a_damaged_one_a_refresh_is_whole() {
    let withdrawn = Refresh::new();
    let length = fs::metadata(withdrawn.served("")).unwrap().len();
    fs::remove_file(withdrawn.served(SUFFIX)).unwrap();
    let told = withdrawn.told();
    assert_eq!(bytes(&told[0]), (length, 0));
    assert!(
        told[0].contains("the server has no such file (404)"),
        "{told:?}"
    );

    let damaged = Refresh::new();
    let mut list = fs::read(damaged.served(SUFFIX)).unwrap();
    list[100] ^= 1;
    fs::write(damaged.served(SUFFIX), &list).unwrap();
    let told = damaged.told();
    assert_eq!(bytes(&told[0]), (length + list.len() as u64, 0));
    assert!(told[0].contains("it is damaged"), "{told:?}");
}

/// A list may say anything: it leads to other bytes, and then to the whole file.
#[test]
fn a_list_that_lies_costs_bytes_and_nothing_else() {
    let refresh = Refresh::new();
    let path = refresh.served(SUFFIX);
    let mut list = PieceList::parse(&fs::read(&path).unwrap()).unwrap();
    let digest = list.pieces[20].digest;
    list.pieces[21].digest = digest;
    fs::write(&path, list.bytes()).unwrap();
    let told = refresh.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(bytes(&told[0]).1 > 0, "{told:?}");
    let length = fs::metadata(refresh.served("")).unwrap().len();
    assert_eq!(bytes(&told[1]), (length, 0));
}

/// A device that was cut has the first of the file. What a cut left of another is no harm.
#[test]
fn a_refresh_goes_on_from_where_it_was_cut() {
    let refresh = Refresh::new();
    let root = refresh.device.file("snaps");
    let part = places(&root).part(&"hello".parse().unwrap(), "2".parse().unwrap());
    let whole = fs::read(refresh.served("")).unwrap();
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    fs::write(&part, &whole[..200_000]).unwrap();
    let (fetched, reused) = bytes(&refresh.told()[0]);
    assert!(reused > 100_000 && fetched < 30_000, "{fetched}, {reused}");
    let asked = Asked::of(&refresh.device);
    asked.act(&json!({ "action": "revert" })).unwrap();
    asked.act(&json!({ "action": "remove" })).unwrap();

    fs::write(&part, vec![7; 200_000]).unwrap();
    asked.act(&json!({ "action": "install" })).unwrap();
    assert_eq!(asked.get("v2/snaps/hello")["version"], "1.1");
}
