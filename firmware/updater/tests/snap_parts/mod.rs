//! Snaps for tests: made by the real builder, kept in real files, and mounted nowhere; of a
//! mount there is only what the daemon reads.
#![allow(dead_code, unreachable_pub, reason = "each test has a part of it")]

use image_format::Digest;
use snap_format::build::{Output, build};
use snap_format::{Hook, SnapFile};
use snap_store::{
    DiskFiles, Installed, Mounts, Places, Runtime, RuntimeError, VerifiedImage, root_hash_of,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store_format::{Channel, Rollout, SnapRelease};
use updater::ThisMachine;
use updater::device::{Failure, FailureKind};
use updater::settings::Settings;
use updater::snaps::{ListedSnap, SnapListing, SnapParts, SnapSituation};

mod services;

pub use services::TestServices;

/// A command and two services.
const APPS: &str = "{hello: {command: bin/hello}, \
    greeter: {command: bin/hello, daemon: simple, reload-command: bin/hello reload}, \
    ticker: {command: bin/hello, daemon: oneshot, timer: '9:00'}}";

/// A snap in `directory`: `hello`, of that version.
pub fn make_snap(directory: &Path, version: &str) -> PathBuf {
    make_snap_of(directory, "hello", version, &format!("apps: {APPS}"))
}

/// Another one, whose snap.yaml has those keys besides.
pub fn make_snap_of(directory: &Path, name: &str, version: &str, keys: &str) -> PathBuf {
    let tree = directory.join(format!("tree-{name}-{version}"));
    fs::create_dir_all(tree.join("meta")).unwrap();
    fs::create_dir_all(tree.join("bin")).unwrap();
    let yaml =
        format!("name: {name}\nversion: '{version}'\nsummary: A greeting\nlicense: MIT\n{keys}\n");
    fs::write(tree.join("meta/snap.yaml"), yaml).unwrap();
    // Some hundred KiB that nothing compresses.
    let noise: Vec<u8> = (0..10_000_u32)
        .flat_map(|number| image_trust::sha256(&number.to_le_bytes()).0)
        .collect();
    fs::write(tree.join("bin/hello"), noise).unwrap();
    let file = directory.join(format!("{name}_{version}.snap"));
    build(&tree, Output::File(&file), 0).unwrap();
    file
}

pub fn places(root: &Path) -> Places {
    Places {
        snaps: root.join("writable/snaps"),
        mounts: root.join("snap"),
        data: root.join("var/snap"),
        grants: root.join("writable/system/snaps/grants"),
        launcher: "/usr/bin/snappy".into(),
    }
}

pub fn parts(root: &Path) -> SnapParts {
    parts_with(root, TestServices::new(root))
}

pub fn parts_with(root: &Path, services: Arc<TestServices>) -> SnapParts {
    let places = places(root);
    for directory in [&places.snaps, &places.mounts, &places.data] {
        fs::create_dir_all(directory).unwrap();
    }
    SnapParts {
        files: Arc::new(DiskFiles),
        mounts: Arc::new(RememberedMounts),
        runtime: Arc::new(Choosy),
        services,
        places,
        clock: Arc::new(ThisMachine),
    }
}

/// A device without a store.
pub struct NoStore;

impl SnapListing for NoStore {
    fn listed_snaps(&self) -> Result<Vec<ListedSnap>, Failure> {
        Err(Failure::new(FailureKind::NoStore, "no store is set"))
    }

    fn channel(&self) -> Channel {
        "stable".parse().unwrap()
    }

    fn rate_limit_bytes_per_sec(&self) -> Option<u64> {
        None
    }

    fn situation(&self) -> Result<SnapSituation, Failure> {
        Ok(situation())
    }

    fn act_at_rest(&self, act: &mut dyn FnMut()) -> Result<(), Failure> {
        act();
        Ok(())
    }
}

fn situation() -> SnapSituation {
    SnapSituation {
        settings: Settings::of_channel("stable".parse().unwrap()),
        machine_id: String::new(),
        now_secs: 0,
        moment_secs: 0,
    }
}

/// A store that lists snaps which nobody can fetch.
pub struct ListedOnly(pub Vec<ListedSnap>);

impl SnapListing for ListedOnly {
    fn listed_snaps(&self) -> Result<Vec<ListedSnap>, Failure> {
        Ok(self.0.clone())
    }

    fn channel(&self) -> Channel {
        "stable".parse().unwrap()
    }

    fn rate_limit_bytes_per_sec(&self) -> Option<u64> {
        None
    }

    fn situation(&self) -> Result<SnapSituation, Failure> {
        Ok(situation())
    }

    fn act_at_rest(&self, act: &mut dyn FnMut()) -> Result<(), Failure> {
        act();
        Ok(())
    }
}

/// Revision 7 of that snap, as `publisher` lists it.
pub fn listed(name: &str, publisher: &str, notes: &str) -> ListedSnap {
    let channels = BTreeMap::from([("stable".parse().unwrap(), Rollout::everyone(0))]);
    ListedSnap {
        release: SnapRelease {
            name: name.parse().unwrap(),
            publisher: publisher.parse().unwrap(),
            version: "1.3.2".to_owned(),
            revision: 7,
            architectures: vec!["all".to_owned()],
            issued_secs: 0,
            channels,
            hold: None,
            minimum_revision: None,
            notes: notes.to_owned(),
            root_hash: None,
            frameworks: Vec::new(),
        },
        name: name.parse().unwrap(),
        revision: 7.try_into().unwrap(),
        length_bytes: 4 << 20,
        sha256: Digest::ZERO,
        root_hash: None,
        frameworks: BTreeSet::new(),
        grants: Vec::new(),
        address: String::new(),
    }
}

struct RememberedMounts;

impl Mounts for RememberedMounts {
    fn mount(&self, image: &VerifiedImage<'_>, at: &Path) -> io::Result<()> {
        let hash = root_hash_of(&File::open(image.file)?)?;
        assert_eq!(hash.unwrap().root_hash, image.root_hash);
        let snap = SnapFile::open(File::open(image.file)?).map_err(io::Error::other)?;
        let yaml = snap.files().read("meta/snap.yaml", 4096);
        fs::create_dir_all(at.join("meta"))?;
        fs::write(at.join("meta/snap.yaml"), yaml.map_err(io::Error::other)?)
    }

    fn unmount(&self, at: &Path) -> io::Result<()> {
        match fs::remove_dir_all(at.join("meta")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}

/// Runs nothing, and is asked for the configuration: where there is a file `choosy` in its
/// data, the snap refuses every one.
struct Choosy;

impl Runtime for Choosy {
    fn start(&self, _: &Installed) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn stop(&self, _: &Installed) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn hook(&self, snap: &Installed, hook: Hook) -> Result<(), RuntimeError> {
        match hook == Hook::Configure && snap.data.join("choosy").exists() {
            true => Err(RuntimeError(
                "the hook configure ended with 1: no".to_owned(),
            )),
            false => Ok(()),
        }
    }
}
