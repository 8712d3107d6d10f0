//! Snaps for tests: made by the real builder, kept in real files, and mounted nowhere; of a
//! mount there is only what the daemon reads.
#![allow(dead_code, unreachable_pub, reason = "each test has a part of it")]

use snap_format::SnapFile;
use snap_format::build::{Output, build};
use snap_store::{DiskFiles, Mounts, NoRuntime, Places, VerifiedImage, root_hash_of};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store_format::Channel;
use updater::device::{Failure, FailureKind};
use updater::snaps::{ListedSnap, SnapListing, SnapParts};

/// A snap in `directory`: `hello`, of that version.
pub fn make_snap(directory: &Path, version: &str) -> PathBuf {
    make_snap_of(
        directory,
        "hello",
        version,
        "apps: {hello: {command: bin/hello}}",
    )
}

/// Another one, whose snap.yaml has those keys besides.
pub fn make_snap_of(directory: &Path, name: &str, version: &str, keys: &str) -> PathBuf {
    let tree = directory.join(format!("tree-{name}-{version}"));
    fs::create_dir_all(tree.join("meta")).unwrap();
    fs::create_dir_all(tree.join("bin")).unwrap();
    let yaml = format!("name: {name}\nversion: '{version}'\n{keys}\n");
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
    let places = places(root);
    for directory in [&places.snaps, &places.mounts, &places.data] {
        fs::create_dir_all(directory).unwrap();
    }
    SnapParts {
        files: Arc::new(DiskFiles),
        mounts: Arc::new(RememberedMounts),
        runtime: Arc::new(NoRuntime),
        places,
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
