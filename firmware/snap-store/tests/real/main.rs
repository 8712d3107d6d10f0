//! Real mounts on a real, small file system: squashfs on loop devices, ext4 with what is
//! reserved for root. Only root can run these, and only where `mke2fs` is.
//!
//! What lies between the two on a device, dm-verity, is no part of a build machine's kernel:
//! the scenario `snap-install` in `qemu` has all three.

mod ext4;
mod loop_mounts;

use ext4::Ext4;
use loop_mounts::LoopMounts;
use snap_format::SnapName;
use snap_format::build::{Output, build};
use snap_store::{
    Data, DiskFiles, Files, NoRuntime, Parts, Places, Silent, Snaps, Source, SourceError, Sources,
};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

struct NoSources;

impl Sources for NoSources {
    fn open<'a>(
        &'a self,
        address: &str,
        _: Vec<fs::File>,
    ) -> Result<Box<dyn Source + 'a>, SourceError> {
        Err(SourceError(format!("nothing is at {address}")))
    }
}

const PARTS: Parts<'static> = Parts {
    files: &DiskFiles,
    mounts: &LoopMounts,
    runtime: &NoRuntime,
    sources: &NoSources,
};

fn hello() -> SnapName {
    "hello".parse().unwrap()
}

fn start(root: &Path) -> Snaps<'static> {
    let places = Places {
        snaps: root.join("snaps"),
        mounts: root.join("snap"),
        data: root.join("data"),
        grants: root.join("grants"),
        launcher: "/usr/bin/snappy".into(),
    };
    for place in [&places.snaps, &places.mounts, &places.data] {
        fs::create_dir_all(place).unwrap();
    }
    let mut snaps = Snaps::open(places, "amd64", PARTS).unwrap();
    let started = snaps.start(&mut Silent);
    assert!(started.broken.is_empty() && started.resumed.is_none());
    snaps
}

/// A snap of that version, on the file system itself: the daemon has it there, too.
fn bring(root: &Path, version: &str) -> PathBuf {
    let tree = root.join("tree");
    fs::create_dir_all(tree.join("meta")).unwrap();
    let yaml = format!("name: hello\nversion: {version}\n");
    fs::write(tree.join("meta/snap.yaml"), yaml).unwrap();
    let file = root.join("snaps/.incoming/upload-1");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    build(&tree, Output::File(&file), 0).unwrap();
    fs::remove_dir_all(tree).unwrap();
    file
}

fn version(root: &Path) -> String {
    fs::read_to_string(root.join("snap/hello/current/meta/snap.yaml")).unwrap()
}

#[test]
fn snaps_are_mounted_until_they_are_purged() {
    let Some(disk) = Ext4::mount(16 << 20) else {
        return;
    };
    let root = disk.path();
    let mut snaps = start(root);
    snaps
        .take_file(&bring(root, "1"), &BTreeSet::new(), &mut Silent)
        .unwrap();
    assert!(version(root).ends_with("version: 1\n"));
    fs::write(root.join("data/hello/current/kept"), "one").unwrap();
    snaps
        .take_file(&bring(root, "2"), &BTreeSet::new(), &mut Silent)
        .unwrap();
    fs::write(root.join("data/hello/current/kept"), "two").unwrap();
    assert!(version(root).ends_with("version: 2\n"));
    drop(snaps);
    // The daemon starts again, and finds all of it mounted.
    let mut snaps = start(root);
    snaps.revert(&hello(), &mut Silent).unwrap();
    assert!(version(root).ends_with("version: 1\n"));
    let kept = fs::read_to_string(root.join("data/hello/current/kept"));
    assert_eq!(kept.unwrap(), "one");
    // Whoever has a file open does not keep the snap.
    let _open = fs::File::open(root.join("snap/hello/x2/meta/snap.yaml")).unwrap();
    snaps.remove(&hello(), Data::Purge, &mut Silent).unwrap();
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(
        !mounts.contains(root.join("snap").to_str().unwrap()),
        "{mounts}"
    );
    assert_eq!(fs::read_dir(root.join("data")).unwrap().count(), 0);
}

/// A snap that writes until there is no more room leaves what the system needs: its own
/// state can still be written, and the snap removed.
#[test]
fn a_snap_that_fills_the_disk_does_not_keep_the_system_from_writing() {
    let Some(disk) = Ext4::mount(16 << 20) else {
        return;
    };
    let root = disk.path();
    let mut snaps = start(root);
    snaps
        .take_file(&bring(root, "1"), &BTreeSet::new(), &mut Silent)
        .unwrap();
    ext4::fill_as_somebody_else(&root.join("data/hello/current"));
    let free_bytes = DiskFiles.free_bytes(root).unwrap();
    assert!(free_bytes < 64 << 10, "{free_bytes} are free");
    // What is kept is not the next snap's, either.
    let refused = snaps
        .take_file(&bring(root, "2"), &BTreeSet::new(), &mut Silent)
        .unwrap_err();
    assert!(
        refused.to_string().contains("kept for the system"),
        "{refused}"
    );
    assert!(version(root).ends_with("version: 1\n"));
    fs::write(root.join("system"), vec![1; 256 << 10]).unwrap();
    snaps.remove(&hello(), Data::Purge, &mut Silent).unwrap();
    assert!(DiskFiles.free_bytes(root).unwrap() > 8 << 20);
}
