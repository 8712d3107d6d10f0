//! The store that is measured: one publisher with forty snaps.

use crate::python_tuf::call;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use store_builder::{
    Layout, NewRelease, RealFiles, RolePlan, Store, StoreKeys, StorePlan, create_store,
};
use store_format::{Purpose, Rollout};
use tempfile::TempDir;
use tuf_client::UtcTime;

const SNAPS: usize = 40;
const SNAP_BYTES: usize = 256 << 10;

pub(crate) struct Sample {
    directory: TempDir,
    /// The last snap that was added.
    pub(crate) target: String,
}

impl Sample {
    pub(crate) fn make(image_keyring: &Path) -> Result<Self> {
        let directory = TempDir::new().context("cannot make a directory")?;
        let snap = make_snap(directory.path())?;
        let store = directory.path().join("store");
        let keys = directory.path().join("keys");
        let mut keys = StoreKeys::open_or_create(&keys, Purpose::Test)?;
        let plan = StorePlan::new(Purpose::Test, image_keyring);
        let now = UtcTime::of_this_machine();
        let mut files = RealFiles;
        create_store(&store, &plan, &mut keys, &mut files, now)?;
        let publisher = "acme".parse()?;
        let mut store = Store::open(&store, &mut files, now)?;
        store.add_publisher(&publisher, &RolePlan::new(1, 1), &mut keys)?;
        let new = NewRelease {
            file: &snap,
            board: None,
            publisher: Some(&publisher),
            channels: BTreeMap::from([("edge".parse()?, Rollout::everyone(1))]),
            minimum: None,
            grants: &[],
            notes: String::new(),
            patches_from: &[],
        };
        let mut target = String::new();
        for _ in 0..SNAPS {
            target = store.add(&new, &keys)?.0;
        }
        drop(store);
        let sample = Sample { directory, target };
        sample.copy_for_tough(&snap)?;
        Ok(sample)
    }

    /// tough looks for a target elsewhere than the specification (6.2) and everyone else: it
    /// puts the hash before the whole name, directories and all.
    fn copy_for_tough(&self, snap: &Path) -> Result<()> {
        let place = self.layout().targets();
        let sha256 = fs::read_dir(place.join("snaps/acme"))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .find_map(|name| Some(name.split_once('.')?.0.to_owned()))
            .context("the store has no snap")?;
        let theirs = place.join(format!("{sha256}.{}", self.target));
        if let Some(directory) = theirs.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::copy(snap, theirs)?;
        Ok(())
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::new(&self.directory.path().join("store"))
    }

    pub(crate) fn first_root(&self) -> PathBuf {
        self.layout().metadata().join("1.root.json")
    }
}

fn make_snap(directory: &Path) -> Result<PathBuf> {
    let tree = directory.join("tree");
    fs::create_dir_all(tree.join("meta"))?;
    fs::write(tree.join("meta/snap.yaml"), "name: hello\nversion: '1.0'\n")?;
    // Something that does not get shorter.
    let mut state = 1_u32;
    let bytes: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(SNAP_BYTES)
    .collect();
    fs::write(tree.join("hello"), bytes)?;
    let snap = directory.join("hello.snap");
    call(
        Command::new("mksquashfs")
            .args([&tree, &snap])
            .args(["-quiet", "-no-progress"]),
    )
    .context("install squashfs-tools, or run `cargo xtask setup`")?;
    Ok(snap)
}
